//! `glyphctl replay load`: an artifact checked, and shown or unpacked.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::Args;
use glyph_analysis::text::counted;
use glyph_formats::artifact::{Artifact, ArtifactError, Contents, Limits};
use glyphd::{
    cli::TraceArgs,
    telemetry::{Telemetry, name},
};
use indicatif::HumanBytes;

use super::{judged, spans::spanned};
use crate::{
    output::{self, Format, note, progress},
    telemetry::traced,
};

/// Flags of `glyphctl replay load`.
#[derive(Debug, Args)]
#[command(after_help = "\
Everything is read and compared with the digests in the artifact's manifest before anything is written. Without --out, \
what is in the artifact is shown. Exit codes: 0 all is as it was packed, 1 a digest differs: the artifact was changed, \
or is another than the one expected, 2 it could not be loaded.

Examples:
  glyphctl replay load run1.glyph.tar.zst                        what is in it
  glyphctl replay load run1.glyph.tar.zst --verify-only
  glyphctl replay load run1.glyph.tar.zst --out run1-again       the recording, as it was
  glyphctl replay load run1.glyph.tar.zst --format json | jq -r .digest")]
pub(super) struct LoadArgs {
    /// The artifact, or - for standard input
    #[arg(value_name = "ARTIFACT")]
    artifact: PathBuf,
    /// Unpack it there; must not exist yet
    #[arg(long, value_name = "DIR", conflicts_with = "verify_only")]
    out: Option<PathBuf>,
    /// Check it, print its digest, and no more
    #[arg(long, conflicts_with = "format")]
    verify_only: bool,
    /// The digest that glyphctl replay write printed; with another the artifact is not loaded
    #[arg(long, value_name = "HEX", value_parser = digest)]
    expect_digest: Option<String>,
    /// How to print what is in it [default: table, unless it is unpacked]
    #[arg(long, value_enum)]
    format: Option<Format>,
}

fn digest(text: &str) -> Result<String, &'static str> {
    match text.len() == 64 && text.bytes().all(|b| b.is_ascii_hexdigit()) {
        true => Ok(text.to_ascii_lowercase()),
        false => Err("a digest has 64 hexadecimal digits"),
    }
}

/// Runs it.
pub(super) fn run(flags: &LoadArgs, trace: TraceArgs) -> anyhow::Result<ExitCode> {
    let LoadArgs { artifact, out, verify_only, expect_digest, format } = flags;
    let loaded =
        traced(trace, |telemetry| load(artifact, out.as_deref(), expect_digest.as_deref(), telemetry))?;
    let contents = match loaded {
        Ok(contents) => contents,
        Err(error) => return judged(error),
    };
    let format = match format {
        None if *verify_only || out.is_some() => None,
        format => Some(format.unwrap_or(Format::Table)),
    };
    output::to_stdout(|to| match format {
        Some(format) => output::artifact::write(&contents, format, to),
        None => writeln!(to, "{}", contents.digest),
    })?;
    if format.is_none() {
        let (what, done) = match out {
            Some(dir) => (dir, ""),
            None => (artifact, ", all as they were packed"),
        };
        let files = counted(contents.manifest.files.len() as u64, "file");
        let bytes = HumanBytes(contents.manifest.total_bytes());
        note(format_args!("{}: {files}, {bytes}{done}", what.display()));
    }
    Ok(ExitCode::SUCCESS)
}

/// Checks an artifact, with a progress bar, and unpacks it if there is a directory to put it into.
pub(crate) fn load(
    artifact: &Path,
    into: Option<&Path>,
    digest: Option<&str>,
    telemetry: &Telemetry,
) -> Result<Contents, ArtifactError> {
    spanned(telemetry, name::EXTRACT_ARTIFACT, |watch| {
        if let Some(dir) = into
            && dir.symlink_metadata().is_ok()
        {
            return Err(ArtifactError::Exists(dir.to_owned()));
        }
        let artifact = Artifact::open(artifact, Limits::default())?;
        if let Some(digest) = digest {
            artifact.expect(digest)?;
        }
        let _bar = progress::Bar::start("reading", &artifact.progress());
        match into {
            Some(dir) => artifact.extract(dir, watch),
            None => artifact.verify(watch),
        }
    })
}
