//! `glyphctl man`: a manual page for each command of both programs, made from the same definition as the help.

mod page;

use std::{
    fs,
    path::{Path, PathBuf},
    process::ExitCode,
};

use anyhow::Context;
use clap::{Args, Command};
use glyph_analysis::text::counted;

use self::page::Page;
use crate::{
    cli::Program,
    output::{self, failure::HintExt, note},
};

/// Flags of `glyphctl man`.
#[derive(Debug, Args)]
#[command(after_help = "\
A page for each command (glyphctl.1, glyphctl-trace-diff.1, …) is written into DIR/man1, and glyphd.8 into DIR/man8, \
where man looks for them; DIR is made if it is not there, and pages that are there are replaced.

Examples:
  glyphctl man ~/.local/share/man      then: man glyphctl-trace-diff
  glyphctl man /usr/local/share/man
  glyphctl man man && man -l man/man1/glyphctl.1")]
pub(crate) struct ManArgs {
    /// Where the manual is
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Runs it.
pub(crate) fn run(flags: &ManArgs) -> anyhow::Result<ExitCode> {
    let mut written = 0;
    for program in Program::ALL {
        let dir = flags.dir.join(format!("man{}", program.section()));
        fs::create_dir_all(&dir)
            .with_context(|| dir.display().to_string())
            .map_err(|e| e.hint("choose a folder that you may write to, ~/.local/share/man for example"))?;
        let mut command = program.command().disable_help_subcommand(true);
        command.build();
        written += write(&command, program, None, &dir)?;
    }
    note(format_args!("{}: {}", flags.dir.display(), counted(written, "page")));
    Ok(ExitCode::SUCCESS)
}

/// Writes a command's page, and those of the commands below it.
fn write(command: &Command, program: Program, above: Option<&str>, dir: &Path) -> anyhow::Result<u64> {
    let page = Page { command, section: program.section(), above };
    let path = dir.join(format!("{}.{}", page.name(), program.section()));
    let written = page.render().and_then(|page| fs::write(&path, page));
    written.with_context(|| path.display().to_string())?;
    output::detail(format_args!("{}", path.display()));
    let mut written = 1;
    for below in command.get_subcommands() {
        written += write(below, program, Some(page.name()), dir)?;
    }
    Ok(written)
}
