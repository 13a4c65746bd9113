//! Two daemons: one that is well, whose plugins are not, and one that can write nothing. The first records itself and
//! the other.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle, park_timeout},
    time::Duration,
};

use glyph_plugin::{Capability, FlowEvent, Plugin, Report, Subscription};
use glyphd::{
    Config, Daemon,
    config::{AuditTarget, Sandbox, ScrapeTarget},
    policy::PluginPolicy,
};

use super::SCRAPE;
use crate::harness::run;

/// How long the slow plugin takes for an event: over the threshold.
const SLOW: Duration = Duration::from_millis(60);
/// A request each: some more than the slow plugin has time for.
const PACE: Duration = Duration::from_millis(10);
/// More than find room in memory where the disk refuses them.
const MANY: usize = 300;
const LARGE: usize = 100_000;
/// A plugin of which the broken daemon knows.
const STRANGER: &str = "stranger";

pub(super) struct Stage {
    well: Daemon,
    broken: Option<Daemon>,
    recording: PathBuf,
    /// A line lets the plugin that waits for one end.
    brief: File,
    origin: SocketAddr,
    load: Option<(Arc<AtomicBool>, JoinHandle<()>)>,
}

impl Stage {
    pub(super) async fn set(dir: &Path) -> Self {
        let origin = origin();
        let mut config = Config::on_free_ports();
        config.flow_file = Some("/dev/full".into());
        config.audit_file = Some(AuditTarget::File("/dev/full".into()));
        config.trace.endpoint = Some(format!("http://{origin}/v1/traces"));
        let policy = PluginPolicy { start: Some(false), ..PluginPolicy::default() };
        config.policy.plugins.insert(STRANGER.to_owned(), policy);
        let broken = Daemon::start(config).await.unwrap();

        let plugins = dir.join("plugins");
        let this = std::env::current_exe().unwrap();
        let slow = [this.to_str().unwrap(), "--exact", "firing::stage::the_slow_plugin", "--ignored"];
        plugin(&plugins, "slow", &slow);
        let folder = plugin(&plugins, "brief", &["sh", "-c", "read line < go; exit 3"]);
        assert!(Command::new("mkfifo").arg(folder.join("go")).status().unwrap().success());
        // Open for both, it waits for nobody.
        let brief = OpenOptions::new().read(true).write(true).open(folder.join("go")).unwrap();
        let mut config = Config::on_free_ports();
        config.record = Some(dir.join("recording"));
        config.record_metrics_interval = Duration::from_secs_f64(SCRAPE);
        let url = format!("http://{}/metrics", broken.addresses().metrics);
        config.scrape = vec![ScrapeTarget::new("glyphd", &url).unwrap()];
        config.plugins_dir = Some(plugins);
        // This process's own `main` is not glyphctl's.
        config.launcher = Some(env!("CARGO_BIN_EXE_glyphctl").into());
        config.sandbox = Sandbox::Off;
        let policy = PluginPolicy { queue_capacity: Some(20), ..PluginPolicy::default() };
        config.policy.plugins.insert("slow".to_owned(), policy);
        let pause = Some(200);
        let policy = PluginPolicy {
            restart_backoff_ms: pause,
            restart_backoff_max_ms: pause,
            ..PluginPolicy::default()
        };
        config.policy.plugins.insert("brief".to_owned(), policy);
        let well = Daemon::start(config).await.unwrap();
        Self { well, broken: Some(broken), recording: dir.join("recording"), brief, origin, load: None }
    }

    /// What Prometheus scrapes.
    pub(super) fn targets(&self) -> [String; 2] {
        let broken = self.broken.as_ref().unwrap();
        [&self.well, broken].map(|daemon| daemon.addresses().metrics.to_string())
    }

