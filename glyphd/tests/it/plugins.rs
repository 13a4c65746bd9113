//! The plugin bus: who is let in, what they are shown, and what becomes of what they say.

use std::collections::BTreeSet;

use glyph_formats::{AuditEntry, Decision, SpanId, TraceId, span::SpanStatus};
use glyph_plugin::{PROTOCOL_VERSION, Phase, TRACE_METADATA, wire::GrantCapabilitiesRequest};
use glyphd::telemetry::name;
use http::Request;
use tonic::Code;

use crate::harness::{
    DaemonProcess, FakeOrigin, FakePlugin, PluginsDir, Recorded, TestDaemon,
    bus::open,
    client::{Client, full},
    operator,
    plugin::{Credentials, bus, grant, hello},
    records::{attribute, number, traceparent},
    text,
};

/// A daemon with one fake plugin, which has not connected yet.
async fn with_fake(name: &str) -> (PluginsDir, crate::harness::plugin::Seat, TestDaemon) {
    let plugins = PluginsDir::new();
    let seat = plugins.fake(name);
    let daemon = TestDaemon::with(|config| config.plugins_dir = Some(plugins.path())).await;
    (plugins, seat, daemon)
}

/// The only entry of that kind.
#[track_caller]
fn only<'a>(recorded: &'a Recorded, event: &str, decision: Decision) -> &'a AuditEntry {
    let entries = recorded.audited(event, decision);
    assert_eq!(entries.len(), 1, "{event} {decision:?}: {:#?}", recorded.audit);
    entries[0]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_shown_both_sides_of_an_exchange_without_its_secrets() {
    let origin = FakeOrigin::answering(|_| text("an answer")).await;
    let (_plugins, seat, daemon) = with_fake("watcher").await;
    let mut plugin = seat.take().await;
    let url = origin.url("/path?token=s3cr3t");
    let request = Request::post(&url)
        .header("x-api-key", "s3cr3t")
        .header("accept", "text/plain")
        .body(full("a question"))
        .unwrap();
    daemon.client().await.ask(request).await;

    let (asked, context) = plugin.event().await;
    let (answered, _) = plugin.event().await;
    assert_eq!((asked.phase(), answered.phase()), (Phase::Request, Phase::Response));
    assert_eq!(asked.flow_id, answered.flow_id);
    let request = asked.request.unwrap();
    assert_eq!(request.body.as_ref().unwrap().content[..], *b"a question");
    assert!(request.url.contains("token=glyph-redacted-"), "{}", request.url);
    let key = request.headers.iter().find(|h| h.name == "x-api-key").unwrap();
    assert!(key.redacted && key.value.starts_with(b"glyph-redacted-"), "{key:?}");
    assert!(request.headers.iter().any(|h| h.name == "accept" && !h.redacted));
    assert_eq!((asked.response, answered.request.unwrap().body), (None, None));
    let response = answered.response.unwrap();
    assert_eq!((response.status, response.body.unwrap().content), (200, "an answer".into()));

    for phase in [Phase::Request, Phase::Response] {
        plugin.done(&asked.flow_id, phase).await;
    }
    let work = tokio::spawn(plugin.work());
    let recorded = daemon.drain().await;
    assert_eq!(work.await.unwrap(), [], "and then nothing but the goodbye");
    let flow = recorded.flow();
    assert_eq!((flow.id.as_str(), flow.sequence), (asked.flow_id.as_str(), asked.sequence));
    let deliveries = recorded.spans_of(flow.trace_id, name::DISPATCH_EVENT);
    assert_eq!(deliveries.len(), 2);
    assert!(deliveries.iter().all(|d| d.status == SpanStatus::Ok));
    let (trace, span, _) = traceparent(&context);
    assert_eq!(trace, flow.trace_id);
    assert!(deliveries.iter().any(|d| d.span_id == span), "an event is sent in the context of its delivery");
}

