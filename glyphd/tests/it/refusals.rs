//! An upstream over HTTP/2 may say that it has not looked at a request (RFC 9113, 8.7): that is sent again, and nothing else is.

use std::sync::atomic::Ordering;

use bytes::Bytes;
use glyphd::{
    capture::{Base, Mode},
    telemetry::name,
};
use http::{Method, Request};
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use hyper::client::conn::http2;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};

use crate::{
    harness::{
        RawOrigin, Recorded, TestDaemon,
        client::{self, Body, empty, full},
        frames::{
            DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PREFACE, RST_STREAM, SETTINGS, WINDOW_UPDATE,
            block, frame, next, read,
        },
        records::attribute,
        within,
    },
    upstreams::counting,
};

/// A reverse proxy, and a client of it: both speak HTTP/2.
async fn in_front_of(origin: &RawOrigin) -> (TestDaemon, http2::SendRequest<Body>) {
    let base = Base::of(&origin.url("/")).unwrap();
    let daemon = TestDaemon::with(|config| config.capture.mode = Mode::Reverse(base)).await;
    let sender = client::http2(daemon.proxy()).await;
    (daemon, sender)
}

fn url(daemon: &TestDaemon) -> String {
    format!("http://{}/", daemon.proxy())
}

/// Its answers to the requests that come on one connection after another, on each as many as there are
/// answers, and then it closes; from then on the last connection's.
type Script = &'static [&'static [fn(stream: u8) -> Vec<u8>]];

fn well(stream: u8) -> Vec<u8> {
    frame(HEADERS, END_STREAM | END_HEADERS, stream, &block(&[(":status", "200")]))
}

/// It takes no more, and has done nothing with this one (RFC 9113, 8.7).
fn goes(_: u8) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[0; 8])
}

fn goes_and_has_seen_it(stream: u8) -> Vec<u8> {
    frame(GOAWAY, 0, 0, &[0, 0, 0, stream, 0, 0, 0, 0])
}

fn refuses(stream: u8) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &[0, 0, 0, 7])
}

fn fails(stream: u8) -> Vec<u8> {
    frame(RST_STREAM, 0, stream, &[0, 0, 0, 2])
}

