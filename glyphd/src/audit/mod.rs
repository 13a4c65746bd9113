//! Who was allowed what, on record before it takes effect.
//!
//! In: decisions of any stage. Out: `audit.jsonl`, or standard error, each entry without secrets. [`Audit::record`]
//! returns only when the entry is with the system, and what must be audited is refused where it returns an error.
//! Denials that repeat themselves are counted into one entry (`repeats`).

mod repeats;

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use glyph_formats::{Attributes, AuditEntry, Decision, UnixNanos, Value, audit::REPEATED, jsonl::Writer};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use self::repeats::{Counted, Kind, Repeats};
use crate::{
    sanitize::Sanitizer,
    telemetry::{Telemetry, TraceContext},
};

/// How often the counts of repeated denials are written.
const SWEEP: Duration = Duration::from_secs(1);

/// What is decided about: a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Event {
    /// A plugin's process is to be started.
    PluginStarted,
    /// A plugin's process is to be ended, as it did not end by itself.
    PluginTerminated,
    /// A plugin's process has ended.
    PluginStopped,
    /// A token is to be given out.
    TokenIssued,
    /// A token was presented.
    CapabilitiesGranted,
    /// A stream was opened.
    SessionOpened,
    /// A stream has ended, or is to be ended.
    SessionClosed,
    /// A finding was handed in.
    FindingReported,
    /// Something else came that may not.
    MessageReceived,
    /// A plugin wants to send a request of its own.
    HttpRequested,
}

impl Event {
    fn as_str(self) -> &'static str {
        match self {
            Self::PluginStarted => "plugin_started",
            Self::PluginTerminated => "plugin_terminated",
            Self::PluginStopped => "plugin_stopped",
            Self::TokenIssued => "token_issued",
            Self::CapabilitiesGranted => "capabilities_granted",
            Self::SessionOpened => "session_opened",
            Self::SessionClosed => "session_closed",
            Self::FindingReported => "finding_reported",
            Self::MessageReceived => "message_received",
            Self::HttpRequested => "http_requested",
        }
    }
}

/// One decision on its way to the record.
#[derive(Debug)]
pub(crate) struct Entry<'a> {
    pub(crate) component: &'static str,
    pub(crate) plugin: &'a str,
    pub(crate) event: Event,
    pub(crate) decision: Decision,
    pub(crate) reason: Option<String>,
    pub(crate) metadata: Attributes,
    /// The span in which it was decided.
    pub(crate) context: Option<TraceContext>,
}

/// The entry could not be written: what it is about must not happen.
#[derive(Debug, thiserror::Error)]
#[error("the audit can't be written: {0}")]
pub(crate) struct AuditError(#[from] io::Error);

/// The record.
#[derive(Debug)]
pub(crate) struct Audit {
    sink: Mutex<Sink>,
    repeats: Mutex<Repeats>,
    sanitizer: Arc<Sanitizer>,
    telemetry: Telemetry,
}

#[derive(Debug)]
pub(crate) enum Sink {
    File(Box<Writer>),
    Stderr,
    /// To whoever runs plugins over a recording.
    Handed(mpsc::UnboundedSender<AuditEntry>),
}

impl Audit {
    pub(crate) fn new(sink: Sink, sanitizer: Arc<Sanitizer>, telemetry: Telemetry) -> Self {
        Self { sink: Mutex::new(sink), repeats: Mutex::default(), sanitizer, telemetry }
    }

    /// Puts a decision on record. A denial like one of the same second is counted instead.
    ///
    /// # Errors
    /// If the record can't be written.
    pub(crate) fn record(&self, entry: Entry<'_>) -> Result<(), AuditError> {
        let mut entry = entry;
        let reason = entry.reason.take().map(|reason| self.sanitizer.text(&reason));
        if entry.decision != Decision::Deny {
            return self.write(Entry { reason, ..entry });
        }
        let reason = reason.unwrap_or_default();
        let (component, plugin, event) = (entry.component, entry.plugin.to_owned(), entry.event);
        match self.repeats().count(Kind { component, plugin, event, reason }, entry.context, Instant::now()) {
            Some(kind) => self.write(Entry { plugin: &kind.plugin, reason: Some(kind.reason), ..entry }),
            None => Ok(()),
        }
    }

    /// Writes the counts of repeated denials, each second and in the end.
    pub(crate) async fn run(self: Arc<Self>, stop: CancellationToken) {
        let mut sweep = tokio::time::interval(SWEEP);
        while stop.run_until_cancelled(sweep.tick()).await.is_some() {
            self.sweep(false);
            if let Sink::File(writer) = &mut *self.sink() {
                // How the file is doing, its observer is told.
                drop(if writer.is_faulty() { writer.probe() } else { writer.sync() });
            }
        }
        self.sweep(true);
    }

    fn sweep(&self, all: bool) {
        let due = self.repeats().due(Instant::now(), all);
        for Counted { kind, times, last } in due {
            self.telemetry.plugin_denied(&kind.plugin, &kind.reason, times);
            let mut metadata = Attributes::default();
            metadata.push(REPEATED, i64::try_from(times).unwrap_or(i64::MAX));
            // What was counted has been refused; that the count can't be written is told.
            drop(self.write(Entry {
                component: kind.component,
                plugin: &kind.plugin,
                event: kind.event,
                decision: Decision::Deny,
                reason: Some(kind.reason),
                metadata,
                context: last,
            }));
        }
    }

    fn write(&self, entry: Entry<'_>) -> Result<(), AuditError> {
        let entry = AuditEntry {
            time_unix_nano: UnixNanos::now(),
            component: entry.component.to_owned(),
            plugin: Some(entry.plugin.to_owned()).filter(|p| !p.is_empty()),
            event: entry.event.as_str().to_owned(),
            decision: entry.decision,
            reason: entry.reason.filter(|r| !r.is_empty()),
            metadata: self.without_secrets(entry.metadata),
            trace_id: entry.context.map(|c| c.trace_id),
            span_id: entry.context.map(|c| c.span_id),
            sampled: entry.context.is_some_and(|c| c.sampled),
        };
        let written = match &mut *self.sink() {
            Sink::File(writer) => writer.write_now(&entry),
            Sink::Stderr => serde_json::to_string(&entry)
                .map_err(io::Error::from)
                .and_then(|line| io::stderr().write_all((line + "\n").as_bytes())),
            Sink::Handed(to) => to.send(entry).map_err(|_| io::ErrorKind::BrokenPipe.into()),
        };
        written.map_err(|error| {
            self.telemetry.audit_failed(&error);
            error.into()
        })
    }

    fn without_secrets(&self, metadata: Attributes) -> Attributes {
        let clean = |value| match value {
            Value::String(text) => Value::from(self.sanitizer.text(&text)),
            other => other,
        };
        Attributes(metadata.0.into_iter().map(|(key, value)| (key, clean(value))).collect())
    }

    fn sink(&self) -> MutexGuard<'_, Sink> {
        self.sink.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn repeats(&self) -> MutexGuard<'_, Repeats> {
        self.repeats.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
