//! Flows as the bus has them, and back what a plugin says of them.

use bytes::Bytes;
use glyph_formats::{Severity, content, flow};
use glyph_plugin::wire::{self, FlowEvent};
use http::HeaderMap;
use prost::Message as _;

use crate::{
    dispatch::{Event, Side, Subscription},
    sanitize::Message,
};

/// What a message has beside its event: the trace context, tags and lengths.
const AROUND: usize = 128;

/// The event, encoded once for all plugins; for one that can't take so much, once more with less of the bodies.
pub(super) fn encoded(event: &Event, limit: usize) -> Bytes {
    let room = limit.saturating_sub(AROUND);
    let encoded = event.payload.get_or_encode(|| message(event).encode_to_vec().into());
    if encoded.len() <= room {
        return encoded;
    }
    let mut message = message(event);
    let excess = encoded.len() - room;
    let bodies = message.request.iter_mut().map(|r| &mut r.body);
    let bodies = bodies.chain(message.response.iter_mut().map(|r| &mut r.body));
    // Only the body of the event's own side is there.
    for body in bodies.flatten() {
        body.content.truncate(body.content.len().saturating_sub(excess));
        body.truncated = true;
    }
    message.encode_to_vec().into()
}

/// The message for one side of a flow.
fn message(event: &Event) -> FlowEvent {
    let (flow, raw, side) = (&event.flow, event.raw.as_ref(), event.subscription.side());
    let (request_message, response_message) = (raw.map(|r| r.request()), raw.and_then(|r| r.response()));
    let parts = Parts { flow, side: "request" };
    let request = wire::FlowRequest {
        method: flow.request.method.clone(),
        url: raw.map_or(flow.request.url.as_str(), |r| r.url()).to_owned(),
        scheme: flow.request.scheme.clone(),
        host: flow.request.host.clone(),
        port: flow.request.port.into(),
        version: flow.request.version.clone(),
        headers: parts.headers(request_message, &flow.request.headers),
        body: (side == Side::Request).then(|| body(request_message, &flow.request.body)),
        trailers: parts.trailers(request_message, &flow.request.trailers),
    };
    let (response, error) = match side {
        Side::Request => (None, None),
        Side::Response => (flow.response.as_ref(), flow.error.as_ref()),
    };
    let parts = Parts { flow, side: "response" };
    FlowEvent {
        flow_id: flow.id.clone(),
        sequence: flow.sequence,
        phase: phase(side).into(),
        request: Some(request),
        response: response.map(|response| wire::FlowResponse {
            status: response.status.into(),
            version: response.version.clone(),
            headers: parts.headers(response_message, &response.headers),
            body: Some(body(response_message, &response.body)),
            trailers: parts.trailers(response_message, &response.trailers),
        }),
        error: error.map(|error| wire::FlowError {
            kind: error.kind.clone(),
            origin: match error.origin {
                flow::ErrorOrigin::Client => "client",
                flow::ErrorOrigin::Upstream => "upstream",
                flow::ErrorOrigin::Glyph => "glyph",
            }
            .to_owned(),
            message: error.message.clone(),
        }),
        start_time_unix_nano: flow.start_time_unix_nano.0,
        end_time_unix_nano: flow.end_time_unix_nano.0,
        raw: event.subscription.is_raw(),
        tunnel: flow.kind == flow::FlowKind::Tunnel,
    }
}

/// Headers of one side: as they passed if that is there, as they were recorded otherwise.
struct Parts<'a> {
    flow: &'a flow::Flow,
    side: &'static str,
}

impl Parts<'_> {
    fn headers(&self, raw: Option<&Message>, recorded: &[(String, String)]) -> Vec<wire::Header> {
        raw.map_or_else(|| self.recorded(recorded), |message| passed(&message.headers))
    }

    fn trailers(&self, raw: Option<&Message>, recorded: &[(String, String)]) -> Vec<wire::Header> {
        match raw {
            Some(message) => message.trailers.as_ref().map(passed).unwrap_or_default(),
            None => self.recorded(recorded),
        }
    }

    fn recorded(&self, headers: &[(String, String)]) -> Vec<wire::Header> {
        let places = self.flow.redactions.iter().filter_map(|r| r.place.strip_prefix(self.side));
        let redacted: Vec<_> = places.filter_map(|place| place.strip_prefix(".headers.")).collect();
        headers
            .iter()
            .map(|(name, value)| wire::Header {
                redacted: redacted.contains(&name.as_str()),
                name: name.clone(),
                value: value.clone().into_bytes().into(),
            })
            .collect()
    }
}

fn passed(headers: &HeaderMap) -> Vec<wire::Header> {
    let header = |(name, value): (&http::HeaderName, &http::HeaderValue)| wire::Header {
        name: name.as_str().to_owned(),
        value: Bytes::copy_from_slice(value.as_bytes()),
        redacted: false,
    };
    headers.iter().map(header).collect()
}

fn body(raw: Option<&Message>, recorded: &flow::Body) -> wire::Body {
    match raw {
        Some(message) => wire::Body {
            truncated: (message.content.len() as u64) < message.size || !message.complete,
            content: message.content.clone(),
            size: message.size,
            redacted: false,
        },
        None => wire::Body {
            truncated: recorded.is_partial(),
            content: content::stored(recorded).unwrap_or_default().into_owned().into(),
            size: recorded.size,
            redacted: recorded.redacted,
        },
    }
}

pub(super) fn phase(side: Side) -> wire::Phase {
    match side {
        Side::Request => wire::Phase::Request,
        Side::Response => wire::Phase::Response,
    }
}

pub(super) fn subscription(subscription: Subscription) -> wire::Subscription {
    match subscription {
        Subscription::Request => wire::Subscription::FlowRequest,
        Subscription::Response => wire::Subscription::FlowResponse,
        Subscription::RequestRaw => wire::Subscription::FlowRequestRaw,
        Subscription::ResponseRaw => wire::Subscription::FlowResponseRaw,
    }
}

pub(super) fn subscribed(wanted: wire::Subscription) -> Option<Subscription> {
    Subscription::ALL.into_iter().find(|s| subscription(*s) == wanted)
}

pub(super) fn severity(severity: wire::Severity) -> Option<Severity> {
    Some(match severity {
        wire::Severity::Unspecified => return None,
        wire::Severity::Info => Severity::Info,
        wire::Severity::Low => Severity::Low,
        wire::Severity::Med => Severity::Med,
        wire::Severity::High => Severity::High,
        wire::Severity::Crit => Severity::Crit,
    })
}
