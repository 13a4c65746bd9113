//! `glyphctl ca …`: the CA with which glyphd looks into TLS. Only its certificate is ever printed.

mod export;
mod show;
mod trust;

use std::{path::Path, process::ExitCode};

use anyhow::anyhow;
use clap::{Args, Subcommand};
use glyphd::capture::tls::{CaCertificate, CaError};

use crate::output::failure::HintExt;

/// Flags of `glyphctl ca`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true)]
#[command(after_help = "\
glyphd makes a CA at its first start with --ca-dir DIR. Who trusts it lets glyphd read their TLS. docs/tls.md has the \
whole of it, and how to be rid of it again.

Examples:
  glyphd --ca-dir ca --record run1
  glyphctl ca trust-help ca --client curl")]
pub(crate) struct CaArgs {
    #[command(subcommand)]
    command: CaCommand,
}

#[derive(Debug, Subcommand)]
enum CaCommand {
    /// Shows whose the CA is, its fingerprint, until when it is valid, and its files.
    Show(show::ShowArgs),
    /// Writes the CA's certificate, never its key.
    Export(export::ExportArgs),
    /// Prints what makes a client trust the CA, ready to be pasted.
    TrustHelp(trust::TrustArgs),
}

/// Runs it.
pub(crate) fn run(args: CaArgs) -> anyhow::Result<ExitCode> {
    match args.command {
        CaCommand::Show(flags) => show::run(&flags),
        CaCommand::Export(flags) => export::run(&flags),
        CaCommand::TrustHelp(flags) => trust::run(&flags),
    }
    .map(|()| ExitCode::SUCCESS)
}

fn certificate(dir: &Path) -> anyhow::Result<CaCertificate> {
    CaCertificate::open(dir).map_err(|error| {
        let hint = matches!(error, CaError::Missing(_))
            .then_some("DIR is what glyphd is given with --ca-dir; it makes a CA there at its first start");
        anyhow!(error).maybe_hint(hint)
    })
}
