//! `glyphctl plugin run`: a plugin over a recording, with no proxy.
//!
//! `commands::showing` shows it the flows, [`account`] tells what came of it. [`watch`] does so again on every change of the
//! plugin's [`files`], and tells the difference.

mod account;
mod files;
mod watch;

use std::{path::PathBuf, process::ExitCode, time::Duration};

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use glyph_formats::{Severity, jsonl::input::is_stdin};
use glyphd::config::Sandbox;

use super::folder;
use crate::{
    commands::{
        record::signals::Signals,
        showing::{heard::Heard, once::Run, source::Source},
    },
    output::{self, Format, note, plugin::findings},
};

/// What gives a plugin longer.
const LONGER: &str = "is it stuck? --timeout gives it longer";
/// The exit code for a finding that is too severe.
const TOO_SEVERE: u8 = 1;

/// Flags of `glyphctl plugin run`.
#[derive(Debug, Args)]
#[command(after_help = "\
The plugin is started as glyphd would start it, and granted everything that it asks for, unless --config says otherwise. \
Flows wait for it, however slow it is. What its process writes is shown on standard error, after its name. A recording \
has only sanitised flows: who subscribed to raw ones is shown these.

With --watch a file below DIR that is changed, made or removed has the plugin run again; what is new is marked +, what \
is gone -. Not watched: target, packages, __pycache__, node_modules and whatever begins with a dot, but for the plugin's \
own program.

Exit codes: 0 fine, 1 a finding as severe as --fail-on or worse, 2 the plugin did not come to the end of the flows.

Examples:
  glyphctl plugin run hello RECORDING
  glyphctl plugin run hello run1.glyph.tar.zst --format json
  glyphctl plugin run hello RECORDING --fail-on high
  glyphctl plugin run hello RECORDING --watch")]
pub(super) struct RunArgs {
    /// The plugin's folder
    dir: PathBuf,
    /// What it is shown: a recording, an artifact, or a file of flows
    #[arg(value_name = "RECORDING")]
    recording: PathBuf,
    /// The policy, for what the plugin is granted (TOML) [default: all that it asks for]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Whether it is put behind walls: required, best-effort (as many as this machine has), off
    #[arg(long, value_name = "WHEN", default_value_t, env = "GLYPH_SANDBOX", hide_env_values = true)]
    sandbox: Sandbox,
    /// How to print the findings
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
    /// Exit with 1 if a finding is as severe as that, or worse
    #[arg(long, value_name = "WHAT", value_enum)]
    fail_on: Option<Least>,
    /// Show no more than the first N flows
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// How long the plugin may keep a flow waiting, and how long it has for the last ones
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = glyphd::cli::within(1, 86_400))]
    timeout: Duration,
    /// Run it again on every change of its files, and tell what is new and what is gone
    #[arg(long, conflicts_with_all = ["format", "fail_on"])]
    watch: bool,
}

/// A severity, as the flag has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Least {
    /// Every finding.
    Info,
    /// All but those.
    Low,
    /// Those that help an attack, and worse.
    Med,
    /// Those that are likely to be used.
    High,
    /// The worst.
    Crit,
}

impl Least {
    fn severity(self) -> Severity {
        match self {
            Self::Info => Severity::Info,
            Self::Low => Severity::Low,
            Self::Med => Severity::Med,
            Self::High => Severity::High,
            Self::Crit => Severity::Crit,
        }
    }
}

/// Runs it.
pub(super) fn run(flags: &RunArgs) -> anyhow::Result<ExitCode> {
    if flags.watch && is_stdin(&flags.recording) {
        bail!("--watch: standard input can be read only once");
    }
    let source = Source::open(&flags.recording, flags.limit)?;
    let heard = Heard::listen()?;
    let runtime = tokio::runtime::Runtime::new()?;
    runtime.block_on(async {
        let mut signals = Signals::listen()?;
        if flags.watch {
            return watch::run(flags, &source, &heard, &mut signals).await;
        }
        let run = flags.prepare()?;
        let found = run.once(&source, &heard, &mut signals).await?.context("interrupted")?;
        let found = found.into_iter().next().context("there is no plugin")?;
        output::to_stdout(|out| findings::write(&found, flags.format, out))?;
        account::tell(&found);
        let is_too_severe = |least: Least| found.findings.iter().any(|f| f.severity >= least.severity());
        Ok(match flags.fail_on.is_some_and(is_too_severe) {
            true => ExitCode::from(TOO_SEVERE),
            false => ExitCode::SUCCESS,
        })
    })
}

impl RunArgs {
    /// Reads the plugin's manifest and the policy, as they are now.
    fn prepare(&self) -> anyhow::Result<Run> {
        let manifest = folder::manifest(&self.dir)?;
        let policy = self.config.as_deref().map(folder::policy).transpose()?;
        if manifest.subscriptions.iter().any(|s| s.as_str_name().ends_with("_RAW")) {
            note(format_args!(
                "{} wants raw flows; a recording has none, so it is shown the sanitised ones",
                manifest.name
            ));
        }
        Ok(Run::new(vec![manifest], policy, self.sandbox, self.timeout, LONGER))
    }
}
