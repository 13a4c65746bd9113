//! PEM, written, and put into files that are there whole or not at all; and what can be wrong with a file of it.

use std::{
    fs::{self, Permissions},
    io::{self, Write},
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use rustls::pki_types::pem;

/// Why a file with certificates or a key can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PemFileError {
    /// It can't be read or made.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file, or its directory.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is no PEM, or has not in it what is looked for.
    #[error("{}: no {wanted} can be read: {source}", path.display())]
    None {
        /// The file.
        path: PathBuf,
        /// What is looked for.
        wanted: &'static str,
        /// What is wrong.
        source: pem::Error,
    },
}

impl PemFileError {
    /// What the system said of that file.
    pub(super) fn io(path: &Path) -> impl Fn(io::Error) -> Self {
        |source| Self::Io { path: path.to_owned(), source }
    }

    /// What is wrong with that file, where such a thing was looked for.
    pub(super) fn none(path: &Path, wanted: &'static str) -> impl Fn(pem::Error) -> Self {
        move |source| Self::None { path: path.to_owned(), wanted, source }
    }
}

/// One section.
pub(super) fn section(label: &str, der: &[u8]) -> String {
    let base64 = BASE64_STANDARD.encode(der);
    let mut text = format!("-----BEGIN {label}-----\n");
    let mut rest = base64.as_str();
    while !rest.is_empty() {
        let (line, more) = rest.split_at(rest.len().min(64));
        text.push_str(line);
        text.push('\n');
        rest = more;
    }
    text + &format!("-----END {label}-----\n")
}

/// Makes a file, unless there is one: it appears with all its content. Who lost the race keeps the other's file, and is
/// told `false`.
pub(super) fn publish(path: &Path, mode: u32, content: &str) -> io::Result<bool> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut file = tempfile::Builder::new()
        .prefix(".new-")
        .permissions(Permissions::from_mode(mode))
        .tempfile_in(dir)?;
    file.write_all(content.as_bytes())?;
    file.as_file().sync_all()?;
    match file.persist_noclobber(path) {
        Ok(_) => {}
        Err(lost) if lost.error.kind() == io::ErrorKind::AlreadyExists => return Ok(false),
        Err(failed) => return Err(failed.error),
    }
    // The name, too, is to be there after a crash.
    fs::File::open(dir)?.sync_all()?;
    Ok(true)
}
