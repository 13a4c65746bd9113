//! Requests and answers pass the proxy unchanged, but for what concerns one connection; and are recorded.

use bytes::Bytes;
use glyph_formats::flow::FlowKind;
use http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use tokio::{io::AsyncWriteExt, sync::mpsc, task::JoinSet};
use tokio_stream::wrappers::ReceiverStream;

use crate::harness::{
    FakeOrigin, RawClient, RawOrigin, TestDaemon,
    client::{self, Body},
    text, within,
};

/// Bytes that compress badly and are no text.
fn noise(length: usize) -> Bytes {
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(length).collect()
}

/// A body, and what feeds it.
fn stream() -> (mpsc::Sender<Frame<Bytes>>, Body) {
    let (feed, frames) = mpsc::channel::<Frame<Bytes>>(4);
    let frames = tokio_stream::StreamExt::map(ReceiverStream::new(frames), Ok);
    (feed, BodyExt::boxed(StreamBody::new(frames)))
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_pass_to_the_byte_and_are_recorded_up_to_the_limit() {
    let origin = FakeOrigin::answering(|seen| text(seen.body.clone())).await;
    let daemon = TestDaemon::with(|config| config.max_body_bytes = 2_000).await;
    let mut client = daemon.client().await;
    let sizes = [0, 1_000, 2_000, 2_001, 5 << 20];
    for size in sizes {
        let request = Request::post(origin.url("/echo")).body(client::full(noise(size))).unwrap();
        let answer = client.ask(request).await;
        assert_eq!(answer.status, 200);
        assert!(answer.body == noise(size), "{size} bytes came back changed");
    }
    for (seen, size) in origin.seen().iter().zip(sizes) {
        assert!(seen.body == noise(size), "{size} bytes went there changed");
        assert!(size == 0 || seen.header("content-length") == size.to_string());
    }
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flows.len(), sizes.len());
    for (flow, size) in recorded.flows.iter().zip(sizes) {
        for body in [&flow.request.body, &flow.response.as_ref().unwrap().body] {
            assert_eq!((body.size, body.captured_size), (size as u64, size.min(2_000) as u64));
            assert!(body.complete);
            assert_eq!((&body.utf8, &body.base64, &body.sha256), (&None, &None, &None), "noise is no text");
            let digest = body.digest.as_deref().unwrap_or_default();
            assert_eq!(digest.starts_with("glyph-hmac-sha256-"), size > 0, "{digest}");
        }
        assert_eq!(flow.error, None);
        assert!(flow.end_time_unix_nano >= flow.start_time_unix_nano);
        let timings = flow.timings;
        assert!(timings.first_byte_ns <= timings.response_sent_ns, "{timings:?}");
        assert!(timings.request_sent_ns.is_some(), "{timings:?}");
    }
    assert!(recorded.flows[0].timings.connected_ns.is_some(), "the first one made the connection");
    assert_eq!(recorded.flows[1].timings.connected_ns, None, "the second one found it");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_streams_through_before_its_end_is_known() {
    let (feed, body) = stream();
    let body = std::sync::Mutex::new(Some(body));
    let body = std::sync::Arc::new(body);
    let origin = FakeOrigin::serving(move |_| {
        let body = body.lock().unwrap().take().unwrap();
        async move { Response::new(body) }
    })
    .await;
    let daemon = TestDaemon::start().await;
    let request = Request::get(origin.url("/stream")).body(client::empty()).unwrap();
    let mut answer = daemon.client().await.send(request).await.unwrap();
    for part in ["one", "two"] {
        // The origin sends on only when the client has what was sent before.
        feed.send(Frame::data(part.into())).await.unwrap();
        let frame = within("the part", answer.frame()).await.unwrap().unwrap();
        assert_eq!(frame.into_data().unwrap(), part);
    }
    drop(feed);
    assert!(within("the end", answer.frame()).await.is_none());
    let recorded = daemon.drain().await;
    let body = &recorded.flow().response.as_ref().unwrap().body;
    assert_eq!((body.utf8.as_deref(), body.complete), (Some("onetwo"), true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_streams_through_before_its_end_is_known() {
    let (tell, mut parts) = mpsc::channel(4);
    let origin = FakeOrigin::serving(move |request| {
        let tell = tell.clone();
        async move {
            let mut body = request.into_body();
            while let Some(Ok(frame)) = body.frame().await {
                tell.send(frame.into_data().unwrap()).await.unwrap();
            }
            text("done")
        }
    })
    .await;
    let daemon = TestDaemon::start().await;
    let (feed, body) = stream();
    let mut client = daemon.client().await;
    let request = Request::put(origin.url("/upload")).body(body).unwrap();
    let answer = tokio::spawn(async move { client.ask(request).await });
    for part in ["one", "two"] {
        feed.send(Frame::data(part.into())).await.unwrap();
        assert_eq!(within("the part", parts.recv()).await.unwrap(), part);
    }
    drop(feed);
    assert_eq!(within("the answer", answer).await.unwrap().text(), "done");
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flow().request.body.utf8.as_deref(), Some("onetwo"));
}

#[tokio::test(flavor = "multi_thread")]
async fn trailers_pass_both_ways_and_are_recorded() {
    let origin = FakeOrigin::serving(|request| async move {
        let got = request.into_body().collect().await.unwrap();
        let (feed, body) = stream();
        let echoed = got.trailers().and_then(|t| t.get("x-sum")).cloned();
        tokio::spawn(async move {
            feed.send(Frame::data("body".into())).await.unwrap();
            let value = echoed.unwrap_or_else(|| HeaderValue::from_static("none came"));
            let trailers = HeaderMap::from_iter([("x-sum".parse().unwrap(), value)]);
            feed.send(Frame::trailers(trailers)).await.unwrap();
        });
        Response::builder().header("trailer", "x-sum").body(body).unwrap()
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut raw = RawClient::connect(daemon.proxy()).await;
    raw.write(format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nTE: trailers\r\nConnection: TE, close\r\nTrailer: x-sum\r\n\
         Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\nx-sum: 42\r\n\r\n",
        origin.url("/")
    ))
    .await;
    let answer = String::from_utf8(raw.rest().await).unwrap();
    assert!(answer.contains("4\r\nbody\r\n0\r\nx-sum: 42\r\n\r\n"), "{answer}");
    let recorded = daemon.drain().await;
    let want = [("x-sum".to_owned(), "42".to_owned())];
    assert_eq!(recorded.flow().request.trailers, want);
    assert_eq!(recorded.flow().response.as_ref().unwrap().trailers, want);
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_without_a_body_have_none() {
    let origin = FakeOrigin::answering(|seen| match seen.method {
        Method::HEAD => Response::builder().header("content-length", "1234").body(client::empty()).unwrap(),
        _ => Response::builder().status(204).body(client::empty()).unwrap(),
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut client = daemon.client().await;
    let head = client.request(Method::HEAD, &origin.url("/a")).await;
    assert_eq!((head.status, head.body.len()), (StatusCode::OK, 0));
    assert_eq!(head.headers["content-length"], "1234");
    let delete = client.request(Method::DELETE, &origin.url("/b")).await;
    assert_eq!((delete.status, delete.body.len()), (StatusCode::NO_CONTENT, 0));
    let recorded = daemon.drain().await;
    for (flow, status) in recorded.flows.iter().zip([200, 204]) {
        let response = flow.response.as_ref().unwrap();
        assert_eq!((response.status, response.body.size, response.body.complete), (status, 0, true));
        assert_eq!(flow.error, None);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_concerns_one_connection_is_not_passed_on_and_the_rest_keeps_its_case() {
    let (tell, mut heads) = mpsc::channel(1);
    let origin = RawOrigin::serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            tell.send(client::head(&mut stream).await).await.unwrap();
            let answer = b"HTTP/1.1 200 OK\r\nX-UPPER-lower: 1\r\nConnection: X-Hop\r\nX-Hop: 1\r\n\
                           Keep-Alive: timeout=5\r\nContent-Length: 2\r\n\r\nok";
            stream.write_all(answer).await.unwrap();
        }
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut raw = RawClient::connect(daemon.proxy()).await;
    raw.write(format!(
        "GET {} HTTP/1.1\r\nHost: elsewhere.test\r\nX-MiXed-CASE: yes\r\nConnection: close, X-Mine\r\n\
         X-Mine: 1\r\nProxy-Connection: keep-alive\r\nProxy-Authorization: Basic czNjcmV0\r\n\
         Keep-Alive: timeout=5\r\nUpgrade: websocket\r\nTE: gzip\r\n\r\n",
        origin.url("/path?q=1")
    ))
    .await;
    let request = within("the request", heads.recv()).await.unwrap();
    assert!(request.starts_with("GET /path?q=1 HTTP/1.1\r\n"), "the origin gets its own form: {request}");
    assert!(request.contains("\r\nX-MiXed-CASE: yes\r\n"), "{request}");
    let lower = request.to_ascii_lowercase();
    assert!(lower.contains(&format!("\r\nhost: {}\r\n", origin.address())), "{request}");
    for gone in ["elsewhere", "x-mine", "proxy-", "keep-alive", "upgrade", "te: gzip", "connection"] {
        assert!(!lower.contains(gone), "{gone}: {request}");
    }
    let answer = String::from_utf8(raw.rest().await).unwrap();
    assert!(answer.contains("\r\nX-UPPER-lower: 1\r\n") && answer.ends_with("\r\n\r\nok"), "{answer}");
    assert!(!answer.to_ascii_lowercase().contains("x-hop"), "{answer}");
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    let headers: Vec<_> = flow.request.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(headers[..3], ["host", "x-mixed-case", "connection"], "recorded as the client sent them");
    assert_eq!(flow.request.headers[0].1, "elsewhere.test");
    assert_eq!((flow.request.host.as_str(), flow.request.port), ("127.0.0.1", origin.address().port()));
    assert_eq!((flow.request.scheme.as_str(), flow.kind), ("http", FlowKind::Http));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_of_http_1_0_is_answered_for_in_http_1_1() {
    let origin = RawOrigin::answering(b"HTTP/1.0 200 OK\r\n\r\nuntil the end").await;
    let daemon = TestDaemon::start().await;
    let answer = daemon.client().await.get(&origin.url("/")).await;
    assert_eq!((answer.version, answer.text().as_str()), (Version::HTTP_11, "until the end"));
    let recorded = daemon.drain().await;
    let response = recorded.flow().response.as_ref().unwrap();
    assert_eq!((response.version.as_str(), response.body.complete), ("HTTP/1.0", true));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_http_1_0_gets_a_body_that_it_can_read() {
    let (feed, body) = stream();
    let body = std::sync::Arc::new(std::sync::Mutex::new(Some(body)));
    let origin = FakeOrigin::serving(move |_| {
        let body = body.lock().unwrap().take().unwrap();
        async move { Response::new(body) }
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut raw = RawClient::connect(daemon.proxy()).await;
    raw.write(format!("GET {} HTTP/1.0\r\n\r\n", origin.url("/"))).await;
    feed.send(Frame::data("chunked there".into())).await.unwrap();
    drop(feed);
    let answer = String::from_utf8(raw.rest().await).unwrap();
    assert!(answer.ends_with("\r\n\r\nchunked there"), "{answer}");
    assert_eq!(daemon.drain().await.flow().request.version, "HTTP/1.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_waits_to_be_told_to_go_on_is_told() {
    let origin = FakeOrigin::answering(|seen| text(seen.body.clone())).await;
    let daemon = TestDaemon::start().await;
    let mut raw = RawClient::connect(daemon.proxy()).await;
    raw.write(format!(
        "POST {} HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 4\r\nConnection: close\r\n\r\n",
        origin.url("/")
    ))
    .await;
    assert_eq!(raw.head().await, "HTTP/1.1 100 Continue\r\n\r\n");
    raw.write("body").await;
    let answer = String::from_utf8(raw.rest().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("\r\n\r\nbody"), "{answer}");
    assert_eq!(daemon.drain().await.flow().request.body.utf8.as_deref(), Some("body"));
}

#[tokio::test(flavor = "multi_thread")]
async fn connections_are_used_again_on_both_sides() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::start().await;
    let mut client = daemon.client().await;
    for path in ["/1", "/2", "/3"] {
        assert_eq!(client.get(&origin.url(path)).await.text(), "ok");
    }
    assert_eq!(origin.connections(), 1);
    let recorded = daemon.drain().await;
    let clients: Vec<_> = recorded.flows.iter().map(|flow| &flow.client).collect();
    assert!(clients.len() == 3 && clients.iter().all(|c| *c == clients[0]), "{clients:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_clients_at_once_are_a_hundred_flows() {
    let origin = FakeOrigin::answering(|seen| text(seen.target.path().to_owned())).await;
    let daemon = TestDaemon::start().await;
    let mut clients = JoinSet::new();
    for number in 0..100 {
        let (proxy, url) = (daemon.proxy(), origin.url(&format!("/{number}")));
        clients.spawn(async move {
            let answer = client::Client::connect(proxy).await.get(&url).await;
            assert_eq!(answer.text(), format!("/{number}"));
        });
    }
    within("all clients", clients.join_all()).await;
    let recorded = daemon.drain().await;
    assert!(recorded.flows.iter().map(|flow| flow.sequence).eq(1..=100));
    let mut urls: Vec<_> = recorded.flows.iter().map(|flow| flow.request.url.clone()).collect();
    urls.sort_unstable();
    urls.dedup();
    assert_eq!(urls.len(), 100);
    let start = |i: usize| recorded.flows[i].start_time_unix_nano.0;
    assert!(start(99).saturating_sub(start(0)) < 60_000_000_000);
    assert_eq!((recorded.summary.flows, recorded.summary.flows_dropped), (100, 0));
    assert!(recorded.summary.all_ended);
}
