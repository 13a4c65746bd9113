//! One process of a plugin: what it is started with, and what is said of it in its span.

use std::{
    collections::BTreeMap, os::unix::process::ExitStatusExt, path::PathBuf, process::ExitStatus,
    time::Duration,
};

use glyph_plugin::env;
use tokio::time::timeout;
use tokio_util::{task::AbortOnDropHandle, task::TaskTracker};

use super::{
    output::listen,
    reconnect,
    supervisor::{Plugin, Supervisor},
};
use crate::{
    launcher::{self, Bus, Ending, LaunchError, Launched, Limits, Plan, Status, Termination, Usage},
    telemetry::{Span, TraceContext, name},
};

/// How long what a process wrote before its end may take to be read.
const LAST_WORDS: Duration = Duration::from_secs(3);
/// What a plugin is told of the daemon's environment.
const INHERITED: [&str; 3] = ["PATH", "LANG", "LC_ALL"];

/// Where plugins find the bus.
#[derive(Debug, Clone)]
pub(crate) struct BusSeat {
    /// As variables for their processes.
    pub(crate) variables: Vec<(&'static str, String)>,
    /// The one thing that they may connect to.
    pub(crate) place: Bus,
}

/// A process that runs. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Process {
    launched: Launched,
    span: Span,
    output: TaskTracker,
    _tokens: Option<AbortOnDropHandle<()>>,
}

/// How a process ended.
#[derive(Debug)]
pub(super) struct Exit {
    /// In words, for example `exit status: 3`.
    pub(super) text: String,
    /// What the launcher says of it; none if it has ended without a word.
    pub(super) ending: Option<Ending>,
    /// The process's span.
    pub(super) context: TraceContext,
}

impl Exit {
    pub(super) fn succeeded(&self) -> bool {
        self.ending.as_ref().is_some_and(|ending| ending.status == Status::Exited(0))
    }

    /// Why it ended, if it should not have.
    pub(super) fn termination(&self) -> Option<Termination> {
        self.ending.as_ref().and_then(|ending| ending.termination)
    }

    /// What went wrong, from a closed set.
    pub(super) fn fault(&self) -> &'static str {
        self.termination().map_or("plugin_exit", Termination::as_str)
    }
}

impl Supervisor {
    /// Starts a process with its first token. `parent` is the plugin's own span.
    pub(super) async fn exec(
        &self,
        plugin: &Plugin,
        token: String,
        parent: TraceContext,
    ) -> Result<Process, LaunchError> {
        let mut span = self.telemetry.span(name::RUNNER_EXEC).parent(parent).start();
        let name = plugin.manifest.name.as_str();
        span.set_with("glyph.plugin.id", || name.to_owned());
        span.set_with("process.executable.path", || plugin.manifest.command[0].clone());
        let plan = self.plan(plugin, token, span.context());
        tell_limits(&mut span, &plan.limits);
        let ended = self.roster.sessions_ended(name);
        let mut launched = match self.launcher.spawn(&plan).await {
            Ok(launched) => launched,
            Err(error) => {
                span.fail(fault(&error), error.to_string());
                return Err(error);
            }
        };
        self.telemetry.plugin_started(name, launched.pid());
        span.set("process.pid", launched.pid());
        let output = TaskTracker::new();
        if let Some(stdout) = launched.stdout.take() {
            output.spawn(listen(self.telemetry.clone(), name.to_owned(), "stdout", stdout));
        }
        if let Some(stderr) = launched.stderr.take() {
            output.spawn(listen(self.telemetry.clone(), name.to_owned(), "stderr", stderr));
        }
        output.close();
        let tokens = launched.stdin.take().map(|stdin| {
            let (issuer, roster, end) =
                (self.issuer.clone(), self.roster.clone(), self.shutdown.begun.clone());
            let plugin = name.to_owned();
            AbortOnDropHandle::new(tokio::spawn(async move {
                reconnect::hand_out(stdin, &plugin, ended, &issuer, &roster, &end).await;
            }))
        });
        Ok(Process { launched, span, output, _tokens: tokens })
    }

