//! The play: a daemon that records and logs all it can, plugins that see and say everything, and every plant sent
//! through.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use glyph_formats::{
    Finding as FindingRecord, Flow,
    recording::{FINDINGS, FLOWS},
};
use glyph_plugin::{
    Capability, Finding, FlowEvent, PROTOCOL_VERSION, Phase, Severity, Subscription,
    wire::{BusMessage, Hello, bus_message, plugin_message::Message as Said},
};
use http::Response;
use http_body::Frame;
use http_body_util::{BodyExt, StreamBody};
use tempfile::TempDir;
use tokio::io::AsyncWriteExt;

use super::{
    message::Message,
    plants::{Plant, Upstream},
};
use crate::harness::{
    DaemonProcess, FakeOrigin, FakePlugin, PluginsDir, RawClient, RawOrigin,
    bus::{bus, grant_of, hello},
    client::{self, Body},
    operator,
    origin::{self, Seen},
    records, told,
};

/// The header that tells which plant an exchange is.
const WHICH: &str = "x-plant";

/// What each side saw of one plant.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// The request as the origin got it.
    pub(super) seen: Option<Seen>,
    /// The response as the client got it: head and body.
    pub(super) answer: Option<(String, Vec<u8>)>,
}

/// All that is left when the daemon has ended.
pub(super) struct Played {
    pub(super) recording: PathBuf,
    pub(super) log: String,
    pub(super) metrics: String,
    pub(super) flows: BTreeMap<String, Flow>,
    pub(super) findings: Vec<FindingRecord>,
    pub(super) passed: BTreeMap<String, Passed>,
    _dir: TempDir,
}

impl Played {
    /// Every file of the recording.
    pub(super) fn files(&self) -> Vec<(String, Vec<u8>)> {
        let mut files = Vec::new();
        collect(&self.recording, &mut files);
        files
    }
}

pub(super) fn collect(dir: &Path, files: &mut Vec<(String, Vec<u8>)>) {
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, files);
            continue;
        }
        let bytes = fs::read(&path).unwrap();
        let plain = if bytes.starts_with(&0xfd2f_b528_u32.to_le_bytes()) {
            zstd::decode_all(&*bytes).unwrap()
        } else {
            bytes
        };
        files.push((path.file_name().unwrap().to_string_lossy().into_owned(), plain));
    }
}

/// Sends every plant through a daemon that keeps `limit` bytes of each body.
pub(super) async fn play(plants: &[Plant], limit: usize) -> Played {
    let dir = tempfile::tempdir().unwrap();
    let (recording, control) = (dir.path().join("recording"), dir.path().join("control"));
    let (plugins, policy) = (PluginsDir::new(), dir.path().join("policy.toml"));
    let all = "grant = [\"CAP_EMIT_FINDINGS\", \"CAP_FLOW_INSPECT\", \"CAP_FLOW_INSPECT_RAW\"]";
    fs::write(&policy, format!("[plugins.guest]\nstart = false\nqueue_capacity = 10000\n{all}\n")).unwrap();
    plugins.passive_headers();
    let talker = plugins.script("talker", "cat lines; cat lines >&2; echo all said; read line\n");
    let printed: String =
        plants.iter().filter_map(|p| p.printed.as_ref()).map(|line| format!("{line}\n")).collect();
    fs::write(talker.join("lines"), printed).unwrap();

    let (folder, limit) = (plugins.path(), limit.to_string());
    let args: [(&str, &OsStr); 6] = [
        ("--log", "trace".as_ref()),
        ("--record", recording.as_ref()),
        ("--control-addr", control.as_ref()),
        ("--config", policy.as_ref()),
        ("--plugins-dir", folder.as_ref()),
        ("--max-body-bytes", limit.as_ref()),
    ];
    let mut daemon =
        DaemonProcess::start(args.iter().flat_map(|(flag, value)| [flag.as_ref(), *value])).await;
    daemon.line("all said").await;
    let guest = daemon.meanwhile(guest(&control)).await;
    let quotes = plants.iter().filter(|p| p.finding.is_some()).map(|p| (p.entry.name.clone(), p.clone()));
    let quoting = tokio::spawn(quote(guest, quotes.collect()));

    let passed = Arc::new(Mutex::new(BTreeMap::<String, Passed>::new()));
    let stages = Stages::start(plants, &passed).await;
    for plant in plants.iter().filter(|p| p.request.is_some()) {
        let proxy = daemon.proxy;
        let answer = daemon.meanwhile(stages.send(plant, proxy)).await;
        passed.lock().unwrap().entry(plant.entry.name.clone()).or_default().answer = Some(answer);
    }
    let metrics = daemon.metrics;
    let metrics = daemon.meanwhile(told::get(metrics, "/metrics")).await;
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    quoting.await.unwrap();
    drop(stages);
    let flows = records::lines::<Flow>(&recording.join(FLOWS)).into_iter().map(|flow| (which(&flow), flow));
    Played {
        log: ended.stderr,
        metrics,
        flows: flows.collect(),
        findings: records::lines(&recording.join(FINDINGS)),
        passed: Arc::into_inner(passed).unwrap().into_inner().unwrap(),
        recording,
        _dir: dir,
    }
}

