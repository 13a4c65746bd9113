//! `glyphctl replay write`: a recording into an artifact.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use glyphd::cli::TraceArgs;

use super::{judged, pack, tell};
use crate::{output, telemetry::traced};

/// Flags of `glyphctl replay write`.
#[derive(Debug, Args)]
#[command(after_help = "\
The artifact is a tar archive, compressed with Zstandard. Its first member, manifest.json, has the size and the SHA-256 \
of each file; the digest that is printed is the SHA-256 of manifest.json, and so covers everything. The same recording \
makes the same artifact, byte for byte. Metrics that a crash left without their end have it in the artifact; the \
recording stays as it is.

Examples:
  glyphctl replay write run1 -o run1.glyph.tar.zst
  digest=$(glyphctl replay write run1 -o run1.glyph.tar.zst)
  glyphctl replay load run1.glyph.tar.zst --expect-digest $digest")]
pub(super) struct WriteArgs {
    /// The directory of a recording, as glyphd --record makes it
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,
    /// Where to put the artifact; what stands there is replaced when the new one is whole
    #[arg(short, long, value_name = "NAME.glyph.tar.zst")]
    output: PathBuf,
}

/// Runs it.
pub(super) fn run(flags: &WriteArgs, trace: TraceArgs) -> anyhow::Result<ExitCode> {
    let written = match traced(trace, |telemetry| pack(&flags.recording, &flags.output, telemetry))? {
        Ok(written) => written,
        Err(error) => return judged(error),
    };
    output::to_stdout(|out| writeln!(out, "{}", written.contents.digest))?;
    tell(&written, &flags.output);
    Ok(ExitCode::SUCCESS)
}
