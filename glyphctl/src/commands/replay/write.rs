//! `glyphctl replay write`: a recording into an artifact.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use glyph_analysis::text::counted;
use glyph_formats::artifact::{ArtifactError, Limits, Packer, Tool, Written};
use glyphd::{
    cli::TraceArgs,
    telemetry::{Telemetry, name},
};
use indicatif::HumanBytes;

use super::{judged, spans::spanned};
use crate::{
    output::{self, note, progress, warn},
    telemetry::traced,
};

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
    let written = match traced(trace, |telemetry| write(&flags.recording, &flags.output, telemetry))? {
        Ok(written) => written,
        Err(error) => return judged(error),
    };
    for file in &written.mended {
        warn(format_args!("{}: a crash left it without its end; in the artifact it has one", file.display()));
    }
    output::to_stdout(|out| writeln!(out, "{}", written.contents.digest))?;
    let manifest = &written.contents.manifest;
    note(format_args!(
        "{}: {}, {} in {}",
        flags.output.display(),
        counted(manifest.files.len() as u64, "file"),
        HumanBytes(manifest.total_bytes()),
        HumanBytes(written.packed_bytes),
    ));
    Ok(ExitCode::SUCCESS)
}

/// Packs a recording, with a progress bar.
pub(crate) fn write(
    recording: &Path,
    target: &Path,
    telemetry: &Telemetry,
) -> Result<Written, ArtifactError> {
    spanned(telemetry, name::CREATE_ARTIFACT, |watch| {
        let packer = Packer::open(recording, Limits::default())?;
        let progress = packer.progress();
        let _bar = progress::Bar::start("packing", &progress);
        let tool = Tool { name: "glyphctl".to_owned(), version: env!("CARGO_PKG_VERSION").to_owned() };
        packer.write(target, tool, &progress, watch)
    })
}
