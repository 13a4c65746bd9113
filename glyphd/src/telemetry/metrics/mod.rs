//! The metric registry: every family by its name, its labels, and its buckets.
//!
//! In: observations (`observe`), from the events and spans of [`super`]. Out: OpenMetrics text, with exemplars on the buckets of
//! durations; [`crate::exposition`] makes the classic format and the recording's of it. Every label is a closed set or
//! a plugin's name from its manifest.

mod labels;
mod observe;

use std::{fmt, sync::OnceLock};

use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{
        counter::Counter,
        exemplar::{CounterWithExemplar, HistogramWithExemplars},
        family::Family,
        gauge::Gauge,
    },
    registry::Registry,
};

pub use self::labels::method_label;
use self::labels::{
    Backoff, Dropped, Event, Exporter, File, Http, Kind, PluginError, PluginEvent, PluginName, Post, Reason,
    Received, Rpc, RpcCode, Scope, SpanName, Trace,
};
pub(crate) use self::observe::QueueMeter;
use super::{DropReason, FileKind, name};

/// In seconds, for HTTP and RPC: 0.5 ms to 60 s.
const REQUESTS: [f64; 16] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// In seconds: 1 ms to 60 s.
const PLUGIN_EVENTS: [f64; 15] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// In seconds: 5 µs to 1 s.
const DISPATCH: [f64; 14] = [
    0.000_005, 0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.002_5, 0.005, 0.01, 0.05,
    0.1, 1.0,
];
/// In seconds, for spans of every length: 5 µs to 60 s.
const SPANS: [f64; 17] = [
    0.000_005, 0.000_01, 0.000_025, 0.000_1, 0.000_25, 0.001, 0.002_5, 0.005, 0.01, 0.025, 0.1, 0.25, 1.0,
    2.5, 5.0, 10.0, 60.0,
];

/// How many of the requests' histograms are found without being looked up.
const REQUESTS_KNOWN: usize = 64;

/// Kinds of secrets, beside those of the operator's own patterns.
const REDACTIONS: [&str; 15] = [
    "header",
    "cookie",
    "query",
    "user_info",
    "json",
    "form",
    "multipart",
    "named",
    "key",
    "jwt",
    "private_key",
    "credentials",
    "digest",
    "cut",
    "email",
];
/// What can be a plugin's fault: its process, its session, its findings.
const PLUGIN_ERRORS: [&str; 9] = [
    "digest",
    "start",
    "exit",
    "protocol",
    "heartbeat",
    "denials",
    "finding_denied",
    "finding_rate_limited",
    "finding_lost",
];

/// Why a plugin's process ended that should not have.
const TERMINATIONS: [&str; 5] = ["timeout", "memory_limit", "cpu_limit", "killed", "crashed"];

/// After which answers a plugin's request is sent again; 0 for none.
const BACKOFFS: [u16; 5] = [0, 429, 502, 503, 504];

/// What posts are answered, most of all: 503 for want of room.
const RECEIVED: [(&str, u16); 5] =
    [("traces", 200), ("traces", 503), ("metrics", 200), ("logs", 200), ("other", 404)];

/// Why an exchange is not written.
const SKIPPED: [&str; 2] = ["out_of_scope", "not_sampled"];

type Histogram = HistogramWithExemplars<Trace>;
type Durations<L> = Family<L, Histogram, fn() -> Histogram>;

