//! Prometheus itself, which is asked over its HTTP API. It may be told a world by remote write.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    net::SocketAddr,
    process::{Child, Command, Stdio},
    thread,
};

use serde_json::Value;
use tempfile::TempDir;

use super::{
    http::{Client, form},
    remote_write,
    world::World,
};

/// A server; it ends with this value.
pub(crate) struct Server {
    child: Child,
    address: SocketAddr,
    _data: TempDir,
}

impl Server {
    /// Starts one that knows a world; none if it is missing.
    pub(super) fn start(world: &World) -> Option<Self> {
        // The samples are of 1970, and a lookback that is closed on the left is open a millisecond later.
        let flags = [
            "--web.enable-remote-write-receiver",
            "--storage.tsdb.retention.time=100y",
            "--query.lookback-delta=4m59s999ms",
        ];
        let server = Self::with(&[("prometheus.yml", "global: {}\n")], &flags)?;
        let mut client = server.client();
        for body in remote_write::requests(world) {
            let headers = ["Content-Encoding: snappy", "Content-Type: application/x-protobuf"];
            let (status, said) = client.post("/api/v1/write", &headers, &body);
            assert!(status / 100 == 2, "remote write: {status}: {}", String::from_utf8_lossy(&said));
        }
        Some(server)
    }

    /// Starts one with these files, `prometheus.yml` among them, in its folder; none if it is missing.
    pub(crate) fn with(files: &[(&str, &str)], flags: &[&str]) -> Option<Self> {
        let data = tempfile::tempdir().unwrap();
        for (name, text) in files {
            fs::write(data.path().join(name), text).unwrap();
        }
        let spawned = Command::new("prometheus")
            .arg(format!("--config.file={}", data.path().join("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", data.path().join("tsdb").display()))
            .args(["--web.listen-address=127.0.0.1:0", "--log.level=info"])
            .args(flags)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn();
        let child = match spawned {
            Ok(child) => child,
            Err(e) if std::env::var_os("GLYPH_PEERS").is_some_and(|v| v == "required") => {
                panic!("missing: prometheus: {e}")
            }
            Err(e) => {
                eprintln!("skipped: prometheus: {e}");
                return None;
            }
        };
        let mut server = Self { child, address: ([0, 0, 0, 0], 0).into(), _data: data };
        server.address = server.until_ready();
        Some(server)
    }

    /// Reads what it logs until it has said both where it listens and that it is ready, in either order.
    fn until_ready(&mut self) -> SocketAddr {
        let mut log = BufReader::new(self.child.stderr.take().unwrap());
        let (mut said, mut address, mut ready) = (String::new(), None, false);
        while address.is_none() || !ready {
            let begin = said.len();
            assert!(log.read_line(&mut said).unwrap() > 0, "Prometheus has ended:\n{said}");
            let line = &said[begin..];
            if line.contains("msg=\"Listening on\"") {
                address = line.split_once("address=").map(|(_, rest)| rest.trim().parse().unwrap());
            }
            ready |= line.contains("Server is ready");
        }
        // Nobody may be left waiting for the other end of the pipe.
        thread::spawn(move || log.read_to_end(&mut Vec::new()));
        address.unwrap()
    }

    pub(crate) fn client(&self) -> Client {
        Client::connect(self.address)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let ended = self.child.kill().and_then(|()| self.child.wait());
        if !thread::panicking() {
            ended.unwrap();
        }
    }
}

/// What the API answers, whether a success or not.
pub(crate) fn ask(client: &mut Client, path: &str, parameters: &[(&str, &str)]) -> Value {
    let headers = ["Content-Type: application/x-www-form-urlencoded"];
    let (_, body) = client.post(&format!("/api/v1/{path}"), &headers, form(parameters).as_bytes());
    serde_json::from_slice(&body).unwrap()
}
