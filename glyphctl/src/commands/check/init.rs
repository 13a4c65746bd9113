//! `glyphctl check init`: a `glyph.toml` with what was measured, and some room.

use std::{
    fs::OpenOptions,
    io::{self, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::anyhow;
use clap::Args;
use glyph_analysis::gate::proposal;

use super::{CONFIG, sections::read};
use crate::{
    commands::recording::Opened,
    output::{self, failure::HintExt, note},
};

/// The rules that are looked for beside the new file.
const RULES: &str = "alerts/alerts.yaml";

/// Flags of `glyphctl check init`.
#[derive(Debug, Args)]
#[command(after_help = "\
Each span name has a budget: its 95th percentile and its share of errors as measured, times 1.5, rounded up to two \
significant digits; durations below 5 ms are not worth a limit, and get that one. Spans that last as long as a \
plugin, its connection or a recorded command, and file work, have none. Where alerts/alerts.yaml lies \
beside the new file, it is named there.

Examples:
  glyphctl check init RECORDING
  glyphctl check init run1.glyph.tar.zst -o ci/glyph.toml
  glyphctl check init RECORDING -o -")]
pub(super) struct InitArgs {
    /// The recording to measure: a directory, or an artifact
    #[arg(value_name = "RECORDING|ARTIFACT")]
    recording: PathBuf,
    /// Where to write it, or - for standard output; nothing is written over
    #[arg(short, long, value_name = "FILE", default_value = CONFIG)]
    output: PathBuf,
}

/// Runs it.
pub(super) fn run(flags: &InitArgs) -> anyhow::Result<ExitCode> {
    let to_stdout = flags.output.as_os_str() == "-";
    if !to_stdout && flags.output.symlink_metadata().is_ok() {
        return Err(refused(&flags.output, io::ErrorKind::AlreadyExists.into()));
    }
    let opened = Opened::open(&flags.recording)?;
    let recorded = read(opened.path())?;
    let folder = if to_stdout { None } else { flags.output.parent() };
    let has_rules = folder.unwrap_or(Path::new("")).join(RULES).is_file();
    let text = proposal::write(&recorded.traces.summarize(), has_rules.then_some(RULES));
    if to_stdout {
        output::to_stdout(|out| out.write_all(text.as_bytes()))?;
        return Ok(ExitCode::SUCCESS);
    }
    let mut options = OpenOptions::new();
    let file = options.write(true).create_new(true).open(&flags.output);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(|e| refused(&flags.output, e))?;
    note(format_args!(
        "{}: {} (now: glyphctl check {})",
        flags.output.display(),
        glyph_analysis::text::counted(text.matches("\n[[budget]]\n").count() as u64, "budget"),
        output::pointers::word(&flags.recording.to_string_lossy()),
    ));
    Ok(ExitCode::SUCCESS)
}

fn refused(path: &Path, source: io::Error) -> anyhow::Error {
    if source.kind() == io::ErrorKind::AlreadyExists {
        let hint = "nothing is written over; -o names another file, and -o - is standard output";
        return anyhow!("{}: exists already", path.display()).hint(hint);
    }
    let error = anyhow::Error::new(source).context(format!("{}: can't be written", path.display()));
    error.hint("-o names the file; its folder must exist")
}
