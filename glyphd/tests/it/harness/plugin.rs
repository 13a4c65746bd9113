//! Plugins: processes that a test writes as shell scripts, this binary as a plugin on the real SDK, and a client
//! of the bus inside the test that has taken over the token of such a process.

use std::{
    fs,
    path::{Path, PathBuf},
};

use glyph_plugin::{
    Capability, Finding, PROTOCOL_VERSION, Phase, SESSION_METADATA, Severity, Subscription,
    wire::{
        BusMessage, FlowDone, FlowEvent, GrantCapabilitiesRequest, GrantCapabilitiesResponse, Hello,
        PluginMessage, bus_message, plugin_bus_client::PluginBusClient, plugin_message::Message,
    },
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::unix::pipe,
    sync::mpsc,
};
use tokio_stream::{StreamExt, wrappers::ReceiverStream};
use tonic::{
    Request, Status, Streaming,
    metadata::MetadataValue,
    transport::{Channel, Endpoint},
};

use super::within;

/// A folder for `--plugins-dir`.
pub(crate) struct PluginsDir {
    dir: TempDir,
}

impl PluginsDir {
    pub(crate) fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.dir.path().to_owned()
    }

    /// A plugin with that command; returns its folder.
    pub(crate) fn plugin(&self, name: &str, command: &[&str]) -> PathBuf {
        let dir = self.dir.path().join(name);
        fs::create_dir(&dir).unwrap();
        let manifest = format!(
            "name = {name:?}\nversion = \"1.2.3\"\ncommand = {command:?}\n\
             subscriptions = [\"FLOW_REQUEST\", \"FLOW_RESPONSE\"]\n\
             capabilities = [\"CAP_EMIT_FINDINGS\", \"CAP_FLOW_INSPECT\"]\n"
        );
        fs::write(dir.join("plugin.toml"), manifest).unwrap();
        dir
    }

    /// A plugin that is a shell script.
    pub(crate) fn script(&self, name: &str, script: &str) -> PathBuf {
        let dir = self.plugin(name, &["sh", "plugin.sh"]);
        fs::write(dir.join("plugin.sh"), script).unwrap();
        dir
    }

    /// A plugin on the real SDK, in a process of its own.
    pub(crate) fn passive_headers(&self) {
        let program = std::env::current_exe().unwrap();
        let test = "harness::plugin::the_plugin_process";
        let args = [program.to_str().unwrap(), "--exact", test, "--ignored", "--nocapture"];
        self.plugin("passive-headers", &args);
    }

    /// A plugin whose process hands its token over to the test and then only stands there.
    pub(crate) fn fake(&self, name: &str) -> Seat {
        let dir = self.script(name, "echo \"$GLYPH_BUS $GLYPH_PLUGIN_TOKEN\" > handover\nread line < held\n");
        for fifo in ["handover", "held"] {
            make_fifo(&dir.join(fifo));
        }
        Seat { name: name.to_owned(), dir }
    }
}

/// A named pipe.
pub(crate) fn make_fifo(path: &Path) {
    use rustix::fs::{CWD, FileType, Mode, mknodat};
    mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
}

/// The first line that comes through a named pipe.
pub(crate) async fn line_from(fifo: &Path) -> String {
    // Open for both, it does not end before somebody has written.
    let pipe = pipe::OpenOptions::new().read_write(true).open_receiver(fifo).unwrap();
    within("a line from the plugin", BufReader::new(pipe).lines().next_line()).await.unwrap().unwrap()
}

/// This binary as a plugin: started by the daemon, see [`PluginsDir::passive_headers`].
#[tokio::test]
#[ignore = "is no test, but a plugin's process"]
async fn the_plugin_process() {
    glyph_plugin::run(passive_headers::PassiveHeaders).await.unwrap();
}

/// Where a fake plugin will sit.
pub(crate) struct Seat {
    name: String,
    dir: PathBuf,
}

/// What the daemon told the process.
#[derive(Debug, Clone)]
pub(crate) struct Credentials {
    pub(crate) name: String,
    pub(crate) bus: String,
    pub(crate) token: String,
}

