//! Names of rotated files: the plain name is the current one; `flows.000001.jsonl.zst`, `flows.000002.jsonl.zst`
//! and so on are the closed ones. A segment that is closed but not compressed yet has no `.zst`.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use super::{ReadError, input};

/// The closed segment `number` of `path`, before it is compressed.
pub fn closed(path: &Path, number: u64) -> PathBuf {
    let (stem, extension) = split(path);
    path.with_file_name(format!("{stem}.{number:06}{extension}"))
}

/// `path` and `.zst`.
pub fn compressed(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".zst");
    name.into()
}

/// The closed segments of `path` by number. Where one is there compressed and plain, the compressed one is
/// whole and the plain one is what a crash left.
///
/// # Errors
/// If the folder can't be read.
pub fn list(path: &Path) -> io::Result<BTreeMap<u64, PathBuf>> {
    let mut found = BTreeMap::new();
    let folder = match path.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    };
    let (stem, extension) = split(path);
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let Some(number) = number(name, &stem, &extension) else { continue };
        if name.ends_with(".zst") || !found.contains_key(&number) {
            found.insert(number, path.with_file_name(name));
        }
    }
    Ok(found)
}

/// Every file that belongs to `path`, in the order in which they were written.
///
/// # Errors
/// If the folder can't be read.
pub fn with_closed(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    if input::is_stdin(path) {
        return Ok(vec![path.to_owned()]);
    }
    let mut files: Vec<_> = match list(path) {
        Ok(found) => found.into_values().collect(),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(source) => return Err(ReadError::Io { path: path.to_owned(), source }),
    };
    if files.is_empty() || path.exists() {
        files.push(path.to_owned());
    }
    Ok(files)
}

/// Those of them that are there.
///
/// # Errors
/// If the folder can't be read.
pub fn existing(path: &Path) -> Result<Vec<PathBuf>, ReadError> {
    let mut files = with_closed(path)?;
    files.retain(|file| file.exists());
    Ok(files)
}

/// Whether a file of that name is `of` or one of its closed segments.
pub fn is_part(name: &str, of: &str) -> bool {
    let (stem, extension) = split(Path::new(of));
    name == of || number(name, &stem, &extension).is_some()
}

/// The number of a closed segment.
fn number(name: &str, stem: &str, extension: &str) -> Option<u64> {
    let plain = name.strip_suffix(".zst").unwrap_or(name);
    let digits = plain.strip_prefix(stem)?.strip_prefix('.')?.strip_suffix(extension)?;
    let well_formed = digits.len() >= 6 && digits.bytes().all(|b| b.is_ascii_digit());
    if well_formed { digits.parse().ok() } else { None }
}

/// `flows.jsonl` into `flows` and `.jsonl`.
fn split(path: &Path) -> (String, String) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    match name.rfind('.') {
        Some(at) if at > 0 => (name[..at].to_owned(), name[at..].to_owned()),
        _ => (name.into_owned(), String::new()),
    }
}
