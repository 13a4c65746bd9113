//! A `glyphctl replay serve` under test, and a client for it.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::{Path, PathBuf},
    process::{Child, Command},
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Run, ended, glyphctl, piped};

/// An exchange as it stands in a file: the n-th second's.
pub(crate) fn exchange(number: u64, method: &str, url: &str, status: u16, body: &str) -> Value {
    let (host, _) = url.split_once("://").unwrap().1.split_once('/').unwrap();
    let (name, port) = host.split_once(':').unwrap_or((host, "80"));
    let start = 1_760_000_000_000_000_000 + number * 1_000_000_000;
    json!({
        "format": 1, "id": format!("01M826AC3P75MGNS0WQPW{number:05}"), "sequence": number,
        "trace_id": format!("{number:032x}"), "span_id": format!("{number:016x}"), "sampled": true,
        "start_time_unix_nano": start, "end_time_unix_nano": start + 20_000_000, "kind": "http", "client": "127.0.0.1:1",
        "request": {
            "method": method, "url": url, "scheme": "http", "host": name, "port": port.parse::<u16>().unwrap(),
            "version": "HTTP/1.1", "headers": [["Host", host]],
            "body": {"size": 0, "captured_size": 0, "complete": true},
        },
        "response": {
            "status": status, "version": "HTTP/1.1", "headers": [["Content-Type", "text/plain"]],
            "body": {"size": body.len(), "captured_size": body.len(), "utf8": body, "complete": true},
        },
        "timings": {"first_byte_ns": 10_000_000, "response_sent_ns": 19_000_000}, "redactions": [],
    })
}

/// A server, and the folder in which it works.
pub(crate) struct Served {
    pub(crate) dir: TempDir,
    pub(crate) url: String,
    child: Option<Child>,
}

/// What it answered.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Served {
    /// Of these flows.
    pub(crate) fn of(flows: &[Value], args: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let lines: String = flows.iter().map(|flow| format!("{flow}\n")).collect();
        let path = dir.path().join("flows.jsonl");
        fs::write(&path, lines).unwrap();
        Self::start(dir, &path, args)
    }

    /// Of that file.
    pub(crate) fn file(path: &Path, args: &[&str]) -> Self {
        Self::start(tempfile::tempdir().unwrap(), path, args)
    }

    fn start(dir: TempDir, path: &Path, args: &[&str]) -> Self {
        let mut command = glyphctl();
        command.args(["replay", "serve"]).arg(path).args(["--addr", "127.0.0.1:0"]).args(args);
        let mut child = piped(command.current_dir(dir.path()));
        let mut line = String::new();
        BufReader::with_capacity(1, child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        assert!(line.starts_with("http://"), "{line}{:#?}", ended(child));
        Self { dir, url: line.trim_end().to_owned(), child: Some(child) }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> &str {
        self.url.strip_prefix("http://").unwrap()
    }

    pub(crate) fn get(&self, target: &str) -> Answered {
        self.ask("GET", target, &[], "")
    }

    /// One request over a connection of its own.
    pub(crate) fn ask(&self, method: &str, target: &str, headers: &[&str], body: &str) -> Answered {
        let mut stream = TcpStream::connect(self.address()).unwrap();
        let mut head = format!("{method} {target} HTTP/1.1\r\nConnection: close\r\n");
        if !headers.iter().any(|header| header.starts_with("Host:")) {
            head += &format!("Host: {}\r\n", self.address());
        }
        headers.iter().for_each(|header| head += &format!("{header}\r\n"));
        write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        Answered { status, head: head.to_ascii_lowercase(), body: body.to_owned() }
    }

    /// curl, in its folder.
    pub(crate) fn curl(&self, args: &[&str]) -> String {
        let output = Command::new("curl")
            .args(["-sS", "--noproxy", ""])
            .args(args)
            .current_dir(self.dir.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{args:?}: {output:#?}");
        String::from_utf8(output.stdout).unwrap()
    }

    /// Ends it, and gives what it had to say. What a shell starts in the background ignores Ctrl-C, as these tests may be.
    pub(crate) fn end(mut self) -> Run {
        let child = self.child.take().unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        ended(child)
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        if let Some(child) = &mut self.child {
            drop(child.kill());
            drop(child.wait());
        }
    }
}
