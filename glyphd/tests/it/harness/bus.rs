//! The bus from a plugin's side: a token for a secret, a secret for a stream, and a plugin inside the test that says
//! what the test wants.

use glyph_plugin::{
    Capability, Finding, PROTOCOL_VERSION, Phase, SESSION_METADATA, Severity, Subscription,
    wire::{
        BusMessage, FlowDone, FlowEvent, GrantCapabilitiesRequest, GrantCapabilitiesResponse, Heartbeat,
        Hello, PluginMessage, Refused, Welcome, bus_message, plugin_bus_client::PluginBusClient,
        plugin_message::Message,
    },
};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{
    Request, Status, Streaming,
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};

use super::{plugin::Held, within};

pub(crate) type Bus = PluginBusClient<Channel>;

/// What the daemon told a process, or the operator.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) name: String,
    pub(crate) bus: String,
    pub(crate) token: String,
}

pub(crate) async fn bus(address: &str) -> Bus {
    let endpoint = Endpoint::from_shared(address.to_owned()).unwrap();
    PluginBusClient::new(within("the bus", endpoint.connect()).await.unwrap())
}

pub(crate) async fn grant(
    bus: &mut Bus,
    credentials: &Credentials,
    version: u32,
) -> Result<GrantCapabilitiesResponse, Status> {
    let requested = [Capability::CapEmitFindings, Capability::CapFlowInspect];
    grant_of(bus, credentials, version, &requested.map(Into::into)).await
}

/// With capabilities that need not be any.
pub(crate) async fn grant_of(
    bus: &mut Bus,
    credentials: &Credentials,
    version: u32,
    requested: &[i32],
) -> Result<GrantCapabilitiesResponse, Status> {
    let request = GrantCapabilitiesRequest {
        protocol_version: version,
        plugin: credentials.name.clone(),
        token: credentials.token.clone(),
        requested: requested.to_vec(),
    };
    Ok(within("a grant", bus.grant_capabilities(request)).await?.into_inner())
}

/// A connection, and the secret that the token bought over it.
pub(crate) async fn open(credentials: &Credentials) -> (Bus, String) {
    let mut bus = bus(&credentials.bus).await;
    let granted = grant(&mut bus, credentials, PROTOCOL_VERSION).await.unwrap();
    (bus, granted.session_secret)
}

/// A good hello.
pub(crate) fn hello(name: &str) -> Hello {
    Hello {
        protocol_version: PROTOCOL_VERSION,
        plugin: name.to_owned(),
        version: "1.2.3".to_owned(),
        subscriptions: [Subscription::FlowRequest, Subscription::FlowResponse].map(Into::into).to_vec(),
        max_message_bytes: 0,
    }
}

pub(crate) fn message(message: Message) -> PluginMessage {
    PluginMessage { message: Some(message), ..PluginMessage::default() }
}

pub(crate) fn flow_done(flow_id: &str, phase: Phase, raw: bool) -> Message {
    Message::FlowDone(FlowDone { flow_id: flow_id.to_owned(), phase: phase.into(), raw })
}

/// The plugin's end of a stream.
#[derive(Debug)]
pub(crate) struct FakePlugin {
    out: mpsc::Sender<PluginMessage>,
    incoming: Streaming<BusMessage>,
    pub(crate) welcome: Welcome,
    pub(super) process: Option<Held>,
}

impl FakePlugin {
    /// Opens a stream with that hello; an error is what the daemon says to it.
    pub(crate) async fn open(bus: Bus, secret: &str, hello: Hello) -> Result<Self, Status> {
        Self::begin(bus, secret, message(Message::Hello(hello))).await
    }

    /// Opens a stream with that message.
    pub(crate) async fn begin(mut bus: Bus, secret: &str, first: PluginMessage) -> Result<Self, Status> {
        let (out, outgoing) = mpsc::channel(64);
        let mut request = Request::new(tokio_stream::once(first).chain(ReceiverStream::new(outgoing)));
        request.metadata_mut().insert(SESSION_METADATA, MetadataValue::try_from(secret).unwrap());
        let incoming = within("a stream", bus.event_stream(request)).await?.into_inner();
        let mut plugin = Self { out, incoming, welcome: Welcome::default(), process: None };
        match plugin.next().await? {
            Some(BusMessage { message: Some(bus_message::Message::Welcome(welcome)), .. }) => {
                Ok(Self { welcome, ..plugin })
            }
            other => panic!("no welcome, but {other:?}"),
        }
    }

