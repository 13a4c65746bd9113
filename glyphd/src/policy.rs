//! The TOML file of `--config`: what the operator allows.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

use glyph_plugin::Capability;
use serde::Deserialize;

use crate::plugin::{DEFAULT_GRANT, manifest};

/// The file's content.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// `[plugins.NAME]`, by the plugin's name.
    #[serde(default)]
    pub plugins: BTreeMap<String, PluginPolicy>,
}

/// What one plugin is allowed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginPolicy {
    /// The capabilities it gets if it asks for them, for example `["CAP_EMIT_FINDINGS"]`.
    #[serde(deserialize_with = "manifest::capabilities")]
    pub grant: Vec<Capability>,
}

/// Why the policy can't be known.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// The file can't be read.
    #[error("{path}: {source}", path = path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The file is wrong.
    #[error("{path}: {source}", path = path.display())]
    Invalid {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        source: Box<toml::de::Error>,
    },
}

impl Policy {
    /// Reads the file.
    ///
    /// # Errors
    /// If it can't be read, or is wrong.
    pub fn load(path: &Path) -> Result<Self, PolicyError> {
        let io = |source| PolicyError::Io { path: path.to_owned(), source };
        let text = fs::read_to_string(path).map_err(io)?;
        toml::from_str(&text)
            .map_err(|source| PolicyError::Invalid { path: path.to_owned(), source: source.into() })
    }

    /// What a plugin gets of what it asks for.
    pub fn granted(&self, plugin: &str, requested: &[Capability]) -> Vec<Capability> {
        let grant = self.plugins.get(plugin).map_or(&DEFAULT_GRANT[..], |p| &p.grant);
        requested.iter().copied().filter(|c| grant.contains(c)).collect()
    }
}
