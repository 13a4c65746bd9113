//! `glyphctl replay load`: an artifact checked, and shown or unpacked.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use glyph_analysis::text::counted;
use glyph_formats::artifact::{Artifact, ArtifactError, Contents, Limits};
use indicatif::HumanBytes;

use super::judged;
use crate::output::{self, Format, artifact, note, progress};

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
pub(super) fn run(flags: &LoadArgs) -> anyhow::Result<ExitCode> {
    let contents = match load(flags) {
        Ok(contents) => contents,
        Err(error) => return judged(error),
    };
    let format = match &flags.format {
        None if flags.verify_only || flags.out.is_some() => None,
        format => Some(format.unwrap_or(Format::Table)),
    };
    output::to_stdout(|out| match format {
        Some(format) => artifact::write(&contents, format, out),
        None => writeln!(out, "{}", contents.digest),
    })?;
    let (what, done) = match &flags.out {
        Some(dir) => (dir, ""),
        None => (&flags.artifact, ", all as they were packed"),
    };
    if format.is_none() {
        let files = counted(contents.manifest.files.len() as u64, "file");
        note(format_args!(
            "{}: {files}, {}{done}",
            what.display(),
            HumanBytes(contents.manifest.total_bytes())
        ));
    }
    Ok(ExitCode::SUCCESS)
}

fn load(flags: &LoadArgs) -> Result<Contents, ArtifactError> {
    if let Some(dir) = &flags.out
        && dir.symlink_metadata().is_ok()
    {
        return Err(ArtifactError::Exists(dir.clone()));
    }
    let artifact = Artifact::open(&flags.artifact, Limits::default())?;
    if let Some(digest) = &flags.expect_digest {
        artifact.expect(digest)?;
    }
    let _bar = progress::Bar::start("reading", &artifact.progress());
    match &flags.out {
        Some(dir) => artifact.extract(dir),
        None => artifact.verify(),
    }
}
