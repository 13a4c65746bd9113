//! Who was allowed what, on record before it takes effect.
//!
//! In: decisions of any stage. Out: `audit.jsonl`, or standard error. [`Audit::record`] returns only when the entry
//! is with the system, and what must be audited is refused where it returns an error.

use std::{
    io::{self, Write},
    sync::{Mutex, PoisonError},
};

use glyph_formats::{Attributes, AuditEntry, Decision, UnixNanos, jsonl::Writer};

use crate::telemetry::{Telemetry, TraceContext};

/// What is decided about: a closed set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Event {
    /// A plugin's process is to be started.
    PluginStarted,
    /// A plugin's process has ended.
    PluginStopped,
    /// A token was presented.
    CapabilitiesGranted,
    /// A stream was opened.
    SessionOpened,
    /// A finding was handed in.
    FindingReported,
}

impl Event {
    fn as_str(self) -> &'static str {
        match self {
            Self::PluginStarted => "plugin_started",
            Self::PluginStopped => "plugin_stopped",
            Self::CapabilitiesGranted => "capabilities_granted",
            Self::SessionOpened => "session_opened",
            Self::FindingReported => "finding_reported",
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
    pub(crate) context: TraceContext,
}

/// The entry could not be written: what it is about must not happen.
#[derive(Debug, thiserror::Error)]
#[error("the audit can't be written: {0}")]
pub(crate) struct AuditError(#[from] io::Error);

/// The record.
#[derive(Debug)]
pub(crate) struct Audit {
    sink: Mutex<Sink>,
    telemetry: Telemetry,
}

#[derive(Debug)]
pub(crate) enum Sink {
    File(Writer),
    Stderr,
}

impl Audit {
    pub(crate) fn new(sink: Sink, telemetry: Telemetry) -> Self {
        Self { sink: Mutex::new(sink), telemetry }
    }

    /// Puts a decision on record.
    ///
    /// # Errors
    /// If the record can't be written.
    pub(crate) fn record(&self, entry: Entry<'_>) -> Result<(), AuditError> {
        let entry = AuditEntry {
            time_unix_nano: UnixNanos::now(),
            component: entry.component.to_owned(),
            plugin: Some(entry.plugin.to_owned()).filter(|p| !p.is_empty()),
            event: entry.event.as_str().to_owned(),
            decision: entry.decision,
            reason: entry.reason,
            metadata: entry.metadata,
            trace_id: Some(entry.context.trace_id),
            span_id: Some(entry.context.span_id),
            sampled: entry.context.sampled,
        };
        let written = match &mut *self.sink.lock().unwrap_or_else(PoisonError::into_inner) {
            Sink::File(writer) => writer.write(&entry).and_then(|()| writer.flush()),
            Sink::Stderr => serde_json::to_string(&entry)
                .map_err(io::Error::from)
                .and_then(|line| io::stderr().write_all((line + "\n").as_bytes())),
        };
        written.map_err(|error| {
            self.telemetry.audit_failed(&error);
            error.into()
        })
    }
}
