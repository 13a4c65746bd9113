//! The gate itself: what the recording holds against what `glyph.toml` says, and where the verdict goes.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::Args;
use glyph_analysis::gate::{Config, ConfigError, Judgement, State, config, integrity};
use glyph_formats::jsonl::input::is_stdin;

use super::{
    CONFIG,
    before::Before,
    reports::{self, Report},
    sections::Sections,
};
use crate::{
    commands::{
        alerts::rules::{self, Rules},
        recording::{self, Opened},
        replay,
    },
    output::{
        self,
        check::{self as printed, CheckFormat},
        failure::HintExt,
        note,
    },
};

/// Flags of `glyphctl check RECORDING`.
#[derive(Debug, Args)]
pub(super) struct GateArgs {
    /// The recording: a directory that glyphd --record made, or an artifact
    #[arg(value_name = "RECORDING|ARTIFACT")]
    recording: PathBuf,
    /// What it has to hold to [default: glyph.toml, here]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// What to compare with: a recording, an artifact, or a directory of them, as glyphctl baseline save makes it [default: what
    /// glyph.toml says in [baseline]]
    #[arg(long, value_name = "RECORDING")]
    baseline: Option<PathBuf>,
    /// How to print the verdict
    #[arg(long, value_enum, default_value_t = CheckFormat::Table)]
    format: CheckFormat,
    /// Write the verdict into a file, too, in that format; what stands there is replaced; can be given more than once
    #[arg(long, value_name = "FORMAT=FILE")]
    report: Vec<Report>,
}

/// Runs it.
pub(super) fn run(flags: &GateArgs) -> anyhow::Result<ExitCode> {
    if !is_stdin(&flags.recording) {
        // Who mistyped it is not to be told of a glyph.toml.
        fs::metadata(&flags.recording).with_context(|| flags.recording.display().to_string())?;
    }
    let config = config(flags.config.as_deref())?;
    let rules = config.alerts.as_ref().map(|alerts| load_rules(&config, alerts)).transpose()?;
    let before = Before::find(&config, flags.baseline.as_deref())?;
    let judgement = match Opened::try_open(&flags.recording) {
        Ok(opened) => {
            let mut sections = Sections::read(&config, &flags.recording, &opened)?;
            sections.judge(rules, before)?;
            sections.judgement()
        }
        Err(error) if recording::is_changed(&error, &flags.recording) => {
            note("the artifact is not what was packed, so that nothing in it was judged");
            Judgement::of(vec![integrity::digests(Err(error.to_string()))], Vec::new())
        }
        Err(error) => return Err(replay::hinted(error)),
    };
    output::to_stdout(|out| printed::write(&judgement, flags.format, out))?;
    reports::write(&flags.report, &judgement)?;
    Ok(ExitCode::from(match judgement.verdict {
        State::Pass => 0,
        State::Fail => 1,
        State::Undecided => 2,
    }))
}

/// The one that is named, or the one that lies here.
fn config(named: Option<&Path>) -> anyhow::Result<Config> {
    let path = named.unwrap_or(CONFIG.as_ref());
    Config::load(path).map_err(|error| {
        let hint = match &error {
            ConfigError::Io { .. } => {
                "glyphctl check init RECORDING writes one; --config names one elsewhere"
            }
            ConfigError::Fault { .. } => "glyphctl check --help and glyphctl check init show what it can say",
        };
        anyhow::Error::new(error).hint(hint)
    })
}

fn load_rules(config: &Config, alerts: &config::Alerts) -> anyhow::Result<Rules> {
    let set = alerts.set.iter().map(|setting| rules::Set {
        name: &setting.name,
        value: setting.value,
        origin: format!("{}:{}: {}", config.path.display(), setting.line, setting.name),
    });
    rules::load(&alerts.rules, set, alerts.time_scale)
}
