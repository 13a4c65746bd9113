//! `glyphctl ca show`: whose the CA is, and whether it can be used.

use std::path::PathBuf;

use clap::Args;
use glyph_formats::UnixNanos;
use glyphd::capture::tls::CertificateAuthority;

use crate::output::{
    self,
    ca::{self, CaFormat, Shown},
    warn,
};

/// Flags of `glyphctl ca show`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  glyphctl ca show ca
  glyphctl ca show ca --format json")]
pub(super) struct ShowArgs {
    /// The CA's directory
    dir: PathBuf,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    format: CaFormat,
}

/// Runs it.
pub(super) fn run(flags: &ShowArgs) -> anyhow::Result<()> {
    let certificate = super::certificate(&flags.dir)?;
    let key = CertificateAuthority::key_path(&flags.dir);
    let shown = Shown {
        subject: certificate.subject().to_owned(),
        sha256: certificate.fingerprint(),
        not_before: UnixNanos::from(certificate.not_before()).to_string(),
        not_after: UnixNanos::from(certificate.not_after()).to_string(),
        certificate: certificate.path().display().to_string(),
        key: key.exists().then(|| key.display().to_string()),
    };
    output::to_stdout(|out| ca::write(&shown, flags.format, out))?;
    if let Err(error) = CertificateAuthority::open(&flags.dir) {
        warn(format_args!("glyphd can't use this CA: {error}"));
    }
    Ok(())
}
