//! A flow as many are: a dozen headers on either side, a page of two kilobytes.

use glyph_formats::{Flow, SpanId, TraceId, UnixNanos};
use serde_json::json;

/// The flow of that number, which ends now.
pub(crate) fn flow(template: &Flow, number: u64) -> Flow {
    let now = UnixNanos::now();
    Flow {
        id: format!("01HZZZZZZZ{number:016}"),
        sequence: number,
        trace_id: TraceId::new(u128::from(number) + 1).unwrap_or(template.trace_id),
        span_id: SpanId::new(number + 1).unwrap_or(template.span_id),
        start_time_unix_nano: now,
        end_time_unix_nano: now,
        ..template.clone()
    }
}

/// What all have in common.
pub(crate) fn template() -> anyhow::Result<Flow> {
    let headers: Vec<_> =
        (0..12).map(|n| [format!("x-header-{n}"), "a value of some length".to_owned()]).collect();
    let page = "<p>a page</p>\n".repeat(150);
    let body = |text: &str| json!({ "size": text.len(), "captured_size": text.len(), "utf8": text, "complete": true });
    let record = json!({
        "format": 1, "id": "01", "sequence": 1, "sampled": true, "kind": "http",
        "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736", "span_id": "00f067aa0ba902b7",
        "start_time_unix_nano": 1, "end_time_unix_nano": 2, "client": "127.0.0.1:1",
        "request": {
            "method": "GET", "url": "http://shop.test/products/42?page=2", "scheme": "http", "host": "shop.test",
            "port": 80, "version": "HTTP/1.1", "headers": headers, "body": body(""),
        },
        "response": { "status": 200, "version": "HTTP/1.1", "headers": headers, "body": body(&page) },
    });
    Ok(serde_json::from_value(record)?)
}
