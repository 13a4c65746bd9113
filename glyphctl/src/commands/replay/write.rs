//! `glyphctl replay write`: a recording into an artifact.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use glyphd::cli::TraceArgs;

use super::{
    judged,
    pack::{Order, packed, tell},
};
use crate::{
    commands::interrupt,
    output::{self, Format},
    telemetry::traced,
};

/// Flags of `glyphctl replay write`.
#[derive(Debug, Args)]
#[command(after_help = "\
The artifact is a tar archive, compressed with Zstandard. Its first member, manifest.json, has the size and the SHA-256 \
of each file; the digest that is printed is the SHA-256 of manifest.json, and so covers everything. The same recording \
makes the same artifact, byte for byte. cases.json, what the findings come to, is made in passing, and replaces one that \
is there. Metrics that a crash left without their end have it in the artifact; the recording stays as it is. What replay \
load has put there (*.replay.*) is left out. Interrupted, it leaves what stood there before.

Exit codes: 0 packed, 2 it could not be packed.

Examples:
  glyphctl replay write run1 -o run1.glyph.tar.zst
  digest=$(glyphctl replay write run1 -o run1.glyph.tar.zst)
  glyphctl replay load run1.glyph.tar.zst --expect-digest $digest
  glyphctl replay write run1 --dry-run                 what would be packed, and its digest")]
pub(super) struct WriteArgs {
    /// The directory of a recording, as glyphd --record makes it
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,
    /// Where to put the artifact, NAME.glyph.tar.zst; what stands there is replaced when the new one is whole
    #[arg(short, long, value_name = "FILE", required_unless_present = "dry_run")]
    output: Option<PathBuf>,
    /// What the ids of the cases are made from, beside what they are about [default: that of the cases that are there, or
    /// nothing: the same thing then has the same id in every recording]
    #[arg(long, value_name = "SEED")]
    seed: Option<String>,
    /// Tell what would be packed, and the digest that it would have; write nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// How to print what would be packed
    #[arg(long, value_enum, requires = "dry_run", default_value = "table")]
    format: Format,
}

/// Runs it.
pub(super) fn run(flags: &WriteArgs, trace: TraceArgs) -> anyhow::Result<ExitCode> {
    let artifact = flags.output.as_deref().filter(|_| !flags.dry_run);
    let order = Order { recording: &flags.recording, artifact, seed: flags.seed.as_deref() };
    let written = match traced(trace, |telemetry| packed(&order, telemetry, interrupt::heed))? {
        Ok(written) => written,
        Err(error) => return judged(error.into()),
    };
    output::to_stdout(|out| match artifact {
        Some(_) => writeln!(out, "{}", written.contents.digest),
        None => output::artifact::write(&written.contents, flags.format, out),
    })?;
    tell(&written, artifact.unwrap_or(&flags.recording));
    Ok(ExitCode::SUCCESS)
}
