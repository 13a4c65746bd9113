//! A daemon to which everything happens that it can say something of.

use std::{path::Path, time::Duration};

use glyph_plugin::{
    Capability, PROTOCOL_VERSION,
    wire::{FetchHead, FlowEvent, bus_message::Message},
};
use glyphd::{Config, config::Sandbox, netgate::Resolver};
use http::{Request, Response, StatusCode};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    sync::mpsc,
    task::JoinSet,
};

use crate::{
    harness::{
        Client, FakeOrigin, FakePlugin, Guest, PluginsDir, RawClient, RawOrigin, Recorded, TestDaemon,
        client,
        origin::nobody,
        outlet::{Outlet, first, get, open_to, whole},
        plugin::{Credentials, bus, grant},
        secure::{Authority, SecureClient, SecureOrigin},
        text,
        told::until_plugin,
        within,
    },
    upstreams::{impatient, twice},
};

/// Every limit that there is; the last of them is what ends it.
const LIMITS: &str = "[limits]\ncpu_seconds = 60\nmemory_mib = 256\naddress_space_mib = 4096\nfile_mib = 1\n\
                      open_files = 64\nprocesses = 16\nwall_seconds = 1\n";

/// A run in which all of it happens, with a configuration that is changed first; `meanwhile` is done before its end.
pub(crate) async fn everything(
    change: impl FnOnce(&mut Config),
    meanwhile: impl AsyncFnOnce(&TestDaemon),
) -> Recorded {
    let authority = Authority::new();
    let plugins = PluginsDir::new();
    plugins.script("slow", "exec sleep 1000\n");
    plugins.and("slow", LIMITS);
    plugins.script("brief", "exit 3\n");
    let ca_dir = authority.path().with_file_name("glyph-ca");
    let daemon = TestDaemon::with(|config| {
        open_to(config, &[("guest", Capability::CapHttpActive), ("leaver", Capability::CapHttpActive)]);
        let netgate = &mut config.policy.netgate;
        (netgate.requests_per_host, netgate.window_ms) = (1, 100);
        netgate.resolver = Resolver::of(|_| Ok(vec!["127.0.0.1".parse().unwrap()]));
        config.plugins_dir = Some(plugins.path());
        config.sandbox = Sandbox::BestEffort;
        config.capture.ca = Some(glyphd::capture::Ca::InDir(ca_dir.clone()));
        config.capture.upstream.ca = Some(authority.path());
        config.capture.limits.rested = Duration::ZERO;
        change(config);
    })
    .await;
    let origin = pages().await;
    let Guest { plugin, outlet } = Guest::of(&daemon, "guest").await;
    let leaver = Guest::of(&daemon, "leaver").await.plugin;
    let (shown, mut flows) = mpsc::channel(64);
    let work = tokio::spawn(work(plugin, shown));
    insist(&daemon).await;
    browse(&daemon, &origin).await;
    leave_unanswered(leaver).await;
    knock(&daemon).await;
    tunnel(&daemon).await;
    chat(&daemon).await;
    within_tls(&daemon, &authority, &ca_dir.join("ca.pem")).await;
    let (event, traceparent) = within("a flow", flows.recv()).await.unwrap();
    fetch(&outlet, &origin, &event, &traceparent).await;
    for name in ["slow", "brief"] {
        until_plugin(daemon.metrics(), name, "given up").await;
    }
    meanwhile(&daemon).await;
    drop(outlet);
    let recorded = daemon.drain().await;
    within("the plugin", work).await.unwrap();
    recorded
}

/// Reports something of each event in its trace, and answers it; hands on what it was shown.
async fn work(mut plugin: FakePlugin, shown: mpsc::Sender<(FlowEvent, String)>) {
    while let Ok(Some(message)) = plugin.next().await {
        let traceparent = message.traceparent;
        match message.message {
            Some(Message::FlowEvent(event)) => {
                plugin.report(&event.flow_id, "guest.claim", &traceparent).await;
                // More than ten of these a second would end its session.
                if event.sequence == 1 {
                    plugin.report("no-such-flow", "guest.claim", "").await;
                    plugin.done("no-such-flow", event.phase()).await;
                }
                plugin.done(&event.flow_id, event.phase()).await;
                shown.try_send((event, traceparent)).ok();
            }
            Some(Message::Heartbeat(_)) => plugin.heartbeat().await,
            Some(Message::Goodbye(_)) => return,
            _ => {}
        }
    }
}

/// A server with a page that fails, one that is there the second time, and one that is elsewhere.
async fn pages() -> FakeOrigin {
    let asked = std::sync::atomic::AtomicBool::new(false);
    let asked = std::sync::Arc::new(asked);
    FakeOrigin::answering(move |request| {
        let mut answer = text("a page");
        *answer.status_mut() = match request.target.path() {
            "/broken" => StatusCode::INTERNAL_SERVER_ERROR,
            "/later" if !asked.swap(true, std::sync::atomic::Ordering::Relaxed) => {
                StatusCode::SERVICE_UNAVAILABLE
            }
            "/moved" => {
                return Response::builder()
                    .status(302)
                    .header("location", "/")
                    .body(client::empty())
                    .unwrap();
            }
            _ => StatusCode::OK,
        };
        answer
    })
    .await
}

