//! A JSON exchange of a kilobyte: a browser's request with a cookie and a token, and the first page of a list.

use std::{hint::black_box, time::Duration};

use glyphd::sanitize::{Message, Sanitizer};
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

/// What differs from one exchange to the next: of what a client sends again and again it is little.
fn drawn(n: u32) -> String {
    format!("{:08x}", n.wrapping_mul(0x9e37_79b9))
}

/// The headers, with ids of their own.
fn numbered(headers: &[(&'static str, &str)], n: u32) -> Vec<(&'static str, String)> {
    let varies = |name: &str| ["cookie", "etag", "referer", "traceparent", "x-request-id"].contains(&name);
    let drawn = drawn(n);
    let value = |name: &str, value: &str| match varies(name) {
        true => value
            .replace("38b69304", &drawn)
            .replace("3bb2a4", &drawn[..6])
            .replace("page=2", &format!("page={n}"))
            .replace("736-00f067aa", &format!("736-{drawn}")),
        false => value.to_owned(),
    };
    headers.iter().map(|(name, text)| (*name, value(name, text))).collect()
}

/// So many exchanges are made at a time, and then taken through.
const BATCH: u32 = 64;

/// One exchange, and the response of another without its body.
struct Exchange {
    url: String,
    request: Message,
    response: Message,
    head: Message,
}

/// Each has ids that none had before, so that nobody can have learned them.
fn exchange(n: u32, page: &str) -> anyhow::Result<Exchange> {
    let of = |headers: &[(&'static str, &str)], n, body: &str| {
        let headers = numbered(headers, n);
        let pairs: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        message(&pairs, body.to_owned())
    };
    let token = drawn(n);
    Ok(Exchange {
        url: format!("http://api.example.test/v1/items?page={n}&sort=price&access_token=4b7c9e1d{token}"),
        request: of(&REQUEST, n, "")?,
        response: of(&RESPONSE, n, page)?,
        head: of(&RESPONSE, !n, "")?,
    })
}

pub(crate) fn measure(rounds: u32) -> anyhow::Result<Value> {
    let sanitizer = Sanitizer::default();
    let page = page();
    let mut replaced = 0;
    let mut took = [Duration::ZERO; 4];
    let batches = rounds.div_ceil(BATCH);
    for batch in 0..batches {
        let exchanges = (0..BATCH).map(|n| exchange(batch * BATCH + n, &page));
        let exchanges: Vec<_> = exchanges.collect::<anyhow::Result<_>>()?;
        let works: [&dyn Fn(&Exchange); 4] = [
            &|exchange| drop(black_box(sanitizer.url(&exchange.url))),
            &|exchange| drop(black_box(sanitizer.message("request", &exchange.request))),
            &|exchange| drop(black_box(sanitizer.message("response", &exchange.response))),
            &|exchange| drop(black_box(sanitizer.message("response", &exchange.head))),
        ];
        for (work, took) in works.iter().zip(&mut took) {
            *took += cpu_time(|| exchanges.iter().for_each(work));
        }
        replaced = sanitizer.message("response", &exchanges[0].response).redactions.len();
    }
    let of_one = |took: Duration| took.as_nanos() as f64 / f64::from(batches * BATCH);
    let [url, request, response, head] = took.map(of_one);
    Ok(json!({
        "body_bytes": page.len(), "replaced": replaced, "cpu_ns": url + request + response,
        "url_ns": url, "request_ns": request, "response_head_ns": head,
    }))
}
