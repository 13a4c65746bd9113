//! A plugin that is run again on every change, until the user has seen enough. A run that fails is told, and the next
//! one is compared with the last that did not.

use std::{path::PathBuf, process::ExitCode};

use glyph_formats::Finding;

use super::{RunArgs, account, files::Files};
use crate::{
    commands::{
        record::signals::Signals,
        showing::{difference, heard::Heard, source::Source},
    },
    output::{
        self, Format,
        failure::report,
        note,
        plugin::findings::{self, Found},
    },
};

/// Runs and watches.
pub(super) async fn run(
    flags: &RunArgs,
    source: &Source<'_>,
    heard: &Heard,
    signals: &mut Signals,
) -> anyhow::Result<ExitCode> {
    // What is wrong from the start is no matter of waiting.
    super::folder::manifest(&flags.dir)?;
    let mut files = Files::watch(&flags.dir)?;
    note(format_args!("watching {}; interrupt to end", flags.dir.display()));
    let mut before: Option<Vec<Finding>> = None;
    loop {
        let program = program(flags);
        let look = files.look(program.as_deref());
        let ran = match flags.prepare() {
            Ok(run) => run.once(source, heard, signals).await,
            Err(error) => Err(error),
        };
        match ran {
            Ok(None) => return Ok(ExitCode::SUCCESS),
            Ok(Some(found)) => {
                for found in found {
                    before = Some(tell(found, before.as_deref())?);
                }
            }
            Err(error) => report(&error),
        }
        let changed = tokio::select! {
            changed = files.changed(&look, program.as_deref()) => changed,
            _ = signals.next() => return Ok(ExitCode::SUCCESS),
        };
        note(format_args!("changed: {}", changed.join(", ")));
    }
}

/// The program, if the manifest says that it is a file of the folder.
fn program(flags: &RunArgs) -> Option<PathBuf> {
    super::folder::manifest(&flags.dir).ok()?.own_program()
}

/// Prints what was found, or what is different; returns the findings for the next time.
fn tell(found: Found, before: Option<&[Finding]>) -> anyhow::Result<Vec<Finding>> {
    match before {
        None => {
            output::to_stdout(|out| findings::write(&found, Format::Table, out))?;
            account::tell(&found);
        }
        Some(before) => {
            let difference = difference::between(before, &found.findings);
            output::to_stdout(|out| {
                findings::write_changed('-', &difference.gone, out)?;
                findings::write_changed('+', &difference.new, out)
            })?;
            account::tell_again(&found, &difference);
        }
    }
    Ok(found.findings)
}
