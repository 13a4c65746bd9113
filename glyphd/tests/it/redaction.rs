//! What is secret reaches the upstream, and nothing that Glyph writes.

use std::{fs, path::Path};

use glyph_formats::{Flow, recording::FLOWS};
use http::Response;

use crate::harness::{
    DaemonProcess, FakeOrigin, PluginsDir, RawClient, RawOrigin, TestDaemon, client::empty, origin, records,
};

/// The values that must not be found again. Each has this in it.
const MARK: &str = "s3cr3t";

fn files(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        files.push((path.display().to_string(), fs::read(&path).unwrap()));
    }
    files
}

#[track_caller]
fn assert_without_secrets(what: &str, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(at) = text.find(MARK) {
        let start = (0..=at.saturating_sub(80)).rev().find(|i| text.is_char_boundary(*i)).unwrap();
        panic!("a secret in {what}: …{}…", text[start..].chars().take(160).collect::<String>());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_is_in_any_file_or_log_line_but_all_of_them_reach_the_upstream() {
    let origin = FakeOrigin::answering(|_| {
        let headers = [
            ("set-cookie", "sid=s3cr3t-a; Path=/; HttpOnly"),
            ("set-cookie", "other=s3cr3t-b"),
            ("location", "http://joe:s3cr3t-c@next.test/?code=1&access_token=s3cr3t-d#id_token=s3cr3t-e&x=1"),
            ("x-auth-token", "s3cr3t-f"),
            ("content-type", "text/html"),
        ];
        let response = headers.iter().fold(Response::builder(), |r, (name, value)| r.header(*name, *value));
        response.body(empty()).unwrap()
    })
    .await;
    let tunnelled = RawOrigin::answering(b"").await;
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("recording");
    let plugins = PluginsDir::new();
    plugins.passive_headers();
    // As much of the log as there can be.
    let mut args = vec!["--log".to_owned(), "trace".to_owned(), "--record".to_owned()];
    args.push(recording.display().to_string());
    args.extend(["--plugins-dir".to_owned(), plugins.path().display().to_string()]);
    let mut daemon = DaemonProcess::start(args).await;
    daemon.line("a plugin is connected").await;

    let mut client = daemon.client().await;
    let url = format!(
        "http://joe:s3cr3t-g@{}/path?page=2&api_key=s3cr3t-h&X-Amz-Signature=s3cr3t-i",
        origin.address()
    );
    let headers = [
        ("authorization", "Bearer s3cr3t-j"),
        ("cookie", "sid=s3cr3t-a; theme=s3cr3t-k"),
        ("x-api-key", "s3cr3t-l"),
        ("proxy-authorization", "Basic s3cr3t-m"),
        ("referer", "http://before.test/?token=s3cr3t-n"),
    ];
    let proxy = daemon.proxy;
    let traffic = async {
        let answer = client.get_with(&url, &headers).await;
        assert_eq!(answer.headers["x-auth-token"], "s3cr3t-f", "the client gets the real ones");
        client.get_with(&url, &headers).await;
        // The ways of failing and tunnelling write log lines of their own.
        let nobody = origin::nobody().await;
        client.get(&format!("http://joe:s3cr3t-o@{nobody}/?token=s3cr3t-p")).await;
        let mut raw = RawClient::connect(proxy).await;
        raw.write("GET /origin-form?password=s3cr3t-q HTTP/1.1\r\nHost: x\r\n\r\n").await;
        raw.head().await;
        for target in [tunnelled.address(), nobody] {
            let mut raw = RawClient::connect(proxy).await;
            raw.write(format!("CONNECT joe:s3cr3t-r@{target} HTTP/1.1\r\nHost: {target}\r\n\r\n")).await;
            raw.head().await;
        }
    };
    daemon.meanwhile(traffic).await;
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0));

    assert_without_secrets("the log", ended.stderr.as_bytes());
    let files = files(&recording);
    let names: Vec<_> = files.iter().map(|(path, _)| path).collect();
    assert_eq!(files.len(), 6, "flows, traces, findings, audit, metrics.om, recording.json: {names:?}");
    for (path, bytes) in &files {
        assert!(!bytes.is_empty(), "{path} is empty");
        assert_without_secrets(path, bytes);
    }

    let seen = &origin.seen()[0];
    assert_eq!(seen.target.to_string(), "/path?page=2&api_key=s3cr3t-h&X-Amz-Signature=s3cr3t-i");
    for (name, value) in &headers[..3] {
        assert_eq!(seen.header(name), *value);
    }

    let flows: Vec<Flow> = records::lines(&recording.join(FLOWS));
    assert_eq!(flows.len(), 6);
    assert_eq!(flows[0].request.url, flows[1].request.url, "equal secrets give equal tokens");
    assert_eq!(flows[0].request.headers, flows[1].request.headers);
    let header =
        |headers: &[(String, String)], name: &str| headers.iter().find(|(n, _)| n == name).unwrap().1.clone();
    let cookie = header(&flows[0].request.headers, "cookie");
    let set_cookie = header(&flows[0].response.as_ref().unwrap().headers, "set-cookie");
    let token = |text: &str| text.split([';', '=']).nth(1).unwrap().to_owned();
    assert!(token(&cookie).starts_with("glyph-redacted-"), "{cookie}");
    assert_eq!(token(&cookie), token(&set_cookie), "in whatever header they stand");
    assert_ne!(cookie.rsplit('=').next().unwrap(), token(&cookie), "and others give others");
    let places: Vec<_> = flows[0].redactions.iter().map(|r| r.place.as_str()).collect();
    for place in [
        "request.url",
        "request.query.api_key",
        "request.query.X-Amz-Signature",
        "request.headers.authorization",
        "request.headers.cookie",
        "request.headers.x-api-key",
        "response.headers.set-cookie",
        "response.headers.x-auth-token",
    ] {
        assert!(places.contains(&place), "{place}: {places:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_are_headers_too() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::start().await;
    let mut raw = RawClient::connect(daemon.proxy()).await;
    raw.write(format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTrailer: x-api-key\r\n\r\n\
         0\r\nx-api-key: s3cr3t\r\n\r\n",
        origin.url("/")
    ))
    .await;
    assert!(raw.head().await.starts_with("HTTP/1.1 200 "));
    let recorded = daemon.drain().await;
    assert_eq!(origin.seen()[0].trailers.as_ref().unwrap()["x-api-key"], "s3cr3t");
    let (name, value) = &recorded.flow().request.trailers[0];
    assert!(name == "x-api-key" && value.starts_with("glyph-redacted-"), "{value}");
}