    fn plan(&self, plugin: &Plugin, token: String, context: TraceContext) -> Plan {
        let (manifest, allowance) = (&plugin.manifest, &plugin.allowance);
        let inherited =
            INHERITED.iter().filter_map(|name| Some(((*name).to_owned(), std::env::var(name).ok()?)));
        let mut environment: BTreeMap<_, _> = inherited.collect();
        environment.extend(manifest.env.clone());
        let bus = self.bus.variables.iter().map(|(name, value)| (*name, value.clone()));
        let own = [
            (env::NAME, manifest.name.clone()),
            (env::TOKEN, token),
            (env::TOKENS_FD, "0".to_owned()),
            (env::TRACEPARENT, context.to_string()),
        ];
        environment.extend(bus.chain(own).map(|(name, value)| (name.to_owned(), value)));
        // The program, wherever it is, and the certificates that it is to trust, if the bus has some.
        let seen =
            |program: &PathBuf| program.starts_with(&manifest.dir) || launcher::is_of_the_system(program);
        let program = manifest.own_program().filter(|program| !seen(program));
        let trusted =
            self.bus.variables.iter().filter(|(name, _)| *name == env::CA).map(|(_, path)| path.into());
        Plan {
            name: manifest.name.clone(),
            command: manifest.command.clone(),
            dir: manifest.dir.clone(),
            env: environment,
            pinned: allowance.sha256.clone(),
            limits: (&allowance.limits).into(),
            read: allowance.read.iter().cloned().chain(program).chain(trusted).collect(),
            write: allowance.write.clone(),
            bus: Some(self.bus.place.clone()),
        }
    }
}

/// A failed start as `error.type` has it.
pub(super) fn fault(error: &LaunchError) -> &'static str {
    match error {
        LaunchError::Digest(_) => "digest",
        LaunchError::Wall(_) => "wall",
        LaunchError::Exec(_) | LaunchError::Launcher(_) => "spawn",
    }
}

impl Process {
    pub(super) fn terminate(&self) {
        self.launched.terminate();
    }

    pub(super) fn kill(&self) {
        self.launched.kill();
    }

    /// Waits for its end. Cancel-safe.
    pub(super) async fn ended(&mut self) -> Exit {
        let (ending, text) = match self.launched.ended().await {
            Ok(ending) => (Some(ending.clone()), text(ending.status)),
            Err(error) => (None, format!("its launcher has ended: {error}")),
        };
        Exit { text, ending, context: self.span.context() }
    }

    /// Says in its span how it ended, and waits until all that it wrote is in the log.
    pub(super) async fn close(mut self, exit: &Exit, expected: bool) {
        if let Some(Ending { status, usage, .. }) = &exit.ending {
            match status {
                Status::Exited(code) => self.span.set("process.exit.code", i64::from(*code)),
                Status::Signalled(_) => self.span.set_with("glyph.exit", || exit.text.clone()),
            }
            tell_usage(&mut self.span, usage);
        }
        match expected {
            true => self.span.succeed(),
            false => self.span.fail(exit.fault(), exit.text.clone()),
        }
        drop(self.span);
        // With all of its processes gone the pipes are closed.
        drop(timeout(LAST_WORDS, self.output.wait()).await);
    }
}

fn tell_limits(span: &mut Span, limits: &Limits) {
    let seconds = |time: Option<Duration>| time.map(|time| time.as_secs());
    for (name, limit) in [
        ("glyph.limit.cpu_seconds", seconds(limits.cpu)),
        ("glyph.limit.memory_bytes", limits.memory_bytes),
        ("glyph.limit.address_space_bytes", limits.address_space_bytes),
        ("glyph.limit.file_bytes", limits.file_bytes),
        ("glyph.limit.open_files", limits.open_files),
        ("glyph.limit.processes", limits.processes),
        ("glyph.limit.wall_seconds", seconds(limits.wall)),
    ] {
        if let Some(limit) = limit {
            span.set(name, limit);
        }
    }
}

fn tell_usage(span: &mut Span, usage: &Usage) {
    let millis = |time: Duration| u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
    span.set("glyph.usage.cpu_user_ms", millis(usage.cpu_user));
    span.set("glyph.usage.cpu_system_ms", millis(usage.cpu_system));
    span.set("glyph.usage.max_rss_bytes", usage.max_rss_bytes);
    span.set("glyph.usage.wall_ms", millis(usage.wall));
}

/// As the standard library puts it.
fn text(status: Status) -> String {
    match status {
        Status::Exited(code) => format!("exit status: {code}"),
        Status::Signalled(signal) => ExitStatus::from_raw(signal).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_in_words() {
        assert_eq!(text(Status::Exited(3)), "exit status: 3");
        assert_eq!(text(Status::Signalled(9)), "signal: 9 (SIGKILL)");
    }
}
