//! Looks after each plugin: starts its process, starts it again when it has ended, and stops it in the end. What is to be
//! done when is for `lifecycle`; here it is done.

use std::{future::pending, sync::Arc, time::Instant};

use glyph_formats::{Attributes, Decision};
use tokio::{
    task::JoinSet,
    time::{sleep, sleep_until},
};
use tokio_util::sync::CancellationToken;

use super::{
    clearance::Denial,
    entry,
    lifecycle::{Action, End, Event, GRACE, Lifecycle},
    runner::{self, BusSeat, Exit, Process},
};
use crate::{
    audit::{self, Audit},
    findings::Findings,
    launcher::{LaunchError, Launcher},
    plugin::{Allowance, Issuer, Roster, State, manifest::Manifest},
    telemetry::{Span, Telemetry, TraceContext, name},
};

/// A plugin, and what the operator allows it.
#[derive(Debug, Clone)]
pub(crate) struct Plugin {
    pub(crate) manifest: Manifest,
    pub(crate) allowance: Allowance,
}

/// How the daemon's end is made known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shutdown {
    /// It has begun: a plugin that ends now does so as it should, and none is started.
    pub(crate) begun: CancellationToken,
    /// Processes are to end.
    pub(crate) stop: CancellationToken,
}

/// What looking after plugins needs. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Supervisor {
    pub(crate) bus: BusSeat,
    pub(crate) launcher: Arc<Launcher>,
    pub(crate) issuer: Issuer,
    pub(crate) roster: Roster,
    pub(crate) findings: Findings,
    pub(crate) audit: Arc<Audit>,
    pub(crate) telemetry: Telemetry,
    pub(crate) shutdown: Shutdown,
}

/// One plugin, looked after.
struct Task {
    supervisor: Supervisor,
    plugin: Plugin,
    span: Span,
    life: Lifecycle,
    process: Option<Process>,
    starts: u32,
    /// What was wrong with the last process, from a closed set and in words.
    fault: Option<(&'static str, String)>,
}

impl Supervisor {
    /// Runs all plugins until they are to stop, and returns when the last process has ended.
    pub(crate) async fn run(self, plugins: Vec<Plugin>) {
        let mut tasks = JoinSet::new();
        for plugin in plugins {
            self.telemetry.plugin_expected(&plugin.manifest.name);
            tasks.spawn(Task::new(self.clone(), plugin).run());
        }
        while tasks.join_next().await.is_some() {}
    }
}

impl Task {
    fn new(supervisor: Supervisor, plugin: Plugin) -> Self {
        let mut span = supervisor.telemetry.span(name::SUPERVISOR_TASK).start();
        span.set_with("glyph.plugin.id", || plugin.manifest.name.clone());
        span.set_with("glyph.plugin.version", || plugin.manifest.version.clone());
        let life = Lifecycle::new(plugin.allowance.restarts);
        Self { supervisor, plugin, span, life, process: None, starts: 0, fault: None }
    }

    async fn run(mut self) {
        let mut action = Some(Action::Start);
        loop {
            let event = match action {
                Some(Action::Start) => self.start().await,
                Some(Action::Terminate) => {
                    self.signal("SIGTERM", Process::terminate);
                    self.next().await
                }
                Some(Action::Kill) => {
                    self.signal("SIGKILL", Process::kill);
                    self.next().await
                }
                Some(Action::End(end)) => return self.end(end),
                None => self.next().await,
            };
            action = self.life.on(event, Instant::now());
            if let Event::Ended { .. } | Event::Refused = event {
                self.tell_state(action);
            }
        }
    }

    /// Whatever happens next.
    async fn next(&mut self) -> Event {
        let due = self.life.due();
        let time = async {
            match due {
                Some(due) => sleep_until(due.into()).await,
                None => pending().await,
            }
        };
        let ended = async {
            match &mut self.process {
                Some(process) => process.ended().await,
                None => pending().await,
            }
        };
        let Supervisor { shutdown, roster, .. } = &self.supervisor;
        let exit = tokio::select! {
            // That the daemon ends comes before what ends by that.
            biased;
            () = shutdown.begun.cancelled(), if !self.life.closing() => return Event::Closing,
            () = shutdown.stop.cancelled(), if !self.life.stopping() => return Event::Stop,
            () = roster.barred(&self.plugin.manifest.name), if !self.life.barred() => return Event::Barred,
            exit = ended => exit,
            () = time => return Event::Tick,
        };
        self.ended(exit).await;
        failed()
    }

