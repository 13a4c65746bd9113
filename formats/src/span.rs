//! One span a line: `traces.jsonl`, and what `--trace-file` writes.

mod line;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Attributes, SpanId, TraceId, UnixNanos};

/// A piece of work with a start and an end, as OpenTelemetry defines it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Span {
    /// The trace that the span belongs to.
    pub trace_id: TraceId,
    /// The span's own id, unique in its trace.
    pub span_id: SpanId,
    /// The span that caused this one; none for the root of a trace.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent_span_id: Option<SpanId>,
    /// What kind of work this is, for example `proxy.capture_flow`.
    pub name: Cow<'static, str>,
    /// The span's role between services.
    #[serde(default)]
    pub kind: SpanKind,
    /// What is known of the work.
    #[serde(default)]
    pub attributes: Attributes,
    /// What happened meanwhile.
    #[serde(default)]
    pub events: Vec<SpanEvent>,
    /// Spans that have to do with this one without being its parent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<SpanLink>,
    /// How the work ended.
    #[serde(default)]
    pub status: SpanStatus,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_message: Option<Cow<'static, str>>,
    /// When the work started.
    pub start_time_unix_nano: UnixNanos,
    /// When it ended.
    pub end_time_unix_nano: UnixNanos,
    /// The service that did it.
    pub service_name: Cow<'static, str>,
}

/// A span's role between services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SpanKind {
    /// Work inside one service.
    #[default]
    Internal,
    /// The handling of a request from outside.
    Server,
    /// A request to another service.
    Client,
    /// A message handed over to be handled later.
    Producer,
    /// The handling of such a message.
    Consumer,
}

impl SpanKind {
    /// As it is written in a span line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "internal",
            Self::Server => "server",
            Self::Client => "client",
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// How the work of a span ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SpanStatus {
    /// Nobody said.
    #[default]
    Unset,
    /// Well, as somebody said.
    Ok,
    /// With an error.
    Error,
}

impl SpanStatus {
    /// As it is written in a span line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "unset",
            Self::Ok => "ok",
            Self::Error => "error",
        }
    }
}

/// Something that happened during a span.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpanEvent {
    /// What happened.
    pub name: Cow<'static, str>,
    /// When it happened.
    #[serde(alias = "time")]
    pub time_unix_nano: UnixNanos,
    /// What is known of it.
    #[serde(default)]
    pub attributes: Attributes,
}

/// A pointer to a span in this or another trace.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SpanLink {
    /// The other span's trace.
    pub trace_id: TraceId,
    /// The other span.
    pub span_id: SpanId,
    /// What the two have to do with each other.
    #[serde(default)]
    pub attributes: Attributes,
}
