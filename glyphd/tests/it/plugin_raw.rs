//! Exchanges as they passed, for the plugins that may see them; and how much of a body a plugin takes.

use std::fs;

use glyph_formats::recording::{AUDIT, FINDINGS, FLOWS, TRACES};
use glyph_plugin::{
    Capability, Finding, FlowEvent, PROTOCOL_VERSION, Phase, Severity, Subscription,
    wire::{Header, Hello, plugin_message::Message},
};
use glyphd::Config;
use http::{Request, Response};

use crate::harness::{
    FakeOrigin, FakePlugin, TestDaemon,
    bus::{bus, grant_of, hello},
    client::full,
    operator, text,
};

const ALL: [Subscription; 4] = [
    Subscription::FlowRequest,
    Subscription::FlowRequestRaw,
    Subscription::FlowResponse,
    Subscription::FlowResponseRaw,
];

/// Lets the operator's guests see everything.
fn trusting(config: &mut Config) {
    let all = "grant = [\"CAP_EMIT_FINDINGS\", \"CAP_FLOW_INSPECT\", \"CAP_FLOW_INSPECT_RAW\"]";
    let guest = |name| format!("[plugins.{name}]\nstart = false\n{all}\n");
    config.policy = toml::from_str(&["guest", "small", "large"].map(guest).concat()).unwrap();
}

/// A plugin with every capability that there is to see flows with.
async fn guest(daemon: &TestDaemon, name: &str, hello: Hello) -> FakePlugin {
    let credentials = operator::token(daemon.control(), name).await;
    let mut bus = bus(&credentials.bus).await.max_decoding_message_size(64 << 20);
    let wanted = [Capability::CapEmitFindings, Capability::CapFlowInspect, Capability::CapFlowInspectRaw]
        .map(Into::into);
    let granted = grant_of(&mut bus, &credentials, PROTOCOL_VERSION, &wanted).await.unwrap();
    assert_eq!(granted.granted, wanted);
    FakePlugin::open(bus, &granted.session_secret, hello).await.unwrap()
}

fn value<'a>(headers: &'a [Header], name: &str) -> &'a str {
    let header =
        headers.iter().find(|h| h.name == name).unwrap_or_else(|| panic!("no {name} in {headers:?}"));
    str::from_utf8(&header.value).unwrap()
}