/// All families.
pub(crate) struct Metrics {
    registry: Registry,
    rpc_requests: Family<RpcCode, Counter>,
    rpc_errors: Family<RpcCode, Counter>,
    rpc_duration: Durations<Rpc>,
    http_request_duration: Durations<Http>,
    http_throttle: Family<Scope, Counter>,
    http_backoff: Family<Backoff, Counter>,
    flow_dispatch: Histogram,
    flow_events: Family<Event, Counter>,
    flow_events_dropped: Family<Dropped, Counter>,
    flow_redactions: Family<Kind, Counter>,
    plugin_queue_length: Family<PluginName, Gauge>,
    plugin_queue_capacity: Family<PluginName, Gauge>,
    plugin_queue_dropped: Family<PluginEvent, Counter>,
    plugin_event_duration: Durations<PluginEvent>,
    plugin_event_failures: Family<PluginEvent, Counter>,
    plugin_errors: Family<PluginError, Counter>,
    plugin_terminations: Family<PluginError, CounterWithExemplar<Trace>>,
    active_plugins: Gauge,
    span_duration: Durations<SpanName>,
    /// Those of the spans that the daemon has, by their place among all names: they are asked for more than all others.
    spans_known: [OnceLock<Histogram>; name::ALL.len()],
    /// Those of the proxy's requests that come again and again, by method and status: a place is its first comer's.
    requests_known: [OnceLock<(&'static str, u16, Histogram)>; REQUESTS_KNOWN],
    trace_spans: Family<Exporter, Counter>,
    received_spans: Family<Received, Counter>,
    received_posts: Family<Post, Counter>,
    connections: Gauge,
    flow_log_dropped: Family<Reason, Counter>,
    flow_skipped: Family<Reason, Counter>,
    file_faults: Family<File, Counter>,
    file_failing: Family<File, Gauge>,
    segments_deleted: Family<File, Counter>,
    audit_failures: Counter,
}

impl fmt::Debug for Metrics {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Metrics")
    }
}

fn durations<L: EncodeLabelSet + Clone + std::hash::Hash + Eq>(new: fn() -> Histogram) -> Durations<L> {
    Family::new_with_constructor(new)
}

impl Default for Metrics {
    fn default() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("glyph"),
            rpc_requests: Family::default(),
            rpc_errors: Family::default(),
            rpc_duration: durations(|| Histogram::new(REQUESTS.into_iter())),
            http_request_duration: durations(|| Histogram::new(REQUESTS.into_iter())),
            http_throttle: Family::default(),
            http_backoff: Family::default(),
            flow_dispatch: Histogram::new(DISPATCH.into_iter()),
            flow_events: Family::default(),
            flow_events_dropped: Family::default(),
            flow_redactions: Family::default(),
            plugin_queue_length: Family::default(),
            plugin_queue_capacity: Family::default(),
            plugin_queue_dropped: Family::default(),
            plugin_event_duration: durations(|| Histogram::new(PLUGIN_EVENTS.into_iter())),
            plugin_event_failures: Family::default(),
            plugin_errors: Family::default(),
            plugin_terminations: Family::default(),
            active_plugins: Gauge::default(),
            span_duration: durations(|| Histogram::new(SPANS.into_iter())),
            spans_known: [const { OnceLock::new() }; name::ALL.len()],
            requests_known: [const { OnceLock::new() }; REQUESTS_KNOWN],
            trace_spans: Family::default(),
            received_spans: Family::default(),
            received_posts: Family::default(),
            connections: Gauge::default(),
            flow_log_dropped: Family::default(),
            flow_skipped: Family::default(),
            file_faults: Family::default(),
            file_failing: Family::default(),
            segments_deleted: Family::default(),
            audit_failures: Counter::default(),
        };
        metrics.register();
        metrics.begin();
        metrics
    }
}

impl Metrics {
    fn register(&mut self) {
        let r = &mut self.registry;
        r.register("rpc_requests", "Calls of the plugin bus", self.rpc_requests.clone());
        r.register("rpc_errors", "Calls of the plugin bus that failed", self.rpc_errors.clone());
        r.register(
            "rpc_duration_seconds",
            "Time to answer a call of the plugin bus; for a stream, its handshake",
            self.rpc_duration.clone(),
        );
        r.register(
            "http_request_duration_seconds",
            "Time from a request's head to the end of its response",
            self.http_request_duration.clone(),
        );
        r.register(
            "http_throttle",
            "Requests of plugins that waited for the rate limits",
            self.http_throttle.clone(),
        );
        r.register("http_backoff", "Requests of plugins that were sent again", self.http_backoff.clone());
        r.register(
            "flow_dispatch_seconds",
            "Time to put a flow into the queues of its subscribers",
            self.flow_dispatch.clone(),
        );
        r.register("flow_events", "Flow events that were dispatched", self.flow_events.clone());
        r.register(
            "flow_events_dropped",
            "Flow events that a plugin did not get",
            self.flow_events_dropped.clone(),
        );
        r.register("flow_redactions", "Secrets that were replaced in flows", self.flow_redactions.clone());
        r.register(
            "plugin_queue_length",
            "Flow events that wait for a plugin",
            self.plugin_queue_length.clone(),
        );
        r.register(
            "plugin_queue_capacity",
            "Flow events that may wait for a plugin",
            self.plugin_queue_capacity.clone(),
        );
        r.register(
            "plugin_queue_dropped",
            "Flow events that found a plugin's queue full",
            self.plugin_queue_dropped.clone(),
        );
        r.register(
            "plugin_event_duration_seconds",
            "Time from an event's delivery to the plugin's FlowDone; for a finding, from receipt to stored",
            self.plugin_event_duration.clone(),
        );
        r.register(
            "plugin_event_failures",
            "Events of a plugin that failed",
            self.plugin_event_failures.clone(),
        );
        r.register("plugin_errors", "Faults of a plugin", self.plugin_errors.clone());
        r.register(
            "plugin_terminations",
            "Processes of a plugin that ended and should not have",
            self.plugin_terminations.clone(),
        );
        r.register("active_plugins", "Plugins whose session is open", self.active_plugins.clone());
        r.register(
            "span_duration_seconds",
            "Duration of the pipeline's spans, sampled or not",
            self.span_duration.clone(),
        );
        r.register("trace_spans", "Spans by what became of them", self.trace_spans.clone());
        r.register(
            "received_spans",
            "Spans of other programs by what became of them",
            self.received_spans.clone(),
        );
        r.register("received_posts", "Posts of OTLP by what they were answered", self.received_posts.clone());
        r.register("flow_skipped", "Exchanges that are not to be written", self.flow_skipped.clone());
        r.register("connections", "Clients' connections to the proxy", self.connections.clone());
        r.register("flow_log_dropped", "Flows that could not be recorded", self.flow_log_dropped.clone());
        r.register(
            "file_faults",
            "Times that a record file could not be written, or was taken away",
            self.file_faults.clone(),
        );
        r.register(
            "file_failing",
            "Whether a record file can't be written at the moment",
            self.file_failing.clone(),
        );
        r.register(
            "segments_deleted",
            "Closed record files that were deleted to stay under their limit",
            self.segments_deleted.clone(),
        );
        r.register("audit_failures", "Audit entries that could not be written", self.audit_failures.clone());
    }

