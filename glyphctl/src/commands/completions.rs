//! `glyphctl completions`: what a shell needs to complete commands and flags, made from the same definition as the help.

use std::process::ExitCode;

use clap::Args;
use clap_complete::{Shell, generate};

use crate::{cli::Program, output};

/// Flags of `glyphctl completions`.
#[derive(Debug, Args)]
#[command(after_help = "\
The script is printed; it belongs where the shell looks for it:

  bash        ~/.local/share/bash-completion/completions/PROGRAM  (with the package bash-completion)
              or, in ~/.bashrc:  source <(glyphctl completions bash)
  zsh         a folder of $fpath, as _PROGRAM, before compinit runs: for example ~/.zfunc/_glyphctl,
              with fpath+=~/.zfunc in ~/.zshrc before autoload -U compinit; compinit
  fish        ~/.config/fish/completions/PROGRAM.fish
  elvish      in ~/.config/elvish/rc.elv:  eval (glyphctl completions elvish | slurp)
  powershell  in $PROFILE:  glyphctl completions powershell | Out-String | Invoke-Expression

A new version of Glyph may have other flags: print it anew then.

Examples:
  glyphctl completions bash > ~/.local/share/bash-completion/completions/glyphctl
  glyphctl completions bash glyphd > ~/.local/share/bash-completion/completions/glyphd
  glyphctl completions zsh > ~/.zfunc/_glyphctl
  glyphctl completions fish > ~/.config/fish/completions/glyphctl.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
    /// The program whose commands and flags are completed
    #[arg(default_value = "glyphctl")]
    program: Program,
}

/// Runs it.
pub(crate) fn run(flags: &CompletionsArgs) -> anyhow::Result<ExitCode> {
    let mut script = Vec::new();
    generate(flags.shell, &mut flags.program.command(), flags.program.name(), &mut script);
    output::to_stdout(|out| out.write_all(&script))?;
    Ok(ExitCode::SUCCESS)
}