/// Asks an upstream by that script; how often it was connected to, and what was left.
async fn asked(script: Script, method: Method) -> (u16, usize, Recorded) {
    let (origin, connections) = counting(move |mut stream, which| async move {
        stream.read_exact(&mut [0; PREFACE.len()]).await.unwrap();
        stream.write_all(&frame(SETTINGS, 0, 0, &[])).await.unwrap();
        for (answer, id) in script[which.min(script.len() - 1)].iter().zip((1..).step_by(2)) {
            next(&mut stream, HEADERS).await;
            stream.write_all(&answer(id)).await.unwrap();
        }
        stream.shutdown().await.ok();
        stream.read_to_end(&mut Vec::new()).await.ok();
    })
    .await;
    let (daemon, mut sender) = in_front_of(&origin).await;
    let request = Request::builder().method(method).uri(url(&daemon)).body(empty()).unwrap();
    let status = within("an answer", sender.send_request(request)).await.unwrap().status().as_u16();
    drop(sender);
    (status, connections.load(Ordering::Relaxed), daemon.drain().await)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_upstream_over_http2_has_not_looked_at_is_sent_once_more() {
    const SCRIPTS: [(Script, usize, u32); 4] = [
        (&[&[goes], &[well]], 2, 1),
        (&[&[refuses, well]], 1, 1),
        (&[&[refuses, refuses, goes], &[well]], 2, 3),
        (&[&[goes], &[goes], &[goes], &[goes], &[goes], &[well]], 6, 5),
    ];
    for (script, connections, times) in SCRIPTS {
        for method in [Method::GET, Method::POST] {
            let (status, used, recorded) = asked(script, method).await;
            assert_eq!((status, used), (200, connections));
            let flow = recorded.flow();
            assert_eq!(flow.error, None);
            let span = recorded.span(flow.trace_id, name::UPSTREAM_REQUEST);
            assert_eq!(attribute(span, "http.request.resend_count"), times.to_string());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_an_upstream_over_http2_may_have_looked_at_is_not_sent_once_more() {
    const SCRIPTS: [(Script, usize); 3] = [
        (&[&[goes_and_has_seen_it], &[well]], 1),
        (&[&[fails, well]], 1),
        // It never takes it.
        (&[&[goes]], 6),
    ];
    for (script, connections) in SCRIPTS {
        let (status, used, recorded) = asked(script, Method::GET).await;
        assert_eq!((status, used), (502, connections));
        assert_eq!(recorded.flow().error.as_ref().unwrap().kind, "upstream_closed");
    }
}

/// A connection that the upstream has accepted and speaks HTTP/2 on, which takes as much of a body as there is.
async fn accepted(connections: &mut mpsc::Receiver<TcpStream>) -> TcpStream {
    let mut stream = within("a connection", connections.recv()).await.unwrap();
    stream.read_exact(&mut [0; PREFACE.len()]).await.unwrap();
    let much = [&[0, 4][..], &MUCH.to_be_bytes()].concat();
    let whole = [frame(SETTINGS, 0, 0, &much), frame(WINDOW_UPDATE, 0, 0, &MUCH.to_be_bytes())].concat();
    stream.write_all(&whole).await.unwrap();
    next(&mut stream, HEADERS).await;
    stream
}

const MUCH: u32 = 1 << 20;

/// Reads so many bytes of a body, or up to its end.
async fn body(stream: &mut TcpStream, most: usize) -> Vec<u8> {
    let mut all = Vec::new();
    while all.len() < most {
        let (kind, flags, payload) = read(stream).await;
        if kind == DATA {
            all.extend(payload);
            if flags & END_STREAM != 0 {
                break;
            }
        }
    }
    all
}

/// An upstream whose connections the test has.
async fn by_hand() -> (RawOrigin, mpsc::Receiver<TcpStream>) {
    let (tell, connections) = mpsc::channel(8);
    let origin = RawOrigin::serving(move |stream| {
        let tell = tell.clone();
        async move { tell.send(stream).await.unwrap() }
    })
    .await;
    (origin, connections)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_has_begun_to_pass_begins_anew_and_is_recorded_once() {
    const PARTS: [&[u8]; 2] = [b"first", b", rest"];
    // How many of them have come before the upstream goes.
    for before in 0..=2 {
        let (origin, mut connections) = by_hand().await;
        let (daemon, mut sender) = in_front_of(&origin).await;
        let (parts, stream) = mpsc::channel::<&[u8]>(8);
        let stream = ReceiverStream::new(stream).map(|part| Ok(Frame::data(Bytes::from_static(part))));
        let request = Request::put(url(&daemon)).body(StreamBody::new(stream).boxed()).unwrap();
        let answer = tokio::spawn(sender.send_request(request));
        let mut first = accepted(&mut connections).await;
        for part in &PARTS[..before] {
            parts.send(part).await.unwrap();
            assert_eq!(body(&mut first, part.len()).await, *part);
        }
        first.write_all(&goes(1)).await.unwrap();
        let mut second = accepted(&mut connections).await;
        for part in &PARTS[before..] {
            parts.send(part).await.unwrap();
        }
        drop(parts);
        assert_eq!(body(&mut second, usize::MAX).await, b"first, rest");
        second.write_all(&well(1)).await.unwrap();
        assert_eq!(within("an answer", answer).await.unwrap().unwrap().status(), 200);
        drop(sender);
        let recorded = daemon.drain().await;
        let flow = recorded.flow();
        assert_eq!(flow.error, None);
        let sent = &flow.request.body;
        assert_eq!((sent.utf8.as_deref(), sent.size, sent.complete), (Some("first, rest"), 11, true));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_body_too_much_of_which_has_passed_the_client_is_told() {
    let (origin, mut connections) = by_hand().await;
    let (daemon, mut sender) = in_front_of(&origin).await;
    let request = Request::put(url(&daemon)).body(full(vec![b'x'; MUCH as usize])).unwrap();
    let answer = tokio::spawn(sender.send_request(request));
    let mut first = accepted(&mut connections).await;
    body(&mut first, 200_000).await;
    first.write_all(&goes(1)).await.unwrap();
    assert_eq!(within("an answer", answer).await.unwrap().unwrap().status(), 502);
    drop(sender);
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    assert_eq!(flow.error.as_ref().unwrap().kind, "upstream_closed");
    assert!(flow.request.body.size >= 200_000);
}