    /// The daemon's next message; none if it has ended the stream.
    pub(crate) async fn next(&mut self) -> Result<Option<BusMessage>, Status> {
        within("a message of the daemon", self.incoming.message()).await
    }

    /// The next flow event, and the context in which it was sent.
    pub(crate) async fn event(&mut self) -> (FlowEvent, String) {
        match self.next().await.unwrap() {
            Some(BusMessage { message: Some(bus_message::Message::FlowEvent(event)), traceparent }) => {
                (event, traceparent)
            }
            other => panic!("no flow event, but {other:?}"),
        }
    }

    /// The next flow event, and what was refused before it.
    pub(crate) async fn event_among_refusals(&mut self) -> (FlowEvent, Vec<Refused>) {
        let mut refused = Vec::new();
        loop {
            match self.next().await.unwrap().and_then(|m| m.message) {
                Some(bus_message::Message::FlowEvent(event)) => return (event, refused),
                Some(bus_message::Message::Refused(one)) => refused.push(one),
                other => panic!("neither a flow event nor a refusal, but {other:?}"),
            }
        }
    }

    /// How the daemon ends the stream: the goodbye's reason, and its status.
    pub(crate) async fn ending(&mut self) -> (Option<String>, Option<Status>) {
        let mut goodbye = None;
        loop {
            match self.next().await {
                Ok(Some(BusMessage { message: Some(bus_message::Message::Goodbye(g)), .. })) => {
                    goodbye = Some(g.reason);
                }
                Ok(Some(_)) => {}
                Ok(None) => return (goodbye, None),
                Err(status) => return (goodbye, Some(status)),
            }
        }
    }

    pub(crate) async fn say(&self, said: Message, traceparent: &str) {
        let said = PluginMessage { traceparent: traceparent.to_owned(), ..message(said) };
        assert!(self.try_say(said).await, "the stream has ended");
    }

    /// Whether the stream still takes it.
    pub(crate) async fn try_say(&self, message: PluginMessage) -> bool {
        within("room for a message", self.out.send(message)).await.is_ok()
    }

    pub(crate) async fn done(&self, flow_id: &str, phase: Phase) {
        self.done_with(flow_id, phase, false).await;
    }

    pub(crate) async fn done_with(&self, flow_id: &str, phase: Phase, raw: bool) {
        self.say(flow_done(flow_id, phase, raw), "").await;
    }

    pub(crate) async fn heartbeat(&self) {
        self.say(Message::Heartbeat(Heartbeat {}), "").await;
    }

    pub(crate) async fn report(&self, flow_id: &str, kind: &str, traceparent: &str) {
        let finding = Finding { flow_id: flow_id.to_owned(), ..Finding::new(kind, Severity::Low, "a claim") };
        self.say(Message::Finding(finding), traceparent).await;
    }

    /// Ends the stream from this side, and waits until the daemon has too.
    pub(crate) async fn leave(mut self) {
        // The other end of this channel is nowhere, and so it closes the old one.
        self.out = mpsc::channel(1).0;
        while let Ok(Some(_)) = self.next().await {}
    }

    /// Answers every event at once until the daemon says goodbye; returns their flow ids and phases.
    pub(crate) async fn work(self) -> Vec<(String, i32)> {
        let mut events = Vec::new();
        self.work_telling(|event| events.push((event.flow_id.clone(), event.phase))).await;
        events
    }

    /// Answers every event and heartbeat at once until the daemon says goodbye.
    pub(crate) async fn work_telling(mut self, mut each: impl FnMut(&FlowEvent)) {
        while let Some(BusMessage { message, .. }) = self.next().await.unwrap() {
            match message {
                Some(bus_message::Message::FlowEvent(event)) => {
                    each(&event);
                    let phase = event.phase();
                    self.done_with(&event.flow_id, phase, event.raw).await;
                }
                Some(bus_message::Message::Heartbeat(_)) => self.heartbeat().await,
                Some(bus_message::Message::Goodbye(_)) => break,
                Some(bus_message::Message::Refused(_)) => {}
                other => panic!("neither a flow event nor a goodbye: {other:?}"),
            }
        }
    }
}

/// This binary as a thief: opens a stream with a secret that another process bought, and says what came of it.
#[tokio::test]
#[ignore = "is no test, but a thief's process"]
async fn the_thief() {
    let told = |name| std::env::var(name).unwrap();
    let opened =
        FakePlugin::open(bus(&told("STOLEN_BUS")).await, &told("STOLEN_SECRET"), hello("guest")).await;
    let came = opened.map(drop).map_err(|status| (status.code(), status.message().to_owned()));
    eprintln!("what came of it: {came:?}");
}
