//! `glyphctl replay run --through-plugins`: recorded flows shown to plugins again, and what they find held against what was
//! found then. The regression test for a plugin.
//!
//! `commands::showing` shows them the flows; [`recorded`] is what was found then. What differs is `output::plugin`'s to tell.

mod recorded;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
    time::Duration,
};

use anyhow::Context;
use clap::Args;
use glyph_analysis::cases;
use glyphd::{
    config::Sandbox,
    plugin::manifest::{FILE, Manifest, load_all},
};

use super::DIVERGED;
use crate::{
    commands::{
        flows::filter::FilterArgs,
        plugin::folder,
        record::signals::Signals,
        showing::{difference, heard::Heard, once::Run, source::Source},
    },
    output::{
        self,
        failure::HintExt,
        note,
        plugin::{
            findings::Found,
            regression::{self, PluginRegression, Regression},
        },
        replay::ReportFormat,
    },
};

/// What gives a plugin longer.
const LONGER: &str = "is it stuck? --plugin-timeout gives it longer";

/// Flags for it.
#[derive(Debug, Args)]
#[command(next_help_heading = "Through plugins")]
pub(super) struct ThroughPluginsArgs {
    /// Send nothing: show the flows to the plugins again, and compare what they find with what was found then
    #[arg(long, requires = "plugins_dir")]
    through_plugins: bool,
    /// The plugins: a folder of them as glyphd --plugins-dir takes it, or that of one plugin
    #[arg(long, value_name = "DIR", requires = "through_plugins")]
    plugins_dir: Option<PathBuf>,
    /// The policy, for what the plugins are granted (TOML) [default: all that they ask for]
    #[arg(long, value_name = "FILE", requires = "through_plugins")]
    config: Option<PathBuf>,
    /// Whether they are put behind walls: required, best-effort (as many as this machine has), off
    #[arg(long, value_name = "WHEN", default_value_t, env = "GLYPH_SANDBOX", hide_env_values = true)]
    sandbox: Sandbox,
    /// How long a plugin may keep a flow waiting, and how long it has for the last ones
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = glyphd::cli::within(1, 86_400))]
    plugin_timeout: Duration,
}

impl ThroughPluginsArgs {
    /// Whether that is what the user wants.
    pub(super) fn is_wanted(&self) -> bool {
        self.through_plugins
    }
}

/// Runs it.
pub(super) fn run(
    flags: &ThroughPluginsArgs,
    recording: &Path,
    filter: &FilterArgs,
    limit: Option<usize>,
    format: ReportFormat,
) -> anyhow::Result<ExitCode> {
    let manifests = manifests(flags.plugins_dir.as_deref().context("--plugins-dir")?)?;
    let policy = flags.config.as_deref().map(folder::policy).transpose()?;
    let source = Source::open(recording, limit)?.only(filter)?;
    let names: Vec<_> = manifests.iter().map(|manifest| manifest.name.clone()).collect();
    let recorded = recorded::findings(&source, &names)?;
    let run = Run::new(manifests, policy, flags.sandbox, flags.plugin_timeout, LONGER);
    let heard = Heard::listen()?;
    let found = tokio::runtime::Runtime::new()?.block_on(async {
        run.once(&source, &heard, &mut Signals::listen()?).await?.context("interrupted")
    })?;
    let regression = compare(found, &recorded);
    output::to_stdout(|out| regression::write(&regression, format, out))?;
    Ok(if regression.diverged { ExitCode::from(DIVERGED) } else { ExitCode::SUCCESS })
}

/// The plugins that are meant.
fn manifests(dir: &Path) -> anyhow::Result<Vec<Manifest>> {
    if dir.join(FILE).is_file() {
        return Ok(vec![folder::manifest(dir)?]);
    }
    let manifests = load_all(dir).context("--plugins-dir")?;
    if manifests.is_empty() {
        let error = anyhow::anyhow!("--plugins-dir: {}: there is no plugin in it", dir.display());
        return Err(error.hint("a plugin is a folder with a plugin.toml"));
    }
    for manifest in &manifests {
        if manifest.subscriptions.iter().any(|s| s.as_str_name().ends_with("_RAW")) {
            let name = &manifest.name;
            note(format_args!(
                "{name} wants raw flows; a recording has none, so it is shown the sanitised ones"
            ));
        }
    }
    Ok(manifests)
}

fn compare(found: Vec<Found>, recorded: &recorded::Recorded) -> Regression {
    let flows = found.first().map_or(0, |found| found.flows);
    let then = cases::of(recorded.findings.values().flatten(), "");
    let now = cases::of(found.iter().flat_map(|found| &found.findings), "");
    let cases = cases::changed(&then.cases, &now.cases);
    let kept = |change: &&cases::Changed| change.recorded.is_some();
    let cases_unchanged = (then.cases.len() - cases.iter().filter(kept).count()) as u64;
    let plugins: Vec<_> = found
        .into_iter()
        .map(|found| {
            let then = recorded.findings.get(&found.plugin).map_or(&[][..], Vec::as_slice);
            let difference = difference::between(then, &found.findings);
            let own = |findings: Vec<&glyph_formats::Finding>| findings.into_iter().cloned().collect();
            let (new, gone, unchanged) =
                (own(difference.new), own(difference.gone), difference.unchanged as u64);
            let Found { plugin, version, denied_subscriptions, refused, .. } = found;
            PluginRegression { plugin, version, unchanged, new, gone, denied_subscriptions, refused }
        })
        .collect();
    let diverged = !cases.is_empty() || plugins.iter().any(PluginRegression::has_diverged);
    Regression { flows, plugins, left_out: recorded.left_out.clone(), cases, cases_unchanged, diverged }
}
