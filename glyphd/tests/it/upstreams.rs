//! Connections to upstreams go from one request to the next, whoever asks, and only where that does no harm.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use glyphd::telemetry::name;
use http::{Method, Request};
use tokio::{io::AsyncWriteExt, net::TcpStream, sync::mpsc};

use crate::harness::{
    RawClient, RawOrigin, TestDaemon,
    client::{self, Answer, Body, empty},
    records::attribute,
    told::{counted, until},
    within,
};

/// An origin that answers each request on a connection by `answer`, and how many connections it has had.
pub(crate) async fn counting<A, F>(answer: A) -> (RawOrigin, Arc<AtomicUsize>)
where
    A: Fn(TcpStream, usize) -> F + Send + 'static,
    F: Future<Output = ()> + Send + 'static,
{
    let count = Arc::<AtomicUsize>::default();
    let counted = Arc::clone(&count);
    let origin =
        RawOrigin::serving(move |stream| answer(stream, counted.fetch_add(1, Ordering::Relaxed))).await;
    (origin, count)
}

const OK: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Asks on a connection of its own.
async fn ask(daemon: &TestDaemon, origin: &RawOrigin) -> String {
    let mut client = RawClient::connect(daemon.proxy()).await;
    let url = origin.url("/");
    client.write(format!("GET {url} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")).await;
    String::from_utf8(client.rest().await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn one_connection_serves_clients_that_ask_one_after_another() {
    let (origin, connections) = counting(|mut stream, _| async move {
        while client::head(&mut stream).await.ends_with("\r\n\r\n") {
            stream.write_all(OK).await.unwrap();
        }
    })
    .await;
    let daemon = TestDaemon::start().await;
    for _ in 0..5 {
        let answer = ask(&daemon, &origin).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK") && answer.ends_with("ok"), "{answer}");
    }
    // The next may be there before the last has been given back.
    let used = connections.load(Ordering::Relaxed);
    assert!((1..=2).contains(&used), "{used} connections for five requests");
    assert_eq!(daemon.drain().await.flows.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_the_upstream_wants_to_close_is_not_used_again() {
    let (origin, connections) = counting(|mut stream, _| async move {
        client::head(&mut stream).await;
        let answer = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok";
        stream.write_all(answer).await.unwrap();
        // It closes later than it could.
        client::head(&mut stream).await;
    })
    .await;
    let daemon = TestDaemon::start().await;
    for _ in 0..20 {
        let answer = ask(&daemon, &origin).await;
        assert!(answer.starts_with("HTTP/1.1 200 OK"), "{answer}");
    }
    assert_eq!(connections.load(Ordering::Relaxed), 20);
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flows.iter().filter(|flow| flow.error.is_none()).count(), 20);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_whose_answer_was_given_up_is_not_used_again() {
    let (begun, mut has_begun) = mpsc::unbounded_channel();
    let (origin, connections) = counting(move |mut stream, which| {
        let begun = begun.clone();
        async move {
            client::head(&mut stream).await;
            if which > 0 {
                stream.write_all(OK).await.unwrap();
                return;
            }
            stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf").await.unwrap();
            begun.send(()).unwrap();
            // Another request on it would be answered by this.
            client::head(&mut stream).await;
            stream.write_all(b" of another's").await.ok();
        }
    })
    .await;
    let daemon = TestDaemon::start().await;
    let mut gone = RawClient::connect(daemon.proxy()).await;
    gone.write(format!("GET {} HTTP/1.1\r\nHost: x\r\n\r\n", origin.url("/"))).await;
    within("the first answer", has_begun.recv()).await.unwrap();
    gone.head().await;
    drop(gone);
    let answer = ask(&daemon, &origin).await;
    assert!(answer.ends_with("\r\n\r\nok"), "{answer}");
    assert_eq!(connections.load(Ordering::Relaxed), 2);
    let recorded = daemon.drain().await;
    let kinds: Vec<_> =
        recorded.flows.iter().filter_map(|flow| flow.error.as_ref()).map(|e| &*e.kind).collect();
    assert_eq!(kinds, ["client_gone"]);
}

/// An origin that answers the first request on each connection with what it was asked, and closes at the second, as a server
/// does whose patience has just ended; and which closes at whatever asks for `/never`.
pub(crate) async fn impatient() -> (RawOrigin, Arc<AtomicUsize>) {
    counting(|mut stream, _| async move {
        let head = client::head(&mut stream).await;
        if !head.contains("/never") {
            let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{head}", head.len());
            stream.write_all(answer.as_bytes()).await.unwrap();
            client::head(&mut stream).await;
        }
    })
    .await
}

/// For which every connection has waited for long.
async fn patient() -> TestDaemon {
    TestDaemon::with(|config| config.capture.limits.rested = Duration::ZERO).await
}

/// Asks a daemon that nobody has asked yet twice, the second time on the connection of the first, which has been given back
/// before its flow is told.
pub(crate) async fn twice(daemon: &TestDaemon, second: Request<Body>, origin: &RawOrigin) -> Answer {
    let mut client = daemon.client().await;
    assert!(client.get(&origin.url("/first")).await.text().starts_with("GET /first HTTP/1.1\r\n"));
    until("the first flow", async || {
        counted(daemon.metrics(), "glyph_flow_dispatch_seconds_count", &[]).await >= 1.0
    })
    .await;
    client.ask(second).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_sent_as_the_upstream_closes_is_sent_once_more() {
    let (origin, connections) = impatient().await;
    let daemon = patient().await;
    let second = Request::get(origin.url("/second?x=1")).header("x-which", "second").body(empty()).unwrap();
    let asked = twice(&daemon, second, &origin).await.text().to_ascii_lowercase();
    let host = format!("\r\nhost: {}\r\n", origin.address());
    assert!(asked.starts_with("get /second?x=1 http/1.1\r\n") && asked.contains(&host), "{asked}");
    assert!(asked.contains("\r\nx-which: second\r\n") && asked.contains("\r\nvia: "), "{asked}");
    assert_eq!(connections.load(Ordering::Relaxed), 2);
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flows.iter().map(|flow| flow.error.is_none()).collect::<Vec<_>>(), [true, true]);
    let resent: Vec<_> = recorded
        .spans_named(name::UPSTREAM_REQUEST)
        .into_iter()
        .filter(|span| span.attributes.get("http.request.resend_count").is_some())
        .collect();
    assert_eq!(resent.len(), 1);
    assert!(attribute(resent[0], "url.full").ends_with("/second?x=1"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_something_is_not_sent_once_more_and_nothing_is_a_third_time() {
    for (method, path, used) in
        [(Method::POST, "/second", 1), (Method::DELETE, "/second", 1), (Method::GET, "/never", 2)]
    {
        let (origin, connections) = impatient().await;
        let daemon = patient().await;
        let second = Request::builder().method(&method).uri(origin.url(path)).body(empty()).unwrap();
        assert_eq!(twice(&daemon, second, &origin).await.status, 502, "{method}");
        assert_eq!(connections.load(Ordering::Relaxed), used, "{method}");
        let recorded = daemon.drain().await;
        assert_eq!(recorded.flows[1].error.as_ref().unwrap().kind, "upstream_closed", "{method}");
    }
}
