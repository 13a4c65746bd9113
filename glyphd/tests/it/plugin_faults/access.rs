//! Who is not let in, or gets less than it wants. (Wrong and used tokens by themselves are in `plugins.rs`.)

use std::time::Duration;

use glyph_formats::Decision;
use glyph_plugin::{Capability, PROTOCOL_VERSION, Phase, Subscription, wire::PluginMessage};
use tokio::process::Command;
use tonic::Code;

use super::{GUEST, Scene, guests, noted, only};
use crate::harness::{
    FakeOrigin, FakePlugin, RawStream, TestDaemon,
    bus::{Credentials, bus, flow_done, grant, grant_of, hello, message, open},
    operator,
    plugin::this_binary_as,
    process::run,
};

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_refused_at_the_door_disturbs_nobody() {
    let mut scene = Scene::set().await;
    let first = scene.guest.credentials().await;
    let mut bus = bus(&first.bus).await;

    let wrong = Credentials { token: "f".repeat(64), ..first.clone() };
    assert_eq!(grant(&mut bus, &wrong, PROTOCOL_VERSION).await.unwrap_err().code(), Code::Unauthenticated);
    scene.others_are_served().await;
    let version = grant(&mut bus, &first, PROTOCOL_VERSION + 1).await.unwrap_err();
    assert_eq!(version.code(), Code::FailedPrecondition);
    scene.others_are_served().await;
    let reused = grant(&mut bus, &first, PROTOCOL_VERSION).await.unwrap_err();
    assert_eq!(reused.code(), Code::Unauthenticated);
    scene.others_are_served().await;

    let (mut version, mut subscription, mut small) = (hello(GUEST), hello(GUEST), hello(GUEST));
    version.protocol_version = 0;
    subscription.subscriptions.push(5);
    small.max_message_bytes = 1000;
    for (hello, code) in [
        (hello("witness"), Code::PermissionDenied),
        (version, Code::FailedPrecondition),
        (subscription, Code::InvalidArgument),
        (small, Code::InvalidArgument),
    ] {
        let (bus, secret) = open(&operator::token(scene.daemon.control(), GUEST).await).await;
        let refused = FakePlugin::open(bus, &secret, hello).await.unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        scene.others_are_served().await;
    }
    let recorded = scene.drain().await;
    assert_eq!(recorded.times("capabilities_granted", Decision::Deny), 3);
    let refused = guests(&recorded, "session_opened", Decision::Deny);
    assert_eq!(refused.len(), 4, "{:#?}", recorded.audit);
    assert_eq!(recorded.flows.len(), 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stolen_secret_opens_nothing_for_another_process() {
    let mut scene = Scene::set().await;
    let granted = scene.guest.granted().await;
    let [program, args @ ..] = this_binary_as("harness::bus::the_thief");
    let mut thief = Command::new(program);
    thief.args(args).env("STOLEN_BUS", &granted.credentials.bus).env("STOLEN_SECRET", &granted.secret);
    let ended = run(thief).await;
    let came =
        "what came of it: Err((Unauthenticated, \"the session secret was bought by another process\"))";
    assert!(ended.stderr.contains(came), "{ended:?}");
    scene.others_are_served().await;
    // Nor has the thief used it up.
    let mut owner = granted.open().await.unwrap();
    scene.others_are_served().await;
    let (event, _) = owner.event().await;
    assert!(event.request.unwrap().url.ends_with("/witness/2"));
    drop(owner);
    let recorded = scene.drain().await;
    let denied = recorded.audited("session_opened", Decision::Deny);
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0].reason.as_deref(), Some("the session secret was bought by another process"));
    let own = format!("process {} of", std::process::id());
    assert!(noted(denied[0], "peer").starts_with("process "), "{denied:?}");
    assert!(!noted(denied[0], "peer").starts_with(&own), "it names the thief: {denied:?}");
    assert!(noted(only(&recorded, "capabilities_granted", Decision::Allow), "peer").starts_with(&own));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_capability_that_there_is_not_uses_the_token_up() {
    let mut scene = Scene::set().await;
    let credentials = scene.guest.credentials().await;
    let mut bus = bus(&credentials.bus).await;
    let wanted = [Capability::CapFlowInspect.into(), 99];
    let refused = grant_of(&mut bus, &credentials, PROTOCOL_VERSION, &wanted).await.unwrap_err();
    assert_eq!((refused.code(), refused.message()), (Code::InvalidArgument, "99 is no capability"));
    let again = grant(&mut bus, &credentials, PROTOCOL_VERSION).await.unwrap_err();
    assert_eq!(again.code(), Code::Unauthenticated);
    scene.others_are_served().await;
    let recorded = scene.drain().await;
    let denied = guests(&recorded, "capabilities_granted", Decision::Deny);
    assert_eq!(denied.len(), 2);
    assert_eq!(denied[0].reason.as_deref(), Some("99 is no capability"));
    assert_eq!(noted(denied[0], "requested"), "CAP_FLOW_INSPECT");
    assert_eq!(
        guests(&recorded, "capabilities_granted", Decision::Allow),
        Vec::<&glyph_formats::AuditEntry>::new()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn raw_flows_without_the_capability_are_denied_and_named() {
    let mut scene = Scene::set().await;
    let (bus, secret) = open(&scene.guest.credentials().await).await;
    let mut hello = hello(GUEST);
    let (raw, sane) = (
        [Subscription::FlowRequestRaw, Subscription::FlowResponseRaw],
        [Subscription::FlowRequest, Subscription::FlowResponse],
    );
    hello.subscriptions = raw.into_iter().chain(sane).map(Into::into).collect();
    let mut plugin = FakePlugin::open(bus, &secret, hello).await.unwrap();
    assert_eq!(plugin.welcome.subscriptions().collect::<Vec<_>>(), sane);
    scene.others_are_served().await;
    for phase in [Phase::Request, Phase::Response] {
        let (event, _) = plugin.event().await;
        assert_eq!((event.phase(), event.raw), (phase, false));
        plugin.done(&event.flow_id, phase).await;
    }
    let work = tokio::spawn(plugin.work());
    let recorded = scene.drain().await;
    assert_eq!(work.await.unwrap(), [], "and nothing else");
    let opened = only(&recorded, "session_opened", Decision::Allow);
    assert_eq!(noted(opened, "subscriptions"), "FLOW_REQUEST, FLOW_RESPONSE");
    assert_eq!(noted(opened, "denied"), "FLOW_REQUEST_RAW, FLOW_RESPONSE_RAW");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_begins_without_a_hello_is_refused() {
    let mut scene = Scene::set().await;
    for first in [message(flow_done("01", Phase::Request, false)), PluginMessage::default()] {
        let (bus, secret) = open(&operator::token(scene.daemon.control(), GUEST).await).await;
        let refused = FakePlugin::begin(bus, &secret, first).await.unwrap_err();
        let told = (refused.code(), refused.message());
        assert_eq!(told, (Code::FailedPrecondition, "the first message is no Hello"));
        scene.guest_is("gone").await;
        scene.others_are_served().await;
    }
    let recorded = scene.drain().await;
    assert_eq!(recorded.times("session_opened", Decision::Deny), 2);
    assert_eq!(recorded.times("session_opened", Decision::Allow), 1, "the witness's");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_sessions_of_one_plugin_the_second_is_refused() {
    // One that has no process, whose end would be the plugin's.
    let mut scene = Scene::with("start = false", |_| {}).await;
    let (bus, secret) = open(&operator::token(scene.daemon.control(), GUEST).await).await;
    let mut first = FakePlugin::open(bus, &secret, hello(GUEST)).await.unwrap();
    let (bus, secret) = open(&operator::token(scene.daemon.control(), GUEST).await).await;
    let refused = FakePlugin::open(bus.clone(), &secret, hello(GUEST)).await.unwrap_err();
    assert_eq!(
        (refused.code(), refused.message()),
        (Code::AlreadyExists, "another session of this plugin is open")
    );
    scene.others_are_served().await;
    let (event, _) = first.event().await;
    assert!(event.request.unwrap().url.ends_with("/witness/1"), "the first has what it had");
    first.leave().await;
    // Its secret was not used up by that.
    let second = FakePlugin::open(bus, &secret, hello(GUEST)).await.unwrap();
    scene.guest_is("connected").await;
    scene.others_are_served().await;
    second.leave().await;
    let recorded = scene.drain().await;
    let denied = recorded.audited("session_opened", Decision::Deny);
    assert_eq!(denied.len(), 1);
    assert_eq!(denied[0].reason.as_deref(), Some("another session of this plugin is open"));
    assert_eq!(guests(&recorded, "session_opened", Decision::Allow).len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_never_says_hello_does_not_keep_a_daemon_that_stops() {
    let mut scene = Scene::set().await;
    let granted = scene.guest.granted().await;
    let stream = RawStream::silent(&granted.credentials.bus, &granted.secret).await;
    scene.others_are_served().await;
    scene.guest_is("starting").await;
    drop(granted);
    let recorded = scene.drain().await;
    drop(stream);
    let denied = guests(&recorded, "session_opened", Decision::Deny);
    assert_eq!(denied.len(), 1, "{:#?}", recorded.audit);
    assert_eq!(denied[0].reason.as_deref(), Some("glyphd stops"), "before it had to");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_has_expired_buys_nothing() {
    // Such a token is old at once, so there is nobody else on the bus to be served: the proxy's clients are. The
    // operator has asked for it: whom glyphd starts gets another as soon as one is old, which then is the known one.
    let daemon = TestDaemon::with(|config| {
        config.policy = toml::from_str(&format!("[plugins.{GUEST}]\nstart = false\n")).unwrap();
        config.plugin_token_life = Duration::ZERO;
    })
    .await;
    let credentials = operator::token(daemon.control(), GUEST).await;
    let error = grant(&mut bus(&credentials.bus).await, &credentials, PROTOCOL_VERSION).await.unwrap_err();
    assert_eq!((error.code(), error.message()), (Code::Unauthenticated, "the token has expired"));
    let origin = FakeOrigin::ok().await;
    assert_eq!(daemon.client().await.get(&origin.url("/")).await.text(), "ok");
    let recorded = daemon.drain().await;
    let denied = only(&recorded, "capabilities_granted", Decision::Deny);
    assert_eq!(denied.reason.as_deref(), Some("the token has expired"));
    assert_eq!(recorded.flows.len(), 1);
}
