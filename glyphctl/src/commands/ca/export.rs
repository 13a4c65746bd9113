//! `glyphctl ca export`: the certificate, for whoever is to trust it.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, anyhow};
use clap::{Args, ValueEnum};

use crate::output::{self, failure::HintExt};

/// Flags of `glyphctl ca export`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  glyphctl ca export ca > glyph-ca.pem
  glyphctl ca export ca --format der -o glyph-ca.cer")]
pub(super) struct ExportArgs {
    /// The CA's directory
    dir: PathBuf,
    /// Where to write it; must not exist yet [default: standard output]
    #[arg(short, long, alias = "out", value_name = "FILE")]
    output: Option<PathBuf>,
    /// PEM for most programs, DER for Android and Windows
    #[arg(long, value_enum, default_value = "pem")]
    format: Encoding,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Encoding {
    /// Text: `-----BEGIN CERTIFICATE-----`
    Pem,
    /// Bytes
    Der,
}

/// Runs it.
pub(super) fn run(flags: &ExportArgs) -> anyhow::Result<()> {
    let certificate = super::certificate(&flags.dir)?;
    let bytes = match flags.format {
        Encoding::Pem => certificate.pem().into_bytes(),
        Encoding::Der => certificate.der().to_vec(),
    };
    match &flags.output {
        Some(path) => write(path, &bytes).with_context(|| format!("--output {}", path.display())),
        None => output::to_stdout(|out| out.write_all(&bytes)),
    }
}

/// What stands there is never written over: it might be the key.
fn write(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let opened = OpenOptions::new().write(true).create_new(true).open(path);
    let mut file = opened.map_err(|error| {
        let exists = error.kind() == io::ErrorKind::AlreadyExists;
        anyhow!(error).maybe_hint(exists.then_some("nothing is written over; name a new file"))
    })?;
    Ok(file.write_all(bytes)?)
}
