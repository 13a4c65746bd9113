//! What was replaced as a flow was recorded, put back.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use glyph_formats::secrets::Secrets;

/// The flag for it.
#[derive(Debug, Args)]
pub(in crate::commands) struct SecretsArgs {
    /// Put back what was replaced: the file of `glyphd --secrets` for this recording
    #[arg(long, value_name = "FILE", help_heading = "Options")]
    secrets: Option<PathBuf>,
}

impl SecretsArgs {
    pub(in crate::commands) fn load(&self) -> anyhow::Result<Option<Secrets>> {
        self.secrets.as_deref().map(Secrets::load).transpose().context("--secrets")
    }
}
