//! A daemon that is told to stop lets what is under way end, writes everything out, and always comes to an end.

use std::{fs, net::Shutdown, time::Duration};

use glyph_formats::{
    Flow, Recording,
    flow::ErrorOrigin,
    recording::{FLOWS, TRACES},
};
use glyphd::{config::BusAddress, telemetry::name};
use http::Request;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustix::process::Signal;
use tokio::{
    io::AsyncReadExt,
    net::{TcpStream, UnixStream},
    sync::{mpsc, watch},
};

use crate::harness::{
    DaemonProcess, FakeOrigin, RawClient, RawOrigin, TestDaemon,
    client::{self, Client},
    frames::{self, DATA, END_HEADERS, END_STREAM, HEADERS, SETTINGS, block, frame, next},
    process::command,
    records, text, within,
};

/// An origin that tells when a request has come, and answers when it is let.
async fn gated() -> (FakeOrigin, mpsc::Receiver<()>, watch::Sender<bool>) {
    let (tell, came) = mpsc::channel(16);
    let (let_go, gate) = watch::channel(false);
    let origin = FakeOrigin::serving(move |_| {
        let (tell, mut gate) = (tell.clone(), gate.clone());
        async move {
            tell.send(()).await.unwrap();
            gate.wait_for(|open| *open).await.ok();
            text("at last")
        }
    })
    .await;
    (origin, came, let_go)
}

