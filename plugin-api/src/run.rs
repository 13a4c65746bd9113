//! A plugin's life: connect, trade the token for a session, say hello, answer flow events until the daemon says
//! goodbye.

use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{Request, metadata::MetadataValue, transport::Endpoint};

use crate::{
    PROTOCOL_VERSION, Plugin, Report, SESSION_METADATA, env,
    wire::{
        BusMessage, FlowDone, FlowEvent, GrantCapabilitiesRequest, Heartbeat, Hello, PluginMessage,
        bus_message, plugin_bus_client::PluginBusClient, plugin_message::Message,
    },
};

/// Messages on their way to the daemon; more than that, and the plugin waits.
const OUTGOING: usize = 64;
/// The largest message that the daemon may send, in bytes: a flow event with all that it keeps of a body.
const MESSAGE_LIMIT: usize = 256 << 20;

/// Why a plugin stopped before the daemon said goodbye.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plugin was not started by glyphd.
    #[error("the variable {0} is not set: a plugin is started by glyphd, from its --plugins-dir")]
    NoEnvironment(&'static str),
    /// The bus can't be reached.
    #[error("can't connect to the plugin bus at {address}: {source}")]
    Connect {
        /// The address, as in [`env::BUS`].
        address: String,
        /// What went wrong.
        source: tonic::transport::Error,
    },
    /// The daemon refused a call, or the connection broke.
    #[error("the plugin bus: {0}")]
    Bus(Box<tonic::Status>),
    /// The daemon's first message was no Welcome.
    #[error("the plugin bus did not begin with a welcome")]
    NoWelcome,
}

impl From<tonic::Status> for RunError {
    fn from(status: tonic::Status) -> Self {
        Self::Bus(Box::new(status))
    }
}

/// Runs a plugin, in the process that glyphd started for it, until the daemon says goodbye.
///
/// # Errors
/// If the process was not started by glyphd, the session is refused, or the connection breaks.
pub async fn run(mut plugin: impl Plugin) -> Result<(), RunError> {
    let var = |name| std::env::var(name).map_err(|_| RunError::NoEnvironment(name));
    let (address, name, token) = (var(env::BUS)?, var(env::NAME)?, var(env::TOKEN)?);
    let connect = |source| RunError::Connect { address: address.clone(), source };
    let endpoint = Endpoint::from_shared(address.clone()).map_err(connect)?;
    let channel = endpoint.connect().await.map_err(connect)?;
    let mut bus = PluginBusClient::new(channel).max_decoding_message_size(MESSAGE_LIMIT);

    let grant = bus
        .grant_capabilities(GrantCapabilitiesRequest {
            protocol_version: PROTOCOL_VERSION,
            plugin: name.clone(),
            token,
            requested: plugin.capabilities().iter().map(|c| (*c).into()).collect(),
        })
        .await?
        .into_inner();

    let (out, outgoing) = mpsc::channel(OUTGOING);
    let hello = Hello {
        protocol_version: PROTOCOL_VERSION,
        plugin: name,
        version: plugin.version().to_owned(),
        subscriptions: plugin.subscriptions().iter().map(|s| (*s).into()).collect(),
    };
    let hello = tokio_stream::once(message(Message::Hello(hello), String::new()));
    let mut request = Request::new(hello.chain(ReceiverStream::new(outgoing)));
    let secret = MetadataValue::try_from(grant.session_secret)
        .map_err(|_| tonic::Status::internal("the session secret is no metadata value"))?;
    request.metadata_mut().insert(SESSION_METADATA, secret);
    let mut incoming = bus.event_stream(request).await?.into_inner();
    match incoming.message().await?.and_then(|m| m.message) {
        Some(bus_message::Message::Welcome(_)) => {}
        _ => return Err(RunError::NoWelcome),
    }

    while let Some(BusMessage { message: Some(received), traceparent }) = incoming.message().await? {
        let answers = match received {
            bus_message::Message::FlowEvent(event) => handle(&mut plugin, &event),
            bus_message::Message::Heartbeat(_) => vec![Message::Heartbeat(Heartbeat {})],
            bus_message::Message::Goodbye(_) => break,
            bus_message::Message::Welcome(_) => vec![],
        };
        for answer in answers {
            if out.send(message(answer, traceparent.clone())).await.is_err() {
                return Ok(()); // The daemon has ended the stream; the next read would say so too.
            }
        }
    }
    Ok(())
}

fn handle(plugin: &mut impl Plugin, event: &FlowEvent) -> Vec<Message> {
    let mut report = Report::new(event);
    plugin.on_flow(event, &mut report);
    let findings = report.into_findings().into_iter().map(Message::Finding);
    let done = FlowDone { flow_id: event.flow_id.clone(), phase: event.phase };
    findings.chain([Message::FlowDone(done)]).collect()
}

fn message(message: Message, traceparent: String) -> PluginMessage {
    PluginMessage { message: Some(message), traceparent }
}
