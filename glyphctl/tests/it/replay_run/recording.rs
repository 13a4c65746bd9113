//! Recordings of traffic that a test makes, as the daemon leaves them.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs,
    path::{Path, PathBuf},
};

use bytes::Bytes;
use glyphd::{
    Config, Daemon,
    capture::{Base, Mode},
};
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tempfile::TempDir;
use tokio::{net::TcpStream, runtime::Runtime};

use super::origin::Origin;

/// A request that is to be recorded.
pub(super) struct Ask {
    /// Requests of one number go over one connection.
    connection: usize,
    request: Request<Full<Bytes>>,
}

/// A recording. It is gone after the test.
pub(super) struct Recording {
    folder: TempDir,
}

impl Ask {
    pub(super) fn get(path: &str) -> Self {
        Self::new("GET", path, "")
    }

    pub(super) fn new(method: &str, path: &str, body: &str) -> Self {
        let request = Request::builder().method(method).uri(path).header("host", "glyph.test");
        Self { connection: 0, request: request.body(Full::new(body.to_owned().into())).unwrap() }
    }

    pub(super) fn over(self, connection: usize) -> Self {
        Self { connection, ..self }
    }

    pub(super) fn with(mut self, name: &'static str, value: &str) -> Self {
        self.request.headers_mut().append(name, value.parse().unwrap());
        self
    }
}

impl Recording {
    /// What passes from a client to the origin, one request after the other.
    pub(super) fn of(origin: &Origin, asks: impl IntoIterator<Item = Ask>) -> Self {
        Self::with(origin, |_, _| {}, asks)
    }

    /// The same by a daemon with its own settings; it is told where the recording's folder is.
    pub(super) fn with(
        origin: &Origin,
        settings: impl FnOnce(&mut Config, &Path),
        asks: impl IntoIterator<Item = Ask>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut config = Config::on_free_ports();
        config.record = Some(folder.path().join("run"));
        config.capture.mode = Mode::Reverse(Base::of(&origin.url()).unwrap());
        config.capture.upstream.ca = Some(PathBuf::from(origin.certificate())).filter(|file| file.exists());
        settings(&mut config, folder.path());
        Runtime::new().unwrap().block_on(async {
            let daemon = Daemon::start(config).await.unwrap();
            let mut connections = BTreeMap::new();
            for ask in asks {
                if let Entry::Vacant(vacant) = connections.entry(ask.connection) {
                    let stream = TcpStream::connect(daemon.addresses().proxy).await.unwrap();
                    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
                    tokio::spawn(connection);
                    vacant.insert(sender);
                }
                let sender = connections.get_mut(&ask.connection).unwrap();
                sender.ready().await.unwrap();
                let response = sender.send_request(ask.request).await.unwrap();
                response.into_body().collect().await.unwrap();
            }
            drop(connections);
            daemon.drain().await.unwrap();
        });
        // What it was asked until now is none of the replay's.
        origin.take();
        Self { folder }
    }

    pub(super) fn path(&self) -> String {
        self.folder.path().join("run").to_str().unwrap().to_owned()
    }

    /// Something beside it.
    pub(super) fn beside(&self, name: &str) -> String {
        self.folder.path().join(name).to_str().unwrap().to_owned()
    }

    /// Changes the text of all its flows.
    pub(super) fn edit(&self, change: impl Fn(String) -> String) {
        let file = self.folder.path().join("run/flows.jsonl");
        let text = change(fs::read_to_string(&file).unwrap());
        fs::write(file, text).unwrap();
    }

    /// Its flows.
    pub(super) fn flows(&self) -> Vec<serde_json::Value> {
        flows(&self.folder.path().join("run"))
    }
}

/// The flows of a recording.
pub(super) fn flows(recording: &Path) -> Vec<serde_json::Value> {
    let text = fs::read_to_string(recording.join("flows.jsonl")).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
