//! Flows as the bus has them, and back what a plugin says of them.

use base64::{Engine, prelude::BASE64_STANDARD};
use glyph_formats::{Severity, flow};
use glyph_plugin::wire::{self, FlowEvent};

use crate::{dispatch::Side, sanitize::Flow};

/// The message for one side of a flow.
pub(super) fn event(flow: &Flow, side: Side) -> FlowEvent {
    let request_body = matches!(side, Side::Request).then(|| body(&flow.request.body));
    let request = wire::FlowRequest {
        method: flow.request.method.clone(),
        url: flow.request.url.clone(),
        scheme: flow.request.scheme.clone(),
        host: flow.request.host.clone(),
        port: flow.request.port.into(),
        version: flow.request.version.clone(),
        headers: headers(flow, "request", &flow.request.headers),
        body: request_body,
    };
    let (response, error) = match side {
        Side::Request => (None, None),
        Side::Response => (flow.response.as_ref(), flow.error.as_ref()),
    };
    FlowEvent {
        flow_id: flow.id.clone(),
        sequence: flow.sequence,
        phase: phase(side).into(),
        request: Some(request),
        response: response.map(|response| wire::FlowResponse {
            status: response.status.into(),
            version: response.version.clone(),
            headers: headers(flow, "response", &response.headers),
            body: Some(body(&response.body)),
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
    }
}

pub(super) fn phase(side: Side) -> wire::Phase {
    match side {
        Side::Request => wire::Phase::Request,
        Side::Response => wire::Phase::Response,
    }
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

fn headers(flow: &Flow, side: &str, headers: &[(String, String)]) -> Vec<wire::Header> {
    let redacted = |name: &str| {
        let place = format!("{side}.headers.{name}");
        flow.redactions.iter().any(|r| r.place == place)
    };
    headers
        .iter()
        .map(|(name, value)| wire::Header {
            redacted: !flow.redactions.is_empty() && redacted(name),
            name: name.clone(),
            value: value.clone().into_bytes(),
        })
        .collect()
}

fn body(body: &flow::Body) -> wire::Body {
    let content = match (&body.utf8, &body.base64) {
        (Some(text), _) => text.clone().into_bytes(),
        (None, Some(base64)) => BASE64_STANDARD.decode(base64).unwrap_or_default(),
        (None, None) => Vec::new(),
    };
    wire::Body {
        truncated: (content.len() as u64) < body.size || !body.complete,
        content,
        size: body.size,
        redacted: false,
    }
}