impl Seat {
    /// Waits for the process to hand over what it was told.
    pub(crate) async fn credentials(&self) -> Credentials {
        let line = line_from(&self.dir.join("handover")).await;
        let (bus, token) = line.split_once(' ').unwrap();
        Credentials { name: self.name.clone(), bus: bus.to_owned(), token: token.to_owned() }
    }

    /// A plugin with all that it asked for.
    pub(crate) async fn take(&self) -> FakePlugin {
        let credentials = self.credentials().await;
        let mut bus = bus(&credentials.bus).await;
        let grant = grant(&mut bus, &credentials, PROTOCOL_VERSION).await.unwrap();
        let mut plugin =
            FakePlugin::open(bus, &grant.session_secret, hello(&credentials.name)).await.unwrap();
        let held = pipe::OpenOptions::new().read_write(true).open_sender(self.dir.join("held")).unwrap();
        plugin.process = Some(held);
        plugin
    }
}

pub(crate) async fn bus(address: &str) -> PluginBusClient<Channel> {
    let endpoint = Endpoint::from_shared(address.to_owned()).unwrap();
    PluginBusClient::new(within("the bus", endpoint.connect()).await.unwrap())
}

pub(crate) async fn grant(
    bus: &mut PluginBusClient<Channel>,
    credentials: &Credentials,
    version: u32,
) -> Result<GrantCapabilitiesResponse, Status> {
    let requested = [Capability::CapEmitFindings, Capability::CapFlowInspect];
    let request = GrantCapabilitiesRequest {
        protocol_version: version,
        plugin: credentials.name.clone(),
        token: credentials.token.clone(),
        requested: requested.map(Into::into).to_vec(),
    };
    Ok(within("a grant", bus.grant_capabilities(request)).await?.into_inner())
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

/// The plugin's end of a stream.
pub(crate) struct FakePlugin {
    out: mpsc::Sender<PluginMessage>,
    incoming: Streaming<BusMessage>,
    /// What the process waits for before it ends.
    process: Option<pipe::Sender>,
}

impl Drop for FakePlugin {
    fn drop(&mut self) {
        if let Some(process) = &self.process {
            process.try_write(b"\n").unwrap();
        }
    }
}

impl FakePlugin {
    /// Opens a stream with that hello; an error is what the daemon says to it.
    pub(crate) async fn open(
        mut bus: PluginBusClient<Channel>,
        secret: &str,
        hello: Hello,
    ) -> Result<Self, Status> {
        let (out, outgoing) = mpsc::channel(64);
        let first = PluginMessage { message: Some(Message::Hello(hello)), ..PluginMessage::default() };
        let mut request = Request::new(tokio_stream::once(first).chain(ReceiverStream::new(outgoing)));
        request.metadata_mut().insert(SESSION_METADATA, MetadataValue::try_from(secret).unwrap());
        let incoming = within("a stream", bus.event_stream(request)).await?.into_inner();
        let mut plugin = Self { out, incoming, process: None };
        match plugin.next().await? {
            Some(BusMessage { message: Some(bus_message::Message::Welcome(_)), .. }) => Ok(plugin),
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

    pub(crate) async fn say(&self, message: Message, traceparent: &str) {
        let message = PluginMessage { message: Some(message), traceparent: traceparent.to_owned() };
        within("room for a message", self.out.send(message)).await.unwrap();
    }

    pub(crate) async fn done(&self, flow_id: &str, phase: Phase) {
        self.done_with(flow_id, phase, false).await;
    }

    pub(crate) async fn done_with(&self, flow_id: &str, phase: Phase, raw: bool) {
        let done = FlowDone { flow_id: flow_id.to_owned(), phase: phase.into(), raw };
        self.say(Message::FlowDone(done), "").await;
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
    pub(crate) async fn work(mut self) -> Vec<(String, i32)> {
        let mut events = Vec::new();
        while let Some(BusMessage { message, .. }) = self.next().await.unwrap() {
            match message {
                Some(bus_message::Message::FlowEvent(event)) => {
                    let phase = event.phase();
                    self.done_with(&event.flow_id, phase, event.raw).await;
                    events.push((event.flow_id, phase.into()));
                }
                Some(bus_message::Message::Goodbye(_)) => break,
                Some(bus_message::Message::Refused(_)) => {}
                other => panic!("neither a flow event nor a goodbye: {other:?}"),
            }
        }
        events
    }
}
