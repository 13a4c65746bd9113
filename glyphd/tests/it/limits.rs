//! Nobody gets more than there is for one: of connections, of bytes in a head, of time. And what is no HTTP is a flow.

use std::time::Duration;

use glyph_formats::{Flow, flow::ErrorOrigin};
use glyphd::{
    capture::{Base, Limits, Mode},
    telemetry::name,
};
use http::Request;
use rustix::process::{Resource, Rlimit, getrlimit, prlimit};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::harness::{
    Client, DaemonProcess, FakeOrigin, RawClient, RawOrigin, Recorded, TestDaemon, client,
    frames::{HEADERS, PREFACE, next},
    records::attribute,
    secure::tunnel,
    told::{counted, until},
    within,
};

const SHORT: Duration = Duration::from_millis(200);

async fn limited(change: impl FnOnce(&mut Limits)) -> TestDaemon {
    TestDaemon::with(|config| change(&mut config.capture.limits)).await
}

/// The only flow failed so.
#[track_caller]
fn assert_failed<'a>(recorded: &'a Recorded, kind: &str, by: ErrorOrigin) -> &'a Flow {
    let flow = recorded.flow();
    let error = flow.error.as_ref().unwrap_or_else(|| panic!("no error: {flow:#?}"));
    assert_eq!((error.kind.as_str(), error.origin), (kind, by), "{error:?}");
    let span = recorded.span(flow.trace_id, name::CAPTURE_FLOW);
    assert_eq!(attribute(span, "error.type"), kind);
    flow
}

