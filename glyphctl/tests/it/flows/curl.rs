//! Commands that are run: what arrives at a server is what stands in the flow.

use std::{
    fs,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    thread,
};

use serde_json::{Value, json};

use super::{Flows, base64, flow, text};
use crate::harness::have;

/// What a request came with.
#[derive(Debug)]
struct Arrived {
    line: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn read(mut stream: TcpStream) -> Arrived {
    let mut bytes = Vec::new();
    let mut piece = [0; 1 << 16];
    let head = loop {
        let n = stream.read(&mut piece).unwrap();
        assert!(n > 0, "{}", String::from_utf8_lossy(&bytes));
        bytes.extend_from_slice(&piece[..n]);
        if let Some(at) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
    };
    let text = String::from_utf8(bytes[..head].to_vec()).unwrap();
    let mut lines = text.split("\r\n");
    let line = lines.next().unwrap().to_owned();
    let headers: Vec<_> = lines
        .map(|l| l.split_once(':').unwrap())
        .map(|(n, v)| (n.to_owned(), v.trim_start().to_owned()))
        .collect();
    let length = headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length = length.map_or(0, |(_, length)| length.parse::<usize>().unwrap());
    let mut body = bytes[head + 4..].to_vec();
    while body.len() < length {
        let n = stream.read(&mut piece).unwrap();
        body.extend_from_slice(&piece[..n]);
    }
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").unwrap();
    Arrived { line, headers, body }
}

/// The flow's request, sent again by the command that is printed for it. None if there is no curl.
fn sent_again(change: impl FnOnce(&mut Value)) -> Option<Arrived> {
    if !have("curl") || !have("bash") {
        return None;
    }
    let server = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = server.local_addr().unwrap();
    let mut flow = flow(1, "GET", &format!("http://{address}/"), 200, 1, text(""));
    change(&mut flow);
    flow["request"]["url"] =
        flow["request"]["url"].as_str().unwrap().replace("HERE", &address.to_string()).into();
    let flows = Flows::of(&[flow]);
    let script = flows.run("show", &["1", "--format", "curl"]).fine().stdout;
    let file = flows.path().join("again.sh");
    fs::write(&file, &script).unwrap();
    let arrived = thread::spawn(move || read(server.accept().unwrap().0));
    let mut bash = Command::new("bash");
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        bash.env_remove(name).env_remove(name.to_uppercase());
    }
    let ran = bash.arg(&file).current_dir(flows.path()).env("LC_ALL", "C").output().unwrap();
    assert!(ran.status.success(), "{script}\n{}", String::from_utf8_lossy(&ran.stderr));
    Some(arrived.join().unwrap())
}

#[test]
fn what_arrives_is_what_was_recorded() {
    let headers = json!([
        ["Host", "HERE"],
        ["X-First", "it's $(id) `id` \"quoted\" \\ !x"],
        ["x-empty", ""],
        ["X-First", "again \u{9b}ä"],
        ["Content-Type", "text/plain"],
        ["Content-Length", "99"],
    ]);
    let body = "@/etc/passwd\n'it''s' $HOME \\n \u{1b}[0m ä\r\n::error::\n";
    for (method, body) in [("POST", body), ("PUT", "plain"), ("GET", "odd"), ("M-SEARCH", "{\"a\": [1]}")] {
        let Some(arrived) = sent_again(|flow| {
            flow["request"]["method"] = method.into();
            flow["request"]["url"] = "http://HERE/a/../b{1,2}[3]?q='$(x)'&%20=1".into();
            flow["request"]["headers"] = headers.clone();
            flow["request"]["body"] = text(body);
        }) else {
            return;
        };
        assert_eq!(arrived.line, format!("{method} /a/../b{{1,2}}[3]?q='$(x)'&%20=1 HTTP/1.1"));
        assert_eq!(String::from_utf8(arrived.body).unwrap(), body);
        // The test's own Host is another than the URL's.
        let sent: Vec<_> = arrived.headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(
            sent,
            [
                ("Host", "HERE"),
                ("X-First", "it's $(id) `id` \"quoted\" \\ !x"),
                ("x-empty", ""),
                ("X-First", "again \u{9b}ä"),
                ("Content-Type", "text/plain"),
                ("Content-Length", &body.len().to_string()),
            ]
        );
    }
}

