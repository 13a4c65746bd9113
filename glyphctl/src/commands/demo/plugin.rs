//! The plugin of the demo, as a process of its own from this very binary: nothing else needs to be built.

use std::{fs, path::Path};

use anyhow::Context;

/// The hidden subcommand under which the binary is the plugin.
pub(crate) const SUBCOMMAND: &str = "plugin-process";

/// Writes the manifest of `passive-headers` into a folder of its own under `plugins`.
pub(super) fn install(plugins: &Path) -> anyhow::Result<()> {
    let folder = plugins.join("passive-headers");
    fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
    let program = std::env::current_exe().context("this program's own path")?;
    let program = program.to_str().context("this program's own path is not UTF-8")?;
    // An array of strings in JSON is one in TOML.
    let command = serde_json::to_string(&[program, SUBCOMMAND])?;
    let manifest = format!(
        "name = \"passive-headers\"\nversion = \"{}\"\ncommand = {command}\n\
         subscriptions = [\"FLOW_RESPONSE\"]\ncapabilities = [\"CAP_EMIT_FINDINGS\", \"CAP_FLOW_INSPECT\"]\n",
        env!("CARGO_PKG_VERSION"),
    );
    let path = folder.join(glyphd::plugin::manifest::FILE);
    fs::write(&path, manifest).with_context(|| path.display().to_string())
}

/// Is the plugin, until the daemon says goodbye.
pub(crate) fn run() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(glyph_plugin::run(passive_headers::PassiveHeaders))?)
}