/// A request that has to be sent once more.
async fn insist(daemon: &TestDaemon) {
    let (origin, _) = impatient().await;
    let again = Request::get(origin.url("/again")).body(client::empty()).unwrap();
    assert!(twice(daemon, again, &origin).await.text().starts_with("GET /again HTTP/1.1\r\n"));
}

/// Pages that are there, broken, and nowhere, some of them in a trace that began elsewhere.
async fn browse(daemon: &TestDaemon, origin: &FakeOrigin) {
    let mut client = daemon.client().await;
    client.get(&origin.url("/?token=s3cret")).await;
    client.get(&origin.url("/broken")).await;
    client.get(&format!("http://{}/", nobody().await)).await;
    let elsewhere = [("traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")];
    client.get_with(&origin.url("/traced"), &elsewhere).await;
}

/// A plugin that gets an event, answers nothing, and goes.
async fn leave_unanswered(mut plugin: FakePlugin) {
    plugin.event().await;
    plugin.leave().await;
}

/// A stranger with a token that nobody issued, and somebody who opens a stream with a secret that nobody has sold.
async fn knock(daemon: &TestDaemon) {
    let address = daemon.daemon().addresses().plugin.to_string();
    let mut bus = bus(&address).await;
    let stranger = Credentials { name: "stranger".to_owned(), bus: address, token: "guessed".to_owned() };
    grant(&mut bus, &stranger, PROTOCOL_VERSION).await.unwrap_err();
    FakePlugin::open(bus, "guessed", crate::harness::bus::hello("stranger")).await.unwrap_err();
}

/// A CONNECT to somebody who speaks neither TLS nor HTTP.
async fn tunnel(daemon: &TestDaemon) {
    let origin = RawOrigin::serving(|mut stream| async move {
        let mut greeting = [0; 4];
        stream.read_exact(&mut greeting).await.unwrap();
        stream.write_all(b"\x01\x02\x03").await.unwrap();
    })
    .await;
    let mut client = RawClient::connect(daemon.proxy()).await;
    client.write(format!("CONNECT {0} HTTP/1.1\r\nHost: {0}\r\n\r\n", origin.address())).await;
    assert!(client.head().await.starts_with("HTTP/1.1 200 "));
    client.write(b"\x00\x01\x02\x03").await;
    assert_eq!(client.rest().await, b"\x01\x02\x03");
}

/// A WebSocket with a frame each way.
async fn chat(daemon: &TestDaemon) {
    const SWITCH: &[u8] =
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                            Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n\x88\x02\x03\xe8";
    const CLOSE: &[u8] = b"\x88\x82\x00\x00\x00\x00\x03\xe8";
    let origin = RawOrigin::serving(|mut stream: TcpStream| async move {
        client::head(&mut stream).await;
        stream.write_all(SWITCH).await.unwrap();
        let mut close = [0; CLOSE.len()];
        stream.read_exact(&mut close).await.unwrap();
    })
    .await;
    let mut client = RawClient::connect(daemon.proxy()).await;
    let ask = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
               Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    client.write(format!("GET {} HTTP/1.1\r\nHost: {}\r\n{ask}", origin.url("/"), origin.address())).await;
    assert!(client.head().await.starts_with("HTTP/1.1 101 "));
    client.write(CLOSE).await;
    assert_eq!(client.rest().await, b"\x88\x02\x03\xe8");
}

/// A request within TLS that is looked into.
async fn within_tls(daemon: &TestDaemon, authority: &Authority, ca: &Path) {
    let http1 = &["http/1.1"];
    let origin = SecureOrigin::speaking(authority.certify(&["localhost"]), http1).await;
    let place = format!("localhost:{}", origin.port());
    let client = SecureClient::connect(daemon.proxy(), &place, "localhost", ca, http1).await;
    client.unwrap().get(&place, "/").await;
}

/// A plugin's own requests: in a flow's trace and in none, together and so throttled, sent again, elsewhere, denied, in vain.
async fn fetch(outlet: &Outlet, origin: &FakeOrigin, event: &FlowEvent, traceparent: &str) {
    let of_flow = |path: &str| FetchHead { flow_id: event.flow_id.clone(), ..get(origin.url(path)) };
    let answers = outlet.begin(tokio_stream::once(first(of_flow("/named"))), traceparent).await;
    whole(answers.unwrap()).await.unwrap().fine();
    outlet.fetch(of_flow("/flow")).await.fine();
    let both = JoinSet::from_iter(["/one", "/other"].map(|path| outlet.fetch(get(origin.url(path)))));
    both.join_all().await.iter().for_each(|got| drop(got.fine()));
    outlet.fetch(get(origin.url("/later"))).await.fine();
    outlet.fetch(get(origin.url("/moved"))).await.fine();
    outlet.fetch(get("http://10.1.2.3/")).await.denied();
    outlet.fetch(get(format!("http://{}/", nobody().await))).await.failed();
    let stranger = Outlet { secret: "guessed".to_owned(), ..outlet.clone() };
    stranger.try_fetch(get(origin.url("/"))).await.unwrap_err();
}

/// What it serves of its metrics, with exemplars.
pub(crate) async fn scrape(daemon: &TestDaemon) -> String {
    let mut client = Client::connect(daemon.metrics()).await;
    client.get_with("/metrics", &[("accept", "application/openmetrics-text")]).await.text()
}
