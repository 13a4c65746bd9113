//! WebSockets pass: they are counted, and the client is told of the switch only after the upstream has switched.

use glyph_formats::flow::{ErrorOrigin, FlowKind};
use glyphd::capture::{Base, Mode};
use http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::oneshot,
};
use tokio_rustls::client::TlsStream;

use crate::harness::{
    RawClient, RawOrigin, TestDaemon,
    client::{self, Body},
    records::number,
    secure::{Authority, SecureOrigin, secured},
    text, within,
};

const ASK: &str = "Connection: keep-alive, Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
/// A masked text frame with `Hello`, and a masked close with the code 1000 (RFC 6455, 5.7).
const HELLO: &[u8] = b"\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58";
const CLOSE: &[u8] = b"\x88\x82\x00\x00\x00\x00\x03\xe8";

/// Switches, sends two frames for each that it gets, and closes when it is told to.
async fn chatty(mut stream: TcpStream) {
    let head = client::head(&mut stream).await.to_lowercase();
    assert!(head.contains("upgrade: websocket\r\n") && head.contains("connection: upgrade\r\n"), "{head}");
    assert!(head.contains("sec-websocket-key: dghlihnhbxbszsbub25jzq==\r\n"), "{head}");
    // With the first frame at once behind it.
    stream.write_all(&[SWITCH, b"\x81\x02hi"].concat()).await.unwrap();
    let mut hello = [0; HELLO.len()];
    stream.read_exact(&mut hello).await.unwrap();
    assert_eq!(hello, HELLO);
    // A message in two frames, with a ping between them.
    stream.write_all(b"\x01\x03Hel\x89\x00\x80\x02lo").await.unwrap();
    let mut close = [0; CLOSE.len()];
    stream.read_exact(&mut close).await.unwrap();
    stream.write_all(b"\x88\x02\x03\xe8").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn frames_pass_and_are_counted_each_way() {
    let origin = RawOrigin::serving(chatty).await;
    let daemon = TestDaemon::start().await;
    let mut client = RawClient::connect(daemon.proxy()).await;
    client
        .write(format!("GET {} HTTP/1.1\r\nHost: {}\r\n{ASK}", origin.url("/chat"), origin.address()))
        .await;
    let head = client.head().await.to_lowercase();
    assert!(head.starts_with("http/1.1 101 "), "{head}");
    for line in [
        "connection: upgrade\r\n",
        "upgrade: websocket\r\n",
        "sec-websocket-accept: s3pplmbitxaq9kygzzhzrbk+xoo=\r\n",
    ] {
        assert!(head.contains(line), "{head}");
    }
    assert_eq!(client.exactly(4).await, b"\x81\x02hi");
    client.write(HELLO).await;
    assert_eq!(client.exactly(11).await, b"\x01\x03Hel\x89\x00\x80\x02lo");
    client.write(CLOSE).await;
    assert_eq!(client.rest().await, b"\x88\x02\x03\xe8");
    drop(client);
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    assert_eq!((flow.kind, flow.error.as_ref()), (FlowKind::Http, None));
    let response = flow.response.as_ref().unwrap();
    assert_eq!((response.status, response.body.is_partial()), (101, false));
    let websocket = flow.websocket.as_ref().unwrap();
    let (sent, received) = (&websocket.sent, &websocket.received);
    assert_eq!((sent.frames, sent.messages, sent.bytes), (2, 1, (HELLO.len() + CLOSE.len()) as u64));
    assert_eq!((received.frames, received.messages, received.bytes), (5, 2, 19));
    assert_eq!((sent.close_code, received.close_code), (Some(1_000), Some(1_000)));
    assert_eq!((&sent.fault, &received.fault), (&None, &None));
    let span = recorded.span(flow.trace_id, glyphd::telemetry::name::CAPTURE_FLOW);
    assert_eq!(number(span, "glyph.websocket.frames_sent"), 2);
}

/// A server with HTTP/2 for what can be asked over that, and HTTP/1.1 for what switches.
async fn both(mut request: Request<Incoming>) -> Response<Body> {
    if request.version() == Version::HTTP_2 {
        return text("over HTTP/2");
    }
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let (mut read, mut write) = tokio::io::split(TokioIo::new(upgrade.await.unwrap()));
        tokio::io::copy(&mut read, &mut write).await.ok();
    });
    let switch = Response::builder().status(101).header("connection", "upgrade");
    switch.header("upgrade", "websocket").body(client::empty()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_prefers_http2_is_asked_to_switch_over_http1() {
    let authority = Authority::new();
    let identity = authority.certify(&["localhost"]);
    let origin = SecureOrigin::answering(identity, &["h2", "http/1.1"], both).await;
    let base = Base::of(&format!("https://localhost:{}", origin.port())).unwrap();
    let daemon = TestDaemon::with(|config| {
        config.capture.mode = Mode::Reverse(base);
        config.capture.upstream.ca = Some(authority.path());
    })
    .await;
    // Before it and behind it on the same connection, what does not switch.
    let mut client = RawClient::connect(daemon.proxy()).await;
    client.write("GET / HTTP/1.1\r\nHost: a.test\r\n\r\n").await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 "));
    assert_eq!(client.exactly(11).await, b"over HTTP/2");
    client.write(format!("GET /chat HTTP/1.1\r\nHost: a.test\r\n{ASK}")).await;
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    client.write(HELLO).await;
    assert_eq!(client.exactly(HELLO.len()).await, HELLO);
    drop(client);
    assert_eq!(daemon.client().await.get("/").await.text(), "over HTTP/2");
    let recorded = daemon.drain().await;
    let mut versions: Vec<_> = recorded
        .flows
        .iter()
        .map(|flow| (flow.sequence, &*flow.response.as_ref().unwrap().version))
        .collect();
    versions.sort_unstable();
    assert_eq!(versions, [(1, "HTTP/2"), (2, "HTTP/1.1"), (3, "HTTP/2")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_client_is_not_told_of_a_switch_that_the_upstream_has_not_made() {
    let (asked, is_asked) = oneshot::channel();
    let (switch, may_switch) = oneshot::channel::<()>();
    let once = std::sync::Mutex::new(Some((asked, may_switch)));
    let origin = RawOrigin::serving(move |mut stream| {
        let (asked, may_switch) = once.lock().unwrap().take().unwrap();
        async move {
            client::head(&mut stream).await;
            asked.send(()).unwrap();
            may_switch.await.unwrap();
            stream.write_all(SWITCH).await.unwrap();
        }
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut client = RawClient::connect(daemon.proxy()).await;
    client.write(format!("GET {} HTTP/1.1\r\nHost: {}\r\n{ASK}", origin.url("/"), origin.address())).await;
    within("the upstream's request", is_asked).await.unwrap();
    let mut byte = [0; 1];
    assert_eq!(client.stream.try_read(&mut byte).unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
    switch.send(()).unwrap();
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    drop(client);
    drop(daemon.drain().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_does_not_switch_answers_as_it_likes() {
    let origin = RawOrigin::answering(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno").await;
    let daemon = TestDaemon::start().await;
    let mut client = RawClient::connect(daemon.proxy()).await;
    client.write(format!("GET {} HTTP/1.1\r\nHost: {}\r\n{ASK}", origin.url("/"), origin.address())).await;
    assert!(client.head().await.starts_with("HTTP/1.1 403 "));
    assert_eq!(client.exactly(2).await, b"no");
    drop(client);
    let recorded = daemon.drain().await;
    assert_eq!((recorded.flow().error.as_ref(), recorded.flow().websocket.as_ref()), (None, None));
}

#[tokio::test(flavor = "multi_thread")]
async fn other_protocols_are_not_switched_to() {
    let origin = RawOrigin::serving(|mut stream| async move {
        let head = client::head(&mut stream).await.to_lowercase();
        assert!(!head.contains("upgrade"), "{head}");
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").await.unwrap();
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut client = RawClient::connect(daemon.proxy()).await;
    let ask = "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n";
    client.write(format!("GET {} HTTP/1.1\r\nHost: {}\r\n{ask}", origin.url("/"), origin.address())).await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 "));
    drop(client);
    assert_eq!(daemon.drain().await.flow().error, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_websocket_after_all_passes_and_is_told() {
    let origin = RawOrigin::serving(|mut stream| async move {
        client::head(&mut stream).await;
        stream.write_all(&[SWITCH, b"\x83\x00garbage"].concat()).await.unwrap();
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut client = RawClient::connect(daemon.proxy()).await;
    client.write(format!("GET {} HTTP/1.1\r\nHost: {}\r\n{ASK}", origin.url("/"), origin.address())).await;
    client.head().await;
    assert_eq!(client.exactly(9).await, b"\x83\x00garbage");
    drop(client);
    let recorded = daemon.drain().await;
    let received = &recorded.flow().websocket.as_ref().unwrap().received;
    assert_eq!(received.bytes, 9);
    assert!(received.fault.as_deref().unwrap().contains("0x3"), "{received:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_stops_cuts_an_open_websocket_in_time() {
    let origin = RawOrigin::serving(|mut stream| async move {
        client::head(&mut stream).await;
        stream.write_all(SWITCH).await.unwrap();
        stream.read_u8().await.ok();
    })
    .await;
    let daemon =
        TestDaemon::with(|config| config.drain_timeout = std::time::Duration::from_millis(100)).await;
    let mut client = RawClient::connect(daemon.proxy()).await;
    client.write(format!("GET {} HTTP/1.1\r\nHost: {}\r\n{ASK}", origin.url("/"), origin.address())).await;
    client.head().await;
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    assert_eq!(
        flow.error.as_ref().map(|e| (e.kind.as_str(), e.origin)),
        Some(("stopped", ErrorOrigin::Glyph))
    );
    assert!(flow.websocket.is_some());
}

/// A daemon that looks into TLS, and a client that has asked the origin through it for a WebSocket.
async fn asked_over_tls(
    authority: &Authority,
    origin: &SecureOrigin,
) -> (TestDaemon, String, TlsStream<TcpStream>) {
    let ca_dir = authority.path().with_file_name("glyph-ca");
    let daemon = TestDaemon::with(|config| {
        config.capture.ca = Some(glyphd::capture::Ca::InDir(ca_dir.clone()));
        config.capture.upstream.ca = Some(authority.path());
    })
    .await;
    let place = format!("localhost:{}", origin.port());
    let ca = ca_dir.join("ca.pem");
    let mut stream = secured(daemon.proxy(), &place, "localhost", &ca, &["http/1.1"]).await.unwrap();
    stream.write_all(format!("GET /chat HTTP/1.1\r\nHost: {place}\r\n{ASK}").as_bytes()).await.unwrap();
    (daemon, place, stream)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_over_tls_is_counted_too() {
    // The origin speaks HTTP alone, so that it refuses; what counts is that it was asked, over TLS.
    let authority = Authority::new();
    let origin = SecureOrigin::speaking(authority.certify(&["localhost"]), &["h2", "http/1.1"]).await;
    let (daemon, place, mut stream) = asked_over_tls(&authority, &origin).await;
    let mut status = [0; 12];
    within("an answer", stream.read_exact(&mut status)).await.unwrap();
    assert_eq!(&status, b"HTTP/1.1 200");
    drop(stream);
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    assert_eq!(flow.request.url, format!("https://{place}/chat"));
    assert!(flow.request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-key")));
}

/// Many a server lets go of the connection when both have said that they close; TLS would have it say so again.
#[tokio::test(flavor = "multi_thread")]
async fn an_end_without_a_word_after_the_close_is_no_fault() {
    let authority = Authority::new();
    let identity = authority.certify(&["localhost"]);
    let origin = SecureOrigin::answering(identity, &["http/1.1"], |mut request| async move {
        let switched = hyper::upgrade::on(&mut request);
        tokio::spawn(async move {
            let mut stream = TokioIo::new(switched.await.unwrap());
            stream.write_all(b"\x81\x02hi\x88\x02\x03\xe8").await.unwrap();
            stream.flush().await.unwrap();
        });
        let response = Response::builder().status(101).header("connection", "upgrade");
        response.header("upgrade", "websocket").body(client::empty()).unwrap()
    })
    .await;
    let (daemon, _, mut stream) = asked_over_tls(&authority, &origin).await;
    let mut said = Vec::new();
    within("the upstream's end", stream.read_to_end(&mut said)).await.unwrap();
    assert!(said.ends_with(b"\x81\x02hi\x88\x02\x03\xe8"), "{}", String::from_utf8_lossy(&said));
    // The client does not say that it ends, either.
    drop(stream);
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    assert_eq!(flow.error, None);
    let received = &flow.websocket.as_ref().unwrap().received;
    assert_eq!((received.frames, received.close_code), (2, Some(1_000)));
}
