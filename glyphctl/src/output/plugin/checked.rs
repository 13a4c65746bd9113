//! What is known of a plugin before it runs, and the lines of configuration that let it do so.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use clap::ValueEnum;
use glyph_analysis::text::visible;
use schemars::JsonSchema;
use serde::Serialize;

use crate::output::json;

/// The capability that is not to be granted without a thought.
const RAW: &str = "CAP_FLOW_INSPECT_RAW";

/// How it is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people.
    Table,
    /// For programs: documented, stable.
    Json,
}

/// What `plugin check --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Checked {
    /// The plugin's name.
    pub(crate) name: String,
    /// Its own version.
    pub(crate) version: String,
    /// The program and its arguments.
    pub(crate) command: Vec<String>,
    /// Where the program is; none if it is not there.
    pub(crate) program: Option<String>,
    /// Which events it wants.
    pub(crate) subscriptions: Vec<String>,
    /// What it wants to be allowed.
    pub(crate) capabilities: Vec<Requested>,
    /// What its processes may use.
    pub(crate) limits: Vec<Limit>,
    /// Files and folders that it wants to read beside its own folder and the system's libraries.
    pub(crate) read: Vec<AskedPath>,
    /// Those that it wants to write to.
    pub(crate) write: Vec<AskedPath>,
    /// The digests of the files that are run, by their paths in the plugin's folder.
    pub(crate) sha256: BTreeMap<String, String>,
    /// What keeps it from working.
    pub(crate) problems: Vec<String>,
    /// What is odd.
    pub(crate) warnings: Vec<String>,
}

/// Something that the plugin asks for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Requested {
    /// For example `CAP_EMIT_FINDINGS`.
    pub(crate) capability: String,
    /// Whether it would get it.
    pub(crate) granted: bool,
}

/// A limit, in the unit that its name has.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Limit {
    /// As in `[limits]`, for example `memory_mib`.
    pub(crate) limit: String,
    /// What the plugin asks for; none if it says nothing.
    pub(crate) wanted: Option<u64>,
    /// What it would get; none if there is no limit.
    pub(crate) allowed: Option<u64>,
}

/// A path that the plugin asks for.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct AskedPath {
    /// Absolute.
    pub(crate) path: String,
    /// Whether it would get it.
    pub(crate) granted: bool,
}

/// Writes it.
pub(crate) fn write(checked: &Checked, format: CheckFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        CheckFormat::Table => table(checked, out),
        CheckFormat::Json => json::write(checked, out),
    }
}

fn table(checked: &Checked, out: &mut dyn Write) -> io::Result<()> {
    let mut line =
        |name: &str, value: &str| writeln!(out, "{}", format!("{name:<14}{}", visible(value)).trim_end());
    line("plugin", &format!("{} {}", checked.name, checked.version))?;
    line("command", &checked.command.join(" "))?;
    line("program", checked.program.as_deref().unwrap_or("–"))?;
    line("subscriptions", &checked.subscriptions.join(" "))?;
    let mut title = "capabilities";
    for requested in &checked.capabilities {
        let granted = granted(requested.granted);
        line(std::mem::take(&mut title), &format!("{:<22}{granted}", requested.capability))?;
    }
    let mut title = "limits";
    for Limit { limit, allowed, .. } in &checked.limits {
        let allowed = allowed.map_or_else(|| "–".to_owned(), |allowed| allowed.to_string());
        line(std::mem::take(&mut title), &format!("{limit:<22}{allowed}"))?;
    }
    for (mut title, paths) in [("read", &checked.read), ("write", &checked.write)] {
        for AskedPath { path, granted: is_granted } in paths {
            line(std::mem::take(&mut title), &format!("{path}  {}", granted(*is_granted)))?;
        }
    }
    let faults = checked.problems.iter().map(|p| ("problem", p));
    let faults: Vec<_> = faults.chain(checked.warnings.iter().map(|w| ("warning", w))).collect();
    if !faults.is_empty() {
        writeln!(out)?;
    }
    for (kind, fault) in faults {
        writeln!(out, "{kind}: {}", visible(fault))?;
    }
    writeln!(out)?;
    configuration(checked, out)
}

fn granted(is_granted: bool) -> &'static str {
    if is_granted { "granted" } else { "not granted" }
}

/// The plugin's section in the file of `--config`. Strings of JSON are strings of TOML.
fn configuration(checked: &Checked, out: &mut dyn Write) -> io::Result<()> {
    let names: Vec<_> = checked.capabilities.iter().map(|c| format!("\"{}\"", c.capability)).collect();
    writeln!(out, "[plugins.{}]", checked.name)?;
    if checked.capabilities.iter().any(|c| c.capability == RAW) {
        writeln!(out, "# {RAW}: it sees every secret that passes.")?;
    }
    writeln!(out, "grant = [{}]", names.join(", "))?;
    for (key, paths) in [("read", &checked.read), ("write", &checked.write)] {
        if !paths.is_empty() {
            let paths: Vec<_> = paths.iter().map(|path| quoted(&path.path)).collect::<Result<_, _>>()?;
            writeln!(out, "{key} = [{}]", paths.join(", "))?;
        }
    }
    let mut wanted = checked.limits.iter().filter_map(|limit| Some((&limit.limit, limit.wanted?))).peekable();
    if wanted.peek().is_some() {
        writeln!(out, "\n[plugins.{}.limits]", checked.name)?;
    }
    for (limit, wanted) in wanted {
        writeln!(out, "{limit} = {wanted}")?;
    }
    if !checked.sha256.is_empty() {
        writeln!(out, "\n[plugins.{}.sha256]", checked.name)?;
    }
    for (path, digest) in &checked.sha256 {
        writeln!(out, "{} = \"{digest}\"", quoted(path)?)?;
    }
    Ok(())
}

fn quoted(text: &str) -> io::Result<String> {
    let mut quoted = Vec::new();
    json::write_line(&text, &mut quoted)?;
    Ok(String::from_utf8_lossy(&quoted).trim_end().to_owned())
}
