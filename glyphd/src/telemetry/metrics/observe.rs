//! What is observed: each function counts one thing that happened, under its labels.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use prometheus_client::metrics::{counter::Counter, gauge::Gauge};

use super::{
    Histogram, Metrics, REQUESTS_KNOWN,
    labels::{
        Backoff, Dropped, Event, Exporter, File, Http, Kind, PluginError, PluginEvent, PluginName, Post,
        Reason, Received, Rpc, RpcCode, Scope, SpanName, Trace,
    },
};
use crate::telemetry::{DropReason, TraceContext, name};

impl Metrics {
    /// `at`: when that was, if that is known.
    pub(in crate::telemetry) fn span_ended(
        &self,
        span: &'static str,
        took: Duration,
        context: TraceContext,
        at: Option<SystemTime>,
    ) {
        let labels = SpanName { span };
        let known = name::ALL.iter().position(|known| *known == span);
        match known
            .map(|at| self.spans_known[at].get_or_init(|| self.span_duration.get_or_create(&labels).clone()))
        {
            Some(histogram) => observe_at(histogram, took, context, at),
            None => observe_at(&self.span_duration.get_or_create(&labels), took, context, at),
        }
    }

    pub(in crate::telemetry) fn http_request(
        &self,
        method: &str,
        status: u16,
        took: Duration,
        context: TraceContext,
    ) {
        let labels = Http::proxy(method, status);
        let method = labels.method;
        let place = (usize::from(status) + 8 * method.len()) % REQUESTS_KNOWN;
        let find = || (method, status, self.http_request_duration.get_or_create(&labels).clone());
        match self.requests_known[place].get_or_init(find) {
            (known, answered, histogram) if (*known, *answered) == (method, status) => {
                observe(histogram, took, context);
            }
            _ => observe(&self.http_request_duration.get_or_create(&labels), took, context),
        }
    }

    pub(in crate::telemetry) fn fetched(
        &self,
        plugin: &str,
        capability: &'static str,
        method: &str,
        status: u16,
        took: Duration,
        context: TraceContext,
    ) {
        let labels = Http::netgate(plugin, capability, method, status);
        observe(&self.http_request_duration.get_or_create(&labels), took, context);
    }

    pub(in crate::telemetry) fn throttled(&self, scope: &'static str) {
        self.http_throttle.get_or_create(&Scope { scope }).inc();
    }

    pub(in crate::telemetry) fn backed_off(&self, plugin: &str, status: u16) {
        self.http_backoff.get_or_create(&Backoff { plugin: plugin.to_owned(), status }).inc();
    }

    pub(in crate::telemetry) fn rpc(
        &self,
        method: &'static str,
        code: &'static str,
        took: Duration,
        context: TraceContext,
    ) {
        let labels = RpcCode { component: "plugin_bus", method, code };
        self.rpc_requests.get_or_create(&labels).inc();
        if code != "OK" {
            self.rpc_errors.get_or_create(&labels).inc();
        }
        let labels = Rpc { component: "plugin_bus", method };
        observe(&self.rpc_duration.get_or_create(&labels), took, context);
    }

    pub(in crate::telemetry) fn dispatched(&self, took: Duration, context: TraceContext) {
        observe(&self.flow_dispatch, took, context);
    }

    pub(in crate::telemetry) fn events_queued(
        &self,
        subscription: &'static str,
        variant: &'static str,
        count: u64,
    ) {
        self.flow_events.get_or_create(&Event { subscription, variant }).inc_by(count);
    }

    pub(in crate::telemetry) fn event_dropped(
        &self,
        subscription: &'static str,
        plugin: &str,
        reason: &'static str,
    ) {
        self.flow_events_dropped.get_or_create(&Dropped { subscription, reason }).inc();
        if reason != "session_ended" {
            let labels = PluginEvent { plugin: plugin.to_owned(), event: "flow" };
            self.plugin_queue_dropped.get_or_create(&labels).inc();
        }
    }

    pub(in crate::telemetry) fn redacted(&self, kind: &str, count: u64) {
        self.flow_redactions.get_or_create(&Kind { kind: kind.to_owned() }).inc_by(count);
    }

    /// The queue of that plugin, empty.
    pub(in crate::telemetry) fn queue(&self, plugin: &str, capacity: usize) -> QueueMeter {
        let labels = PluginName { plugin: plugin.to_owned() };
        let length = self.plugin_queue_length.get_or_create(&labels).clone();
        self.plugin_queue_capacity.get_or_create(&labels).set(gauge(capacity));
        let meter = QueueMeter { plugin: plugin.into(), length };
        meter.length(0);
        meter
    }

