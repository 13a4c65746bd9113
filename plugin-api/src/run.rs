//! A plugin's life: connect, trade the token for a session, say hello, answer flow events until the daemon says
//! goodbye. A session that breaks is followed by another, with the next token.

use std::{io, time::Duration};

use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{Code, Request, Status, Streaming, metadata::MetadataValue, transport::Channel};

use crate::{
    PROTOCOL_VERSION, Plugin, SESSION_METADATA, TRACE_METADATA, env,
    fetch::Outlet,
    place::Place,
    wire::{
        BusMessage, Capability, GrantCapabilitiesRequest, Heartbeat, Hello, PluginMessage, Subscription,
        bus_message::Message, plugin_bus_client::PluginBusClient, plugin_message,
    },
    worker::{Session, Task, Worker},
};

/// Messages on their way to the daemon; more than that, and the plugin's code waits.
const OUTGOING: usize = 256;
/// The largest message that the daemon may send, in bytes: a flow event with all that it keeps of a body.
const MESSAGE_LIMIT: u32 = 256 << 20;
/// How often a daemon that says nothing is asked whether it is alive, and how long it may take to answer.
pub(crate) const KEEPALIVE: Duration = Duration::from_secs(20);

/// Why a plugin stopped before the daemon said goodbye.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The plugin was not started by glyphd.
    #[error(
        "the variable {0} is not set: a plugin is started by glyphd, from its --plugins-dir, or with what \
         `glyphctl plugin token` writes"
    )]
    NoEnvironment(&'static str),
    /// The certificates to trust can't be read.
    #[error("{} {path}: {source}", env::CA)]
    Ca {
        /// The file, as in [`env::CA`].
        path: String,
        /// What the system said.
        source: io::Error,
    },
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
    Bus(Box<Status>),
    /// The daemon's first message was no Welcome.
    #[error("the plugin bus did not begin with a welcome")]
    NoWelcome,
    /// The plugin's own code panicked.
    #[error("the plugin panicked")]
    Panicked,
}

impl From<Status> for RunError {
    fn from(status: Status) -> Self {
        Self::Bus(Box::new(status))
    }
}

impl RunError {
    /// Whether the connection broke, as opposed to the plugin having been refused.
    fn is_broken_connection(&self) -> bool {
        match self {
            Self::Connect { .. } => true,
            Self::Bus(status) => matches!(status.code(), Code::Unavailable | Code::Unknown | Code::Cancelled),
            _ => false,
        }
    }
}

/// Runs a plugin, in the process that glyphd started for it, until the daemon says goodbye.
///
/// # Errors
/// If the process was not started by glyphd, the session is refused, the connection breaks and there is no token for
/// another, or the plugin panics.
pub async fn run(plugin: impl Plugin) -> Result<(), RunError> {
    let (place, mut tokens) = Place::of_environment()?;
    let wanted = Wanted {
        version: plugin.version().to_owned(),
        subscriptions: plugin.subscriptions().to_vec(),
        capabilities: plugin.capabilities().to_vec(),
    };
    let mut worker = Worker::start(plugin);
    let mut broken = None;
    while let Some(token) = tokens.next().await {
        match session(&place, token, &wanted, &mut worker).await {
            Ok(()) => return worker.finish().await,
            Err(error) if error.is_broken_connection() => broken = Some(error),
            Err(error) => return Err(error),
        }
    }
    // There was one token at least.
    broken.map_or(Ok(()), Err)
}

/// What the plugin asks for.
struct Wanted {
    version: String,
    subscriptions: Vec<Subscription>,
    capabilities: Vec<Capability>,
}

/// One session, to the goodbye.
async fn session(place: &Place, token: String, wanted: &Wanted, worker: &mut Worker) -> Result<(), RunError> {
    let channel = place.connect().await?;
    let bus = PluginBusClient::new(channel.clone());
    let mut bus = bus.max_decoding_message_size(MESSAGE_LIMIT as usize);
    let granted = bus.grant_capabilities(in_trace(GrantCapabilitiesRequest {
        protocol_version: PROTOCOL_VERSION,
        plugin: place.name.clone(),
        token,
        requested: wanted.capabilities.iter().map(|c| (*c).into()).collect(),
    }));
    let granted = granted.await?.into_inner();
    let capabilities: Vec<_> = granted.granted().collect();
    let secret = granted.session_secret;
    let outlet = Outlet::of(channel, &secret, &capabilities);
    let outlet = outlet.map_err(|_| Status::internal("the session secret is no metadata value"))?;
    let (out, mut incoming) = open(&mut bus, place, &secret, wanted).await?;
    let session = Session { answers: out.clone(), outlet };
    loop {
        let received = tokio::select! {
            received = incoming.message() => received?,
            error = worker.ended() => return Err(error),
        };
        let Some(BusMessage { message: Some(message), traceparent }) = received else { return Ok(()) };
        match message {
            Message::FlowEvent(event) => {
                worker.take(Task::Flow(Box::new(event), traceparent, session.clone())).await
            }
            Message::Refused(refused) => worker.take(Task::Refused(refused)).await,
            Message::Heartbeat(_) => {
                let message = Some(plugin_message::Message::Heartbeat(Heartbeat {}));
                // If the stream has ended, the next read says so.
                drop(out.send(PluginMessage { message, traceparent }).await);
            }
            Message::Goodbye(_) => return Ok(()),
            Message::Welcome(_) => {}
        }
    }
}

/// The stream, after Hello and Welcome.
async fn open(
    bus: &mut PluginBusClient<Channel>,
    place: &Place,
    secret: &str,
    wanted: &Wanted,
) -> Result<(mpsc::Sender<PluginMessage>, Streaming<BusMessage>), RunError> {
    let (out, outgoing) = mpsc::channel(OUTGOING);
    let hello = plugin_message::Message::Hello(Hello {
        protocol_version: PROTOCOL_VERSION,
        plugin: place.name.clone(),
        version: wanted.version.clone(),
        subscriptions: wanted.subscriptions.iter().map(|s| (*s).into()).collect(),
        max_message_bytes: MESSAGE_LIMIT,
    });
    let hello = PluginMessage { message: Some(hello), traceparent: String::new() };
    let mut request = in_trace(tokio_stream::once(hello).chain(ReceiverStream::new(outgoing)));
    let secret = MetadataValue::try_from(secret)
        .map_err(|_| Status::internal("the session secret is no metadata value"))?;
    request.metadata_mut().insert(SESSION_METADATA, secret);
    let mut incoming = bus.event_stream(request).await?.into_inner();
    match incoming.message().await?.and_then(|m| m.message) {
        Some(Message::Welcome(_)) => Ok((out, incoming)),
        _ => Err(RunError::NoWelcome),
    }
}

/// A call that says of which trace this process is.
fn in_trace<T>(message: T) -> Request<T> {
    let mut request = Request::new(message);
    let context = std::env::var(env::TRACEPARENT).ok().and_then(|c| MetadataValue::try_from(c).ok());
    if let Some(context) = context {
        request.metadata_mut().insert(TRACE_METADATA, context);
    }
    request
}
