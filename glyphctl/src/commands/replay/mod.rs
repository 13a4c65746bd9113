//! `glyphctl replay …`: a recording as one file that can be checked and shared.

mod compare;
mod diff;
mod export;
mod findings;
mod import;
mod load;
mod pack;
mod run;
mod serve;
mod spans;
mod through_plugins;
mod write;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use glyph_formats::artifact::{ArtifactError, Kind};
use glyphd::cli::TraceArgs;

pub(in crate::commands) use self::{
    diff::Recordings,
    import::convert::{Redaction, convert},
};
pub(crate) use self::{
    load::load,
    pack::{pack, tell},
};
use crate::output::failure::{HintExt, report};

/// The exit code for an artifact that is not what was promised.
const CHANGED: u8 = 1;
/// The exit code for exchanges or findings that are not as they were recorded.
const DIVERGED: u8 = 1;

/// Flags of `glyphctl replay`.
#[derive(Debug, Args)]
#[command(arg_required_else_help = true, args_conflicts_with_subcommands = true)]
#[command(subcommand_negates_reqs = true)]
#[command(after_help = "\
glyphctl replay ARTIFACT is short for glyphctl replay load ARTIFACT.

Examples:
  glyphctl replay write run1 -o run1.glyph.tar.zst
  glyphctl replay run1.glyph.tar.zst
  glyphctl replay load run1.glyph.tar.zst --out run1-again")]
pub(crate) struct ReplayArgs {
    #[command(subcommand)]
    command: Option<ReplayCommand>,
    #[command(flatten)]
    load: Option<load::LoadArgs>,
    #[command(flatten)]
    trace: TraceArgs,
}

#[derive(Debug, Subcommand)]
enum ReplayCommand {
    /// Packs a recording into one file, and prints the digest over all of it.
    Write(Traced<write::WriteArgs>),
    /// Checks an artifact against its digests, and shows or unpacks what is in it.
    Load(Traced<load::LoadArgs>),
    /// Sends recorded requests again, and compares the responses with the recorded ones.
    Run(Box<Traced<run::RunArgs>>),
    /// Answers requests with recorded responses.
    Serve(Box<Traced<serve::ServeArgs>>),
    /// Compares two recordings, exchange by exchange.
    Diff(Box<Traced<diff::DiffArgs>>),
    /// Makes flows of a HAR file.
    Import(Traced<import::ImportArgs>),
    /// Writes flows for other tools: HAR, or curl commands.
    Export(Box<Traced<export::ExportArgs>>),
}

/// Flags of a command, and where its spans go.
#[derive(Debug, Args)]
struct Traced<T: Args> {
    #[command(flatten)]
    args: T,
    #[command(flatten)]
    trace: TraceArgs,
}

/// Runs it.
pub(crate) fn run(args: ReplayArgs) -> anyhow::Result<ExitCode> {
    match (args.command, args.load) {
        (Some(ReplayCommand::Write(Traced { args, trace })), _) => write::run(&args, trace),
        (Some(ReplayCommand::Load(Traced { args, trace })), _) => load::run(&args, trace),
        (Some(ReplayCommand::Run(flags)), _) => run::run(&flags.args, flags.trace),
        (Some(ReplayCommand::Serve(flags)), _) => serve::run(&flags.args, flags.trace),
        (Some(ReplayCommand::Diff(flags)), _) => diff::run(&flags.args, flags.trace),
        (Some(ReplayCommand::Import(Traced { args, trace })), _) => import::run(&args, trace),
        (Some(ReplayCommand::Export(flags)), _) => export::run(&flags.args, flags.trace),
        (None, Some(load)) => load::run(&load, args.trace),
        (None, None) => anyhow::bail!("name an artifact, or one of the commands write and load"),
    }
}

/// What comes of an error: a changed artifact is what the check is for, all else kept it from being done.
fn judged(error: anyhow::Error) -> anyhow::Result<ExitCode> {
    let error = error.downcast::<ArtifactError>()?;
    let kind = error.kind();
    let error = hinted(error);
    if kind == Kind::Differs {
        report(&error);
        return Ok(ExitCode::from(CHANGED));
    }
    Err(error)
}

/// The error, and what to do about it.
pub(crate) fn hinted(error: ArtifactError) -> anyhow::Error {
    let hint = hint(&error);
    anyhow::Error::new(error).maybe_hint(hint)
}

fn hint(error: &ArtifactError) -> Option<&'static str> {
    match error {
        ArtifactError::Io { source, .. } if source.kind() == std::io::ErrorKind::IsADirectory => {
            Some("glyphctl replay write packs a recording into an artifact")
        }
        ArtifactError::Recording(_) => Some("a recording is a directory that glyphd --record made"),
        ArtifactError::Moving(_) => Some("stop the daemon that writes the recording, then pack it"),
        ArtifactError::Exists(_) => Some("nothing is written over; choose a new directory"),
        ArtifactError::Interrupted(_) => {
            Some("what stood there still does; an unpacking is gone on with by the same command")
        }
        ArtifactError::NotAnArtifact { .. } => Some("an artifact is what glyphctl replay write makes"),
        ArtifactError::Damaged { .. } => Some("it was cut short or broken on its way; get it again"),
        ArtifactError::Refused { .. } => {
            Some("glyphctl replay write makes no such member; don't unpack it with other tools")
        }
        _ => None,
    }
}