    /// Begins all that alerts are about, but for a daemon's end.
    pub(super) fn trouble(&mut self) {
        let (proxy, origin) = (self.well.addresses().proxy, self.origin);
        let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let stop = Arc::<AtomicBool>::default();
        let stopped = Arc::clone(&stop);
        let work = thread::spawn(move || {
            for turn in 0.. {
                if stopped.load(Ordering::Relaxed) {
                    break;
                }
                let host = if turn % 2 == 0 { nobody } else { origin };
                get(proxy, &format!("http://{host}/"));
                park_timeout(PACE);
            }
        });
        self.load = Some((stop, work));
        // The first start, and five more.
        self.brief.write_all(&b"\n".repeat(6)).unwrap();

        let broken = self.broken.as_ref().unwrap().addresses();
        let control = broken.control.to_str().unwrap();
        let file = self.recording.with_file_name("token");
        let token = ["plugin", "token", STRANGER, "--control-addr", control, "--out", file.to_str().unwrap()];
        assert_ne!(run(token).code, 0, "what can't be audited is refused");
        for _ in 0..MANY {
            get(broken.proxy, &format!("http://{origin}/large"));
        }
    }

    /// Ends the broken daemon.
    pub(super) async fn one_goes(&mut self) {
        let ended = self.broken.take().unwrap().drain().await;
        assert!(ended.is_err(), "the last records could not be written");
    }

    /// Ends the load.
    pub(super) fn peace(&mut self) {
        let (stop, work) = self.load.take().unwrap();
        stop.store(true, Ordering::Relaxed);
        work.join().unwrap();
    }

    /// Ends the other daemon; returns where its recording is.
    pub(super) async fn recording(self) -> PathBuf {
        self.well.drain().await.unwrap();
        self.recording
    }
}

/// A folder with a plugin that sees responses.
fn plugin(plugins: &Path, name: &str, command: &[&str]) -> PathBuf {
    let folder = plugins.join(name);
    fs::create_dir_all(&folder).unwrap();
    let manifest = format!(
        "name = {name:?}\nversion = \"1\"\ncommand = {command:?}\nsubscriptions = [\"FLOW_RESPONSE\"]\n\
         capabilities = [\"CAP_FLOW_INSPECT\"]\n"
    );
    fs::write(folder.join("plugin.toml"), manifest).unwrap();
    folder
}

/// A GET through a proxy, to the end of its answer.
fn get(proxy: SocketAddr, url: &str) {
    let mut stream = TcpStream::connect(proxy).unwrap();
    let host = url.split('/').nth(2).unwrap();
    write!(stream, "GET {url} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 "), "{}", String::from_utf8_lossy(&answer));
}

/// A server that answers GET, and is a collector that takes nothing. Its threads end with the tests.
fn origin() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            // Whoever asked may have gone.
            thread::spawn(move || drop(answer(&stream.unwrap())));
        }
    });
    address
}

fn answer(stream: &TcpStream) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Ok(());
        }
    }
    let length = head
        .lines()
        .find_map(|line| line.to_ascii_lowercase().strip_prefix("content-length: ")?.parse().ok());
    reader.read_exact(&mut vec![0; length.unwrap_or(0)])?;
    let (status, size) = match () {
        () if head.starts_with("POST") => (400, 0),
        () if head.contains("/large") => (200, LARGE),
        () => (200, 2),
    };
    let mut stream = stream;
    write!(stream, "HTTP/1.1 {status} X\r\ncontent-length: {size}\r\nconnection: close\r\n\r\n")?;
    stream.write_all(&vec![b'x'; size])
}

/// Takes its time.
struct Slow;

impl Plugin for Slow {
    fn version(&self) -> &'static str {
        "1"
    }

    fn subscriptions(&self) -> &[Subscription] {
        &[Subscription::FlowResponse]
    }

    fn capabilities(&self) -> &[Capability] {
        &[Capability::CapFlowInspect]
    }

    fn on_flow(&mut self, _: &FlowEvent, _: &mut Report<'_>) {
        park_timeout(SLOW);
    }
}

/// This binary as a plugin, started by the daemon.
#[tokio::test]
#[ignore = "is no test, but a plugin's process"]
async fn the_slow_plugin() {
    glyph_plugin::run(Slow).await.unwrap();
}
