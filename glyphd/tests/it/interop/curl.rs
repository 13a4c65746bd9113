//! curl, with whatever it is told about the proxy and its CA.

use glyph_formats::flow::{ErrorOrigin, FlowKind};
use glyphd::{Config, capture::Credentials};

use super::{BOTH, HOST, HTTP1, Stage, body, client, ended, fine, plain, said};
use crate::harness::{Ended, RawOrigin, TestDaemon};

/// Several MB, since curl does not wait for `100 Continue` with less than one.
const UPLOAD: usize = 5 << 20;

/// curl through that proxy; none if it is missing.
async fn curl(proxy: &str, args: &[&str]) -> Option<Ended> {
    let mut command = client("curl");
    command.args(["-q", "--silent", "--show-error", "--max-time", "20", "--proxy", proxy]).args(args);
    ended("curl", command).await
}

/// curl that trusts the stage's CA.
async fn trusting(stage: &Stage, args: &[&str]) -> Option<Ended> {
    let mut all = vec!["--cacert", stage.ca.to_str().unwrap()];
    all.extend(args);
    curl(&stage.proxy(), &all).await
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_http_is_asked_of_the_proxy_or_through_a_tunnel() {
    for tunnel in [false, true] {
        let (stage, origin) = (Stage::new().await, plain().await);
        let url = origin.url("/a");
        let args = if tunnel { vec!["--proxytunnel", &url] } else { vec![&*url] };
        let Some(ended) = curl(&stage.proxy(), &args).await else { return };
        assert_eq!(fine(ended), "HTTP/1.1 GET /a");
        let recorded = stage.drain().await;
        assert_eq!(said(recorded.flow()), ("GET", &*url, "HTTP/1.1", 200), "tunnel: {tunnel}");
        assert_eq!(body(recorded.flow()), "HTTP/1.1 GET /a");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn https_is_looked_into_in_both_versions() {
    for (asked, offered, version, number) in [
        ("--http1.1", BOTH, "HTTP/1.1", "1.1"),
        ("--http2", BOTH, "HTTP/2", "2"),
        ("--http2", HTTP1, "HTTP/1.1", "1.1"),
    ] {
        let stage = Stage::new().await;
        let origin = stage.secure(offered).await;
        let url = |path: &str| format!("https://{HOST}:{}{path}", origin.port());
        let (a, b) = (url("/a"), url("/b"));
        let args = [asked, "--write-out", " %{http_version} %{response_code}\n", &a, &b];
        let Some(ended) = trusting(&stage, &args).await else { return };
        let seen = if version == "HTTP/2" { "HTTP/2.0" } else { version };
        let printed = format!("{seen} GET /a {number} 200\n{seen} GET /b {number} 200\n");
        assert_eq!(fine(ended), printed, "{asked}");
        assert_eq!(origin.connections(), 1);
        let recorded = stage.drain().await;
        assert_eq!(recorded.flows.len(), 2);
        for (flow, url) in recorded.flows.iter().zip([&a, &b]) {
            assert_eq!(said(flow), ("GET", &**url, version, 200));
            assert!(body(flow).starts_with(seen), "{flow:#?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ca_that_curl_does_not_trust_is_its_error_60_and_a_flow() {
    let stage = Stage::new().await;
    let origin = stage.secure(BOTH).await;
    let url = format!("https://{HOST}:{}/", origin.port());
    let Some(ended) = curl(&stage.proxy(), &[&url]).await else { return };
    assert_eq!(ended.code, Some(60), "{}", ended.stderr);
    let recorded = stage.drain().await;
    let flow = recorded.flow();
    let error = flow.error.as_ref().unwrap();
    assert_eq!((error.kind.as_str(), error.origin), ("client_tls", ErrorOrigin::Client), "{error:?}");
    assert!(error.message.contains(HOST), "{error:?}");
    assert_eq!((flow.kind, &*flow.request.url), (FlowKind::Tunnel, &*format!("{HOST}:{}", origin.port())));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_proxy_that_knows_its_clients_is_told_by_proxy_user() {
    let origin = plain().await;
    let auth = |config: &mut Config| config.capture.proxy_auth = Some(Credentials::of("joe:s3cret").unwrap());
    let daemon = TestDaemon::with(auth).await;
    let proxy = format!("http://{}", daemon.proxy());
    let url = origin.url("/a");
    let status = ["--write-out", " %{response_code}", &url];
    let Some(ended) = curl(&proxy, &status).await else { return };
    assert!(fine(ended).ends_with(" 407"));
    let known = [&["--proxy-user", "joe:s3cret"], &status[..]].concat();
    assert_eq!(fine(curl(&proxy, &known).await.unwrap()), "HTTP/1.1 GET /a 200");
    // Asked for first, and then told: what curl does if it is to find out how.
    let found_out = [&["--proxy-anyauth", "--proxy-user", "joe:s3cret"], &status[..]].concat();
    assert_eq!(fine(curl(&proxy, &found_out).await.unwrap()), "HTTP/1.1 GET /a 200");
    let tunnel = [&["--proxytunnel", "--proxy-user", "joe:wrong"], &status[..]].concat();
    assert_eq!(curl(&proxy, &tunnel).await.unwrap().code, Some(56), "no tunnel");
    let recorded = daemon.drain().await;
    let kinds: Vec<_> = recorded.flows.iter().map(|f| f.error.as_ref().map(|e| e.kind.as_str())).collect();
    let refused = Some("proxy_auth");
    assert_eq!(kinds, [refused, None, refused, None, refused]);
    assert!(!serde_json::to_string(&recorded.flows).unwrap().contains("s3cret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_waits_for_the_go_ahead_and_arrives_whole() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("upload");
    std::fs::write(&file, vec![7; UPLOAD]).unwrap();
    let data = format!("@{}", file.display());
    let arrived = format!("{UPLOAD} bytes, sum {}", 7 * UPLOAD);
    for over in ["http", "--http1.1", "--http2"] {
        let stage = Stage::new().await;
        let (open, secure) = (plain().await, stage.secure(BOTH).await);
        let url = match over {
            "http" => open.url("/upload"),
            _ => format!("https://{HOST}:{}/upload", secure.port()),
        };
        let version = if over == "http" { "--http1.1" } else { over };
        let mut args = vec![version, "--verbose", "--header", "Expect: 100-continue", "--data-binary", &data];
        args.extend(["--header", "Content-Type: application/octet-stream", &url]);
        // In HTTP/2 nobody says so, and curl goes ahead after a second.
        if version == "--http1.1" {
            args.extend(["--expect100-timeout", "30"]);
        }
        let Some(ended) = trusting(&stage, &args).await else { return };
        if version == "--http1.1" {
            assert!(ended.stderr.contains("< HTTP/1.1 100 Continue"), "{over}: {}", ended.stderr);
        }
        assert_eq!(fine(ended), arrived, "{over}");
        let recorded = stage.drain().await;
        let flow = recorded.flow();
        assert_eq!((said(flow).3, flow.request.body.size), (200, UPLOAD as u64), "{over}");
        assert!(flow.request.body.is_partial() && flow.request.body.captured_size < 1 << 20);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_no_body_gets_no_length_that_nobody_gave() {
    for version in ["http", "--http1.1", "--http2"] {
        let stage = Stage::new().await;
        let (open, secure) = (plain().await, stage.secure(BOTH).await);
        for (args, path, status, length) in [
            (&["--head"][..], "/sized", 200, Some("1234")),
            (&["--include"], "/none", 204, None),
            (&["--include"], "/same", 304, None),
        ] {
            let url = match version {
                "http" => open.url(path),
                _ => format!("https://{HOST}:{}{path}", secure.port()),
            };
            let protocol = if version == "http" { "--http1.1" } else { version };
            let args = [args, &["--suppress-connect-headers", protocol, &url]].concat();
            let Some(ended) = trusting(&stage, &args).await else { return };
            let head = fine(ended).to_lowercase();
            assert!(head.lines().next().unwrap().contains(&status.to_string()), "{head}");
            let given = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            assert_eq!(given, length, "{version} {path}: {head}");
            assert!(!head.contains("transfer-encoding"), "{version} {path}: {head}");
        }
        let recorded = stage.drain().await;
        let seen: Vec<_> = recorded.flows.iter().map(|flow| (said(flow).0, said(flow).3)).collect();
        assert_eq!(seen, [("HEAD", 200), ("GET", 204), ("GET", 304)]);
    }
}

/// A server of few words says nothing of a length, and so does the proxy.
#[tokio::test(flavor = "multi_thread")]
async fn a_head_without_a_length_stays_without() {
    let stage = Stage::new().await;
    let origin = RawOrigin::answering(b"HTTP/1.1 200 OK\r\nX-Few: words\r\n\r\n").await;
    let Some(ended) = curl(&stage.proxy(), &["--head", &origin.url("/")]).await else { return };
    let printed = fine(ended).to_lowercase();
    assert!(printed.contains("x-few: words") && !printed.contains("content-length"), "{printed}");
    assert_eq!(said(stage.drain().await.flow()).3, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_come_through() {
    for version in ["http", "--http1.1", "--http2"] {
        let stage = Stage::new().await;
        let (open, secure) = (plain().await, stage.secure(BOTH).await);
        let url = match version {
            "http" => open.url("/trailers"),
            _ => format!("https://{HOST}:{}/trailers", secure.port()),
        };
        let protocol = if version == "http" { "--http1.1" } else { version };
        let args = ["--header", "TE: trailers", "--dump-header", "-", protocol, &url];
        let Some(ended) = trusting(&stage, &args).await else { return };
        let printed = fine(ended);
        assert!(printed.contains("body") && printed.contains("x-sum: 42"), "{version}: {printed}");
        assert_eq!(body(stage.drain().await.flow()), "body");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compressed_answers_stay_compressed_and_are_recorded_as_text() {
    let stage = Stage::new().await;
    let origin = stage.secure(BOTH).await;
    let url = format!("https://{HOST}:{}/gzip", origin.port());
    let Some(ended) = trusting(&stage, &["--compressed", &url]).await else { return };
    assert_eq!(fine(ended), "compressed, and read again");
    let recorded = stage.drain().await;
    let flow = recorded.flow();
    assert_eq!(body(flow), "compressed, and read again");
    let asked = flow.request.headers.iter().find(|(name, _)| name == "accept-encoding").unwrap();
    assert!(asked.1.contains("gzip"), "{asked:?}");
}
