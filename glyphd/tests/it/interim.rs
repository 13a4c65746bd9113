//! Interim answers (1xx) pass to clients over HTTP/1.1, at once and before the final one.

use std::sync::Arc;

use tokio::{io::AsyncWriteExt, sync::Notify};

use crate::harness::{RawClient, RawOrigin, TestDaemon, client};

const HINTS: &str =
    "HTTP/1.1 103 Early Hints\r\nLink: </style.css>; rel=preload\r\nConnection: x-own\r\nX-Own: 1\r\n\r\n";
const PASSED: &str = "HTTP/1.1 103 Early Hints\r\nlink: </style.css>; rel=preload\r\n\r\n";
const FINAL: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Answers each request on a connection with interim answers, and with the final one when it is let go on.
async fn hinting(go_on: Arc<Notify>) -> RawOrigin {
    RawOrigin::serving(move |mut stream| {
        let go_on = Arc::clone(&go_on);
        async move {
            while client::head(&mut stream).await.ends_with("\r\n\r\n") {
                stream.write_all(b"HTTP/1.1 102 Processing\r\n\r\n").await.unwrap();
                stream.write_all(HINTS.as_bytes()).await.unwrap();
                go_on.notified().await;
                stream.write_all(FINAL.as_bytes()).await.unwrap();
            }
        }
    })
    .await
}

async fn answered(raw: &mut RawClient, go_on: &Notify) {
    assert_eq!(raw.head().await, "HTTP/1.1 102 Processing\r\n\r\n");
    assert_eq!(raw.head().await, PASSED);
    // The origin has not answered yet.
    go_on.notify_one();
    let head = raw.head().await.to_lowercase();
    assert!(head.starts_with("http/1.1 200 ok\r\n") && !head.contains("link"), "{head}");
    assert_eq!(raw.exactly(2).await, b"ok");
}

#[tokio::test(flavor = "multi_thread")]
async fn interim_answers_come_while_the_final_one_is_waited_for() {
    let go_on = Arc::new(Notify::new());
    let origin = hinting(Arc::clone(&go_on)).await;
    let daemon =
        TestDaemon::with(|config| config.capture.ca = Some(glyphd::capture::Ca::InDir(ca_dir(config)))).await;
    let mut raw = RawClient::connect(daemon.proxy()).await;
    for path in ["/1", "/2"] {
        raw.write(format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", origin.url(path))).await;
        answered(&mut raw, &go_on).await;
    }
    // In a tunnel that is looked into, too.
    let mut tunnel = RawClient::connect(daemon.proxy()).await;
    let address = origin.address();
    tunnel.write(format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n")).await;
    assert!(tunnel.head().await.starts_with("HTTP/1.1 200 "));
    tunnel.write(format!("GET /3 HTTP/1.1\r\nHost: {address}\r\n\r\n")).await;
    answered(&mut tunnel, &go_on).await;
    drop((raw, tunnel));
    let flows = daemon.drain().await.flows;
    let answered = |path: &str| {
        let flow = flows.iter().find(|flow| flow.request.url.ends_with(path)).unwrap();
        flow.response.as_ref().map(|response| response.status)
    };
    assert_eq!(["/1", "/2", "/3"].map(answered), [Some(200); 3]);
}

/// In the recording's folder, which ends with the test.
fn ca_dir(config: &glyphd::Config) -> std::path::PathBuf {
    config.record.as_ref().unwrap().with_file_name("glyph-ca")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_interim_answer_that_comes_with_the_final_one_comes_before_it() {
    let origin = RawOrigin::serving(|mut stream| async move {
        while client::head(&mut stream).await.ends_with("\r\n\r\n") {
            stream.write_all(format!("{HINTS}{FINAL}").as_bytes()).await.unwrap();
        }
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut raw = RawClient::connect(daemon.proxy()).await;
    // Both at once: what belongs to the second is not to stand in the middle of the first's answer.
    let asked = format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", origin.url("/"));
    raw.write(asked.repeat(2)).await;
    for _ in 0..2 {
        assert_eq!(raw.head().await, PASSED);
        assert!(raw.head().await.starts_with("HTTP/1.1 200 OK\r\n"));
        assert_eq!(raw.exactly(2).await, b"ok");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_may_not_get_them_gets_the_final_answer_alone() {
    let go_on = Arc::new(Notify::new());
    let origin = hinting(Arc::clone(&go_on)).await;
    let daemon = TestDaemon::start().await;
    go_on.notify_one();
    let mut raw = RawClient::connect(daemon.proxy()).await;
    raw.write(format!("GET {} HTTP/1.0\r\nHost: x\r\n\r\n", origin.url("/"))).await;
    let rest = String::from_utf8(raw.rest().await).unwrap();
    assert!(rest.starts_with("HTTP/1.0 200 OK\r\n") && rest.ends_with("\r\n\r\nok"), "{rest}");
}
