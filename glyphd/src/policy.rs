//! The TOML file of `--config`: what the operator allows.

use std::{collections::BTreeMap, path::Path};

use glyph_plugin::Capability;
use serde::Deserialize;

use crate::{
    plugin::{DEFAULT_GRANT, manifest},
    toml_file::{self, TomlError},
};

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

impl Policy {
    /// Reads the file.
    ///
    /// # Errors
    /// If it can't be read, or is wrong.
    pub fn load(path: &Path) -> Result<Self, TomlError> {
        toml_file::read(path)
    }

    /// What a plugin gets of what it asks for.
    pub fn granted(&self, plugin: &str, requested: &[Capability]) -> Vec<Capability> {
        let grant = self.plugins.get(plugin).map_or(&DEFAULT_GRANT[..], |p| &p.grant);
        requested.iter().copied().filter(|c| grant.contains(c)).collect()
    }
}
