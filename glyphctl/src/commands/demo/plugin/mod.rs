//! The plugins of the demo, each a process of its own: two from this very binary, so that nothing else needs to be
//! built, and one in Python, where its packages are. And what the operator of the demo allows them.

mod links;
mod reader;

use std::{
    ffi::OsString,
    fs,
    net::IpAddr,
    path::Path,
    process::{Command, Stdio},
};

use anyhow::Context;
use clap::ValueEnum;
use glyph_plugin::Capability;
use glyphd::policy::{PluginPolicy, Policy};
use passive_headers::PassiveHeaders;

use self::reader::ReportReader;
use crate::commands::plugin::STUBS;

/// The first argument with which the binary is a plugin.
const SUBCOMMAND: &str = "plugin-process";
/// Requests of plugins' own to the demo's server: one in such a window, in milliseconds. The next has to wait.
const WINDOW_MS: u64 = 250;

/// Which plugin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum DemoPlugin {
    /// The one that is shipped.
    PassiveHeaders,
    /// One that is slow, and asks for something itself.
    ReportReader,
}

impl DemoPlugin {
    const ALL: [Self; 2] = [Self::PassiveHeaders, Self::ReportReader];

    const fn name(self) -> &'static str {
        match self {
            Self::PassiveHeaders => "passive-headers",
            Self::ReportReader => REPORT_READER,
        }
    }

    /// What it asks to be allowed, and is.
    fn capabilities(self) -> Vec<Capability> {
        let http = match self {
            Self::PassiveHeaders => Capability::CapHttpPassive,
            Self::ReportReader => Capability::CapHttpActive,
        };
        vec![Capability::CapEmitFindings, Capability::CapFlowInspect, http]
    }
}

/// The plugin that is slow.
pub(super) const REPORT_READER: &str = "report-reader";
/// The plugin in Python.
pub(super) const SECRET_SCAN: &str = "secret-scan";
/// Its files, but for the stubs.
const SECRET_SCAN_FILES: [(&str, &str); 8] = [
    ("plugin.toml", include_str!("../../../../../plugins/secret-scan/plugin.toml")),
    ("secret_scan.py", include_str!("../../../../../plugins/secret-scan/secret_scan.py")),
    ("session.py", include_str!("../../../../../plugins/secret-scan/session.py")),
    ("report.py", include_str!("../../../../../plugins/secret-scan/report.py")),
    ("scan.py", include_str!("../../../../../plugins/secret-scan/scan.py")),
    ("body.py", include_str!("../../../../../plugins/secret-scan/body.py")),
    ("rules.py", include_str!("../../../../../plugins/secret-scan/rules.py")),
    ("checks.py", include_str!("../../../../../plugins/secret-scan/checks.py")),
];
/// A folder with Python packages, beside those that Python finds by itself.
const PYTHON_PACKAGES: &str = "GLYPH_PYTHON_PACKAGES";

/// Writes the plugins' manifests, each into a folder of its own under `plugins`. Tells whether the one in Python is
/// among them.
pub(super) fn install(plugins: &Path) -> anyhow::Result<bool> {
    let program = std::env::current_exe().context("this program's own path")?;
    let program = program.to_str().context("this program's own path is not UTF-8")?;
    for plugin in DemoPlugin::ALL {
        let name = plugin.name();
        let folder = plugins.join(name);
        fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        // An array of strings in JSON is one in TOML.
        let command = serde_json::to_string(&[program, SUBCOMMAND, name])?;
        let capabilities: Vec<_> = plugin.capabilities().iter().map(Capability::as_str_name).collect();
        let manifest = format!(
            "name = \"{name}\"\nversion = \"{}\"\ncommand = {command}\n\
             subscriptions = [\"FLOW_RESPONSE\"]\ncapabilities = {}\n",
            env!("CARGO_PKG_VERSION"),
            serde_json::to_string(&capabilities)?,
        );
        let path = folder.join(glyphd::plugin::manifest::FILE);
        fs::write(&path, manifest).with_context(|| path.display().to_string())?;
    }
    let packages = std::env::var_os(PYTHON_PACKAGES);
    let there = python_has_grpc(packages.as_ref());
    if there {
        install_secret_scan(&plugins.join(SECRET_SCAN), packages)?;
    }
    Ok(there)
}

/// What the operator of the demo allows: the scanner of secrets sees what passed as it passed, the others may ask the
/// demo's server for something, at that address and at a walker's pace.
pub(super) fn policy(origin: IpAddr) -> Policy {
    let mut policy = Policy::default();
    policy.netgate.allow.extend(origin.to_string().parse());
    (policy.netgate.window_ms, policy.netgate.requests_per_host) = (WINDOW_MS, 1);
    for plugin in DemoPlugin::ALL {
        let allowed = PluginPolicy { grant: Some(plugin.capabilities()), ..PluginPolicy::default() };
        policy.plugins.insert(plugin.name().to_owned(), allowed);
    }
    let grant = vec![Capability::CapEmitFindings, Capability::CapFlowInspect, Capability::CapFlowInspectRaw];
    let packages = std::env::var_os(PYTHON_PACKAGES).into_iter().map(Into::into).collect();
    let scanner = PluginPolicy { grant: Some(grant), read: packages, ..PluginPolicy::default() };
    policy.plugins.insert(SECRET_SCAN.to_owned(), scanner);
    policy
}

fn python_has_grpc(packages: Option<&OsString>) -> bool {
    let mut python = Command::new("python3");
    python.args(["-c", "import grpc, google.protobuf"]);
    if let Some(packages) = packages {
        python.env("PYTHONPATH", packages);
    }
    let ran = python.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    ran.is_ok_and(|status| status.success())
}

fn install_secret_scan(folder: &Path, packages: Option<OsString>) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, text) in SECRET_SCAN_FILES.into_iter().chain(STUBS) {
        let mut text = text.to_owned();
        if let Some(packages) = packages.as_ref().filter(|_| name == glyphd::plugin::manifest::FILE) {
            // A string in JSON is one in TOML.
            let packages = serde_json::to_string(packages.to_str().context("its path is not UTF-8")?)?;
            text.push_str(&format!("env = {{ PYTHONPATH = {packages} }}\nread = [{packages}]\n"));
        }
        let path = folder.join(name);
        fs::write(&path, text).with_context(|| path.display().to_string())?;
    }
    Ok(())
}

/// Is a plugin of the demo, if this process was started as one: that is no command, since nobody gives it.
pub(crate) fn run_if_asked() -> Option<anyhow::Result<()>> {
    let mut args = std::env::args_os().skip(1);
    args.next().filter(|first| first == SUBCOMMAND)?;
    DemoPlugin::from_str(args.next()?.to_str()?, false).ok().map(run)
}

/// Is the plugin, until the daemon says goodbye.
fn run(plugin: DemoPlugin) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(async {
        match plugin {
            DemoPlugin::PassiveHeaders => glyph_plugin::run(PassiveHeaders::default()).await,
            DemoPlugin::ReportReader => glyph_plugin::run(ReportReader::default()).await,
        }
    })?)
}
