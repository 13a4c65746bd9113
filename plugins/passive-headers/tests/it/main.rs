//! The plugin as the daemon sees it: a flow event in, findings out.

mod events;
mod hostile;

use glyph_plugin::{
    Finding, FlowEvent, Plugin, Report,
    wire::{Body, FlowRequest, FlowResponse, Header},
};
use passive_headers::PassiveHeaders;

/// The event of an exchange: GET and 200.
fn event(scheme: &str, headers: &[(&str, &[u8])], body: &[u8]) -> FlowEvent {
    let header = |(name, value): &(&str, &[u8])| Header {
        name: (*name).to_owned(),
        value: value.to_vec().into(),
        ..Header::default()
    };
    FlowEvent {
        request: Some(FlowRequest {
            method: "GET".to_owned(),
            url: format!("{scheme}://example.test/page"),
            scheme: scheme.to_owned(),
            ..FlowRequest::default()
        }),
        response: Some(FlowResponse {
            status: 200,
            headers: headers.iter().map(header).collect(),
            body: Some(Body { content: body.to_vec().into(), size: body.len() as u64, ..Body::default() }),
            ..FlowResponse::default()
        }),
        ..FlowEvent::default()
    }
}

/// What the plugin finds in it.
fn findings(event: &FlowEvent) -> Vec<Finding> {
    let mut report = Report::new(event, "");
    PassiveHeaders::default().on_flow(event, &mut report);
    report.into_findings()
}
