//! Spans as the stages use them: started with a name and a parent, told what is found out, ended when dropped.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use glyph_formats::{
    Attributes, UnixNanos, Value,
    span::{self as format, SpanEvent, SpanKind, SpanLink, SpanStatus},
};

use super::{Metrics, Outlets, TraceContext, spare};

/// The names of all spans. Dashboards and users rely on them.
pub mod name {
    /// One exchange, from the request's head to the response's last byte.
    pub const CAPTURE_FLOW: &str = "proxy.capture_flow";
    /// The exchange with the upstream.
    pub const UPSTREAM_REQUEST: &str = "proxy.upstream_request";
    /// The way of a finished exchange through sanitize, flow log and dispatch.
    pub const PUBLISH_FLOW_EVENT: &str = "proxy.publish_flow_event";
    /// Who gets a flow.
    pub const DISPATCH_FLOW: &str = "plugin_bus.dispatch_flow";
    /// One phase of a flow into the queues of its subscribers.
    pub const BROADCAST: &str = "plugin_bus.broadcast";
    /// One phase of a flow at one plugin, from the queue to its `FlowDone`.
    pub const DISPATCH_EVENT: &str = "plugin_bus.dispatch_event";
    /// The handshake of a plugin's stream.
    pub const EVENT_STREAM: &str = "plugin_bus.EventStream";
    /// Whether a token or a session is good.
    pub const AUTHENTICATE: &str = "plugin_bus.authenticate";
    /// What becomes of one message of a plugin.
    pub const RECEIVE_EVENT: &str = "plugin_bus.receive_event";
    /// One plugin, from its manifest to its end.
    pub const SUPERVISOR_TASK: &str = "plugin.supervisor.task";
    /// One process of a plugin.
    pub const RUNNER_EXEC: &str = "plugin.runner.exec";
    /// A plugin's own request, with all that it was sent again or elsewhere.
    pub const HTTP_REQUEST: &str = "netgate.http_request";
    /// A wait for the rate limits.
    pub const RATE_LIMIT_WAIT: &str = "netgate.rate_limit_wait";
    /// A recording into an artifact.
    pub const CREATE_ARTIFACT: &str = "replay.create_artifact";
    /// An artifact compared with its manifest, and into a directory if there is to be one.
    pub const EXTRACT_ARTIFACT: &str = "replay.extract_artifact";
    /// The reading of the flows' files.
    pub const LOAD_FLOWS: &str = "replay.load_flows";
    /// The writing of the flows' files; in the daemon, from the stop to the last line.
    pub const WRITE_FLOWS: &str = "replay.write_flows";
    /// The same for findings.
    pub const WRITE_FINDINGS: &str = "replay.write_findings";
    /// The reading of findings, and what joins them to cases.
    pub const LOAD_CASES: &str = "replay.load_cases";
    /// The writing of cases.
    pub const WRITE_CASES: &str = "replay.write_cases";

    /// All of them.
    pub const ALL: [&str; 20] = [
        CAPTURE_FLOW,
        UPSTREAM_REQUEST,
        PUBLISH_FLOW_EVENT,
        DISPATCH_FLOW,
        BROADCAST,
        DISPATCH_EVENT,
        EVENT_STREAM,
        AUTHENTICATE,
        RECEIVE_EVENT,
        SUPERVISOR_TASK,
        RUNNER_EXEC,
        HTTP_REQUEST,
        RATE_LIMIT_WAIT,
        CREATE_ARTIFACT,
        EXTRACT_ARTIFACT,
        LOAD_FLOWS,
        WRITE_FLOWS,
        WRITE_FINDINGS,
        LOAD_CASES,
        WRITE_CASES,
    ];
}

/// A span that is about to be started.
#[derive(Debug)]
#[must_use = "a span is started with start()"]
pub struct SpanBuilder<'a> {
    outlets: Option<&'a Arc<Outlets>>,
    metrics: &'a Arc<Metrics>,
    name: &'static str,
    kind: SpanKind,
    parent: Option<TraceContext>,
    attributes: Attributes,
    links: Vec<SpanLink>,
    started: Option<Instant>,
}

impl<'a> SpanBuilder<'a> {
    pub(super) fn new(
        outlets: Option<&'a Arc<Outlets>>,
        metrics: &'a Arc<Metrics>,
        name: &'static str,
    ) -> Self {
        Self {
            outlets,
            metrics,
            name,
            kind: SpanKind::Internal,
            parent: None,
            attributes: Attributes::default(),
            links: Vec::new(),
            started: None,
        }
    }

    /// The handling of a request from outside.
    pub fn server(mut self) -> Self {
        self.kind = SpanKind::Server;
        self
    }

    /// A request to somebody else.
    pub fn client(mut self) -> Self {
        self.kind = SpanKind::Client;
        self
    }

    /// Below that span; otherwise the span is the root of a trace.
    pub fn parent(mut self, parent: impl Into<Option<TraceContext>>) -> Self {
        self.parent = parent.into();
        self
    }

    /// Having to do with that span.
    pub fn link(mut self, to: TraceContext) -> Self {
        let (trace_id, span_id) = (to.trace_id, to.span_id);
        self.links.push(SpanLink { trace_id, span_id, attributes: Attributes::default() });
        self
    }

    /// With what is known from the start.
    pub fn with(mut self, key: &'static str, value: impl Into<AttributeValue>) -> Self {
        if self.outlets.is_some() {
            self.attributes.push(key, value.into().0);
        }
        self
    }

