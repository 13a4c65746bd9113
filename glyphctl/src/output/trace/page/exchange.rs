//! An exchange on the page: headers, decoded bodies, timings, what was replaced.

use glyph_analysis::{
    pivot::explain::Exchange,
    text::{counted, duration, visible},
};
use glyph_formats::{Flow, flow::Body};
use maud::{Markup, html};

use crate::output::{
    flows::{body, steps},
    trace::beside::title,
};

/// All of it, folded away.
pub(super) fn details(flow: &Flow) -> Markup {
    let exchange = Exchange::of(flow);
    let (request, response) = (&flow.request, flow.response.as_ref());
    html! {
        details.exchange {
            summary {
                span.name { (title(&exchange)) }
                span.time { (duration(exchange.duration_ns)) }
            }
            div.more {
                @if let Some(error) = &exchange.error { p.failed { (visible(error)) } }
                p { "flow " (flow.sequence) " " code { (visible(&flow.id)) } " from " (visible(&flow.client)) }
                pre { @for line in steps::lines(flow) { (line) "\n" } }
                h3 { "Request" }
                (message(&request.headers, &request.body))
                @if let Some(response) = response {
                    h3 { "Response " (response.status) }
                    (message(&response.headers, &response.body))
                }
                @if !flow.redactions.is_empty() {
                    h3 { "Replaced" }
                    ul {
                        @for one in &flow.redactions {
                            li { (visible(&one.kind)) ": " (visible(&one.place)) @if one.count > 1 { ", " (counted(one.count, "time")) } }
                        }
                    }
                }
            }
        }
    }
}

fn message(headers: &[(String, String)], content: &Body) -> Markup {
    let lines = body::lines(content, headers, false);
    html! {
        dl { @for (name, value) in headers { dt { (visible(name)) } dd { (visible(value)) } } }
        @if !lines.is_empty() { pre { @for line in lines { (line) "\n" } } }
    }
}
