//! Spans as the stages use them: started with a name and a parent, told what is found out, ended when dropped.

use std::{
    borrow::Cow,
    sync::Arc,
    time::{Duration, Instant, SystemTime},
};

use opentelemetry::{
    Context, KeyValue, StringValue,
    trace::{Link, Span as _, SpanKind, Status, TraceContextExt, Tracer},
};
use opentelemetry_sdk::trace::{SdkTracer, Span as SdkSpan};

use super::{Metrics, TraceContext};

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
}

/// A span that is about to be started.
#[derive(Debug)]
#[must_use = "a span is started with start()"]
pub struct SpanBuilder<'a> {
    tracer: Option<&'a SdkTracer>,
    metrics: &'a Arc<Metrics>,
    name: &'static str,
    kind: SpanKind,
    parent: Option<TraceContext>,
    attributes: Vec<KeyValue>,
    links: Vec<Link>,
}

impl<'a> SpanBuilder<'a> {
    pub(super) fn new(tracer: Option<&'a SdkTracer>, metrics: &'a Arc<Metrics>, name: &'static str) -> Self {
        Self {
            tracer,
            metrics,
            name,
            kind: SpanKind::Internal,
            parent: None,
            attributes: Vec::new(),
            links: Vec::new(),
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
        self.links.push(Link::with_context(to.to_span()));
        self
    }

    /// With what is known from the start.
    pub fn with(mut self, key: &'static str, value: impl Into<AttributeValue>) -> Self {
        if self.tracer.is_some() {
            self.attributes.push(KeyValue::new(key, value.into().0));
        }
        self
    }

    /// Starts it. What is not sampled costs an id and no more.
    pub fn start(self) -> Span {
        let metrics = Arc::clone(self.metrics);
        let (name, started) = (self.name, Instant::now());
        let span = |context, recording| Span { context, recording, name, started, metrics };
        let unrecorded = |context| (context, None);
        let (context, recording) = match (self.tracer, self.parent) {
            (None, None) => unrecorded(TraceContext::unsampled_root()),
            (None, Some(parent)) => unrecorded(TraceContext { sampled: false, ..parent }.unsampled_child()),
            (Some(_), Some(parent)) if !parent.sampled => unrecorded(parent.unsampled_child()),
            (Some(tracer), parent) => {
                let mut builder = tracer.span_builder(self.name).with_kind(self.kind);
                builder.attributes = Some(self.attributes);
                builder.links = Some(self.links);
                let context = match parent {
                    Some(parent) => Context::new().with_remote_span_context(parent.to_span()),
                    None => Context::new(),
                };
                let sdk = tracer.build_with_context(builder, &context);
                match TraceContext::of_span(sdk.span_context()) {
                    Some(context) if context.sampled => (context, Some(Box::new(sdk))),
                    Some(context) => unrecorded(context),
                    // The provider has been shut down.
                    None => unrecorded(TraceContext::unsampled_root()),
                }
            }
        };
        span(context, recording)
    }
}

/// A value that a span can be told.
#[derive(Debug)]
pub struct AttributeValue(opentelemetry::Value);

macro_rules! from {
    ($($from:ty => $value:expr),* $(,)?) => {$(
        impl From<$from> for AttributeValue {
            fn from(from: $from) -> Self {
                let value: fn($from) -> opentelemetry::Value = $value;
                Self(value(from))
            }
        }
    )*};
}
from! {
    bool => |v| v.into(),
    i64 => |v| v.into(),
    u16 => |v| i64::from(v).into(),
    u32 => |v| i64::from(v).into(),
    u64 => |v| i64::try_from(v).unwrap_or(i64::MAX).into(),
    usize => |v| i64::try_from(v).unwrap_or(i64::MAX).into(),
    &'static str => |v| v.into(),
    String => |v| v.into(),
}

impl From<Vec<String>> for AttributeValue {
    fn from(values: Vec<String>) -> Self {
        let values: Vec<StringValue> = values.into_iter().map(Into::into).collect();
        Self(opentelemetry::Value::Array(values.into()))
    }
}

/// A span under way. It ends when it is dropped.
#[derive(Debug)]
pub struct Span {
    context: TraceContext,
    recording: Option<Box<SdkSpan>>,
    name: &'static str,
    started: Instant,
    metrics: Arc<Metrics>,
}

impl Drop for Span {
    fn drop(&mut self) {
        self.metrics.span_ended(self.name, self.started.elapsed(), self.context);
    }
}

impl Span {
    /// Its place, for children and records. It has one whether or not it is recorded.
    pub fn context(&self) -> TraceContext {
        self.context
    }

    /// The time since it was started.
    pub fn elapsed(&self) -> Duration {
        self.started.elapsed()
    }

    /// Notes what has been found out.
    pub fn set(&mut self, key: &'static str, value: impl Into<AttributeValue>) {
        if let Some(span) = &mut self.recording {
            span.set_attribute(KeyValue::new(key, value.into().0));
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
        if let Some(span) = &mut self.recording {
            span.add_event_with_timestamp(name, at, Vec::new());
        }
    }

    /// Notes that the work succeeded.
    pub fn succeed(&mut self) {
        if let Some(span) = &mut self.recording {
            span.set_status(Status::Ok);
        }
    }

    /// Notes that the work failed: `error.type`, from a closed set, and why.
    pub fn fail(&mut self, kind: &'static str, message: impl Into<Cow<'static, str>>) {
        if let Some(span) = &mut self.recording {
            span.set_attribute(KeyValue::new("error.type", kind));
            span.set_status(Status::error(message));
        }
    }
}
