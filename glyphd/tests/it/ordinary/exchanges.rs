//! The exchanges that are sent through: out of HAR files, the demo's requests, and a recording.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use glyph_formats::{Flow, recording::FLOWS};
use serde::Deserialize;

use crate::harness::records;

type Headers = Vec<(String, String)>;

/// A request and its answer.
#[derive(Debug, Clone, Default)]
pub(super) struct Exchange {
    pub(super) method: String,
    /// Host, for the reader.
    pub(super) host: String,
    /// Path and query.
    pub(super) target: String,
    pub(super) headers: Headers,
    pub(super) body: Vec<u8>,
    pub(super) status: u16,
    pub(super) answer_headers: Headers,
    pub(super) answer: Vec<u8>,
}

pub(super) fn testdata() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata")
}

#[derive(Deserialize)]
struct Har {
    log: Log,
}

#[derive(Deserialize)]
struct Log {
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    request: HarRequest,
    response: HarResponse,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct HarRequest {
    method: String,
    url: String,
    headers: Vec<Pair>,
    post_data: Option<Content>,
}

#[derive(Deserialize)]
struct HarResponse {
    status: u16,
    headers: Vec<Pair>,
    content: Content,
}

#[derive(Deserialize)]
struct Pair {
    name: String,
    value: String,
}

#[derive(Deserialize)]
struct Content {
    #[serde(default)]
    text: String,
    encoding: Option<String>,
}

impl Content {
    fn bytes(self) -> Vec<u8> {
        match self.encoding.as_deref() {
            Some("base64") => BASE64_STANDARD.decode(self.text).unwrap(),
            _ => self.text.into_bytes(),
        }
    }
}

/// Framing is the test's own.
fn headers(pairs: Vec<Pair>) -> Headers {
    const FRAMING: [&str; 6] =
        ["host", "connection", "content-length", "transfer-encoding", "keep-alive", "date"];
    let pairs = pairs.into_iter().map(|pair| (pair.name.to_ascii_lowercase(), pair.value));
    pairs.filter(|(name, _)| !FRAMING.contains(&name.as_str())).collect()
}

fn host(url: &str) -> &str {
    url.split('/').nth(2).unwrap()
}

/// Path and query, as they were written.
pub(super) fn target(url: &str) -> &str {
    let after = url.find("://").map_or(0, |at| at + 3);
    url[after..].find('/').map_or("/", |at| url[after + at..].split('#').next().unwrap())
}

/// What a browser saw.
pub(super) fn har(name: &str) -> Vec<Exchange> {
    let file = File::open(testdata().join("flows/ordinary").join(name)).unwrap();
    let mut decoder = zstd::Decoder::new(file).unwrap();
    decoder.window_log_max(27).unwrap();
    let har: Har = serde_json::from_reader(std::io::BufReader::new(decoder)).unwrap();
    let exchange = |Entry { request, response }: Entry| Exchange {
        method: request.method,
        host: host(&request.url).to_owned(),
        target: target(&request.url).to_owned(),
        headers: headers(request.headers),
        body: request.post_data.map(Content::bytes).unwrap_or_default(),
        status: response.status,
        answer_headers: headers(response.headers),
        answer: response.content.bytes(),
    };
    har.log.entries.into_iter().map(exchange).collect()
}

/// What `glyphctl demo` sends.
pub(super) fn demo() -> Vec<Exchange> {
    #[derive(Deserialize)]
    struct Line {
        method: String,
        path: String,
        #[serde(default)]
        headers: std::collections::BTreeMap<String, String>,
        #[serde(default)]
        body: String,
    }
    let text = fs::read_to_string(testdata().join("demo/requests.jsonl")).unwrap();
    let exchange = |line: &str| {
        let line: Line = serde_json::from_str(line).unwrap();
        Exchange {
            method: line.method,
            host: "demo".to_owned(),
            target: line.path,
            headers: line.headers.into_iter().collect(),
            body: line.body.into_bytes(),
            status: 204,
            ..Exchange::default()
        }
    };
    text.lines().map(exchange).collect()
}

/// What is in a recording already, with tokens for its secrets.
pub(super) fn recording() -> Vec<Exchange> {
    let flows: Vec<Flow> = records::lines(&testdata().join("recordings/shop").join(FLOWS));
    let pairs = |of: &Headers| {
        headers(of.iter().map(|(name, value)| Pair { name: name.clone(), value: value.clone() }).collect())
    };
    let exchange = |flow: Flow| {
        let response = flow.response.as_ref();
        Exchange {
            method: flow.request.method,
            host: "recording".to_owned(),
            target: target(&flow.request.url).to_owned(),
            headers: pairs(&flow.request.headers),
            body: flow.request.body.utf8.unwrap_or_default().into_bytes(),
            status: response.map_or(204, |r| r.status),
            answer_headers: response.map(|r| pairs(&r.headers)).unwrap_or_default(),
            answer: response.and_then(|r| r.body.utf8.clone()).unwrap_or_default().into_bytes(),
        }
    };
    flows.into_iter().map(exchange).collect()
}
