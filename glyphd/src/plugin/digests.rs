//! Whether the files of a plugin are those that the operator pinned.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// What is wrong with a pinned file.
#[derive(Debug, thiserror::Error)]
pub enum DigestFault {
    /// It can't be read.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// It is another one; this is its SHA-256.
    #[error("is not the file that is pinned: its SHA-256 is {0}")]
    Differs(String),
}

/// Holds each pinned file, by its path in the plugin's folder, against its SHA-256; those with which something is
/// wrong.
pub fn faults<'a>(
    dir: &Path,
    pinned: &'a BTreeMap<PathBuf, String>,
) -> impl Iterator<Item = (&'a Path, DigestFault)> {
    pinned.iter().filter_map(move |(name, digest)| match of(&dir.join(name)) {
        Ok(found) if found == *digest => None,
        Ok(found) => Some((name.as_path(), DigestFault::Differs(found))),
        Err(error) => Some((name.as_path(), error.into())),
    })
}

/// The SHA-256 of a file, in lower-case hexadecimal.
///
/// # Errors
/// If it can't be read.
pub fn of(path: &Path) -> io::Result<String> {
    let (mut file, mut hasher, mut chunk) = (File::open(path)?, Sha256::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            n => hasher.update(&chunk[..n]),
        }
    }
}
