//! Whether the files of a plugin are those that the operator pinned.

use std::{
    collections::BTreeMap,
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};

/// Why a plugin is not started.
#[derive(Debug, thiserror::Error)]
pub(super) enum DigestError {
    #[error("{path}: {source}", path = path.display())]
    Io { path: PathBuf, source: io::Error },
    #[error("{path} is not the file that is pinned: its SHA-256 is {found}", path = path.display())]
    Differs { path: PathBuf, found: String },
}

/// Holds each pinned file, by its path in the plugin's folder, against its SHA-256.
pub(super) fn check(dir: &Path, pinned: &BTreeMap<PathBuf, String>) -> Result<(), DigestError> {
    for (name, digest) in pinned {
        let path = dir.join(name);
        let found = digest_of(&path).map_err(|source| DigestError::Io { path: path.clone(), source })?;
        if found != *digest {
            return Err(DigestError::Differs { path, found });
        }
    }
    Ok(())
}

fn digest_of(path: &Path) -> io::Result<String> {
    let (mut file, mut hasher, mut chunk) = (File::open(path)?, Sha256::new(), vec![0; 64 << 10]);
    loop {
        match file.read(&mut chunk)? {
            0 => return Ok(hex::encode(hasher.finalize())),
            n => hasher.update(&chunk[..n]),
        }
    }
}