/// Sends that, and reads all that comes back.
async fn said(daemon: &TestDaemon, bytes: impl AsRef<[u8]>) -> String {
    let mut client = RawClient::connect(daemon.proxy()).await;
    client.write(bytes).await;
    String::from_utf8_lossy(&client.rest().await).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_http_is_refused_and_a_flow() {
    for (bytes, kind, status) in [
        ("\x01\x02garbage\r\n\r\n", "request_invalid", 400),
        ("GET http://a.test/ HTTP/9.9\r\n\r\n", "request_invalid", 400),
        ("GET http://a.test/ HTTP/1.1\r\nno colon\r\n\r\n", "request_invalid", 400),
        ("GET http://a.test/ HTTP/1.1\r\nX: a\0b\r\n\r\n", "request_invalid", 400),
        // Shapes with which one request is made to look like two.
        ("POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "request_invalid", 400),
        ("POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "request_invalid", 400),
        (
            "POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            "request_invalid",
            400,
        ),
        (
            "POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "request_invalid",
            400,
        ),
        ("GET http://a.test/ HTTP/1.1\r\nHost: a.test\r\nHost: b.test\r\n\r\n", "request_invalid", 400),
        (
            "POST http://a.test/ HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
            "request_invalid",
            400,
        ),
        ("POST http://a.test/ HTTP/1.1\r\nContent-Length: +1\r\n\r\nx", "request_invalid", 400),
        (
            "POST http://a.test/ HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            "request_invalid",
            400,
        ),
        (
            "POST http://a.test/ HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
            "request_invalid",
            400,
        ),
    ] {
        let daemon = TestDaemon::start().await;
        let answer = said(&daemon, bytes).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{bytes:?}: {answer:?}");
        let recorded = daemon.drain().await;
        assert_failed(&recorded, kind, ErrorOrigin::Client);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_speaks_no_http2_is_told_so() {
    let origin = RawOrigin::serving(|mut stream| async move {
        stream.read_exact(&mut [0; PREFACE.len()]).await.unwrap();
        next(&mut stream, HEADERS).await;
        let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        stream.read_to_end(&mut Vec::new()).await.ok();
    })
    .await;
    let base = Base::of(&origin.url("/")).unwrap();
    let daemon = TestDaemon::with(|config| config.capture.mode = Mode::Reverse(base)).await;
    let mut sender = client::http2(daemon.proxy()).await;
    let request = Request::get(format!("http://{}/", daemon.proxy())).body(client::empty()).unwrap();
    let answer = within("an answer", sender.send_request(request)).await.unwrap();
    assert_eq!(answer.status(), 502);
    drop((answer, sender));
    assert_failed(&daemon.drain().await, "upstream_invalid", ErrorOrigin::Upstream);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_with_two_lengths_ends_its_connection_and_reaches_the_upstream_as_one() {
    let origin = FakeOrigin::answering(|seen| crate::harness::text(seen.body.clone())).await;
    let daemon = TestDaemon::start().await;
    let url = origin.url("/");
    let answer = said(&daemon, format!("POST {url} HTTP/1.1\r\nHost: x\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\nGET {url}smuggled HTTP/1.1\r\nHost: x\r\n\r\n")).await;
    assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
    assert_eq!((origin.seen().len(), &origin.seen()[0].body[..]), (1, &b"a"[..]));
    assert_eq!(origin.seen()[0].header("content-length"), "");
    assert_eq!(daemon.drain().await.flows.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_frames_its_answer_wrongly_is_told_so() {
    for answer in [
        &b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab"[..],
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\nab",
        b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\nab",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
    ] {
        let origin = RawOrigin::answering(answer).await;
        let daemon = TestDaemon::start().await;
        let status = daemon.client().await.get(&origin.url("/")).await.status;
        assert_eq!(status, 502, "{}", String::from_utf8_lossy(answer));
        assert_failed(&daemon.drain().await, "upstream_invalid", ErrorOrigin::Upstream);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_with_two_lengths_reaches_the_client_whole_and_is_the_last_on_its_connection() {
    // Another request on the same connection gets no answer.
    let origin = RawOrigin::serving(|mut stream| async move {
        client::head(&mut stream).await;
        let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nabcdef\r\n0\r\n\r\n";
        stream.write_all(answer).await.unwrap();
        client::head(&mut stream).await;
    })
    .await;
    let daemon = TestDaemon::start().await;
    for _ in 0..2 {
        let answer = daemon.client().await.get(&origin.url("/")).await;
        assert_eq!((answer.status.as_u16(), &*answer.text()), (200, "abcdef"));
        assert_eq!(answer.headers.get("content-length"), None);
    }
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flows.len(), 2);
    for flow in &recorded.flows {
        assert_eq!(flow.error, None);
        assert_eq!(flow.response.as_ref().unwrap().body.utf8.as_deref(), Some("abcdef"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_length_that_is_told_again_is_told_once() {
    // It answers with what it was asked.
    let origin = RawOrigin::serving(|mut stream| async move {
        let head = client::head(&mut stream).await;
        assert_eq!(stream.read_u16().await.unwrap().to_be_bytes(), *b"ok");
        let length = head.len();
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}, {length}\r\n\r\n{head}");
        stream.write_all(answer.as_bytes()).await.unwrap();
    })
    .await;
    let daemon = TestDaemon::start().await;
    let url = origin.url("/");
    let lengths = "Content-Length: 2\r\nContent-Length: 2";
    let request = format!("POST {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{lengths}\r\n\r\nok");
    let said = said(&daemon, request).await.to_ascii_lowercase();
    let (answer, asked) = said.split_once("\r\n\r\n").unwrap();
    let length = |head: &str| {
        let lengths = head.lines().filter_map(|line| line.strip_prefix("content-length: "));
        lengths.map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(
        (length(asked), length(answer)),
        (vec!["2".to_owned()], vec![asked.len().to_string()]),
        "{said}"
    );
    assert!(daemon.drain().await.flows.iter().all(|flow| flow.error.is_none()));
}

#[tokio::test(flavor = "multi_thread")]
async fn heads_have_a_length() {
    let daemon = limited(|limits| limits.header_bytes = 10_000).await;
    let long = "y".repeat(20_000);
    let answer = said(&daemon, format!("GET http://a.test/ HTTP/1.1\r\nX: {long}\r\n\r\n")).await;
    assert!(answer.starts_with("HTTP/1.1 431 "), "{answer}");
    assert_failed(&daemon.drain().await, "head_too_large", ErrorOrigin::Client);

    let origin = RawOrigin::serving(move |mut stream| {
        let long = "y".repeat(20_000);
        async move {
            client::head(&mut stream).await;
            let answer = format!("HTTP/1.1 200 OK\r\nX: {long}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).await.ok();
        }
    })
    .await;
    let daemon = limited(|limits| limits.header_bytes = 10_000).await;
    assert_eq!(daemon.client().await.get(&origin.url("/")).await.status, 502);
    assert_failed(&daemon.drain().await, "upstream_invalid", ErrorOrigin::Upstream);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_does_not_come_to_its_end_is_not_waited_for() {
    let daemon = limited(|limits| limits.header_timeout = SHORT).await;
    said(&daemon, "GET http://a.test/ HTTP/1.1\r\nX: ").await;
    assert_failed(&daemon.drain().await, "head_timeout", ErrorOrigin::Client);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_only_quiet_is_let_go_without_a_word() {
    let origin = FakeOrigin::ok().await;
    let daemon = limited(|limits| (limits.header_timeout, limits.idle_timeout) = (SHORT, SHORT)).await;
    assert_eq!(said(&daemon, "").await, "");
    let answer = said(&daemon, format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", origin.url("/"))).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    assert_eq!(daemon.drain().await.flow().error, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_does_not_begin_to_answer_is_a_504() {
    let origin = RawOrigin::serving(|mut stream| async move {
        client::head(&mut stream).await;
        stream.read_u8().await.ok();
    })
    .await;
    let daemon = limited(|limits| limits.request_timeout = SHORT).await;
    assert_eq!(daemon.client().await.get(&origin.url("/")).await.status, 504);
    assert_failed(&daemon.drain().await, "upstream_timeout", ErrorOrigin::Upstream);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_upstreams_time_begins_when_it_has_the_whole_request() {
    let origin = RawOrigin::serving(|mut stream| async move {
        client::head(&mut stream).await;
        let mut body = [0; 10];
        stream.read_exact(&mut body).await.unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    })
    .await;
    let daemon = limited(|limits| limits.request_timeout = SHORT).await;
    let mut client = RawClient::connect(daemon.proxy()).await;
    client.write(format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\n", origin.url("/"))).await;
    // A byte now and then, for longer than that.
    let mut ticks = tokio::time::interval(SHORT / 4);
    for _ in 0..10 {
        ticks.tick().await;
        client.write("x").await;
    }
    assert!(client.head().await.starts_with("HTTP/1.1 200 "));
    drop(client);
    assert_eq!(daemon.drain().await.flow().error, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_stands_still_is_given_up_and_it_is_told_who_did() {
    // The upstream, within its body.
    let origin = RawOrigin::serving(|mut stream| async move {
        client::head(&mut stream).await;
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf").await.unwrap();
        stream.read_u8().await.ok();
    })
    .await;
    let daemon = limited(|limits| limits.idle_timeout = SHORT).await;
    let answer = said(&daemon, format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", origin.url("/"))).await;
    assert!(answer.ends_with("half"), "{answer}");
    let recorded = daemon.drain().await;
    let error = recorded.flow().error.clone().unwrap();
    assert!(["upstream_stalled", "client_gone"].contains(&error.kind.as_str()), "{error:?}");

    // The client, within its body.
    let origin = RawOrigin::serving(|mut stream| async move {
        client::head(&mut stream).await;
        while stream.read_u8().await.is_ok() {}
    })
    .await;
    let daemon = limited(|limits| limits.idle_timeout = SHORT).await;
    said(&daemon, format!("POST {} HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf", origin.url("/")))
        .await;
    assert_failed(&daemon.drain().await, "client_stalled", ErrorOrigin::Client);

    // A tunnel.
    let origin = RawOrigin::serving(|mut stream| async move {
        stream.read_u8().await.ok();
    })
    .await;
    let daemon = limited(|limits| limits.idle_timeout = SHORT).await;
    let mut client = tunnel(daemon.proxy(), &origin.address().to_string()).await;
    client.rest().await;
    assert_failed(&daemon.drain().await, "tunnel_broken", ErrorOrigin::Upstream);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_closes_its_side_before_its_answer_is_taken_to_have_gone() {
    let origin = RawOrigin::serving(|mut stream| async move {
        client::head(&mut stream).await;
        stream.read_u8().await.ok();
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut client = RawClient::connect(daemon.proxy()).await;
    client.write(format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", origin.url("/"))).await;
    client.stream.shutdown().await.unwrap();
    assert_eq!(client.rest().await, b"");
    assert_failed(&daemon.drain().await, "client_gone", ErrorOrigin::Client);
}

#[tokio::test(flavor = "multi_thread")]
async fn where_the_system_has_no_more_sockets_clients_wait_until_it_has() {
    let origin = FakeOrigin::ok().await;
    let mut daemon = DaemonProcess::start::<&str>([]).await;
    let open = std::fs::read_dir(format!("/proc/{}/fd", daemon.pid().as_raw_nonzero())).unwrap().count();
    let maximum = getrlimit(Resource::Nofile).maximum;
    let few = Rlimit { current: Some(open as u64 + 10), maximum };
    prlimit(Some(daemon.pid()), Resource::Nofile, few).unwrap();
    let mut held = Vec::new();
    for _ in 0..20 {
        held.push(RawClient::connect(daemon.proxy).await);
    }
    daemon.line("a connection could not be accepted").await;
    let mut waits = Client::connect(daemon.proxy).await;
    drop(held);
    assert_eq!(waits.get(&origin.url("/")).await.text(), "ok");
    drop(waits);
    assert_eq!(daemon.stop().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn beyond_loopback_it_listens_for_who_has_a_password_or_as_a_reverse_proxy() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("auth");
    std::fs::write(&file, "joe:s3cr3t-s3cr3t\n").unwrap();
    let auth = format!("@{}", file.display());
    for more in [&["--proxy-auth", &auth][..], &["--allow-open-proxy"], &["--reverse", "http://127.0.0.1:1"]]
    {
        let args: Vec<_> = ["--proxy-addr", "0.0.0.0:0"].iter().chain(more).copied().collect();
        let daemon = DaemonProcess::start(args).await;
        // Whoever asks by another of the machine's addresses is told the same.
        let own = format!("http://127.0.0.2:{}/", daemon.proxy.port());
        let address = std::net::SocketAddr::from(([127, 0, 0, 1], daemon.proxy.port()));
        let status = Client::connect(address).await.get(&own).await.status.as_u16();
        assert_eq!(
            status,
            if more.len() == 1 {
                508
            } else if more[0] == "--reverse" {
                502
            } else {
                407
            }
        );
        daemon.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_beyond_the_limit_wait_until_one_has_closed() {
    let origin = FakeOrigin::ok().await;
    let daemon = limited(|limits| limits.connections = 2).await;
    let place = origin.address().to_string();
    // A tunnel takes a place, as long as it is open.
    let tunnelled = tunnel(daemon.proxy(), &place).await;
    let mut second = daemon.client().await;
    assert_eq!(second.get(&origin.url("/a")).await.status, 200);
    let mut third = RawClient::connect(daemon.proxy()).await;
    third.write(format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", origin.url("/b"))).await;
    assert_eq!(second.get(&origin.url("/c")).await.status, 200);
    assert_eq!(counted(daemon.metrics(), "glyph_connections", &[]).await.to_bits(), 2f64.to_bits());
    assert_eq!(origin.seen().len(), 2, "the third waits");
    drop(tunnelled);
    assert!(third.head().await.starts_with("HTTP/1.1 200 "));
    drop((second, third));
    until("all are gone", async || counted(daemon.metrics(), "glyph_connections", &[]).await < 1.0).await;
    within("the end", daemon.drain()).await;
}
