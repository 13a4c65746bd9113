//! `glyphctl baseline save`: a run into the baseline.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow};
use clap::Args;
use glyph_analysis::text::counted;
use glyph_formats::{Recording, atomic::AtomicFile};
use glyphd::telemetry::Telemetry;

use super::place::PlaceArgs;
use crate::{
    commands::{
        record::compact,
        recording::Opened,
        replay,
        runs::{Run, recordings_in},
    },
    output::{self, failure::HintExt, note, warn},
};

/// The names of artifacts end so.
const ENDING: &str = ".glyph.tar.zst";

/// Flags of `glyphctl baseline save`.
#[derive(Debug, Args)]
#[command(after_help = "\
The run's artifact is put into the directory under the time at which the recording began, or --name, and its path is printed. A \
recording that was cut short is refused: others would be measured by what it lost.

--keep N lets go of the oldest, by when they were recorded; only artifacts in the directory are ever deleted.

Exit codes: 0 it is there, 2 it could not be saved.

Examples:
  glyphctl baseline save run --keep 5
  glyphctl baseline save run --baseline baselines/main --name \"$GITHUB_SHA\"")]
pub(super) struct SaveArgs {
    /// The recording: a directory, or an artifact
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,
    #[command(flatten)]
    place: PlaceArgs,
    /// What to call the run [default: when it began, as YYYYMMDDTHHMMSSZ]
    #[arg(long, value_name = "NAME", value_parser = name)]
    name: Option<String>,
    /// Keep no more than so many runs: the oldest are deleted
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep: Option<u32>,
}

/// What can be a file's name.
fn name(text: &str) -> Result<String, String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-+@".contains(c);
    match !text.is_empty() && text.len() <= 200 && text.chars().all(is_plain) && !text.starts_with('.') {
        true => Ok(text.to_owned()),
        false => Err("a name has letters, digits, . _ - + and @, and begins with no dot".to_owned()),
    }
}

/// Runs it.
pub(super) fn run(flags: &SaveArgs) -> anyhow::Result<ExitCode> {
    let opened = Opened::open(&flags.recording)?;
    let info = Recording::open(opened.path())
        .map_err(|error| {
            anyhow::Error::new(error).hint("a recording is what glyphctl record or glyphd --record makes")
        })?
        .info;
    if info.end_time_unix_nano.is_none() {
        return Err(anyhow!("{}: was cut short, or is not over yet", flags.recording.display())
            .hint("others would be measured by what it lost; record a whole run"));
    }
    let dir = flags.place.dir()?;
    fs::create_dir_all(&dir).with_context(|| dir.display().to_string())?;
    let name = flags.name.clone().unwrap_or_else(|| compact(info.start_time_unix_nano));
    let artifact = dir.join(format!("{name}{ENDING}"));
    if artifact.symlink_metadata().is_ok() {
        return Err(anyhow!("{}: exists already", artifact.display())
            .hint("the run is there, or another one of that name; --name gives it another one"));
    }
    match opened.unpacked() {
        Some(_) => copy(&flags.recording, &artifact)?,
        None => {
            let written =
                replay::pack(opened.path(), &artifact, &Telemetry::off()).map_err(replay::hinted)?;
            replay::tell(&written, &artifact);
        }
    }
    if let Some(keep) = flags.keep {
        prune(&dir, keep as usize, &artifact)?;
    }
    let runs = recordings_in(&dir).with_context(|| dir.display().to_string())?.len() as u64;
    note(format_args!("{}: {} to compare with", dir.display(), counted(runs, "run")));
    output::to_stdout(|out| writeln!(out, "{}", artifact.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// An artifact as it is: it was checked when it was opened.
fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    let copied = fs::File::open(from).and_then(|mut from| {
        let mut file = AtomicFile::create_private(to)?;
        file.append(&mut from)?;
        file.commit()
    });
    copied.map(drop).with_context(|| format!("{}: can't be written", to.display()))
}

/// Deletes the oldest artifacts beyond so many; never the one that was just saved.
fn prune(dir: &Path, keep: usize, saved: &Path) -> anyhow::Result<()> {
    let mut runs = Vec::new();
    for path in recordings_in(dir).with_context(|| dir.display().to_string())? {
        let is_artifact = path.is_file() && path.to_string_lossy().ends_with(ENDING);
        if !is_artifact || path == saved {
            continue;
        }
        match Run::one(path.clone()) {
            Ok(run) => runs.push((run.start(), path)),
            // What can't be read is nobody's measure, and the user's to look at.
            Err(error) => warn(format_args!("{}: {error:#}", path.display())),
        }
    }
    runs.sort();
    let more = (runs.len() + 1).saturating_sub(keep);
    for (_, path) in runs.into_iter().take(more) {
        fs::remove_file(&path).with_context(|| path.display().to_string())?;
        note(format_args!("{}: let go of, as --keep {keep} says", path.display()));
    }
    Ok(())
}