fn which(flow: &Flow) -> String {
    let header = flow.request.headers.iter().find(|(name, _)| name == WHICH);
    header.unwrap_or_else(|| panic!("no {WHICH}: {flow:?}")).1.clone()
}

/// Where requests go.
struct Stages {
    origin: FakeOrigin,
    not_http: RawOrigin,
    broken_off: RawOrigin,
    nobody: SocketAddr,
}

impl Stages {
    async fn start(plants: &[Plant], passed: &Arc<Mutex<BTreeMap<String, Passed>>>) -> Self {
        let answers: BTreeMap<_, _> = plants.iter().map(|p| (p.entry.name.clone(), p.clone())).collect();
        let (answers, passed) = (Arc::new(answers), Arc::downgrade(passed));
        let origin = FakeOrigin::answering(move |seen| {
            let name = seen.header(WHICH).to_owned();
            let plant = &answers[&name];
            if let Some(passed) = passed.upgrade() {
                passed.lock().unwrap().entry(name).or_default().seen = Some(seen.clone());
            }
            answer(plant)
        })
        .await;
        let not_http = RawOrigin::answering(b"SSH-2.0-OpenSSH_9.2p1\r\n\r\n").await;
        let parts = plants.iter().find(|p| p.breaks_off()).unwrap().response.bytes(&[], true);
        let parts: Arc<[u8]> = parts.strip_suffix(b"0\r\n\r\n").unwrap().into();
        let broken_off = RawOrigin::serving(move |mut stream| {
            let parts = Arc::clone(&parts);
            async move {
                client::head(&mut stream).await;
                stream.write_all(&parts).await.unwrap();
            }
        })
        .await;
        Self { origin, not_http, broken_off, nobody: origin::nobody().await }
    }

    /// Sends the request; returns the head and the body of the answer.
    async fn send(&self, plant: &Plant, proxy: SocketAddr) -> (String, Vec<u8>) {
        let host = match plant.entry.upstream {
            Upstream::Origin => self.origin.address().to_string(),
            Upstream::NotHttp => self.not_http.address().to_string(),
            Upstream::BrokenOff => self.broken_off.address().to_string(),
            Upstream::Nobody | Upstream::Tunnel => self.nobody.to_string(),
            Upstream::Unknown => "nowhere.invalid".to_owned(),
        };
        let request = plant.request.as_ref().unwrap();
        let (method, rest) = request.start.split_once(' ').unwrap();
        let authority = format!("{}{host}", plant.user_info);
        let start = match plant.entry.upstream {
            Upstream::Tunnel => format!("{method} {authority} HTTP/1.1"),
            _ => format!("{method} http://{authority}{rest}"),
        };
        let request = Message { start, ..request.clone() };
        let chunked = plant.entry.chunked && !plant.is_in_response();
        let more = [("Host", &*host), ("X-Plant", &plant.entry.name), ("Connection", "close")];
        let mut client = RawClient::connect(proxy).await;
        client.write(request.bytes(&more, chunked)).await;
        let head = client.head().await;
        let body = client.rest().await;
        let is_chunked = head.to_ascii_lowercase().contains("transfer-encoding: chunked");
        (head, if is_chunked { dechunked(&body) } else { body })
    }
}

