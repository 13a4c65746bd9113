//! TLS is looked into where the operator has given a CA, and left alone where that can't be or is not wanted.

use std::path::PathBuf;

use glyph_formats::flow::{ErrorOrigin, FlowKind};
use glyphd::telemetry::name;
use http::Request;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};

use crate::harness::{
    FakeOrigin, RawOrigin, TestDaemon, client,
    frames::{END_HEADERS, END_STREAM, HEADERS, PREFACE, SETTINGS, block, frame, next},
    records::attribute,
    secure::{Authority, SecureClient, SecureOrigin, secured, tunnel},
    within,
};

const BOTH: &[&str] = &["h2", "http/1.1"];
const HTTP1: &[&str] = &["http/1.1"];

/// A daemon that looks into TLS, and trusts that authority's servers; and what its clients have to trust.
async fn looking(upstreams: &Authority, policy: &str) -> (TestDaemon, PathBuf) {
    let ca_dir = upstreams.path().with_file_name("glyph-ca");
    let daemon = TestDaemon::with(|config| {
        config.policy = toml::from_str(policy).unwrap();
        config.capture.ca = Some(glyphd::capture::Ca::InDir(ca_dir.clone()));
        config.capture.upstream.ca = Some(upstreams.path());
        config.capture.tls = config.policy.tls.clone();
        config.capture.scope = config.policy.scope.clone();
    })
    .await;
    (daemon, ca_dir.join("ca.pem"))
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_within_tls_are_recorded_in_the_protocol_that_the_upstream_chose() {
    let authority = Authority::new();
    for (upstream, client, wanted) in
        [(BOTH, BOTH, "HTTP/2"), (HTTP1, BOTH, "HTTP/1.1"), (BOTH, HTTP1, "HTTP/1.1"), (&[], &[], "HTTP/1.1")]
    {
        let origin = SecureOrigin::speaking(authority.certify(&["localhost"]), upstream).await;
        let (daemon, ca) = looking(&authority, "").await;
        let place = format!("localhost:{}", origin.port());
        let connected = SecureClient::connect(daemon.proxy(), &place, "localhost", &ca, client).await;
        let mut client = connected.unwrap();
        assert_eq!(client.is_http2(), wanted == "HTTP/2", "offered what the upstream chose");
        for path in ["/a", "/b"] {
            let answer = client.get(&place, path).await;
            let version = if wanted == "HTTP/2" { "HTTP/2.0" } else { wanted };
            assert_eq!(answer.text(), format!("{version} {place} {path}"));
        }
        assert_eq!(origin.connections(), 1, "what was made to ask for the protocol is used");
        drop(client);
        let recorded = daemon.drain().await;
        assert_eq!(recorded.flows.len(), 2, "one for each request, none for the tunnel");
        for (flow, path) in recorded.flows.iter().zip(["/a", "/b"]) {
            assert_eq!(flow.kind, FlowKind::Http);
            assert_eq!(flow.request.url, format!("https://{place}{path}"));
            assert_eq!((flow.request.scheme.as_str(), flow.request.port), ("https", origin.port()));
            let response = flow.response.as_ref().unwrap();
            assert_eq!((flow.request.version.as_str(), response.version.as_str()), (wanted, wanted));
            assert!(response.body.utf8.as_deref().unwrap().ends_with(path));
            let upstream = recorded.span(flow.trace_id, name::UPSTREAM_REQUEST);
            assert_eq!(attribute(upstream, "network.peer.address"), "127.0.0.1");
        }
        let connects = recorded.spans.iter().filter(|span| {
            span.name == name::CAPTURE_FLOW && span.attributes.get("glyph.tunnel.intercepted").is_some()
        });
        assert_eq!(connects.count(), 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn further_clients_share_the_upstreams_connections_and_its_choice() {
    let authority = Authority::new();
    let origin = SecureOrigin::speaking(authority.certify(&["localhost"]), BOTH).await;
    let (daemon, ca) = looking(&authority, "").await;
    let place = format!("localhost:{}", origin.port());
    for _ in 0..5 {
        let connected = SecureClient::connect(daemon.proxy(), &place, "localhost", &ca, BOTH).await;
        let mut client = connected.unwrap();
        assert!(client.is_http2());
        assert_eq!(client.get(&place, "/").await.status, 200);
    }
    assert_eq!(origin.connections(), 1);
    assert_eq!(daemon.drain().await.flows.len(), 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_have_certificates_too() {
    let authority = Authority::new();
    let origin = SecureOrigin::speaking(authority.certify(&["127.0.0.1"]), BOTH).await;
    let (daemon, ca) = looking(&authority, "").await;
    let place = origin.address().to_string();
    let connected = SecureClient::connect(daemon.proxy(), &place, "127.0.0.1", &ca, BOTH).await;
    assert_eq!(connected.unwrap().get(&place, "/x").await.status, 200);
    assert_eq!(daemon.drain().await.flow().request.url, format!("https://{place}/x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_refuses_the_certificate_is_a_flow_that_names_the_way_out() {
    let authority = Authority::new();
    let origin = SecureOrigin::speaking(authority.certify(&["localhost"]), BOTH).await;
    let (daemon, ca) = looking(&authority, "").await;
    let place = format!("localhost:{}", origin.port());
    // It trusts the upstream's authority, and nobody else.
    let refused = secured(daemon.proxy(), &place, "localhost", &authority.path(), BOTH).await;
    assert!(refused.is_err());
    // The next one is not taken for it.
    let connected = SecureClient::connect(daemon.proxy(), &place, "localhost", &ca, BOTH).await;
    assert_eq!(connected.unwrap().get(&place, "/").await.status, 200);
    let recorded = daemon.drain().await;
    let [refused, taken] = &recorded.flows[..] else { panic!("{:#?}", recorded.flows) };
    assert_eq!((refused.kind, taken.kind), (FlowKind::Tunnel, FlowKind::Http));
    let error = refused.error.as_ref().unwrap();
    assert_eq!((error.kind.as_str(), error.origin), ("client_tls", ErrorOrigin::Client));
    assert!(error.message.contains("--tls-passthrough localhost"), "{}", error.message);
    assert_eq!(refused.request.url, place);
}

#[tokio::test(flavor = "multi_thread")]
async fn hosts_that_are_passed_through_keep_their_certificate() {
    let authority = Authority::new();
    // By the CONNECT's host, and by the name that the client asks for within.
    for (place, policy) in [
        ("localhost", "[tls]\npassthrough = [\"local*\"]"),
        ("127.0.0.1", "[tls]\npassthrough = [\"localhost\"]"),
        ("localhost", "[[scope.exclude]]\nhosts = [\"localhost\"]"),
    ] {
        let origin = SecureOrigin::speaking(authority.certify(&["localhost"]), BOTH).await;
        let (daemon, _) = looking(&authority, policy).await;
        let place = format!("{place}:{}", origin.port());
        let trusts = authority.path();
        let connected = SecureClient::connect(daemon.proxy(), &place, "localhost", &trusts, BOTH).await;
        assert_eq!(connected.unwrap().get("localhost", "/").await.status, 200);
        let recorded = daemon.drain().await;
        if policy.contains("scope") {
            assert_eq!(recorded.flows, [], "out of scope: it is counted, and that is all");
        } else {
            let flow = recorded.flow();
            assert_eq!((flow.kind, flow.error.as_ref()), (FlowKind::Tunnel, None));
            assert!(flow.tunnel.unwrap().bytes_received > 500);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_is_not_who_it_should_be_is_a_502_with_the_reason() {
    let (trusted, stranger) = (Authority::new(), Authority::new());
    let adds = "--upstream-ca FILE";
    for (identity, reasons) in [
        (stranger.certify(&["localhost"]), ["is signed by nobody we trust (UnknownIssuer)", adds]),
        (Authority::self_signed(&["localhost"]), ["says that it is a CA's (CaUsedAsEndEntity)", adds]),
        (
            trusted.certify(&["elsewhere.test"]),
            ["is not valid for name \"localhost\"", "but for elsewhere.test (NotValidForName)"],
        ),
        (trusted.certify_for_the_past(&["localhost"]), ["was valid until 2021-01-01T00:00:00Z", "(Expired)"]),
    ] {
        let origin = SecureOrigin::speaking(identity, BOTH).await;
        let (daemon, ca) = looking(&trusted, "").await;
        let place = format!("localhost:{}", origin.port());
        let connected = SecureClient::connect(daemon.proxy(), &place, "localhost", &ca, BOTH).await;
        let answer = connected.unwrap().get(&place, "/").await;
        assert_eq!(answer.status, 502);
        let begin = format!("no TLS with {place}: its certificate {}", reasons[0]);
        let told = |text: &str| text.contains(&begin) && text.contains(reasons[1]);
        assert!(told(&answer.text()), "{}", answer.text());
        let recorded = daemon.drain().await;
        let error = recorded.flow().error.as_ref().unwrap();
        assert_eq!((error.kind.as_str(), error.origin), ("upstream_tls", ErrorOrigin::Upstream));
        assert!(told(&error.message), "{}", error.message);
        assert_eq!(recorded.flow().request.url, format!("https://{place}/"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_that_wants_a_certificate_of_ours_gets_it() {
    let (servers, clients) = (Authority::new(), Authority::new());
    let origin = SecureOrigin::knowing(servers.certify(&["localhost"]), &clients).await;
    let (daemon, ca) = looking(&servers, "").await;
    let place = format!("localhost:{}", origin.port());
    let connected = SecureClient::connect(daemon.proxy(), &place, "localhost", &ca, HTTP1).await;
    assert_eq!(connected.unwrap().get(&place, "/").await.status, 502, "we have none");
    drop(daemon);

    let ca_dir = servers.path().with_file_name("other-ca");
    let daemon = TestDaemon::with(|config| {
        config.capture.ca = Some(glyphd::capture::Ca::InDir(ca_dir.clone()));
        config.capture.upstream.ca = Some(servers.path());
        config.capture.upstream.client_cert = Some(clients.certify_in_files("glyph"));
    })
    .await;
    let ca = ca_dir.join("ca.pem");
    let connected = SecureClient::connect(daemon.proxy(), &place, "localhost", &ca, HTTP1).await;
    assert_eq!(connected.unwrap().get(&place, "/").await.status, 200);
    assert_eq!(daemon.drain().await.flow().error, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_neither_tls_nor_http_passes_and_does_not_hang() {
    let authority = Authority::new();
    let (daemon, _) = looking(&authority, "").await;
    // The server is first, as with mail and databases.
    let greeting = RawOrigin::serving(|mut stream| async move {
        stream.write_all(b"220 mail.test ESMTP\r\n").await.unwrap();
        let mut asked = [0; 6];
        stream.read_exact(&mut asked).await.unwrap();
        stream.write_all(b"221 bye\r\n").await.unwrap();
    })
    .await;
    let mut client = tunnel(daemon.proxy(), &greeting.address().to_string()).await;
    assert_eq!(client.exactly(21).await, b"220 mail.test ESMTP\r\n");
    client.write("QUIT\r\n").await;
    assert_eq!(client.rest().await, b"221 bye\r\n");
    drop(client);

    // The client is, with what we do not know; and with what only begins as TLS does.
    for first in [&b"SSH-2.0-x\r\n"[..], &[0x16, 3, 1, 0, 4, 9, 9, 9, 9][..]] {
        let echo = RawOrigin::serving(move |mut stream| async move {
            let mut all = vec![0; first.len()];
            stream.read_exact(&mut all).await.unwrap();
            stream.write_all(&all).await.unwrap();
        })
        .await;
        let mut client = tunnel(daemon.proxy(), &echo.address().to_string()).await;
        client.write(first).await;
        assert_eq!(client.rest().await, first);
    }
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flows.len(), 3);
    for flow in &recorded.flows {
        assert_eq!((flow.kind, flow.error.as_ref()), (FlowKind::Tunnel, None));
        assert!(flow.tunnel.unwrap().bytes_received >= 9);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http_in_a_tunnel_is_recorded_as_what_it_is() {
    let authority = Authority::new();
    let (daemon, _) = looking(&authority, "").await;
    let origin = FakeOrigin::ok().await;
    let place = origin.address().to_string();
    let mut client = tunnel(daemon.proxy(), &place).await;
    for path in ["/a", "/b"] {
        client.write(format!("GET {path} HTTP/1.1\r\nHost: {place}\r\n\r\n")).await;
        assert!(client.head().await.starts_with("HTTP/1.1 200 "));
        assert_eq!(client.exactly(2).await, b"ok");
    }
    assert_eq!(origin.connections(), 1);
    client.stream.shutdown().await.unwrap();
    client.rest().await;
    let recorded = daemon.drain().await;
    let urls: Vec<_> = recorded.flows.iter().map(|flow| flow.request.url.as_str()).collect();
    assert_eq!(urls, [format!("http://{place}/a"), format!("http://{place}/b")]);
}

/// Of HTTP/2 both sides begin unasked: whose first bytes are there first is chance.
#[tokio::test(flavor = "multi_thread")]
async fn http2_without_tls_is_told_though_the_upstream_speaks_first() {
    for _ in 0..10 {
        let authority = Authority::new();
        let (daemon, _) = looking(&authority, "").await;
        let (tell, mut has_spoken) = mpsc::channel(1);
        let origin = RawOrigin::serving(move |mut stream| {
            let tell = tell.clone();
            async move {
                stream.write_all(&frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0])).await.unwrap();
                tell.send(()).await.unwrap();
                stream.read_exact(&mut [0; PREFACE.len()]).await.unwrap();
                next(&mut stream, HEADERS).await;
                let well = block(&[(":status", "200")]);
                stream.write_all(&frame(HEADERS, END_STREAM | END_HEADERS, 1, &well)).await.unwrap();
                stream.read_to_end(&mut Vec::new()).await.ok();
            }
        })
        .await;
        let place = origin.address().to_string();
        let stream = tunnel(daemon.proxy(), &place).await.stream;
        within("the upstream's first bytes", has_spoken.recv()).await.unwrap();
        let mut sender = client::http2_over(stream).await;
        let request = Request::get(format!("http://{place}/")).body(client::empty()).unwrap();
        assert_eq!(within("an answer", sender.send_request(request)).await.unwrap().status(), 200);
        drop(sender);
        assert_eq!(daemon.drain().await.flow().request.version, "HTTP/2");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_ca_tls_is_not_looked_into() {
    let authority = Authority::new();
    let origin = SecureOrigin::speaking(authority.certify(&["localhost"]), BOTH).await;
    let daemon = TestDaemon::start().await;
    let place = format!("localhost:{}", origin.port());
    let trusts = authority.path();
    let connected = SecureClient::connect(daemon.proxy(), &place, "localhost", &trusts, BOTH).await;
    assert_eq!(connected.unwrap().get(&place, "/").await.status, 200);
    assert_eq!(daemon.drain().await.flow().kind, FlowKind::Tunnel);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tunnel_in_which_nothing_is_said_does_not_hold_up_the_end() {
    let authority = Authority::new();
    let (daemon, _) = looking(&authority, "").await;
    let origin = RawOrigin::serving(|mut stream| async move {
        stream.read_u8().await.ok();
    })
    .await;
    let _quiet = tunnel(daemon.proxy(), &origin.address().to_string()).await;
    let recorded = within("the end", daemon.drain()).await;
    assert!(recorded.summary.all_ended);
}
