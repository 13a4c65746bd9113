//! Exchanges to compare.

use glyph_formats::{Flow, flow::Body};
use serde_json::json;
use sha2::{Digest, Sha256};

/// One that was answered with that.
pub(crate) fn flow(content_type: &str, body: &str) -> Flow {
    let mut flow: Flow = serde_json::from_value(json!({
        "format": 1, "id": "01M826ABXFMV57ARPDF274WWPH", "sequence": 42,
        "trace_id": "686303df15ac4a8a4520b69e139e3e13", "span_id": "f7fceaf9f590a07d", "sampled": true,
        "start_time_unix_nano": 1_795_370_069_000_000_000_u64, "end_time_unix_nano": 1_795_370_069_001_000_000_u64,
        "kind": "http", "client": "127.0.0.1:33414",
        "request": {"method": "GET", "url": "http://a.test/x", "scheme": "http", "host": "a.test", "port": 80,
            "version": "HTTP/1.1", "headers": [["host", "a.test"]],
            "body": {"size": 0, "captured_size": 0, "complete": true}},
        "response": {"status": 200, "version": "HTTP/1.1",
            "headers": [["content-type", content_type], ["content-length", "0"], ["date", "Sun, 22 Nov 2026 17:54:30 GMT"]],
            "body": {"size": 0, "captured_size": 0, "complete": true}},
    }))
    .unwrap();
    set_body(&mut flow, body);
    flow
}

/// Gives it another body.
pub(crate) fn set_body(flow: &mut Flow, body: &str) {
    let response = flow.response.as_mut().unwrap();
    let length = response.headers.iter_mut().find(|(name, _)| name == "content-length").unwrap();
    length.1 = body.len().to_string();
    response.body = stored(body);
}

pub(crate) fn stored(body: &str) -> Body {
    let size = body.len() as u64;
    Body {
        size,
        captured_size: size,
        utf8: Some(body.to_owned()),
        sha256: Some(hex::encode(Sha256::digest(body))),
        complete: true,
        redacted: body.contains("glyph-redacted-"),
        ..Body::default()
    }
}

/// With these headers beside the body's own.
pub(crate) fn with_headers(mut flow: Flow, headers: &[(&str, &str)]) -> Flow {
    let own = &mut flow.response.as_mut().unwrap().headers;
    own.extend(headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
    flow
}
