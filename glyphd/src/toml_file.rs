//! TOML files, and what is wrong with them, told with path and line.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::de::DeserializeOwned;
use toml::{
    Spanned,
    de::{DeTable, DeValue, Deserializer, Error},
};

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

/// Everything that is wrong with a file, of which `first` is known, in the order of its lines. That takes a type of which
/// each key can be there without the others; the elements of an array are taken as they are.
pub(crate) fn faults<T: DeserializeOwned>(path: &Path, first: TomlError) -> Vec<TomlError> {
    let TomlError::Invalid { source, .. } = &first else { return vec![first] };
    let Ok(text) = fs::read_to_string(path) else { return vec![first] };
    let (document, syntax) = DeTable::parse_recoverable(&text);
    let mut found = if syntax.is_empty() { alone::<T>(&text, document.into_inner()) } else { syntax };
    if !found.contains(source) {
        found.push((**source).clone());
    }
    found.sort_by_key(|error| error.span().map(|span| span.start));
    let told = |error| TomlError::Invalid { path: path.to_owned(), source: Box::new(error) };
    found.into_iter().map(told).collect()
}

/// What is wrong with each of the keys, were it the only one.
fn alone<T: DeserializeOwned>(text: &str, document: DeTable<'_>) -> Vec<Error> {
    let faults = keys(document).into_iter().filter_map(|key| {
        let mut error = T::deserialize(Deserializer::from(Spanned::new(0..text.len(), key))).err()?;
        error.set_input(Some(text));
        Some(error)
    });
    let mut found: Vec<Error> = Vec::new();
    for fault in faults {
        if !found.contains(&fault) {
            found.push(fault);
        }
    }
    found
}

/// A table for each of its keys, with those of the tables in it one by one, too.
fn keys(table: DeTable<'_>) -> Vec<DeTable<'_>> {
    let mut found = Vec::new();
    for (key, value) in table {
        let span = value.span();
        let values: Vec<DeValue<'_>> = match value.into_inner() {
            DeValue::Table(below) if !below.is_empty() => {
                keys(below).into_iter().map(DeValue::Table).collect()
            }
            DeValue::Array(all) if all.iter().any(|one| one.get_ref().is_table()) => {
                let one = |element| DeValue::Array([element].into_iter().collect());
                all.into_iter().map(one).collect()
            }
            value => vec![value],
        };
        for value in values {
            let mut only = DeTable::new();
            only.insert(key.clone(), Spanned::new(span.clone(), value));
            found.push(only);
        }
    }
    found
}