#[tokio::test(flavor = "multi_thread")]
async fn on_a_signal_what_is_under_way_ends_and_nothing_new_begins() {
    for signal in [Signal::TERM, Signal::INT] {
        let (origin, mut came, gate) = gated().await;
        let dir = tempfile::tempdir().unwrap();
        let recording = dir.path().join("recording");
        let mut daemon = DaemonProcess::start(["--record", recording.to_str().unwrap()]).await;
        let (mut client, url) = (daemon.client().await, origin.url("/slow"));
        // A connection that has not asked for anything keeps nobody waiting.
        let mut idle = RawClient::connect(daemon.proxy).await;
        let answer = tokio::spawn(async move { client.get(&url).await });
        within("the request", came.recv()).await.unwrap();

        daemon.signal(signal);
        daemon.line("glyphd stops").await;
        assert_eq!(idle.rest().await, b"", "idle connections are closed");
        assert!(TcpStream::connect(daemon.proxy).await.is_err(), "and new ones refused");
        gate.send(true).unwrap();
        assert_eq!(within("the answer", answer).await.unwrap().text(), "at last");

        let ended = daemon.ended().await;
        assert_eq!((ended.code, ended.warnings()), (Some(0), vec![]));
        let flows: Vec<Flow> = records::lines(&recording.join(FLOWS));
        assert_eq!((flows.len(), flows[0].error.as_ref()), (1, None));
        assert_eq!(flows[0].response.as_ref().unwrap().body.utf8.as_deref(), Some("at last"));
        let spans: Vec<glyph_formats::Span> = records::lines(&recording.join(TRACES));
        assert!(spans.iter().any(|span| span.name == name::DISPATCH_FLOW));
        assert!(Recording::open(&recording).unwrap().info.end_time_unix_nano.is_some());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_takes_too_long_is_cut_and_still_told() {
    let (origin, mut came, _gate) = gated().await;
    let daemon = TestDaemon::with(|config| config.drain_timeout = Duration::from_millis(50)).await;
    let (mut client, url) = (daemon.client().await, origin.url("/slow"));
    let request = Request::get(url).body(client::empty()).unwrap();
    let answer = tokio::spawn(async move { client.send(request).await.map(drop) });
    within("the request", came.recv()).await.unwrap();
    let recorded = daemon.drain().await;
    assert!(!recorded.summary.all_ended);
    assert!(within("the cut", answer).await.unwrap().is_err());
    let flow = recorded.flow();
    let error = flow.error.as_ref().unwrap();
    assert_eq!((error.kind.as_str(), error.origin), ("stopped", ErrorOrigin::Glyph));
    assert_eq!(flow.response, None);
    let span = recorded.span(flow.trace_id, name::UPSTREAM_REQUEST);
    assert_eq!(records::attribute(span, "error.type"), "stopped");
}

/// With one worker, whoever waits for the last connection is woken before what that leaves behind.
#[tokio::test(flavor = "multi_thread", worker_threads = 1)]
async fn a_client_that_goes_while_it_is_waited_for_is_told_to_have_gone() {
    for http2 in [false, true] {
        let (origin, mut came, _gate) = gated().await;
        let daemon = TestDaemon::start().await;
        let mut idle = RawClient::connect(daemon.proxy()).await;
        let stream = TcpStream::connect(daemon.proxy()).await.unwrap().into_std().unwrap();
        let same = TcpStream::from_std(stream.try_clone().unwrap()).unwrap();
        let request = Request::get(origin.url("/slow")).body(client::empty()).unwrap();
        if http2 {
            let mut sender = client::http2_over(same).await;
            tokio::spawn(sender.send_request(request));
        } else {
            let (mut sender, connection) = http1::handshake(TokioIo::new(same)).await.unwrap();
            tokio::spawn(connection);
            tokio::spawn(sender.send_request(request));
        }
        within("the request", came.recv()).await.unwrap();
        let drained = tokio::spawn(daemon.drain());
        assert_eq!(idle.rest().await, b"", "it stops");
        stream.shutdown(Shutdown::Both).unwrap();
        let recorded = within("the end", drained).await.unwrap();
        assert!(recorded.summary.all_ended, "HTTP/2: {http2}");
        let error = recorded.flow().error.as_ref().unwrap();
        assert_eq!(
            (error.kind.as_str(), error.origin),
            ("client_gone", ErrorOrigin::Client),
            "HTTP/2: {http2}"
        );
    }
}

/// As one is that only looks at its connection when it has something to ask: it does not answer the PING that comes with GOAWAY.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_over_http2_that_does_not_listen_is_waited_for_only_while_it_has_asked_something() {
    let (origin, mut came, gate) = gated().await;
    let daemon = TestDaemon::with(|config| config.drain_timeout = Duration::from_secs(3_600)).await;
    let mut idle = frames::connect(daemon.proxy()).await;
    next(&mut idle.stream, SETTINGS).await;
    let mut asks = frames::connect(daemon.proxy()).await;
    let authority = origin.address().to_string();
    let head = [(":method", "GET"), (":scheme", "http"), (":authority", &authority), (":path", "/slow")];
    asks.write(frame(HEADERS, END_STREAM | END_HEADERS, 1, &block(&head))).await;
    within("the request", came.recv()).await.unwrap();
    let drained = tokio::spawn(daemon.drain());
    idle.rest().await;
    gate.send(true).unwrap();
    assert_eq!(next(&mut asks.stream, DATA).await, b"at last");
    asks.rest().await;
    let recorded = within("the end", drained).await.unwrap();
    assert!(recorded.summary.all_ended);
    assert_eq!(recorded.flow().error, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_nobody_takes_is_cut_and_still_told() {
    let (tell, mut came) = mpsc::channel(1);
    // Reads the head and then no more; keeps the connection.
    let origin = RawOrigin::serving(move |mut stream| {
        let tell = tell.clone();
        async move {
            client::head(&mut stream).await;
            tell.send(stream).await.unwrap();
        }
    })
    .await;
    let daemon = TestDaemon::with(|config| config.drain_timeout = Duration::from_millis(50)).await;
    let mut client: Client = daemon.client().await;
    let upload = Request::put(origin.url("/")).body(client::full(vec![0; 64 << 20])).unwrap();
    let answer = tokio::spawn(async move { client.send(upload).await.map(drop) });
    let _stream = within("the request", came.recv()).await.unwrap();
    let recorded = daemon.drain().await;
    assert!(within("the cut", answer).await.unwrap().is_err());
    let flow = recorded.flow();
    assert_eq!(flow.error.as_ref().unwrap().kind, "stopped");
    assert!(!flow.request.body.complete);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_who_hangs_on_the_plugin_socket_does_not_keep_the_daemon() {
    let daemon = TestDaemon::start().await;
    let BusAddress::Unix(socket) = &daemon.daemon().addresses().plugin else { panic!("no Unix socket") };
    let _hanging = UnixStream::connect(socket).await.unwrap();
    let mut idle = TcpStream::connect(daemon.metrics()).await.unwrap();
    let recorded = daemon.drain().await;
    assert!(recorded.recording.info.end_time_unix_nano.is_some());
    let mut rest = Vec::new();
    within("the end", idle.read_to_end(&mut rest)).await.ok();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_did_nothing_leaves_a_whole_recording() {
    let recorded = TestDaemon::start().await.drain().await;
    assert!(recorded.flows.is_empty() && recorded.summary.all_ended);
    let mut names: Vec<_> =
        fs::read_dir(&recorded.dir).unwrap().map(|e| e.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    let files =
        ["audit.jsonl", "findings.jsonl", "flows.jsonl", "metrics.om", "recording.json", "traces.jsonl"];
    assert_eq!(names, files);
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &std::path::Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&recorded.dir), mode(&recorded.dir.join(FLOWS))), (0o700, 0o600));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_interrupt_ends_it_at_once() {
    let (origin, mut came, _gate) = gated().await;
    let mut daemon = DaemonProcess::start([""; 0]).await;
    let (mut client, url) = (daemon.client().await, origin.url("/slow"));
    let request = Request::get(url).body(client::empty()).unwrap();
    let _answer = tokio::spawn(async move { client.send(request).await.map(drop) });
    within("the request", came.recv()).await.unwrap();
    daemon.signal(Signal::INT);
    daemon.line("glyphd stops").await;
    daemon.signal(Signal::INT);
    let ended = daemon.ended().await;
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("second interrupt"), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_log_that_nobody_reads_any_more_is_no_reason_to_stop() {
    let origin = FakeOrigin::ok().await;
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("recording");
    let daemon =
        DaemonProcess::spawn(command(["--log", "debug", "--record", recording.to_str().unwrap()])).await;
    let (mut client, pid) = (daemon.client().await, daemon.pid());
    let mut child = daemon.stop_listening();
    for _ in 0..3 {
        assert_eq!(client.get(&origin.url("/")).await.text(), "ok");
    }
    rustix::process::kill_process(pid, Signal::TERM).unwrap();
    let status = within("the daemon's end", child.wait()).await.unwrap();
    assert_eq!(status.code(), Some(0));
    assert_eq!(records::lines::<Flow>(&recording.join(FLOWS)).len(), 3);
}