/// What the origin answers. A body in chunks has five bytes in each.
fn answer(plant: &Plant) -> Response<Body> {
    let message = &plant.response;
    let status: u16 = message.start.split(' ').nth(1).unwrap().parse().unwrap();
    let mut response = Response::builder().status(status);
    for (name, value) in &message.headers {
        response = response.header(name, value);
    }
    if let Some(coding) = message.coding.as_deref().filter(|_| !message.body.is_empty()) {
        response = response.header("content-encoding", coding);
    }
    if !(plant.entry.chunked && plant.is_in_response()) {
        return response.body(client::full(message.body.clone())).unwrap();
    }
    let frames = message.body.chunks(5).map(|chunk| Ok(Frame::data(Bytes::copy_from_slice(chunk))));
    let frames: Vec<io::Result<_>> = frames.collect();
    response.body(StreamBody::new(tokio_stream::iter(frames)).boxed()).unwrap()
}

/// A body out of its chunks; as much as there is.
fn dechunked(mut bytes: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    while let Some(end) = bytes.windows(2).position(|pair| pair == b"\r\n") {
        let size = usize::from_str_radix(str::from_utf8(&bytes[..end]).unwrap(), 16).unwrap();
        let data = &bytes[end + 2..];
        body.extend(&data[..size.min(data.len())]);
        bytes = data.get(size + 2..).unwrap_or_default();
    }
    body
}

/// A plugin that may see everything.
async fn guest(control: &Path) -> FakePlugin {
    let credentials = operator::token(control, "guest").await;
    let mut bus = bus(&credentials.bus).await;
    let wanted = [Capability::CapEmitFindings, Capability::CapFlowInspect, Capability::CapFlowInspectRaw]
        .map(Into::into);
    let granted = grant_of(&mut bus, &credentials, PROTOCOL_VERSION, &wanted).await.unwrap();
    let raw = [Subscription::FlowRequestRaw, Subscription::FlowResponseRaw].map(Into::into).to_vec();
    let hello = Hello { subscriptions: raw, ..hello("guest") };
    FakePlugin::open(bus, &granted.session_secret, hello).await.unwrap()
}

/// Says of each flow what its plant wants said.
async fn quote(mut plugin: FakePlugin, plants: BTreeMap<String, Plant>) {
    while let Some(BusMessage { message, .. }) = plugin.next().await.unwrap() {
        match message {
            Some(bus_message::Message::FlowEvent(event)) => {
                let headers = &event.request.as_ref().unwrap().headers;
                let name = headers.iter().find(|h| h.name == WHICH).map(|h| h.value.clone());
                let name = String::from_utf8(name.unwrap_or_default().to_vec()).unwrap();
                if let Some(plant) = plants.get(&name).filter(|_| event.phase() == Phase::Response) {
                    plugin.say(Said::Finding(claim(plant, &event)), "").await;
                }
                plugin.done_with(&event.flow_id, event.phase(), event.raw).await;
            }
            Some(bus_message::Message::Heartbeat(_)) => plugin.heartbeat().await,
            Some(bus_message::Message::Goodbye(_)) => break,
            _ => {}
        }
    }
}

/// The same text wherever a finding has one.
fn claim(plant: &Plant, event: &FlowEvent) -> Finding {
    let said = plant.finding.as_ref().unwrap();
    let flow_id = if plant.entry.refused { plant.secret.text.clone() } else { event.flow_id.clone() };
    let target = event.request.as_ref().unwrap().url.clone();
    let finding = Finding::new(&said.kind, Severity::High, &said.text)
        .with_evidence(said.text.clone())
        .with_metadata("quoted", said.text.clone())
        .with_metadata(said.text.clone(), "as a name");
    Finding { flow_id, target, ..finding }
}
