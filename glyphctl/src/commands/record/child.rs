//! The command as a process: what it is told, which signals it gets, how it ended.
//!
//! It stays in the foreground, in the process group of its caller, so that a terminal's keys reach it as they would
//! without us.

use std::{
    ffi::{OsStr, OsString},
    io,
    os::unix::process::ExitStatusExt,
    path::Path,
    process::ExitStatus,
};

use anyhow::Context;
use rustix::process::{Pid, Signal, kill_process};
use tokio::process::{Child, Command};

use super::{
    signals::{Received, Signals},
    surroundings::Surroundings,
};
use crate::output::failure::HintExt;

/// The program's name, without its folder.
pub(super) fn name_of(command: &[OsString]) -> String {
    let program = command.first().map_or(OsStr::new(""), OsString::as_os_str);
    Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned()
}

/// How the command ended.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ended(ExitStatus);

impl Ended {
    pub(super) fn is_success(self) -> bool {
        self.0.success()
    }

    /// The exit code, as a shell would give it.
    pub(super) fn code(self) -> u8 {
        let code = self.0.code().or_else(|| self.0.signal().map(|number| 128 + number));
        code.and_then(|code| u8::try_from(code).ok()).unwrap_or(u8::MAX)
    }

    /// What to say of a command that failed: a word of a closed set, and how it ended.
    pub(super) fn fault(self) -> Option<(&'static str, String)> {
        let kind = if self.0.signal().is_some() { "signal" } else { "exit_code" };
        (!self.is_success()).then(|| (kind, self.0.to_string()))
    }
}

/// Runs the command until it ends.
pub(super) async fn run(
    command: &[OsString],
    surroundings: &Surroundings,
    signals: &mut Signals,
) -> anyhow::Result<Ended> {
    let program = command.first().context("no command")?;
    let mut child = spawn(program, &command[1..], surroundings).map_err(|error| {
        let kind = error.kind();
        let error = anyhow::Error::new(error).context(format!("record: {}", program.display()));
        match kind {
            io::ErrorKind::NotFound => error.hint("name a program that is in PATH, or a path to one"),
            io::ErrorKind::PermissionDenied => error.hint("a file must be executable to be run (chmod +x)"),
            _ => error,
        }
    })?;
    let pid = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let mut asked = false;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(Ended(status.context("the command's end")?)),
            received = signals.next() => {
                // It may have ended this very moment.
                match (received, pid) {
                    _ if asked => drop(child.start_kill()),
                    (Received::ToPassOn(signal), Some(pid)) => drop(kill_process(pid, signal)),
                    _ => {}
                }
                asked = true;
            }
        }
    }
}

fn spawn(program: &OsStr, args: &[OsString], surroundings: &Surroundings) -> io::Result<Child> {
    let mut command = Command::new(program);
    command.args(args).envs(surroundings.set.iter().map(|(name, value)| (name, value))).kill_on_drop(true);
    for name in &surroundings.removed {
        command.env_remove(name);
    }
    dies_with_us(&mut command);
    command.spawn()
}

/// Has the system end the command when glyphctl is killed: nothing could record it any more.
#[expect(unsafe_code, reason = "what happens between fork and exec can't be said in another way")]
fn dies_with_us(command: &mut Command) {
    let parent = rustix::process::getpid();
    let ask = move || {
        rustix::process::set_parent_process_death_signal(Some(Signal::TERM))?;
        // Too late to be told.
        if rustix::process::getppid() != Some(parent) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        Ok(())
    };
    // SAFETY: two system calls that touch no memory of the process; nothing is allocated and no lock is taken.
    unsafe { command.pre_exec(ask) };
}