    /// Since then, which is not long ago: who has looked saves it a look.
    pub(crate) fn since(mut self, started: Instant) -> Self {
        self.started = Some(started);
        self
    }

    /// Recorded by nobody, whatever its trace is.
    pub fn unrecorded(mut self) -> Self {
        self.outlets = None;
        self
    }

    /// Starts it. What is not sampled costs an id and no more.
    pub fn start(self) -> Span {
        let started = self.started.unwrap_or_else(Instant::now);
        let context = match (self.outlets, self.parent) {
            (None, None) => TraceContext::unsampled_root(),
            (None, Some(parent)) => TraceContext { sampled: false, ..parent }.child(),
            (Some(_), Some(parent)) if !parent.sampled => parent.child(),
            (Some(outlets), _) if outlets.are_closed() => TraceContext::unsampled_root(),
            (Some(_), Some(parent)) => parent.child(),
            (Some(outlets), None) => TraceContext::root(outlets.ratio),
        };
        let metrics = Arc::clone(self.metrics);
        let outlets = self.outlets.filter(|_| context.sampled).map(Arc::clone);
        let (name, span) = (self.name, outlets.as_deref().map(|outlets| self.record(context, outlets)));
        Span { context, recording: outlets.zip(span), name, started, took: None, metrics }
    }

    fn record(mut self, context: TraceContext, outlets: &Outlets) -> Box<format::Span> {
        let mut span = spare::take(context, &outlets.service_name);
        span.parent_span_id = self.parent.map(|parent| parent.span_id);
        span.name = Cow::Borrowed(self.name);
        span.kind = self.kind;
        span.attributes.0.append(&mut self.attributes.0);
        span.links = self.links;
        span.start_time_unix_nano = UnixNanos::now();
        span
    }
}

/// A value that a span can be told.
#[derive(Debug)]
pub struct AttributeValue(Value);

macro_rules! from {
    ($($from:ty => $value:expr),* $(,)?) => {$(
        impl From<$from> for AttributeValue {
            fn from(from: $from) -> Self {
                let value: fn($from) -> Value = $value;
                Self(value(from))
            }
        }
    )*};
}
from! {
    bool => |v| v.into(),
    i64 => |v| v.into(),
    f64 => |v| v.into(),
    u16 => |v| i64::from(v).into(),
    u32 => |v| i64::from(v).into(),
    u64 => |v| i64::try_from(v).unwrap_or(i64::MAX).into(),
    usize => |v| i64::try_from(v).unwrap_or(i64::MAX).into(),
    &'static str => |v| v.into(),
    String => |v| v.into(),
}

impl From<Vec<String>> for AttributeValue {
    fn from(values: Vec<String>) -> Self {
        Self(Value::Array(values.into_iter().map(Into::into).collect()))
    }
}

/// A span under way. It ends when it is dropped.
#[derive(Debug)]
pub struct Span {
    context: TraceContext,
    /// What is known of it, and where that is to go.
    recording: Option<(Arc<Outlets>, Box<format::Span>)>,
    name: &'static str,
    started: Instant,
    /// How long it took, where somebody has looked already.
    took: Option<Duration>,
    metrics: Arc<Metrics>,
}

impl Drop for Span {
    fn drop(&mut self) {
        let took = self.took.unwrap_or_else(|| self.started.elapsed());
        let now = self.recording.is_some().then(SystemTime::now);
        self.metrics.span_ended(self.name, took, self.context, now);
        if let (Some((outlets, mut span)), Some(now)) = (self.recording.take(), now) {
            span.end_time_unix_nano = now.into();
            outlets.take(span);
        }
    }
}

impl Span {
    /// Its place, for children and records. It has one whether or not it is recorded.
    pub fn context(&self) -> TraceContext {
        self.context
    }

    /// When it was started.
    pub(crate) fn started(&self) -> Instant {
        self.started
    }

    /// It ended then, which is not long ago either.
    pub(crate) fn end_at(mut self, end: Instant) {
        self.took = Some(end.saturating_duration_since(self.started));
    }

    /// The time since it was started.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Notes what has been found out.
    pub fn set(&mut self, key: &'static str, value: impl Into<AttributeValue>) {
        if let Some((_, span)) = &mut self.recording {
            span.attributes.push(key, value.into().0);
        }
    }

    /// Notes what was found out, where finding the value costs something.
    pub fn set_with<V: Into<AttributeValue>>(&mut self, key: &'static str, value: impl FnOnce() -> V) {
        if self.recording.is_some() {
            self.set(key, value());
        }
    }

    /// Notes that something happened, at that time.
    pub fn event(&mut self, name: &'static str, at: SystemTime) {
        if let Some((_, span)) = &mut self.recording {
            let (name, attributes) = (Cow::Borrowed(name), Attributes::default());
            span.events.push(SpanEvent { name, time_unix_nano: at.into(), attributes });
        }
    }

    /// Notes that the work succeeded, if it has not failed.
    pub fn succeed(&mut self) {
        if let Some((_, span)) = &mut self.recording
            && span.status != SpanStatus::Error
        {
            span.status = SpanStatus::Ok;
        }
    }

    /// Notes that the work failed: `error.type`, from a closed set, and why. The first cause counts.
    pub fn fail(&mut self, kind: &'static str, message: impl Into<Cow<'static, str>>) {
        if let Some((_, span)) = &mut self.recording
            && span.status != SpanStatus::Error
        {
            span.attributes.push("error.type", kind);
            span.status = SpanStatus::Error;
            span.status_message = Some(message.into()).filter(|message| !message.is_empty());
        }
    }
}
