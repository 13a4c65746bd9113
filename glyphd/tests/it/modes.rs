//! Whose requests the proxy takes, where it sends them, and which of them it looks at.

use glyph_formats::flow::{ErrorOrigin, FlowKind};
use glyphd::telemetry::name;
use glyphd::{
    capture::{Base, Credentials, Mode, UpstreamProxy},
    policy::Policy,
};
use http::Request;

use crate::harness::{
    FakeOrigin, RawClient, TestDaemon, client,
    secure::{Authority, SecureClient, SecureOrigin},
    text, told,
};

fn proxy_at(daemon: &TestDaemon, credentials: &str) -> UpstreamProxy {
    let credentials =
        Some(credentials).filter(|pair| !pair.is_empty()).map(|pair| Credentials::of(pair).unwrap());
    UpstreamProxy::of(&format!("http://{}", daemon.proxy()), credentials).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reverse_proxy_stands_for_its_server() {
    let origin = FakeOrigin::answering(|seen| text(format!("{} {}", seen.target, seen.header("host")))).await;
    let base = Base::of(&origin.url("/api/")).unwrap();
    let daemon = TestDaemon::with(|config| config.capture.mode = Mode::Reverse(base)).await;
    let mut client = daemon.client().await;
    let answer = client.get_with("/items?page=2", &[("host", "shop.test")]).await;
    assert_eq!(answer.text(), format!("/api/items?page=2 {}", origin.address()));
    // As a client of a forward proxy would ask: it is the server's all the same.
    let answer = client.get("http://elsewhere.invalid/x").await;
    assert_eq!(answer.text(), format!("/api/x {}", origin.address()));
    assert_eq!(client.request(http::Method::CONNECT, "elsewhere.invalid:443").await.status, 400);
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flows[0].request.url, origin.url("/api/items?page=2"), "what can be asked again");
    assert_eq!(recorded.flows[2].error.as_ref().unwrap().kind, "bad_target");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reverse_proxy_speaks_tls_with_its_server() {
    let authority = Authority::new();
    let origin = SecureOrigin::speaking(authority.certify(&["localhost"]), &["h2"]).await;
    let place = format!("localhost:{}", origin.port());
    let base = Base::of(&format!("https://{place}")).unwrap();
    let daemon = TestDaemon::with(|config| {
        config.capture.mode = Mode::Reverse(base);
        config.capture.upstream.ca = Some(authority.path());
    })
    .await;
    let answer = daemon.client().await.get_with("/x", &[("host", "shop.test")]).await;
    assert_eq!(answer.text(), format!("HTTP/2.0 {place} /x"));
    assert_eq!(daemon.drain().await.flow().request.url, format!("https://{place}/x"));
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_goes_through_the_upstream_proxy_with_its_credentials() {
    let (plain, authority) = (FakeOrigin::ok().await, Authority::new());
    let secure = SecureOrigin::speaking(authority.certify(&["localhost"]), &["h2", "http/1.1"]).await;
    let far = TestDaemon::with(|config| {
        config.capture.proxy_auth = Some(Credentials::of("joe:s3cr3t-s3cr3t").unwrap());
    })
    .await;
    let ca_dir = authority.path().with_file_name("glyph-ca");
    let upstream_proxy = proxy_at(&far, "joe:s3cr3t-s3cr3t");
    let near = TestDaemon::with(|config| {
        config.capture.upstream.proxy = Some(upstream_proxy);
        config.capture.upstream.ca = Some(authority.path());
        config.capture.ca = Some(glyphd::capture::Ca::InDir(ca_dir.clone()));
    })
    .await;
    assert_eq!(near.client().await.get(&plain.url("/plain")).await.text(), "ok");
    let place = format!("localhost:{}", secure.port());
    let ca = ca_dir.join("ca.pem");
    let connected = SecureClient::connect(near.proxy(), &place, "localhost", &ca, &["h2"]).await;
    assert_eq!(connected.unwrap().get(&place, "/secure").await.status, 200);
    let near = near.drain().await;
    let urls: Vec<_> = near.flows.iter().map(|flow| flow.request.url.clone()).collect();
    assert_eq!(urls, [plain.url("/plain"), format!("https://{place}/secure")]);
    let far = far.drain().await;
    assert_eq!(far.flows[0].request.url, plain.url("/plain"), "it was asked for the whole URL");
    assert_eq!((far.flows[1].kind, far.flows[1].request.url.clone()), (FlowKind::Tunnel, place));
    let everything = std::fs::read_to_string(far.dir.join("flows.jsonl")).unwrap();
    assert!(!everything.contains("am9lOnMzY3IzdC1zM2NyM3Q"), "the password stays out of the recording");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upstream_proxy_that_refuses_is_a_flow_with_the_reason() {
    let authority = Authority::new();
    let far = TestDaemon::with(|config| {
        config.capture.proxy_auth = Some(Credentials::of("joe:s3cr3t").unwrap());
    })
    .await;
    let upstream_proxy = proxy_at(&far, "");
    let near = TestDaemon::with(|config| {
        config.capture.upstream.proxy = Some(upstream_proxy);
        config.capture.ca = Some(glyphd::capture::Ca::InDir(authority.path().with_file_name("glyph-ca")));
    })
    .await;
    let mut client = RawClient::connect(near.proxy()).await;
    client.write("CONNECT a.test:443 HTTP/1.1\r\nHost: a.test:443\r\n\r\n").await;
    assert!(client.head().await.starts_with("HTTP/1.1 502 "));
    drop(client);
    let recorded = near.drain().await;
    let error = recorded.flow().error.as_ref().unwrap();
    assert_eq!((error.kind.as_str(), error.origin), ("upstream_proxy", ErrorOrigin::Upstream));
    assert!(error.message.contains("authorization"), "{}", error.message);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_no_password_is_asked_for_it() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| {
        config.capture.proxy_auth = Some(Credentials::of("joe:s3cr3t-s3cr3t").unwrap());
    })
    .await;
    let mut client = daemon.client().await;
    let refused = client.get(&origin.url("/a")).await;
    assert_eq!(
        (refused.status.as_u16(), &refused.headers["proxy-authenticate"]),
        (407, &"Basic realm=\"glyphd\"".parse().unwrap())
    );
    let basic = [("proxy-authorization", "Basic am9lOnMzY3IzdC1zM2NyM3Q=")];
    assert_eq!(client.get_with(&origin.url("/b"), &basic).await.status, 200);
    assert_eq!(origin.seen()[0].header("proxy-authorization"), "", "it is not for the upstream");
    assert_eq!(client.request(http::Method::CONNECT, &origin.address().to_string()).await.status, 407);
    let recorded = daemon.drain().await;
    let kinds: Vec<_> =
        recorded.flows.iter().map(|flow| flow.error.as_ref().map(|e| e.kind.as_str())).collect();
    assert_eq!(kinds, [Some("proxy_auth"), None, Some("proxy_auth")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_at_glyphs_own_listeners_or_in_a_loop() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::start().await;
    let mut client = daemon.client().await;
    for address in [daemon.metrics(), daemon.proxy()] {
        let port = address.port();
        for host in ["127.0.0.1", "localhost", "0.0.0.0", "[::ffff:127.0.0.1]"] {
            let answer = client.get(&format!("http://{host}:{port}/metrics")).await;
            assert_eq!(answer.status, 508, "{host}: {}", answer.text());
        }
        let mut raw = RawClient::connect(daemon.proxy()).await;
        raw.write(format!("CONNECT {address} HTTP/1.1\r\nHost: {address}\r\n\r\n")).await;
        assert!(raw.head().await.starts_with("HTTP/1.1 508 "));
    }
    // What has passed here before says so.
    assert_eq!(client.get(&origin.url("/")).await.status, 200);
    let via = origin.seen()[0].header("via").to_owned();
    assert!(via.starts_with("1.1 glyph-"), "{via}");
    assert_eq!(client.get_with(&origin.url("/"), &[("via", &format!("1.0 other, {via}"))]).await.status, 508);
    let recorded = daemon.drain().await;
    assert_eq!(
        recorded.flows.iter().filter(|f| f.error.as_ref().is_some_and(|e| e.kind == "loop")).count(),
        11
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_out_of_scope_passes_and_leaves_a_count_alone() {
    let origin = FakeOrigin::ok().await;
    let policy = "[[scope.include]]\nhosts = [\"127.*\"]\n[[scope.exclude]]\npaths = [\"/health*\"]\n\
                  [[scope.exclude]]\nmethods = [\"DELETE\"]\n";
    let daemon = TestDaemon::with(|config| {
        config.policy = toml::from_str::<Policy>(policy).unwrap();
        config.capture.scope = config.policy.scope.clone();
    })
    .await;
    let mut client = daemon.client().await;
    for path in ["/a", "/healthz", "/health?x=1"] {
        assert_eq!(client.get(&origin.url(path)).await.text(), "ok");
    }
    assert_eq!(client.request(http::Method::DELETE, &origin.url("/a")).await.text(), "ok");
    let other = format!("http://localhost:{}/a", origin.address().port());
    assert_eq!(client.get(&other).await.text(), "ok");
    let told_of_its_trace = |at: usize| origin.seen()[at].headers.contains_key("traceparent");
    assert!(told_of_its_trace(0) && !told_of_its_trace(1), "what is out of scope is left as it is");
    let skipped =
        told::counted(daemon.metrics(), "glyph_flow_skipped_total", &[("reason", "out_of_scope")]).await;
    assert!((3.0..=4.0).contains(&skipped), "the last one may not have ended yet: {skipped}");
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flow().request.url, origin.url("/a"));
    for name in [name::CAPTURE_FLOW, name::UPSTREAM_REQUEST] {
        assert_eq!(recorded.spans_named(name).len(), 1, "no span tells of the others");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_share_of_the_flows_is_written_and_it_is_the_same_one_for_each_trace() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| config.flow_sample_ratio = 0.5).await;
    let mut client = daemon.client().await;
    let traces: Vec<String> = (0..100_u128)
        .map(|n| format!("{:032x}", (n + 1) * 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835 % (1 << 127)))
        .collect();
    for trace in traces.iter().chain(&traces) {
        let parent = format!("00-{trace}-00f067aa0ba902b7-01");
        client.get_with(&origin.url("/"), &[("traceparent", &parent)]).await;
    }
    let recorded = daemon.drain().await;
    let written: Vec<_> = recorded.flows.iter().map(|flow| flow.trace_id.to_string()).collect();
    assert!((60..140).contains(&written.len()), "{}", written.len());
    for trace in &traces {
        let count = written.iter().filter(|written| *written == trace).count();
        assert!(count == 0 || count == 2, "{trace}: {count}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn http2_without_tls_is_spoken_by_who_begins_with_it() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::start().await;
    let mut sender = client::http2(daemon.proxy()).await;
    let request = Request::get(origin.url("/")).body(client::empty()).unwrap();
    let answer = client::whole(sender.send_request(request).await.unwrap()).await.unwrap();
    assert_eq!(answer.text(), "ok");
    drop(sender);
    let recorded = daemon.drain().await;
    let flow = recorded.flow();
    assert_eq!(
        (flow.request.version.as_str(), flow.response.as_ref().unwrap().version.as_str()),
        ("HTTP/2", "HTTP/1.1")
    );
}
