//! The gate itself: what the recording holds against what `glyph.toml` says.

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::{Context, anyhow};
use clap::Args;
use glyph_analysis::{
    gate::{
        Check, Config, ConfigError, Files, Judgement, Recorded, RecordedError, State, alerts, budget, config,
        integrity,
    },
    pivot::Suspects,
    rules::{Options, check},
};
use glyph_formats::{jsonl::input::is_stdin, recording::RecordingError};

use super::CONFIG;
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
        note, progress, warn,
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
    /// How to print the verdict
    #[arg(long, value_enum, default_value_t = CheckFormat::Table)]
    format: CheckFormat,
}

/// Runs it.
pub(super) fn run(flags: &GateArgs) -> anyhow::Result<ExitCode> {
    if !is_stdin(&flags.recording) {
        // Who mistyped it is not to be told of a glyph.toml.
        fs::metadata(&flags.recording).with_context(|| flags.recording.display().to_string())?;
    }
    let config = config(flags.config.as_deref())?;
    let rules = config.alerts.as_ref().map(|alerts| load_rules(&config, alerts)).transpose()?;
    let checks = match Opened::try_open(&flags.recording) {
        Ok(opened) => checks(&config, rules, &opened)?,
        Err(error) if recording::is_changed(&error, &flags.recording) => {
            note("the artifact is not what was packed, so that nothing in it was judged");
            vec![integrity::digests(Err(error.to_string()))]
        }
        Err(error) => return Err(replay::hinted(error)),
    };
    let judgement = Judgement::of(checks);
    output::to_stdout(|out| printed::write(&judgement, &flags.recording, flags.format, out))?;
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

/// Every check of every section that is there.
fn checks(config: &Config, rules: Option<Rules>, opened: &Opened) -> anyhow::Result<Vec<Check>> {
    let mut recorded = read(opened.path())?;
    recorded.warnings.iter().for_each(warn);
    let mut checks: Vec<Check> =
        opened.unpacked().map(|files| integrity::digests(Ok(files))).into_iter().collect();
    checks.extend(integrity::judge(&recorded));
    let suspects = Suspects::among(&recorded.traces);
    match (&config.alerts, rules) {
        (Some(alerts), Some(rules)) => {
            let found = check(&rules.files, &mut recorded.metrics, Options::default());
            found.warnings.iter().for_each(warn);
            checks.extend(alerts::judge(&found, alerts.allow_undecided, &suspects));
            if !rules.all {
                checks.push(alerts::not_all());
            }
        }
        _ => note(format_args!("alerts: skipped, {} has no [alerts]", config.path.display())),
    }
    if config.budgets.is_empty() {
        note(format_args!("budget: skipped, {} has no [[budget]]", config.path.display()));
    } else {
        checks.extend(budget::judge(&config.budgets, &recorded.traces.summarize(), &suspects));
    }
    Ok(checks)
}

/// Reads a recording's directory.
pub(super) fn read(dir: &Path) -> anyhow::Result<Recorded> {
    let hint = "name a directory that glyphd --record made, or an artifact that glyphctl replay write made";
    if dir.is_file() {
        return Err(anyhow!("{}: is no recording and no artifact", dir.display()).hint(hint));
    }
    let read = || {
        let files = Files::find(dir)?;
        let progress = files.progress();
        let _bar = progress::Bar::start("reading", &progress);
        files.read(&progress)
    };
    read().map_err(|error| match error {
        RecordedError::Recording(RecordingError::NoInfo(_)) => anyhow::Error::new(error).hint(hint),
        _ => anyhow::Error::new(error),
    })
}
