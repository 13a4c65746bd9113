//! Plugins that are nothing but a session, many in one process: each answers at once, or never.

use std::{
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use glyph_formats::UnixNanos;
use glyph_plugin::{
    PROTOCOL_VERSION, SESSION_METADATA, Subscription, env,
    wire::{
        FlowDone, GrantCapabilitiesRequest, Heartbeat, Hello, PluginMessage, bus_message,
        plugin_bus_client::PluginBusClient, plugin_message::Message,
    },
};
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper_util::rt::TokioIo;
use tokio::{net::UnixStream, sync::mpsc};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};

/// How long events were on their way, in nanoseconds.
pub(crate) type Latencies = Arc<Mutex<Vec<u64>>>;

/// A plugin of that name, with a token of the daemon whose control socket that is.
pub(crate) async fn open(
    control: &Path,
    name: &str,
    latencies: Latencies,
    stalled: bool,
) -> anyhow::Result<()> {
    let (address, token) = token(control, name).await?;
    let bus = PluginBusClient::new(Endpoint::from_shared(address)?.connect().await?);
    let capability = glyph_plugin::Capability::CapFlowInspect;
    session(bus, name, token, capability, latencies, stalled).await?;
    Ok(())
}

/// One that fetches: its connection, and the secret of its session.
pub(crate) async fn fetching(
    control: &Path,
    name: &str,
    capability: glyph_plugin::Capability,
) -> anyhow::Result<(Channel, String)> {
    let (address, token) = token(control, name).await?;
    let channel = Endpoint::from_shared(address)?.connect().await?;
    let bus = PluginBusClient::new(channel.clone());
    Ok((channel, session(bus, name, token, capability, Latencies::default(), false).await?))
}

/// Opens a session, and lives it; returns its secret.
async fn session(
    mut bus: PluginBusClient<Channel>,
    name: &str,
    token: String,
    capability: glyph_plugin::Capability,
    latencies: Latencies,
    stalled: bool,
) -> anyhow::Result<String> {
    let granted = bus.grant_capabilities(GrantCapabilitiesRequest {
        protocol_version: PROTOCOL_VERSION,
        plugin: name.to_owned(),
        token,
        requested: vec![capability.into()],
    });
    let secret = granted.await?.into_inner().session_secret;
    let (out, outgoing) = mpsc::channel(64);
    let message = |message| PluginMessage { message: Some(message), traceparent: String::new() };
    let hello = Hello {
        protocol_version: PROTOCOL_VERSION,
        plugin: name.to_owned(),
        version: "1".to_owned(),
        subscriptions: vec![Subscription::FlowResponse.into()],
        max_message_bytes: 0,
    };
    let hello = tokio_stream::once(message(Message::Hello(hello)));
    let mut request = tonic::Request::new(hello.chain(ReceiverStream::new(outgoing)));
    request.metadata_mut().insert(SESSION_METADATA, MetadataValue::try_from(secret.as_str())?);
    let mut incoming = bus.event_stream(request).await?.into_inner();
    incoming.message().await?.context("no welcome")?;
    tokio::spawn(async move {
        if stalled {
            // Neither reads nor answers, and stays.
            let _held = (out, incoming);
            return std::future::pending().await;
        }
        while let Ok(Some(received)) = incoming.message().await {
            let answer = match received.message {
                Some(bus_message::Message::FlowEvent(event)) => {
                    let late = UnixNanos::now().0.saturating_sub(event.end_time_unix_nano);
                    latencies.lock().unwrap_or_else(PoisonError::into_inner).push(late);
                    Message::FlowDone(FlowDone { flow_id: event.flow_id, phase: event.phase, raw: event.raw })
                }
                Some(bus_message::Message::Heartbeat(_)) => Message::Heartbeat(Heartbeat {}),
                _ => continue,
            };
            if out.send(message(answer)).await.is_err() {
                return;
            }
        }
    });
    Ok(secret)
}

/// Where the bus is, and a token for it.
async fn token(control: &Path, name: &str) -> anyhow::Result<(String, String)> {
    let stream = UnixStream::connect(control).await?;
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::post(format!("/v1/plugins/{name}/token")).header("host", "glyphd");
    let response = sender.send_request(request.body(Empty::<Bytes>::new())?).await?;
    let status = response.status();
    let body = response.into_body().collect().await?.to_bytes();
    ensure!(status.is_success(), "{}", String::from_utf8_lossy(&body));
    let answer: serde_json::Value = serde_json::from_slice(&body)?;
    let variable = |name: &str| answer["variables"][name].as_str().map(str::to_owned).context("a variable");
    Ok((variable(env::BUS)?, variable(env::TOKEN)?))
}
