//! What is delivered: one side of one flow, shared by all who get it.

use std::sync::{Arc, OnceLock};

use bytes::Bytes;

use crate::{
    sanitize::{Flow, Raw},
    telemetry::TraceContext,
};

/// Which side of an exchange an event is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// The request.
    Request,
    /// The response, or why there is none.
    Response,
}

/// What can be subscribed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subscription {
    /// Requests, sanitised.
    Request,
    /// Responses, sanitised.
    Response,
    /// Requests as they passed.
    RequestRaw,
    /// Responses as they passed.
    ResponseRaw,
}

impl Subscription {
    /// All of them, in the order of delivery: a request before its response.
    pub const ALL: [Self; 4] = [Self::Request, Self::RequestRaw, Self::Response, Self::ResponseRaw];

    /// The name in spans and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "FLOW_REQUEST",
            Self::Response => "FLOW_RESPONSE",
            Self::RequestRaw => "FLOW_REQUEST_RAW",
            Self::ResponseRaw => "FLOW_RESPONSE_RAW",
        }
    }

    /// The side of the exchange.
    pub fn side(self) -> Side {
        match self {
            Self::Request | Self::RequestRaw => Side::Request,
            Self::Response | Self::ResponseRaw => Side::Response,
        }
    }

    /// Whether it is about what passed as it passed.
    pub fn is_raw(self) -> bool {
        matches!(self, Self::RequestRaw | Self::ResponseRaw)
    }

    /// The same as a label.
    pub(crate) fn variant(self) -> &'static str {
        if self.is_raw() { "raw" } else { "sanitized" }
    }
}

/// One side of a flow. There is one for all who get it.
#[derive(Debug)]
pub struct Event {
    /// The flow.
    pub flow: Flow,
    /// What passed, for the subscriptions that are about that; none of a flow out of a recording.
    pub raw: Option<Raw>,
    /// Which side, and how.
    pub subscription: Subscription,
    /// What the bus makes of it.
    pub payload: Payload,
}

impl Event {
    pub(super) fn new(flow: &Flow, raw: Option<&Raw>, subscription: Subscription) -> Self {
        let raw = raw.filter(|_| subscription.is_raw()).cloned();
        Self { flow: flow.clone(), raw, subscription, payload: Payload::default() }
    }
}

/// An event as it goes out, encoded by whoever is first to need it.
#[derive(Debug, Default)]
pub struct Payload {
    encoded: OnceLock<Bytes>,
}

impl Payload {
    /// The bytes, which are the same for all.
    pub fn get_or_encode(&self, encode: impl FnOnce() -> Bytes) -> Bytes {
        self.encoded.get_or_init(encode).clone()
    }
}

/// One event for one plugin.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// What is delivered.
    pub event: Arc<Event>,
    /// The span `plugin_bus.dispatch_flow`.
    pub context: TraceContext,
}
