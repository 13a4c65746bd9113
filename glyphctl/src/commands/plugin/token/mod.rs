//! `glyphctl plugin token`: a token from a running daemon, for a plugin that the daemon does not start: one under a
//! debugger, or on another machine.

mod control;
mod file;

use std::{path::PathBuf, process::ExitCode};

use anyhow::{Context, anyhow};
use clap::Args;
use glyph_formats::{Recording, UnixNanos};

use self::file::SecretFile;
use crate::output::{failure::HintExt, note, pointers::word};

/// The name of the daemon's flag, under which `recording.json` has its value.
const CONTROL: &str = "control-addr";

/// Flags of `glyphctl plugin token`.
#[derive(Debug, Args)]
#[command(after_help = "\
The daemon has to know the plugin: from --plugins-dir, or from a section [plugins.NAME] in its --config, where start = \
false keeps it from starting the plugin itself. A token is good once, and for a minute. It is never printed: FILE has \
it, for its owner alone, as variables for a shell.

Examples:
  glyphctl plugin token hello -o hello.env --recording run1
  (set -a; . ./hello.env; set +a; exec python3 -m pdb plugin.py)")]
pub(super) struct TokenArgs {
    /// The plugin's name
    name: String,
    /// Where to write the variables; must not exist yet
    #[arg(short, long, alias = "out", value_name = "FILE")]
    output: PathBuf,
    /// The recording that the daemon is writing, which says where it listens
    #[arg(long, value_name = "DIR")]
    recording: Option<PathBuf>,
    /// The daemon's control socket, as it logs it at its start
    #[arg(long, value_name = "PATH", env = "GLYPH_CONTROL_ADDR")]
    control_addr: Option<PathBuf>,
}

/// Runs it.
pub(super) fn run(flags: &TokenArgs) -> anyhow::Result<ExitCode> {
    let socket = flags.socket()?;
    // A file that can't be made wastes no token.
    let file = SecretFile::create(&flags.output)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let issued = runtime.block_on(control::ask(&socket, &flags.name))?;
    file.keep(&issued.variables)?;
    let (out, name) = (flags.output.display(), &flags.name);
    note(format_args!("{out}: a token for {name}, good once, until {}", UnixNanos(issued.expires_unix_nano)));
    let place = flags.output.to_string_lossy();
    // Without a slash a shell looks for it on the PATH.
    let place = if place.contains('/') { word(&place) } else { word(&format!("./{place}")) };
    note(format_args!("next: (set -a; . {place}; set +a; exec COMMAND), with the plugin's command"));
    Ok(ExitCode::SUCCESS)
}

impl TokenArgs {
    fn socket(&self) -> anyhow::Result<PathBuf> {
        // The variable of the other flag may be set for every command.
        if let Some(dir) = &self.recording {
            let recording = Recording::open(dir)
                .map_err(|e| anyhow!(e).hint("it is the directory that the daemon is given with --record"))?;
            let address = recording.info.addresses.get(CONTROL);
            return address.map(PathBuf::from).with_context(|| {
                format!("{}: recording.json does not say where the daemon listens", dir.display())
            });
        }
        self.control_addr.clone().ok_or_else(|| {
            anyhow!("which daemon is to be asked?").hint(
                "name the recording that it writes with --recording, or its socket with --control-addr or GLYPH_CONTROL_ADDR",
            )
        })
    }
}
