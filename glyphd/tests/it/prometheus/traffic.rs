//! A daemon to which everything happens that its metrics can tell of.

use std::{
    collections::VecDeque,
    fs::{File, OpenOptions},
    io::Write,
    time::Duration,
};

use glyph_plugin::{
    Capability, PROTOCOL_VERSION,
    wire::{FlowEvent, bus_message::Message},
};
use http::StatusCode;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep_until},
};
use tonic::Code;

use crate::harness::{
    Client, FakeCollector, FakeOrigin, FakePlugin, Guest, PluginsDir, Recorded, TestDaemon,
    origin::nobody,
    outlet::{get, open_to},
    plugin::{Credentials, bus, grant, make_fifo},
    text,
};

/// How late the slow plugin answers: over the threshold of its alert.
const LATE: Duration = Duration::from_millis(5_100);
/// How often the slow plugin reports what is refused. More than ten of these a second would end its session, and of those that wait
/// while the machine is busy many come at once.
const REFUSED: Duration = Duration::from_millis(500);
/// A request each.
const PACE: Duration = Duration::from_millis(20);
/// Requests of a plugin at a time: more than one host may get in a second.
const CROWD: usize = 12;

/// The daemon, and all that keeps it busy.
pub(super) struct Busy {
    pub(super) daemon: TestDaemon,
    /// One that answers nothing and goes.
    pub(super) leaver: Option<FakePlugin>,
    /// One that answers nothing and stays.
    stalled: FakePlugin,
    /// A line here is the end of a process that should not end.
    brief: File,
    work: JoinSet<()>,
    _around: (FakeOrigin, FakeCollector, PluginsDir),
}

impl Busy {
    pub(super) async fn start() -> Self {
        let origin = FakeOrigin::answering(|request| {
            let mut answer = text("an answer");
            match request.target.path() {
                "/broken" => *answer.status_mut() = StatusCode::INTERNAL_SERVER_ERROR,
                "/busy" => *answer.status_mut() = StatusCode::SERVICE_UNAVAILABLE,
                _ => {}
            }
            answer
        })
        .await;
        let collector = FakeCollector::start().await;
        let plugins = PluginsDir::new();
        let (slow, stalled, leaver) = (plugins.fake("slow"), plugins.fake("stalled"), plugins.fake("leaver"));
        let brief = plugins.script("brief", "read line < go\nexit 3\n").join("go");
        make_fifo(&brief);
        // Open for both, it waits for nobody.
        let brief = OpenOptions::new().read(true).write(true).open(brief).unwrap();
        plugins.plugin("missing", &["./no-such-program"]);
        let daemon = TestDaemon::with(|config| {
            open_to(config, &[("fetcher", Capability::CapHttpActive)]);
            config.plugins_dir = Some(plugins.path());
            config.trace.endpoint = Some(collector.url("/v1/traces"));
            config.otlp_addr = Some(([127, 0, 0, 1], 0).into());
        })
        .await;
        let mut work = JoinSet::new();
        work.spawn(dawdle(slow.take().await));
        let (stalled, leaver) = (stalled.take().await, Some(leaver.take().await));
        knock(&daemon).await;
        let guest = Guest::of(&daemon, "fetcher").await;
        guest.outlet.fetch(get(origin.url("/"))).await.fine();
        work.spawn(insist(guest, origin.url("/busy")));
        let urls =
            [origin.url("/?token=s3cret"), origin.url("/broken"), format!("http://{}/", nobody().await)];
        work.spawn(browse(daemon.client().await, urls));
        Self { daemon, leaver, stalled, brief, work, _around: (origin, collector, plugins) }
    }

    /// One of the processes crashes.
    pub(super) fn crash_one(&mut self) {
        self.brief.write_all(b"\n").unwrap();
    }

    /// Lets everybody go home, and reads back what was recorded.
    pub(super) async fn stop(mut self) -> Recorded {
        self.work.shutdown().await;
        drop(self.stalled);
        self.daemon.drain().await
    }
}

/// Asks for each URL in turn, with secrets, for ever.
async fn browse(mut client: Client, urls: [String; 3]) {
    let secrets = [("authorization", "Bearer s3cret"), ("cookie", "session=s3cret")];
    let mut ticks = interval(PACE);
    for url in urls.iter().cycle() {
        ticks.tick().await;
        client.get_with(url, &secrets).await;
    }
}

/// A plugin that asks for what is not to be had, as often as it is let.
async fn insist(guest: Guest, url: String) {
    loop {
        let fetches = (0..CROWD).map(|_| guest.outlet.try_fetch(get(url.clone())));
        JoinSet::from_iter(fetches).join_all().await;
    }
}

/// A stranger with a token that nobody issued.
async fn knock(daemon: &TestDaemon) {
    let address = daemon.daemon().addresses().plugin.to_string();
    let mut bus = bus(&address).await;
    let stranger = Credentials { name: "stranger".to_owned(), bus: address, token: "guessed".to_owned() };
    let error = grant(&mut bus, &stranger, PROTOCOL_VERSION).await.unwrap_err();
    assert_eq!(error.code(), Code::Unauthenticated);
}

/// A plugin that reports something about each event, now and then about a flow that is none, and is late with its
/// FlowDone.
async fn dawdle(mut plugin: FakePlugin) {
    let mut due = VecDeque::<(Instant, FlowEvent)>::new();
    // By itself: events stop coming while so many wait for their FlowDone.
    let mut refused = interval(REFUSED);
    refused.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let next = due.front().map_or_else(|| Instant::now() + LATE, |(at, _)| *at);
        tokio::select! {
            message = plugin.next() => {
                let event = match message.unwrap().and_then(|m| m.message) {
                    Some(Message::FlowEvent(event)) => event,
                    Some(Message::Refused(_)) => continue,
                    _ => return,
                };
                plugin.report(&event.flow_id, "slow.claim", "").await;
                due.push_back((Instant::now() + LATE, event));
            }
            _ = refused.tick() => plugin.report("no-such-flow", "slow.claim", "").await,
            () = sleep_until(next), if !due.is_empty() => {
                if let Some((_, event)) = due.pop_front() {
                    plugin.done(&event.flow_id, event.phase()).await;
                }
            }
        }
    }
}
