//! `glyphctl plugin check`: is the manifest right, is the program there, and what would the plugin be allowed?

mod capabilities;
mod digests;
mod limits;
mod program;

use std::{path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Args;
use glyphd::{plugin::manifest::Manifest, policy::Policy};

use super::folder::{self, Fault};
use crate::output::{
    self,
    failure::report,
    plugin::checked::{self, CheckFormat, Checked},
};

/// The exit code for a plugin with which something is wrong.
const WRONG: u8 = 1;

/// Flags of `glyphctl plugin check`.
#[derive(Debug, Args)]
#[command(after_help = "\
A plugin is granted what it asks for of CAP_EMIT_FINDINGS and CAP_FLOW_INSPECT, unless --config says otherwise; of limits and paths, what is within the defaults and its own folder. What is \
printed in the end is for that file: it grants everything that the plugin asks for, and pins what is run by its SHA-256.

Exit codes: 0 fine, 1 something is wrong with the plugin, 2 it could not be looked at.

Examples:
  glyphctl plugin check hello
  glyphctl plugin check hello --config policy.toml --format json")]
pub(super) struct CheckArgs {
    /// The plugin's folder
    dir: PathBuf,
    /// The policy that glyphd would be given with --config (TOML)
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How to print it
    #[arg(long, value_enum, default_value = "table")]
    format: CheckFormat,
}

/// Runs it.
pub(super) fn run(flags: &CheckArgs) -> anyhow::Result<ExitCode> {
    let policy = flags.config.as_deref().map(folder::policy).transpose()?.unwrap_or_default();
    let manifest = match folder::manifest(&flags.dir) {
        Ok(manifest) => manifest,
        Err(Fault::Wrong(error)) => {
            report(&error);
            return Ok(ExitCode::from(WRONG));
        }
        Err(Fault::Unreadable(error)) => return Err(error),
    };
    let checked = check(&manifest, &policy)?;
    output::to_stdout(|out| checked::write(&checked, flags.format, out))?;
    Ok(if checked.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(WRONG) })
}

fn check(manifest: &Manifest, policy: &Policy) -> anyhow::Result<Checked> {
    let (mut problems, mut warnings) = (Vec::new(), Vec::new());
    let program = program::find(manifest).map_err(|fault| problems.push(fault)).ok();
    problems.extend(capabilities::lacking(manifest));
    let requested = capabilities::requested(manifest, policy);
    warnings.extend(capabilities::warnings(manifest, &requested));
    let allowances = policy.allowances(std::slice::from_ref(manifest));
    let allowance = allowances.get(&manifest.name).context("a manifest has an allowance")?;
    let limits = limits::limits(manifest, allowance);
    let read = limits::paths(manifest, &manifest.read, &allowance.read);
    let write = limits::paths(manifest, &manifest.write, &allowance.write);
    warnings.extend(limits::warnings(&limits, &read.iter().chain(&write).collect::<Vec<_>>()));
    problems.extend(digests::differing(manifest, &allowance.sha256));
    Ok(Checked {
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        command: manifest.command.clone(),
        program,
        subscriptions: manifest.subscriptions.iter().map(|s| s.as_str_name().to_owned()).collect(),
        capabilities: requested,
        limits,
        read,
        write,
        sha256: digests::of_what_is_run(manifest)?,
        problems,
        warnings,
    })
}