#[test]
fn bytes_and_long_text_arrive_too() {
    let bytes: Vec<u8> = (0..=255).cycle().take(200_000).collect();
    let long = "it's ä\n".repeat(40_000);
    for (body, expected) in [
        (
            json!({"size": 200_000, "captured_size": 200_000, "base64": base64(&bytes), "complete": true}),
            bytes.clone(),
        ),
        (text(&long), long.into_bytes()),
        (text("a\0b"), b"a\0b".to_vec()),
    ] {
        let Some(arrived) = sent_again(|flow| {
            flow["request"]["method"] = "POST".into();
            flow["request"]["body"] = body;
        }) else {
            return;
        };
        assert!(arrived.body == expected, "{} of {}", arrived.body.len(), expected.len());
        let names: Vec<_> = arrived.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["Host", "User-Agent", "Content-Length"]);
    }
}

#[test]
fn a_body_of_nothing_is_sent_as_nothing() {
    let Some(arrived) = sent_again(|flow| {
        flow["request"]["method"] = "POST".into();
        flow["request"]["headers"] = json!([["accept-encoding", "gzip, br;q=0.5"], ["content-length", "0"]]);
    }) else {
        return;
    };
    assert_eq!(arrived.line, "POST / HTTP/1.1");
    let names: Vec<_> = arrived.headers.iter().map(|(name, _)| name.to_lowercase()).collect();
    assert_eq!(names, ["host", "accept-encoding", "content-length"]);
}

#[test]
fn what_can_not_be_sent_is_told_and_not_done() {
    let command = |change: &dyn Fn(&mut Value)| {
        let mut flow = flow(1, "GET", "http://a.test/", 200, 1, text(""));
        change(&mut flow);
        Flows::of(&[flow]).run("show", &["1", "--format", "curl"]).fine().stdout
    };
    let lines = |text: &str| text.lines().filter(|line| !line.starts_with('#')).count();
    for url in ["file:///etc/passwd", "-o/tmp/x", "a.test:443"] {
        assert_eq!(lines(&command(&|flow| flow["request"]["url"] = url.into())), 0, "{url}");
    }
    assert_eq!(lines(&command(&|flow| flow["request"]["method"] = "-K".into())), 3);
    assert_eq!(lines(&command(&|flow| flow["request"]["method"] = "A B".into())), 0);
    assert_eq!(lines(&command(&|flow| flow["kind"] = "tunnel".into())), 0);
    let headers = command(&|flow| {
        flow["request"]["headers"] = json!([["@/etc/passwd", ""], ["a", "b\r\nc: d"], ["ok", "1"]]);
    });
    assert_eq!(headers.matches("# left out, since it is no header").count(), 2, "{headers}");
    assert_eq!(headers.matches("--header").count(), 3, "{headers}");
}

#[test]
fn what_is_not_as_it_was_is_told_above() {
    let mut flow = flow(1, "POST", "http://a.test/", 200, 1, text(""));
    flow["request"]["headers"] = json!([["accept-encoding", "gzip"], ["authorization", "glyph-redacted-1"]]);
    flow["request"]["body"] = json!({"size": 900, "captured_size": 4, "utf8": "abcd", "complete": true,
        "content_encoding": ["gzip"], "charset": "windows-1252"});
    flow["redactions"] = json!([
        {"kind": "header", "place": "request.headers.authorization"},
        {"kind": "cookie", "place": "response.headers.set-cookie"},
    ]);
    let mut stored_by_digest = flow.clone();
    stored_by_digest["sequence"] = 2.into();
    stored_by_digest["request"]["body"] =
        json!({"size": 900, "captured_size": 900, "digest": "glyph-hmac-sha256-00", "complete": true});
    insta::assert_snapshot!(
        Flows::of(&[flow, stored_by_digest]).run("ls", &["--format", "curl"]).fine().stdout
    );
}
