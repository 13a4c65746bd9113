//! One process of a plugin: started in a group and an environment of its own, listened to, and ended.

use std::{
    fmt, io,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    time::Duration,
};

use glyph_plugin::env;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::{
    io::{AsyncRead, AsyncReadExt},
    process::{Child, Command},
    time::timeout,
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{lines::Lines, reconnect};
use crate::{
    plugin::{Issuer, Roster, manifest::Manifest},
    telemetry::{Telemetry, TraceContext, name},
};

/// How long a plugin has to end by itself, after the daemon's goodbye.
const GOODBYE: Duration = Duration::from_secs(1);
/// How long it has between TERM and KILL.
const GRACE: Duration = Duration::from_secs(3);
/// What a plugin is told of the daemon's environment.
const INHERITED: [&str; 4] = ["PATH", "LANG", "LC_ALL", "TMPDIR"];

/// What is to be started.
pub(super) struct Launch<'a> {
    pub(super) manifest: &'a Manifest,
    /// Where the bus is, as variables.
    pub(super) bus: &'a [(&'static str, String)],
    /// The first token; later ones come from the issuer.
    pub(super) token: String,
    pub(super) issuer: &'a Issuer,
    pub(super) roster: &'a Roster,
    /// Told before the process gets a signal.
    pub(super) on_signal: &'a (dyn Fn(&'static str) + Sync),
}

/// How the daemon's end is made known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown {
    /// It has begun: a plugin that ends now does so as it should.
    pub(crate) begun: CancellationToken,
    /// Processes are to end.
    pub(crate) stop: CancellationToken,
}

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Exit {
    status: ExitStatus,
    /// Whether it was told to, and did so by itself.
    pub(super) expected: bool,
}

impl fmt::Display for Exit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.status.fmt(f)
    }
}

/// Runs a plugin's process until it ends, or it is told to.
pub(super) async fn exec(
    launch: Launch<'_>,
    telemetry: &Telemetry,
    parent: TraceContext,
    shutdown: &Shutdown,
) -> io::Result<Exit> {
    let mut span = telemetry.span(name::RUNNER_EXEC).parent(parent).start();
    let plugin = launch.manifest.name.as_str();
    span.set_with("glyph.plugin.id", || plugin.to_owned());
    span.set_with("process.executable.path", || launch.manifest.command[0].clone());
    let mut child = match spawn(&launch, span.context()) {
        Ok(child) => child,
        Err(e) => {
            span.fail("spawn", e.to_string());
            return Err(io::Error::new(e.kind(), format!("{}: {e}", launch.manifest.command[0])));
        }
    };
    telemetry.plugin_started(plugin, child.id());
    span.set("process.pid", child.id().unwrap_or_default());

    let output = TaskTracker::new();
    if let Some(stdout) = child.stdout.take() {
        output.spawn(listen(telemetry.clone(), plugin.to_owned(), "stdout", stdout));
    }
    if let Some(stderr) = child.stderr.take() {
        output.spawn(listen(telemetry.clone(), plugin.to_owned(), "stderr", stderr));
    }
    output.close();
    let group = child.id().and_then(|id| Pid::from_raw(id.cast_signed()));
    let stdin = child.stdin.take();
    let tokens = async {
        if let Some(stdin) = stdin {
            reconnect::hand_out(stdin, plugin, launch.issuer, launch.roster, &shutdown.begun).await;
        }
        std::future::pending::<Exit>().await
    };
    let exit = tokio::select! {
        status = child.wait() => Exit { status: status?, expected: false },
        () = shutdown.stop.cancelled() => terminate(&mut child, group, launch.on_signal).await?,
        exit = tokens => exit,
    };
    if let Some(group) = group {
        // What the plugin started and left behind; most often there is none.
        kill_process_group(group, Signal::KILL).ok();
    }
    // With the group gone the pipes are closed, unless something fled from it.
    drop(timeout(GRACE, output.wait()).await);
    // The daemon's goodbye may be enough.
    let expected = exit.expected || (shutdown.begun.is_cancelled() && exit.status.success());
    let exit = Exit { expected, ..exit };
    telemetry.plugin_exited(plugin, &exit.to_string(), exit.expected);
    match exit.status.code() {
        Some(code) => span.set("process.exit.code", i64::from(code)),
        None => span.set_with("glyph.exit", || exit.to_string()),
    }
    if exit.expected {
        span.succeed();
    } else {
        span.fail("plugin_exit", exit.to_string());
    }
    Ok(exit)
}

fn spawn(launch: &Launch<'_>, context: TraceContext) -> io::Result<Child> {
    let manifest = launch.manifest;
    let program = manifest.own_program().unwrap_or_else(|| PathBuf::from(&manifest.command[0]));
    Command::new(program)
        .args(&manifest.command[1..])
        .current_dir(&manifest.dir)
        .env_clear()
        .envs(INHERITED.iter().filter_map(|name| Some((name, std::env::var_os(name)?))))
        .envs(&manifest.env)
        .envs(launch.bus.iter().map(|(name, value)| (name, value)))
        .env(env::NAME, &manifest.name)
        .env(env::TOKEN, &launch.token)
        .env(env::TOKENS_FD, "0")
        .env(env::TRACEPARENT, context.to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
}

/// Time to end by itself, then TERM, and KILL for what does not heed it.
async fn terminate(
    child: &mut Child,
    group: Option<Pid>,
    on_signal: &(dyn Fn(&'static str) + Sync),
) -> io::Result<Exit> {
    let signal = |signal| {
        if let Some(group) = group {
            // The group may have ended this very moment.
            kill_process_group(group, signal).ok();
        }
    };
    for (patience, next, name) in [(GOODBYE, Signal::TERM, "SIGTERM"), (GRACE, Signal::KILL, "SIGKILL")] {
        if let Ok(status) = timeout(patience, child.wait()).await {
            return Ok(Exit { status: status?, expected: true });
        }
        on_signal(name);
        signal(next);
    }
    Ok(Exit { status: child.wait().await?, expected: false })
}

/// Every line of a plugin's output into the log. It is read to its end, or the plugin could not write any more.
async fn listen(
    telemetry: Telemetry,
    plugin: String,
    stream: &'static str,
    mut pipe: impl AsyncRead + Unpin,
) {
    let mut lines = Lines::default();
    let mut chunk = vec![0; 4 << 10];
    while let Ok(n @ 1..) = pipe.read(&mut chunk).await {
        lines.push(&chunk[..n], |line| telemetry.plugin_said(&plugin, stream, line));
    }
    if let Some(line) = lines.rest() {
        telemetry.plugin_said(&plugin, stream, &line);
    }
}
