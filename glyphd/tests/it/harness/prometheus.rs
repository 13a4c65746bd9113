//! Prometheus itself, as a child on a free port with a folder of its own, asked over its HTTP API.

use std::{
    net::SocketAddr,
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    time::Duration,
};

use serde_json::Value;
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
    task::JoinHandle,
    time::interval,
};
use url::form_urlencoded::Serializer;

use super::{Client, peers, within};

/// How often something is asked that is waited for.
const POLL: Duration = Duration::from_millis(200);

/// A server that is ready.
pub(crate) struct Prometheus {
    child: Child,
    address: SocketAddr,
    log: Arc<Mutex<Vec<String>>>,
    reader: JoinHandle<()>,
}

impl Prometheus {
    /// Runs it with that configuration, its data in `data`; none if it is missing.
    pub(crate) async fn start(config: &Path, data: &Path) -> Option<Self> {
        let spawned = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .args(["--web.listen-address=127.0.0.1:0", "--enable-feature=exemplar-storage"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn();
        let mut child = peers::found("prometheus", spawned)?;
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut said, mut address, mut ready) = (Vec::new(), None, false);
        // Two of its threads say where it listens and that it is ready, in either order.
        let both = async {
            while address.is_none() || !ready {
                let line = lines.next_line().await.unwrap();
                said.push(line.unwrap_or_else(|| panic!("Prometheus has ended: {said:#?}")));
                let line = said.last().unwrap();
                if line.contains("msg=\"Listening on\"") {
                    address = line.split_once("address=").map(|(_, rest)| rest.parse().unwrap());
                }
                ready |= line.contains("Server is ready");
            }
        };
        within("Prometheus to be ready", both).await;
        let log = Arc::new(Mutex::new(said));
        let rest = Arc::clone(&log);
        let reader = tokio::spawn(async move {
            while let Ok(Some(line)) = lines.next_line().await {
                rest.lock().unwrap().push(line);
            }
        });
        Some(Self { child, address: address.unwrap(), log, reader })
    }

    /// What the API says, which must be a success.
    pub(crate) async fn ask(&self, path: &str, parameters: &[(&str, &str)]) -> Value {
        let query = Serializer::new(String::new()).extend_pairs(parameters).finish();
        let host = self.address.to_string();
        let mut client = Client::connect(self.address).await;
        let answer = client.get_with(&format!("/api/v1/{path}?{query}"), &[("host", &host)]).await;
        let mut answer: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(answer["status"], "success", "{path} {parameters:?}: {answer}");
        answer["data"].take()
    }

    /// The series that an expression gives now.
    pub(crate) async fn query(&self, expr: &str) -> Vec<Value> {
        self.ask("query", &[("query", expr)]).await["result"].as_array().unwrap().clone()
    }

    /// Waits until an expression gives something.
    #[track_caller]
    pub(crate) fn until(&self, expr: &str) -> impl Future<Output = ()> {
        within(expr, async move {
            let mut ticks = interval(POLL);
            while self.query(expr).await.is_empty() {
                ticks.tick().await;
            }
        })
    }

    /// Ends it, and returns the warnings and errors that it logged.
    pub(crate) async fn stop(mut self) -> Vec<String> {
        self.child.kill().await.unwrap();
        within("the log's end", self.reader).await.unwrap();
        let complains = |line: &&String| {
            ["level=warn", "level=error"].iter().any(|level| line.to_ascii_lowercase().contains(level))
        };
        self.log.lock().unwrap().iter().filter(complains).cloned().collect()
    }
}
