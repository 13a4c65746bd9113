//! A JSON exchange of a kilobyte: a browser's request with a cookie and a token, and the first page of a list.

use glyphd::sanitize::Sanitizer;
use serde_json::{Value, json};

use crate::{cpu_time, message};

const REQUEST: [(&str, &str); 10] = [
    ("host", "api.example.test"),
    (
        "user-agent",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
    ),
    ("accept", "application/json, text/plain, */*"),
    ("accept-encoding", "gzip, deflate, br, zstd"),
    ("accept-language", "en-US,en;q=0.9"),
    ("authorization", "Bearer 4b7c9e1d5f604b7c9e1d5f60"),
    ("cookie", "sid=b7a53ed52b084f1c8a393a9c4c3bb2a4; theme=dark"),
    ("referer", "https://app.example.test/items?page=2"),
    ("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    ("x-request-id", "b7a53ed5-2b08-4f1c-8a39-3a9c4c3bb2a4"),
];

const RESPONSE: [(&str, &str); 8] = [
    ("content-type", "application/json; charset=utf-8"),
    ("content-length", "1024"),
    ("date", "Thu, 01 Jan 2026 00:00:00 GMT"),
    ("etag", "W/\"5c327a6df7ba38b69304106e\""),
    ("cache-control", "private, max-age=60"),
    ("vary", "Accept-Encoding, Authorization"),
    ("x-request-id", "b7a53ed5-2b08-4f1c-8a39-3a9c4c3bb2a4"),
    ("strict-transport-security", "max-age=31536000"),
];

/// A kilobyte of it.
fn page() -> String {
    let item = |n: usize| {
        json!({
            "id": n, "uuid": format!("b7a53ed5-2b08-4f1c-8a39-3a9c4c3bb2{n:02}"), "name": format!("Item number {n}"),
            "price": 12.5, "tags": ["blue", "new"],
        })
    };
    let of = |count: usize| {
        let items: Vec<Value> = (0..count).map(item).collect();
        json!({ "items": items, "next_page_token": "CAUQAA", "refresh_token": "4b7c9e1d5f604b7c" })
            .to_string()
    };
    (1..).map(of).find(|text| text.len() >= 1 << 10).unwrap_or_default()
}

pub(crate) fn measure(rounds: u32) -> anyhow::Result<Value> {
    let sanitizer = Sanitizer::default();
    let page = page();
    let (request, response) = (message(&REQUEST, "")?, message(&RESPONSE, page.clone())?);
    let once = || {
        let url =
            sanitizer.url("http://api.example.test/v1/items?page=2&sort=price&access_token=4b7c9e1d5f604b7c");
        (url, sanitizer.message("request", &request), sanitizer.message("response", &response))
    };
    let replaced = once().2.redactions.len();
    let took = cpu_time(|| (0..rounds).for_each(|_| drop(std::hint::black_box(once()))));
    Ok(
        json!({ "body_bytes": page.len(), "replaced": replaced, "cpu_ns": took.as_nanos() as f64 / f64::from(rounds) }),
    )
}