/// One exchange full of secrets, and the four events that a plugin has of it.
async fn exchange(daemon: &TestDaemon, plugin: &mut FakePlugin) -> [FlowEvent; 4] {
    let origin = FakeOrigin::answering(|_| {
        let answer = Response::builder().header("set-cookie", "sid=s3cr3t-cookie; HttpOnly");
        answer.body(full("an answer")).unwrap()
    })
    .await;
    // joe:s3cr3t-basic
    let request = Request::get(origin.url("/?token=s3cr3t%2Fquery&page=1"))
        .header("authorization", "Basic am9lOnMzY3IzdC1iYXNpYw==")
        .header("x-api-key", "s3cr3t-key")
        .body(full(""))
        .unwrap();
    daemon.client().await.ask(request).await;
    [plugin.event().await.0, plugin.event().await.0, plugin.event().await.0, plugin.event().await.0]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_may_is_shown_what_passed_as_it_passed() {
    let daemon = TestDaemon::with(trusting).await;
    let wanted = Hello { subscriptions: ALL.map(Into::into).to_vec(), ..hello("guest") };
    let mut plugin = guest(&daemon, "guest", wanted).await;
    assert_eq!(plugin.welcome.subscriptions().collect::<Vec<_>>(), ALL);
    let events = exchange(&daemon, &mut plugin).await;
    let kinds: Vec<_> = events.iter().map(|e| (e.phase(), e.raw)).collect();
    let (request, response) = (Phase::Request, Phase::Response);
    assert_eq!(kinds, [(request, false), (request, true), (response, false), (response, true)]);
    for event in &events {
        let request = event.request.as_ref().unwrap();
        let key = value(&request.headers, "x-api-key");
        assert_eq!((key == "s3cr3t-key", request.url.contains("s3cr3t%2Fquery")), (event.raw, event.raw));
        assert_eq!(value(&request.headers, "authorization") == "Basic am9lOnMzY3IzdC1iYXNpYw==", event.raw);
        assert!(!event.raw || request.headers.iter().all(|h| !h.redacted), "{request:?}");
        if let Some(response) = &event.response {
            let cookie = value(&response.headers, "set-cookie");
            assert_eq!(cookie == "sid=s3cr3t-cookie; HttpOnly", event.raw, "{cookie}");
            assert_eq!(response.body.as_ref().unwrap().content, "an answer");
        }
        plugin.done_with(&event.flow_id, event.phase(), event.raw).await;
    }
    let work = tokio::spawn(plugin.work());
    let recorded = daemon.drain().await;
    assert_eq!(work.await.unwrap(), []);
    let denied = recorded.times("message_received", glyph_formats::Decision::Deny);
    assert_eq!(denied, 0, "each of the four was answered by its own FlowDone");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_finding_that_quotes_secrets_is_kept_with_the_tokens_of_the_flow() {
    let daemon = TestDaemon::with(trusting).await;
    let wanted = Hello { subscriptions: ALL.map(Into::into).to_vec(), ..hello("guest") };
    let mut plugin = guest(&daemon, "guest", wanted).await;
    let events = exchange(&daemon, &mut plugin).await;
    let quoting =
        Finding::new("guest.quotes", Severity::High, "the key is s3cr3t-key, the query s3cr3t/query")
            .with_evidence("password s3cr3t-basic, of joe:s3cr3t-basic; am9lOnMzY3IzdC1iYXNpYw==")
            .with_metadata("cookie", "it was s3cr3t-cookie")
            .with_metadata("s3cr3t-key", "as a name");
    let raw = &events[3];
    let target = raw.request.as_ref().unwrap().url.clone();
    assert!(target.contains("s3cr3t"), "{target}");
    plugin.say(Message::Finding(Finding { flow_id: raw.flow_id.clone(), target, ..quoting }), "").await;
    for event in &events {
        plugin.done_with(&event.flow_id, event.phase(), event.raw).await;
    }
    let work = tokio::spawn(plugin.work());
    let recorded = daemon.drain().await;
    work.await.unwrap();

    for file in [FLOWS, FINDINGS, AUDIT, TRACES] {
        let text = fs::read_to_string(recorded.dir.join(file)).unwrap();
        assert!(!text.contains("s3cr3t") && !text.contains("am9lOnMz"), "{file}: {text}");
    }
    let (flow, finding) = (recorded.flow(), &recorded.findings[0]);
    let header = |headers: &[(String, String)], name: &str| {
        headers.iter().find(|(n, _)| n == name).unwrap_or_else(|| panic!("{name}")).1.clone()
    };
    let after = |text: &str, before: &str| {
        let rest = text.split_once(before).unwrap_or_else(|| panic!("{before} in {text}")).1;
        let token: String = rest.chars().take_while(|c| c.is_ascii_alphanumeric() || *c == '-').collect();
        assert!(token.starts_with("glyph-redacted-"), "{text}");
        token
    };
    let key = header(&flow.request.headers, "x-api-key");
    let query = after(&flow.request.url, "token=");
    let basic = after(&header(&flow.request.headers, "authorization"), "Basic ");
    let cookie = after(&header(&flow.response.as_ref().unwrap().headers, "set-cookie"), "sid=");
    assert_eq!(finding.message, format!("the key is {key}, the query {query}"));
    assert_eq!(finding.evidence.as_deref(), Some(&*format!("password {basic}, of {basic}; {basic}")));
    assert_eq!(finding.metadata.get("cookie").unwrap().to_string(), format!("it was {cookie}"));
    assert_eq!(finding.metadata.get(&key).unwrap().to_string(), "as a name");
    assert_eq!(finding.target, flow.request.url);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_cut_for_the_plugin_that_can_take_no_more_and_for_no_other() {
    const SIZE: usize = 6 << 20;
    let page = vec![b'x'; SIZE];
    let origin = FakeOrigin::answering(move |_| text(page.clone())).await;
    let daemon = TestDaemon::with(|config| {
        trusting(config);
        config.max_body_bytes = 8 << 20;
    })
    .await;
    let subscriptions = vec![Subscription::FlowResponse.into(), Subscription::FlowResponseRaw.into()];
    let small = Hello { subscriptions: subscriptions.clone(), ..hello("small") };
    let large = Hello { subscriptions, max_message_bytes: 64 << 20, ..hello("large") };
    let mut small = guest(&daemon, "small", small).await;
    let mut large = guest(&daemon, "large", large).await;
    daemon.client().await.get(&origin.url("/")).await;
    for raw in [false, true] {
        let bodies = [small.event().await.0, large.event().await.0].map(|event| {
            assert_eq!(event.raw, raw);
            event.response.unwrap().body.unwrap()
        });
        let [cut, whole] = bodies;
        assert_eq!((whole.content.len(), whole.size, whole.truncated), (SIZE, SIZE as u64, false));
        assert_eq!((cut.size, cut.truncated), (SIZE as u64, true));
        assert!((3 << 20..4 << 20).contains(&cut.content.len()), "{}", cut.content.len());
        assert_eq!(cut.content, whole.content[..cut.content.len()]);
    }
    drop((small, large));
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flow().response.as_ref().unwrap().body.utf8.as_ref().unwrap().len(), SIZE);
}
