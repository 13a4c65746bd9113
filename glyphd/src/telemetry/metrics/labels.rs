//! The label sets.

use prometheus_client::encoding::EncodeLabelSet;

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
    File { file: &'static str }
    Reason { reason: &'static str }
    Http { via: &'static str, plugin: String, capability: &'static str, method: &'static str, status: u16 }
    Trace { trace_id: String, span_id: String }
}

impl Http {
    /// A request through the proxy: no plugin, no capability.
    pub(super) fn proxy(method: &str, status: u16) -> Self {
        Self { via: "proxy", plugin: String::new(), capability: "", method: method_label(method), status }
    }
}

impl Trace {
    pub(super) fn of(context: TraceContext) -> Self {
        Self { trace_id: context.trace_id.to_string(), span_id: context.span_id.to_string() }
    }
}

/// The method, or `OTHER`: a client can invent methods, and each would be a series.
pub fn method_label(method: &str) -> &'static str {
    const KNOWN: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"];
    KNOWN.iter().find(|known| **known == method).copied().unwrap_or("OTHER")
}