    /// Counts whose labels are known stand at 0 from the start: Prometheus sees no step where a series only
    /// appears, so that the first drop would be none.
    fn begin(&self) {
        for (subscription, variant) in [
            ("FLOW_REQUEST", "sanitized"),
            ("FLOW_RESPONSE", "sanitized"),
            ("FLOW_REQUEST_RAW", "raw"),
            ("FLOW_RESPONSE_RAW", "raw"),
        ] {
            drop(self.flow_events.get_or_create(&Event { subscription, variant }));
            for reason in ["queue_full", "dropped_oldest", "blocked_too_long", "session_ended"] {
                drop(self.flow_events_dropped.get_or_create(&Dropped { subscription, reason }));
            }
        }
        for scope in ["global", "host"] {
            drop(self.http_throttle.get_or_create(&Scope { scope }));
        }
        for kind in REDACTIONS {
            drop(self.flow_redactions.get_or_create(&Kind { kind: kind.to_owned() }));
        }
        for reason in DropReason::ALL {
            self.flows_dropped(0, reason);
        }
        for reason in SKIPPED {
            self.flow_skipped(0, reason);
        }
        for file in FileKind::ALL.map(FileKind::as_str) {
            drop(self.file_faults.get_or_create(&File { file }));
            self.file_failing(file, false);
            drop(self.segments_deleted.get_or_create(&File { file }));
        }
    }

    /// The counts of a plugin stand at 0.
    pub(super) fn plugin_known(&self, plugin: &str) {
        let plugin = || plugin.to_owned();
        for reason in PLUGIN_ERRORS {
            drop(self.plugin_errors.get_or_create(&PluginError { plugin: plugin(), reason }));
        }
        for reason in TERMINATIONS {
            drop(self.plugin_terminations.get_or_create(&PluginError { plugin: plugin(), reason }));
        }
        for event in ["flow", "finding"] {
            drop(self.plugin_event_failures.get_or_create(&PluginEvent { plugin: plugin(), event }));
        }
        drop(self.plugin_queue_dropped.get_or_create(&PluginEvent { plugin: plugin(), event: "flow" }));
        for status in BACKOFFS {
            drop(self.http_backoff.get_or_create(&Backoff { plugin: plugin(), status }));
        }
    }

    /// The counts of an exporter of spans stand at 0.
    pub(super) fn exporter_known(&self, exporter: &'static str) {
        for outcome in ["exported", "dropped"] {
            self.spans(exporter, outcome, 0);
        }
    }

    /// The counts of the receiver of spans stand at 0.
    pub(super) fn receiver_known(&self) {
        for outcome in ["taken", "rejected"] {
            self.spans_received(outcome, 0);
        }
        for (signal, status) in RECEIVED {
            drop(self.received_posts.get_or_create(&Post { signal, status }));
        }
    }

    /// Everything as OpenMetrics text, `# EOF` at the end.
    pub(crate) fn openmetrics(&self) -> String {
        let mut text = String::with_capacity(1 << 14);
        // Writing to a String does not fail.
        encode(&mut text, &self.registry).ok();
        text
    }
}