    pub(in crate::telemetry) fn queue_gone(&self, plugin: &str) {
        let labels = PluginName { plugin: plugin.to_owned() };
        self.plugin_queue_length.remove(&labels);
        self.plugin_queue_capacity.remove(&labels);
    }

    pub(in crate::telemetry) fn plugin_event(
        &self,
        plugin: &str,
        event: &'static str,
        took: Duration,
        context: TraceContext,
    ) {
        let labels = PluginEvent { plugin: plugin.to_owned(), event };
        observe(&self.plugin_event_duration.get_or_create(&labels), took, context);
    }

    pub(in crate::telemetry) fn plugin_event_failed(&self, plugin: &str, event: &'static str) {
        self.plugin_event_failures.get_or_create(&PluginEvent { plugin: plugin.to_owned(), event }).inc();
    }

    pub(in crate::telemetry) fn plugin_error(&self, plugin: &str, reason: &'static str) {
        self.plugin_errors.get_or_create(&PluginError { plugin: plugin.to_owned(), reason }).inc();
    }

    pub(in crate::telemetry) fn plugin_terminated(
        &self,
        plugin: &str,
        reason: &'static str,
        context: TraceContext,
    ) {
        let (exemplar, at) = exemplar(context, None);
        let labels = PluginError { plugin: plugin.to_owned(), reason };
        self.plugin_terminations.get_or_create(&labels).inc_by(1, exemplar, at);
    }

    pub(in crate::telemetry) fn active_plugins(&self) -> &Gauge {
        &self.active_plugins
    }

    pub(in crate::telemetry) fn connections(&self) -> &Gauge {
        &self.connections
    }

    /// What became of spans, by `exporter` (`file`, `otlp`) and `outcome` (`exported`, `dropped`).
    pub(in crate::telemetry) fn spans(&self, exporter: &'static str, outcome: &'static str, count: u64) {
        self.trace_spans.get_or_create(&Exporter { exporter, outcome }).inc_by(count);
    }

    /// The count of these.
    pub(in crate::telemetry) fn span_counter(
        &self,
        exporter: &'static str,
        outcome: &'static str,
    ) -> Counter {
        self.trace_spans.get_or_create(&Exporter { exporter, outcome }).clone()
    }

    /// Spans of other programs, by `outcome` (`taken`, `rejected`).
    pub(in crate::telemetry) fn spans_received(&self, outcome: &'static str, count: u64) {
        self.received_spans.get_or_create(&Received { outcome }).inc_by(count);
    }

    pub(in crate::telemetry) fn otlp_answered(&self, signal: &'static str, status: u16) {
        self.received_posts.get_or_create(&Post { signal, status }).inc();
    }

    pub(in crate::telemetry) fn flow_skipped(&self, flows: u64, reason: &'static str) {
        self.flow_skipped.get_or_create(&Reason { reason }).inc_by(flows);
    }

    pub(in crate::telemetry) fn flows_dropped(&self, flows: u64, reason: DropReason) {
        self.flow_log_dropped.get_or_create(&Reason { reason: reason.as_str() }).inc_by(flows);
    }

    pub(in crate::telemetry) fn file_failed(&self, file: &'static str) {
        self.file_faults.get_or_create(&File { file }).inc();
    }

    pub(in crate::telemetry) fn file_failing(&self, file: &'static str, failing: bool) {
        self.file_failing.get_or_create(&File { file }).set(i64::from(failing));
    }

    pub(in crate::telemetry) fn segment_deleted(&self, file: &'static str) {
        self.segments_deleted.get_or_create(&File { file }).inc();
    }

    pub(in crate::telemetry) fn audit_failed(&self) {
        self.audit_failures.inc();
    }
}

/// Says how long a plugin's queue is. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct QueueMeter {
    plugin: Arc<str>,
    length: Gauge,
}

impl QueueMeter {
    /// Whose queue it is.
    pub(crate) fn plugin(&self) -> &str {
        &self.plugin
    }

    /// So many deliveries wait now.
    pub(crate) fn length(&self, waiting: usize) {
        self.length.set(gauge(waiting));
    }
}

fn gauge(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Only what is sampled can be found again, so only that is an exemplar.
fn exemplar(context: TraceContext, at: Option<SystemTime>) -> (Option<Trace>, Option<SystemTime>) {
    let exemplar = context.sampled.then(|| Trace::of(context));
    let at = exemplar.is_some().then(|| at.unwrap_or_else(SystemTime::now));
    (exemplar, at)
}

fn observe_at(histogram: &Histogram, took: Duration, context: TraceContext, at: Option<SystemTime>) {
    let (exemplar, at) = exemplar(context, at);
    histogram.observe(took.as_secs_f64(), exemplar, at);
}

fn observe(histogram: &Histogram, took: Duration, context: TraceContext) {
    observe_at(histogram, took, context, None);
}
