//! What a plugin may not say.

use glyph_formats::{Decision, span::SpanStatus};
use glyph_plugin::{
    Finding, Phase, Severity,
    wire::{PluginMessage, bus_message, plugin_message::Message},
};
use glyphd::telemetry::name;
use prost::Message as _;
use tonic::Code;

use super::{GUEST, Scene, assert_barred, guests, noted, only};
use crate::harness::{
    Client, FakePlugin, RawStream, Relay,
    bus::{Credentials, flow_done, hello, message, open},
    raw_stream::framed,
    records::attribute,
};

/// gRPC's number for it, as it stands in a trailer.
fn number(code: Code) -> String {
    i32::from(code).to_string()
}

/// The code of the status with which the daemon ends the stream, without a goodbye, and which says that.
async fn ended_with(plugin: &mut FakePlugin, why: &str) -> Code {
    let (goodbye, status) = plugin.ending().await;
    let status = status.unwrap();
    assert!(goodbye.is_none() && status.message().contains(why), "{goodbye:?} {status:?}");
    status.code()
}

/// A finding with so many bytes of text.
fn long_finding(bytes: usize) -> Message {
    Message::Finding(Finding::new("guest.long", Severity::Low, "x".repeat(bytes)))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_more_than_a_mebibyte_ends_the_session() {
    let mut scene = Scene::set().await;
    let mut plugin = scene.guest.take().await;
    plugin.say(long_finding((1 << 20) - 200), "").await;
    let told = plugin.next().await.unwrap().unwrap().message;
    assert!(matches!(told, Some(bus_message::Message::Refused(_))), "one of less is only refused: {told:?}");
    plugin.say(long_finding(1 << 20), "").await;
    assert_eq!(ended_with(&mut plugin, "did not keep to the protocol").await, Code::FailedPrecondition);
    scene.guest_is("barred").await;
    scene.others_are_served().await;
    drop(plugin);
    let recorded = scene.drain().await;
    assert_barred(&recorded, "protocol", "message length too large");
    assert_eq!(guests(&recorded, "finding_reported", Decision::Deny).len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn messages_of_no_known_kind_are_refused_one_by_one() {
    let mut scene = Scene::set().await;
    let granted = scene.guest.granted().await;
    let first = message(Message::Hello(hello(GUEST)));
    let mut stream = RawStream::open(&granted.credentials.bus, &granted.secret, &first).await;
    // Nothing; a field that there is not, 14; the answer to no event.
    stream.write(framed(&[])).await;
    stream.write(framed(&[0x72, 0x02, b'h', b'i'])).await;
    stream.write(framed(&message(flow_done("01", Phase::Request, false)).encode_to_vec())).await;
    // The session has outlived them if it has this one's answer to the next.
    scene.others_are_served().await;
    scene.guest_is("connected").await;
    assert_eq!(stream.end().await, number(Code::Ok));
    let recorded = scene.drain().await;
    let denied = guests(&recorded, "message_received", Decision::Deny);
    let reasons: Vec<_> = denied.iter().map(|entry| entry.reason.as_deref().unwrap()).collect();
    assert!(reasons.contains(&"a message of no kind that is known"), "{reasons:?}");
    assert!(reasons.contains(&"FlowDone for no event that is under way"), "{reasons:?}");
    assert_eq!(recorded.times("message_received", Decision::Deny), 3);
    let closed = only(&recorded, "session_closed", Decision::Info);
    assert_eq!(closed.reason.as_deref(), Some("the plugin ended the stream"));
    assert_eq!(noted(closed, "refused"), "3");
    let spans = recorded.spans_named(name::RECEIVE_EVENT);
    let failed =
        spans.iter().filter(|s| s.status == SpanStatus::Error && attribute(s, "glyph.event") == "unknown");
    assert_eq!(failed.count(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_message_end_the_session() {
    let mut scene = Scene::set().await;
    let granted = scene.guest.granted().await;
    let first = message(Message::Hello(hello(GUEST)));
    let mut stream = RawStream::open(&granted.credentials.bus, &granted.secret, &first).await;
    stream.write(framed(b"\xff\xff\xff\xff")).await;
    assert_eq!(stream.status().await, number(Code::FailedPrecondition));
    scene.guest_is("barred").await;
    scene.others_are_served().await;
    let recorded = scene.drain().await;
    assert_barred(&recorded, "protocol", "decode");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_ends_within_a_message_is_a_fault_of_the_plugin() {
    let mut scene = Scene::set().await;
    let granted = scene.guest.granted().await;
    let first = message(Message::Hello(hello(GUEST)));
    let mut stream = RawStream::open(&granted.credentials.bus, &granted.secret, &first).await;
    let whole = framed(&message(long_finding(1000)).encode_to_vec());
    stream.write(whole.slice(..500)).await;
    assert_eq!(stream.end().await, number(Code::FailedPrecondition));
    scene.guest_is("barred").await;
    scene.others_are_served().await;
    let recorded = scene.drain().await;
    assert_barred(&recorded, "protocol", "EOF");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_within_a_message_is_none() {
    let mut scene = Scene::set().await;
    let credentials = scene.guest.credentials().await;
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("relay.sock");
    let relay = Relay::start(&socket, credentials.bus.strip_prefix("unix:").unwrap().into());
    let through = Credentials { bus: format!("unix:{}", socket.display()), ..credentials };
    let (_bus, secret) = open(&through).await;
    let first = message(Message::Hello(hello(GUEST)));
    let mut stream = RawStream::open(&through.bus, &secret, &first).await;
    let whole = framed(&message(long_finding(1000)).encode_to_vec());
    stream.write(whole.slice(..500)).await;
    // What is written after the half is not there before it is; the witness's exchange takes longer than that.
    scene.others_are_served().await;
    stream.more("an event that stays unanswered").await;
    relay.cut();
    scene.guest_is("gone").await;
    scene.others_are_served().await;
    let recorded = scene.drain().await;
    let closed = only(&recorded, "session_closed", Decision::Info);
    assert!(closed.reason.as_ref().unwrap().starts_with("the stream broke"), "{closed:?}");
    assert!(recorded.spans_named(name::DISPATCH_EVENT).iter().any(|s| s.status == SpanStatus::Error));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_hello_ends_the_session() {
    let mut scene = Scene::set().await;
    let mut plugin = scene.guest.take().await;
    plugin.say(Message::Hello(hello(GUEST)), "").await;
    let why = "the plugin did not keep to the protocol: a second Hello";
    assert_eq!(ended_with(&mut plugin, why).await, Code::FailedPrecondition);
    scene.guest_is("barred").await;
    let daemon = Client::connect(scene.daemon.metrics()).await.get("/readyz").await;
    assert_eq!(daemon.status, 503, "{}", daemon.text());
    scene.others_are_served().await;
    drop(plugin);
    let recorded = scene.drain().await;
    assert_barred(&recorded, "protocol", "a second Hello");
    let spans = recorded.spans_named(name::RECEIVE_EVENT);
    let hello = spans.iter().find(|s| attribute(s, "glyph.event") == "hello").unwrap();
    assert_eq!((hello.status, attribute(hello, "error.type").as_str()), (SpanStatus::Error, "refused"));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_refused_ten_times_a_second_and_once_more_is_ended() {
    let mut scene = Scene::set().await;
    let mut plugin = scene.guest.take().await;
    // More than are needed: when the session ends, the rest goes nowhere.
    for _ in 0..200 {
        if !plugin.try_say(PluginMessage::default()).await {
            break;
        }
    }
    let why = "the plugin was refused more than 10 times within a second";
    assert_eq!(ended_with(&mut plugin, why).await, Code::ResourceExhausted);
    scene.guest_is("barred").await;
    scene.others_are_served().await;
    drop(plugin);
    let recorded = scene.drain().await;
    assert_barred(&recorded, "denials", why);
    // Ten a second are borne, and so it may have taken more than eleven on a slow machine.
    let denied = recorded.times("message_received", Decision::Deny);
    assert!((11..=200).contains(&denied), "{denied}");
    let entries = guests(&recorded, "message_received", Decision::Deny).len();
    assert!(i64::try_from(entries).unwrap() < denied, "{entries} entries for {denied}");
}