#[tokio::test(flavor = "multi_thread")]
async fn from_its_welcome_on_a_plugin_misses_nothing() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| {
        config.policy = toml::from_str("[plugins.guest]\nstart = false\n").unwrap();
    })
    .await;
    let mut client = daemon.client().await;
    for sequence in 1..=50 {
        let (bus, secret) = open(&operator::token(daemon.control(), "guest").await).await;
        let mut plugin = FakePlugin::open(bus, &secret, hello("guest")).await.unwrap();
        client.get(&origin.url("/")).await;
        let (event, _) = plugin.event().await;
        assert_eq!((event.sequence, event.phase()), (sequence, Phase::Request));
        plugin.leave().await;
    }
    daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_is_kept_with_the_trace_of_its_flow() {
    let origin = FakeOrigin::ok().await;
    let (_plugins, seat, daemon) = with_fake("finder").await;
    let mut plugin = seat.take().await;
    let mut client = daemon.client().await;
    client.get(&origin.url("/1")).await;
    let (first, context) = plugin.event().await;
    plugin.report(&first.flow_id, "finder.own-span", &context).await;
    // A context that is not the flow's is not believed.
    let foreign = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    plugin.report(&first.flow_id, "finder.foreign", foreign).await;
    plugin.report(&first.flow_id, "finder.none", "").await;
    let work = tokio::spawn(plugin.work());
    let recorded = daemon.drain().await;
    work.await.unwrap();
    let flow = recorded.flow();
    assert_eq!(recorded.summary.findings, 3);
    let kinds: Vec<_> = recorded.findings.iter().map(|f| f.kind.as_str()).collect();
    assert_eq!(kinds, ["finder.own-span", "finder.foreign", "finder.none"]);
    for finding in &recorded.findings {
        assert_eq!((finding.trace_id, finding.flow_id.as_ref()), (flow.trace_id, Some(&flow.id)));
        assert_eq!((finding.plugin.as_str(), &finding.target), ("finder", &flow.request.url));
    }
    let foreign: TraceId = "4bf92f3577b34da6a3ce929d0e0e4736".parse().unwrap();
    assert!(recorded.spans.iter().all(|span| span.trace_id != foreign));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugins_own_span_stands_between_its_delivery_and_its_finding() {
    let origin = FakeOrigin::ok().await;
    let (_plugins, seat, daemon) = with_fake("tracer").await;
    let mut plugin = seat.take().await;
    daemon.client().await.get(&origin.url("/")).await;
    let (event, context) = plugin.event().await;
    let (trace, delivery, _) = traceparent(&context);
    let own: SpanId = "00f067aa0ba902b7".parse().unwrap();
    plugin.report(&event.flow_id, "tracer.found", &format!("00-{trace}-{own}-01")).await;
    let work = tokio::spawn(plugin.work());
    let recorded = daemon.drain().await;
    work.await.unwrap();
    let received = recorded.spans_of(trace, name::RECEIVE_EVENT);
    let found = received.iter().find(|span| attribute(span, "glyph.event") == "finding").unwrap();
    assert_eq!((found.parent_span_id, found.trace_id), (Some(own), recorded.flow().trace_id));
    assert!(recorded.spans_of(trace, name::DISPATCH_EVENT).iter().any(|span| span.span_id == delivery));
}

#[tokio::test(flavor = "multi_thread")]
async fn trace_context_travels_in_the_metadata_of_calls_both_ways() {
    let (_plugins, seat, daemon) = with_fake("caller").await;
    let credentials = seat.credentials().await;
    let caller = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut request = tonic::Request::new(GrantCapabilitiesRequest {
        protocol_version: PROTOCOL_VERSION,
        plugin: credentials.name.clone(),
        token: credentials.token.clone(),
        requested: Vec::new(),
    });
    request.metadata_mut().insert(TRACE_METADATA, caller.parse().unwrap());
    let answer = bus(&credentials.bus).await.grant_capabilities(request).await.unwrap();
    let said = answer.metadata().get(TRACE_METADATA).unwrap().to_str().unwrap();
    let (trace, span, sampled) = traceparent(said);
    let recorded = daemon.drain().await;
    let authenticate = recorded.span(trace, name::AUTHENTICATE);
    assert_eq!((authenticate.span_id, sampled), (span, true));
    let (their_trace, their_span, _) = traceparent(caller);
    let links: Vec<_> = authenticate.links.iter().map(|l| (l.trace_id, l.span_id)).collect();
    assert_eq!(links, [(their_trace, their_span)], "a stranger's trace is not gone on with, but pointed to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_that_may_not_be_is_refused_and_on_record() {
    let origin = FakeOrigin::ok().await;
    let (_plugins, seat, daemon) = with_fake("liar").await;
    let mut plugin = seat.take().await;
    daemon.client().await.get(&origin.url("/")).await;
    let (event, _) = plugin.event().await;
    let long = "x".repeat(201);
    let own = "glyph.supervisor.termination";
    for (flow, kind) in [
        ("no-such-flow", "liar.unknown"),
        (&event.flow_id, own),
        (&event.flow_id, ""),
        (&event.flow_id, &long),
    ] {
        plugin.report(flow, kind, "").await;
    }
    plugin.report(&event.flow_id, "liar.good", "").await;
    let work = tokio::spawn(plugin.work());
    let recorded = daemon.drain().await;
    work.await.unwrap();
    assert_eq!(recorded.findings.len(), 1, "the good one is kept all the same");
    let denied = recorded.audited("finding_reported", Decision::Deny);
    let reasons: Vec<_> = denied.iter().map(|e| e.reason.clone().unwrap()).collect();
    assert_eq!(reasons.len(), 4, "{reasons:?}");
    assert!(reasons[0].contains("a flow the plugin was not shown"), "{reasons:?}");
    assert!(reasons[1].contains("are the daemon's own"), "{reasons:?}");
    assert!(reasons[2..].iter().all(|r| r.contains("1 to 200 bytes")), "{reasons:?}");
    assert_eq!(denied[3].metadata.get("repeated").unwrap().to_string(), "1", "a repetition is counted");
    only(&recorded, "finding_reported", Decision::Allow);
    let failed =
        recorded.spans_named(name::RECEIVE_EVENT).into_iter().filter(|s| s.status == SpanStatus::Error);
    assert_eq!(failed.count(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_good_once_and_for_one_plugin() {
    let plugins = PluginsDir::new();
    let (guest, victim) = (plugins.fake("guest"), plugins.fake("victim"));
    let daemon = TestDaemon::with(|config| config.plugins_dir = Some(plugins.path())).await;
    let (credentials, stolen) = (guest.credentials().await, victim.credentials().await);
    let mut bus = bus(&credentials.bus).await;
    let guessed = Credentials { token: "0".repeat(64), ..credentials.clone() };
    let error = grant(&mut bus, &guessed, PROTOCOL_VERSION).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated);
    let granted = grant(&mut bus, &credentials, PROTOCOL_VERSION).await.unwrap();
    assert_eq!(granted.granted.len(), 2, "a wrong token does not use up the right one");
    let error = grant(&mut bus, &credentials, PROTOCOL_VERSION).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated);
    // A stolen one is good for nothing under another name, and for nothing afterwards.
    let thief = Credentials { name: "guest".to_owned(), ..stolen.clone() };
    let error = grant(&mut bus, &thief, PROTOCOL_VERSION).await.unwrap_err();
    assert!(error.message().contains("another plugin's"), "{error}");
    assert!(grant(&mut bus, &stolen, PROTOCOL_VERSION).await.is_err());

    // So is the secret that it buys.
    let error = FakePlugin::open(bus.clone(), "wrong", hello("guest")).await.map(drop).unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated);
    let plugin = FakePlugin::open(bus.clone(), &granted.session_secret, hello("guest")).await.unwrap();
    let error =
        FakePlugin::open(bus.clone(), &granted.session_secret, hello("guest")).await.map(drop).unwrap_err();
    assert_eq!(error.code(), Code::AlreadyExists);
    plugin.leave().await;
    let error = FakePlugin::open(bus, &granted.session_secret, hello("guest")).await.map(drop).unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated, "it ended with its stream");

    let recorded = daemon.drain().await;
    // Two denials for one reason within a second are one entry and a count.
    assert_eq!(recorded.times("capabilities_granted", Decision::Deny), 4);
    only(&recorded, "capabilities_granted", Decision::Allow);
    assert_eq!(recorded.times("session_opened", Decision::Deny), 3);
    only(&recorded, "session_opened", Decision::Allow);
    for entry in &recorded.audit {
        let text = serde_json::to_string(entry).unwrap();
        for secret in [&credentials.token, &stolen.token, &granted.session_secret] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_is_used_up_even_by_a_plugin_of_another_protocol() {
    let (_plugins, seat, daemon) = with_fake("future").await;
    let credentials = seat.credentials().await;
    let mut bus = bus(&credentials.bus).await;
    let error = grant(&mut bus, &credentials, PROTOCOL_VERSION + 1).await.unwrap_err();
    assert_eq!(error.code(), Code::FailedPrecondition);
    assert!(error.message().contains("version 2 is not spoken here"), "{error}");
    let error = grant(&mut bus, &credentials, PROTOCOL_VERSION).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated);
    drop(bus);
    let recorded = daemon.drain().await;
    assert_eq!(recorded.audited("capabilities_granted", Decision::Deny).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hello_of_another_name_or_version_is_refused_and_on_record() {
    let mut other_version = hello("guest");
    other_version.protocol_version = 2;
    let mut nonsense = hello("guest");
    nonsense.subscriptions = vec![99];
    for (hello, code) in [
        (hello("other"), Code::PermissionDenied),
        (other_version, Code::FailedPrecondition),
        (nonsense, Code::InvalidArgument),
    ] {
        let (_plugins, seat, daemon) = with_fake("guest").await;
        let credentials = seat.credentials().await;
        let mut bus = bus(&credentials.bus).await;
        let granted = grant(&mut bus, &credentials, PROTOCOL_VERSION).await.unwrap();
        let error = FakePlugin::open(bus, &granted.session_secret, hello).await.map(drop).unwrap_err();
        assert_eq!(error.code(), code);
        let recorded = daemon.drain().await;
        let entry = only(&recorded, "session_opened", Decision::Deny);
        assert_eq!(entry.reason.as_deref(), Some(error.message()));
        let stream = recorded.spans_named(name::EVENT_STREAM)[0];
        assert_eq!(stream.status, SpanStatus::Error);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_gets_only_what_the_operator_grants() {
    let origin = FakeOrigin::ok().await;
    let plugins = PluginsDir::new();
    let seat = plugins.fake("mute");
    let policy = plugins.path().join("policy.toml");
    std::fs::write(&policy, "[plugins.mute]\ngrant = [\"CAP_FLOW_INSPECT\"]\n").unwrap();
    let daemon = TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.policy = glyphd::policy::Policy::load(&policy).unwrap();
    })
    .await;
    let mut plugin = seat.take().await;
    daemon.client().await.get(&origin.url("/")).await;
    let (event, _) = plugin.event().await;
    plugin.report(&event.flow_id, "mute.speaks", "").await;
    let work = tokio::spawn(plugin.work());
    let recorded = daemon.drain().await;
    work.await.unwrap();
    assert_eq!(recorded.findings, []);
    let entry = only(&recorded, "finding_reported", Decision::Deny);
    assert_eq!(entry.reason.as_deref(), Some("the plugin lacks CAP_EMIT_FINDINGS"));
    assert_eq!(entry.trace_id, Some(recorded.flow().trace_id));
    let granted = only(&recorded, "capabilities_granted", Decision::Allow);
    assert_eq!(granted.metadata.get("granted").unwrap().to_string(), "CAP_FLOW_INSPECT");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_never_answers_stalls_nobody_and_its_drops_are_counted() {
    let origin = FakeOrigin::ok().await;
    let plugins = PluginsDir::new();
    let (stuck, busy) = (plugins.fake("stuck"), plugins.fake("busy"));
    let daemon = TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.trace.sample_ratio = 1.0;
    })
    .await;
    let stuck = stuck.take().await;
    let busy = tokio::spawn(busy.take().await.work());
    let mut client = daemon.client().await;
    for _ in 0..200 {
        client.get(&origin.url("/")).await;
    }
    // Dropped without a word when the daemon ends it.
    let recorded = daemon.drain().await;
    drop(stuck);
    let events: BTreeSet<_> = busy.await.unwrap().into_iter().collect();
    let dropped: i64 = recorded.spans_named(name::BROADCAST).iter().map(|s| number(s, "glyph.dropped")).sum();
    let delivered: i64 =
        recorded.spans_named(name::BROADCAST).iter().map(|s| number(s, "glyph.delivered")).sum();
    assert_eq!(delivered + dropped, 800, "200 exchanges, two sides, two plugins");
    // The window, the one in hand, the queue: what the stuck one can hold. The busy one may have had a full queue
    // for a moment, too.
    let held = 800 - dropped - i64::try_from(events.len()).unwrap();
    assert!((1..=165).contains(&held), "{held} held, {dropped} dropped");
    assert!(dropped >= 400 - 165, "{dropped}");
    let ended = recorded.spans_named(name::DISPATCH_EVENT);
    let failed = ended.iter().filter(|s| s.status == SpanStatus::Error).count();
    assert_eq!(failed, 64, "each delivery without an answer is told as such");
    let all = events.len() + failed + usize::try_from(recorded.summary.events_dropped).unwrap();
    assert_eq!(all, 800, "and what was still in the queue is counted, too");
    assert_eq!(recorded.flows.len(), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_is_ready_when_its_plugins_are() {
    let (_plugins, seat, daemon) = with_fake("late").await;
    let mut control = Client::connect(daemon.metrics()).await;
    assert_eq!(control.get("/healthz").await.text(), "ok\n");
    let answer = control.get("/readyz").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (503, "not ready\nplugin late: starting\n"));
    let plugin = seat.take().await;
    daemon.plugins_settled().await;
    let answer = control.get("/readyz").await;
    assert_eq!((answer.status.as_u16(), answer.text().as_str()), (200, "ready\nplugin late: connected\n"));
    assert_eq!(control.get("/else").await.status, 404);
    assert_eq!(control.request(http::Method::POST, "/healthz").await.status, 405);
    plugin.leave().await;
    daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_has_left_makes_the_daemon_not_ready_and_gets_nothing_more() {
    let origin = FakeOrigin::ok().await;
    let plugins = PluginsDir::new();
    let seat = plugins.fake("leaver");
    let (folder, policy) = (plugins.path(), plugins.policy("[plugins.leaver]\nrestarts = 0\n"));
    let args = ["--plugins-dir", folder.to_str().unwrap(), "--config", policy.to_str().unwrap()];
    let mut daemon = DaemonProcess::start(args).await;
    seat.take().await.leave().await;
    daemon.line("a plugin's session has ended").await;
    let answer = Client::connect(daemon.metrics).await.get("/readyz").await;
    // Its process ends too, before this or after it.
    let told = ["gone", "given up"].map(|state| format!("not ready\nplugin leaver: {state}\n"));
    assert!(answer.status == 503 && told.contains(&answer.text()), "{answer:?}");
    assert_eq!(daemon.client().await.get(&origin.url("/")).await.text(), "ok");
    assert_eq!(daemon.stop().await.code, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_body_reaches_a_plugin_if_so_much_is_kept() {
    let page = vec![b'x'; 6 << 20];
    let origin = FakeOrigin::answering(move |_| text(page.clone())).await;
    let plugins = PluginsDir::new();
    plugins.passive_headers();
    let daemon = TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.max_body_bytes = 8 << 20;
    })
    .await;
    daemon.plugins_settled().await;
    let mut client = daemon.client().await;
    for path in ["/1", "/2"] {
        client.get(&origin.url(path)).await;
    }
    let recorded = daemon.drain().await;
    assert_eq!(recorded.findings.len(), 2, "one about each");
    assert_eq!(recorded.summary.events_dropped, 0);
}