    /// Starts a process, if it may be.
    async fn start(&mut self) -> Event {
        let (supervisor, context) = (self.supervisor.clone(), self.span.context());
        let name = self.plugin.manifest.name.clone();
        supervisor.roster.process(&name, State::Starting);
        self.starts += 1;
        let token = match supervisor.clear(&self.plugin, context) {
            Ok(token) => token,
            Err(Denial::Digest(reason)) => return self.refused(reason),
            Err(Denial::Audit(reason)) => return self.not_started("audit", "start", reason),
        };
        // One that is stopped meanwhile is seen to its end all the same: what is given up here is gone only later.
        let too_late = async {
            supervisor.shutdown.stop.cancelled().await;
            sleep(GRACE).await;
        };
        let started = tokio::select! {
            started = supervisor.exec(&self.plugin, token, context) => Some(started),
            () = too_late => None,
        };
        let error = match started {
            Some(Ok(process)) => {
                self.process = Some(process);
                return Event::Started;
            }
            Some(Err(error)) => error,
            None => {
                self.stopped("glyphd stops, and the process was not there yet", context);
                return failed();
            }
        };
        // A program that can't be started is told with its name.
        let reason = match &error {
            LaunchError::Exec(cause) if !cause.contains(&self.plugin.manifest.command[0]) => {
                format!("{}: {cause}", self.plugin.manifest.command[0])
            }
            error => error.to_string(),
        };
        let is_another = matches!(error, LaunchError::Digest(_));
        if is_another {
            supervisor.deny(&self.plugin, &reason, context);
        }
        self.stopped(&reason, context);
        match is_another {
            true => self.refused(reason),
            false => self.not_started(runner::fault(&error), "start", reason),
        }
    }

    fn refused(&mut self, reason: String) -> Event {
        self.not_started("digest", "digest", reason);
        Event::Refused
    }

    /// `fault` as the span has it, `label` as the metric.
    fn not_started(&mut self, fault: &'static str, label: &'static str, reason: String) -> Event {
        self.supervisor.telemetry.plugin_failed_to_start(&self.plugin.manifest.name, label, &reason);
        self.fault = Some((fault, reason));
        failed()
    }

    /// The process has ended.
    async fn ended(&mut self, exit: Exit) {
        let name = self.plugin.manifest.name.clone();
        let expected = self.life.may_end(exit.succeeded());
        if let Some(process) = self.process.take() {
            process.close(&exit, expected).await;
        }
        self.fault = None;
        if expected {
            self.supervisor.telemetry.plugin_exited(&name, &exit.text);
        } else {
            self.supervisor.telemetry.plugin_failed(
                &name,
                &exit.text,
                exit.termination().map(|t| t.as_str()),
            );
            self.supervisor.terminated(&self.plugin, &exit);
            self.fault = Some((exit.fault(), exit.text.clone()));
        }
        self.stopped(&exit.text, exit.context);
    }

    /// Puts on record that the process is gone.
    fn stopped(&self, reason: &str, context: TraceContext) {
        let (event, reason) = (audit::Event::PluginStopped, Some(reason.to_owned()));
        let name = &self.plugin.manifest.name;
        // It is gone whether or not this can be written; the failure is counted and logged.
        drop(self.supervisor.audit.record(entry(
            name,
            event,
            Decision::Info,
            reason,
            Attributes::default(),
            context,
        )));
    }

    fn signal(&self, name: &'static str, send: fn(&Process)) {
        let reason = format!("glyphd stops, and the process has not ended by itself: {name}");
        let (event, metadata, plugin) =
            (audit::Event::PluginTerminated, Attributes::default(), &self.plugin.manifest.name);
        let context = self.span.context();
        // It is ended whether or not this can be written.
        drop(self.supervisor.audit.record(entry(
            plugin,
            event,
            Decision::Info,
            Some(reason),
            metadata,
            context,
        )));
        if let Some(process) = &self.process {
            send(process);
        }
    }

    /// How the plugin is doing, now that there is no process.
    fn tell_state(&self, action: Option<Action>) {
        let state = match action {
            Some(Action::End(End::GivenUp { .. })) => State::GivenUp,
            Some(_) => State::Gone,
            None => State::Restarting,
        };
        let name = &self.plugin.manifest.name;
        self.supervisor.roster.process(name, state);
        if let Some(due) = self.life.due() {
            let pause = due.saturating_duration_since(Instant::now());
            self.supervisor.telemetry.plugin_restarts(name, self.life.failures(), pause);
        }
    }

    /// There will be no other process.
    fn end(mut self, end: End) {
        self.span.set("glyph.restarts", self.starts.saturating_sub(1));
        let fault = self.fault.take();
        match (end, fault) {
            (End::GivenUp { failures }, fault) => {
                let last = fault.map(|(_, reason)| reason).unwrap_or_default();
                self.supervisor.telemetry.plugin_given_up(&self.plugin.manifest.name, failures, &last);
                let times =
                    if failures == 1 { "once".to_owned() } else { format!("{failures} times in a row") };
                self.span.fail("given_up", format!("it has failed {times}, the last time: {last}"));
            }
            (_, Some((kind, reason))) => self.span.fail(kind, reason),
            (_, None) => self.span.succeed(),
        }
    }
}

/// With a pause of its own.
fn failed() -> Event {
    Event::Ended { jitter: rand::random() }
}
