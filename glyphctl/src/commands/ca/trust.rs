//! `glyphctl ca trust-help`: how to make clients trust the CA.

use std::{fs, path::PathBuf};

use anyhow::Context;
use clap::Args;

use crate::output::{
    self,
    ca::{Client, Trust},
};

/// Flags of `glyphctl ca trust-help`.
#[derive(Debug, Args)]
#[command(after_help = "\
Nothing is changed by this command: what it prints is for you to run.

Examples:
  glyphctl ca trust-help ca
  glyphctl ca trust-help ca --client python")]
pub(super) struct TrustArgs {
    /// The CA's directory
    dir: PathBuf,
    /// For one kind of client [default: all]
    #[arg(long, alias = "for", value_enum, value_name = "CLIENT")]
    client: Option<Client>,
}

/// Runs it.
pub(super) fn run(flags: &TrustArgs) -> anyhow::Result<()> {
    let certificate = super::certificate(&flags.dir)?;
    let path = certificate.path();
    let path = fs::canonicalize(path).with_context(|| path.display().to_string())?;
    let trust = Trust::new(&path, &certificate.fingerprint());
    output::to_stdout(|out| trust.write(flags.client, out))
}
