//! `glyphctl flows`, over recordings that the tests write.

mod curl;
mod filters;
mod grep;
mod har;
mod ls;
mod show;
mod stats;

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use flate2::{Compression, write::GzEncoder};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Run, run};

/// A recording of some flows.
struct Flows {
    dir: TempDir,
}

impl Flows {
    fn of(flows: &[Value]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lines: String = flows.iter().map(|flow| format!("{flow}\n")).collect();
        fs::write(dir.path().join("flows.jsonl"), lines).unwrap();
        Self { dir }
    }

    fn path(&self) -> &Path {
        self.dir.path()
    }

    /// Runs `glyphctl flows COMMAND RECORDING ARGS…`.
    fn run(&self, command: &str, args: &[&str]) -> Run {
        let path = self.path().to_str().unwrap();
        run(["flows", command, path].iter().chain(args))
    }

    /// The numbers of the flows that a list with these flags has.
    fn numbers(&self, args: &[&str]) -> Vec<u64> {
        let args = [args, &["--format", "json"]].concat();
        let listed = self.run("ls", &args).fine().stdout;
        listed.lines().map(|line| json_of(line)["sequence"].as_u64().unwrap()).collect()
    }
}

fn json_of(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

fn shop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/recordings/shop")
}

/// A flow with that number and request, answered with that status and body after so many milliseconds.
fn flow(number: u64, method: &str, url: &str, status: u16, ms: u64, body: Value) -> Value {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split('/').next().unwrap();
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let start = 1_760_000_000_000_000_000 + number * 1_000_000_000;
    json!({
        "format": 1, "id": format!("01M826AC30000000000000{number:04}"), "sequence": number,
        "trace_id": format!("{number:04x}{}", "5".repeat(28)), "span_id": "66edc61c659ab291", "sampled": true,
        "start_time_unix_nano": start, "end_time_unix_nano": start + ms * 1_000_000,
        "kind": "http", "client": "127.0.0.1:33444",
        "request": {
            "method": method, "url": url, "scheme": "http", "host": host,
            "port": port.parse::<u16>().unwrap(), "version": "HTTP/1.1",
            "headers": [["Host", authority], ["User-Agent", "test/1"]],
            "body": {"size": 0, "captured_size": 0, "complete": true},
        },
        "response": {
            "status": status, "version": "HTTP/1.1", "headers": [["Content-Type", "application/json"]], "body": body,
        },
        "timings": {"request_sent_ns": ms * 100_000, "first_byte_ns": ms * 800_000, "response_sent_ns": ms * 990_000},
        "redactions": [],
    })
}

/// A body of text.
fn text(text: &str) -> Value {
    json!({"size": text.len(), "captured_size": text.len(), "utf8": text, "complete": true})
}

/// A body of bytes.
fn bytes(bytes: &[u8]) -> Value {
    json!({"size": bytes.len(), "captured_size": bytes.len(), "base64": base64(bytes), "complete": true})
}

fn base64(bytes: &[u8]) -> String {
    use base64::{Engine, prelude::BASE64_STANDARD};
    BASE64_STANDARD.encode(bytes)
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// One that got no answer.
fn failed(number: u64, kind: &str) -> Value {
    let mut flow = flow(number, "GET", "http://down.test:81/x", 200, 5, text(""));
    flow.as_object_mut().unwrap().remove("response");
    flow["error"] =
        json!({"kind": kind, "origin": "upstream", "message": "down.test:81 refused the connection"});
    flow
}

/// Some of each kind.
fn mixed() -> Flows {
    let mut secret = flow(
        3,
        "POST",
        "http://api.example.com/v1/orders?key=glyph-redacted-0a1b2c",
        201,
        40,
        text("{\"id\":7}"),
    );
    secret["redactions"] = json!([{"kind": "query", "place": "request.url"}]);
    secret["request"]["headers"].as_array_mut().unwrap().push(json!(["content-type", "application/json"]));
    secret["request"]["body"] = text("{\"sku\":7,\"name\":\"blue teapot\"}");
    let mut old = flow(
        4,
        "GET",
        "http://api.example.com/v1/orders/8",
        200,
        250,
        bytes(&gzip("{\"name\":\"hidden teapot\"}")),
    );
    old["response"]["headers"].as_array_mut().unwrap().push(json!(["Content-Encoding", "gzip"]));
    let mut cut = flow(
        5,
        "GET",
        "http://www.example.com/big",
        503,
        1_500,
        text("line one\nline two has it\nline three"),
    );
    cut["response"]["body"]["size"] = json!(1_000_000);
    let mut tunnel = flow(7, "CONNECT", "secure.test:443", 200, 9_000, text(""));
    tunnel["kind"] = json!("tunnel");
    tunnel["tunnel"] = json!({"bytes_sent": 10, "bytes_received": 2_000_000});
    Flows::of(&[
        flow(1, "GET", "http://api.example.com/v1/orders/7", 200, 20, text("{\"name\":\"red teapot\"}")),
        flow(2, "HEAD", "http://www.example.com/", 404, 3, text("")),
        secret,
        old,
        cut,
        failed(6, "connect_refused"),
        tunnel,
    ])
}

#[test]
fn helps() {
    for command in ["ls", "show", "grep", "stats"] {
        let help = run(["flows", command, "--help"]).fine().stdout;
        insta::assert_snapshot!(format!("flows_{command}_help"), help);
    }
}
