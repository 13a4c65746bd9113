//! TOML files, and what is wrong with them, told with path and line.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;

/// Why a file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum TomlError {
    /// It can't be read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// It is wrong.
    #[error("{path}: {source}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
}

/// Reads a file.
pub(crate) fn read<T: DeserializeOwned>(path: &Path) -> Result<T, TomlError> {
    let text = fs::read_to_string(path).map_err(|source| TomlError::Io { path: path.to_owned(), source })?;
    toml::from_str(&text)
        .map_err(|source| TomlError::Invalid { path: path.to_owned(), source: Box::new(source) })
}
