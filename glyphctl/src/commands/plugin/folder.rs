//! A plugin's folder, read by the daemon's own rules.
//!
//! In: the folder, and the operator's configuration if there is one. Out: what they say, or what is wrong with them and
//! in which line.

use std::{fs, path::Path};

use anyhow::anyhow;
use glyphd::{
    plugin::manifest::{FILE, Manifest, ManifestError, load},
    policy::Policy,
    toml_file::TomlError,
};

use crate::output::failure::HintExt;

/// Why there is no manifest to be had.
#[derive(Debug)]
pub(in crate::commands) enum Fault {
    /// There is none, or it can't be read.
    Unreadable(anyhow::Error),
    /// It is there, and wrong.
    Wrong(anyhow::Error),
}

impl From<Fault> for anyhow::Error {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Unreadable(error) | Fault::Wrong(error) => error,
        }
    }
}

/// The manifest of the plugin in that folder.
pub(in crate::commands) fn manifest(dir: &Path) -> Result<Manifest, Fault> {
    load(&dir.join(FILE)).map_err(|error| match error {
        ManifestError::Toml(error @ TomlError::Invalid { .. }) => Fault::Wrong(placed(&error)),
        error => Fault::Unreadable(
            anyhow::Error::new(error)
                .hint("a plugin is a folder with a plugin.toml; glyphctl plugin new makes one"),
        ),
    })
}

/// The operator's configuration.
pub(in crate::commands) fn policy(file: &Path) -> anyhow::Result<Policy> {
    Policy::load(file).map_err(|error| placed(&error).context("--config"))
}

/// What is wrong with a TOML file, as `FILE:LINE: what`.
fn placed(error: &TomlError) -> anyhow::Error {
    let TomlError::Invalid { path, source } = error else { return anyhow!("{error}") };
    let text = fs::read_to_string(path).unwrap_or_default();
    let before = source.span().and_then(|span| text.get(..span.start));
    let line = before.map(|before| format!("{}:", before.matches('\n').count() + 1)).unwrap_or_default();
    anyhow!("{}:{line} {}", path.display(), source.message())
}
