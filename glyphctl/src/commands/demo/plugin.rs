//! The plugins of the demo, each a process of its own from this very binary: nothing else needs to be built.

use std::{fs, path::Path, time::Duration};

use anyhow::Context;
use clap::ValueEnum;
use glyph_plugin::{Finding, FlowEvent, Plugin, Report, Severity, Subscription};
use passive_headers::PassiveHeaders;

/// The hidden subcommand under which the binary is a plugin.
const SUBCOMMAND: &str = "plugin-process";
/// How long the reader of reports needs for one: it is what the demo's alert is about.
const READING: Duration = Duration::from_millis(260);

/// Which plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum DemoPlugin {
    /// The one that is shipped.
    PassiveHeaders,
    /// One that is slow.
    ReportReader,
}

impl DemoPlugin {
    const ALL: [Self; 2] = [Self::PassiveHeaders, Self::ReportReader];

    const fn name(self) -> &'static str {
        match self {
            Self::PassiveHeaders => "passive-headers",
            Self::ReportReader => "report-reader",
        }
    }
}

/// Writes the plugins' manifests, each into a folder of its own under `plugins`.
pub(super) fn install(plugins: &Path) -> anyhow::Result<()> {
    let program = std::env::current_exe().context("this program's own path")?;
    let program = program.to_str().context("this program's own path is not UTF-8")?;
    for name in DemoPlugin::ALL.map(DemoPlugin::name) {
        let folder = plugins.join(name);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        // An array of strings in JSON is one in TOML.
        let command = serde_json::to_string(&[program, SUBCOMMAND, name])?;
        let manifest = format!(
            "name = \"{name}\"\nversion = \"{}\"\ncommand = {command}\n\
             subscriptions = [\"FLOW_RESPONSE\"]\ncapabilities = [\"CAP_EMIT_FINDINGS\", \"CAP_FLOW_INSPECT\"]\n",
            env!("CARGO_PKG_VERSION"),
        );
        let path = folder.join(glyphd::plugin::manifest::FILE);
        fs::write(&path, manifest).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Is the plugin, until the daemon says goodbye.
pub(crate) fn run(plugin: DemoPlugin) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(async {
        match plugin {
            DemoPlugin::PassiveHeaders => glyph_plugin::run(PassiveHeaders).await,
            DemoPlugin::ReportReader => glyph_plugin::run(ReportReader).await,
        }
    })?)
}

/// Reads every report from its beginning to its end, and takes its time.
struct ReportReader;

impl Plugin for ReportReader {
    fn version(&self) -> &str {
        env!("CARGO_PKG_VERSION")
    }

    fn subscriptions(&self) -> &[Subscription] {
        &[Subscription::FlowResponse]
    }

    #[expect(clippy::disallowed_methods, reason = "it plays a plugin that is slow")]
    fn on_flow(&mut self, event: &FlowEvent, report: &mut Report<'_>) {
        let is_report = event.request.as_ref().is_some_and(|request| request.url.contains("/reports/"));
        if is_report {
            std::thread::sleep(READING);
            let message = "a report, read from its beginning to its end";
            report.finding(Finding::new("demo.report_read", Severity::Info, message));
        }
    }
}
