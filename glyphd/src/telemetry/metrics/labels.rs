//! The label sets.

use std::fmt::{self, Write};

use glyph_formats::{SpanId, TraceId};
use prometheus_client::encoding::{EncodeLabelSet, EncodeLabelValue, LabelValueEncoder};

use crate::telemetry::TraceContext;

macro_rules! labels {
    ($($name:ident { $($label:ident: $kind:ty),* })*) => {$(
        #[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
        pub(super) struct $name {
            $(pub(super) $label: $kind),*
        }
    )*};
}

labels! {
    Rpc { component: &'static str, method: &'static str }
    RpcCode { component: &'static str, method: &'static str, code: &'static str }
    Event { subscription: &'static str, variant: &'static str }
    Dropped { subscription: &'static str, reason: &'static str }
    Kind { kind: String }
    PluginName { plugin: String }
    PluginEvent { plugin: String, event: &'static str }
    PluginError { plugin: String, reason: &'static str }
    SpanName { span: &'static str }
    Exporter { exporter: &'static str, outcome: &'static str }
    Received { outcome: &'static str }
    Post { signal: &'static str, status: u16 }
    File { file: &'static str }
    Reason { reason: &'static str }
    Scope { scope: &'static str }
    Backoff { plugin: String, status: u16 }
    Http { via: &'static str, plugin: String, capability: &'static str, method: &'static str, status: u16 }
    Trace { trace_id: Id<TraceId>, span_id: Id<SpanId> }
}

impl Http {
    /// A request through the proxy: no plugin, no capability.
    pub(super) fn proxy(method: &str, status: u16) -> Self {
        Self { via: "proxy", plugin: String::new(), capability: "", method: method_label(method), status }
    }

    /// A plugin's own request.
    pub(super) fn netgate(plugin: &str, capability: &'static str, method: &str, status: u16) -> Self {
        let method = method_label(method);
        Self { via: "netgate", plugin: plugin.to_owned(), capability, method, status }
    }
}

impl Trace {
    pub(super) fn of(context: TraceContext) -> Self {
        Self { trace_id: Id(context.trace_id), span_id: Id(context.span_id) }
    }
}

/// An id, which becomes text only when somebody asks: exemplars are replaced far more often than they are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Id<I>(pub(super) I);

impl<I: fmt::Display> EncodeLabelValue for Id<I> {
    fn encode(&self, encoder: &mut LabelValueEncoder<'_>) -> Result<(), fmt::Error> {
        write!(encoder, "{}", self.0)
    }
}

/// The method, or `OTHER`: a client can invent methods, and each would be a series.
pub fn method_label(method: &str) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.iter().find(|known| **known == method).copied().unwrap_or("OTHER")
}
