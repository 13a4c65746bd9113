//! Files of flows, made of an exchange that was recorded.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Run, run};

/// What a recorded exchange is changed to.
#[derive(Clone)]
pub(super) struct Asked {
    pub(super) method: &'static str,
    pub(super) url: String,
    pub(super) sent: String,
    pub(super) status: u16,
    pub(super) media: &'static str,
    pub(super) got: String,
    /// Milliseconds after the first.
    pub(super) start: u64,
}

/// A GET that was answered with JSON.
pub(super) fn get(target: &str, got: &str) -> Asked {
    Asked {
        method: "GET",
        url: format!("http://a.test:8080{target}"),
        sent: String::new(),
        status: 200,
        media: "application/json",
        got: got.to_owned(),
        start: 0,
    }
}

impl Asked {
    pub(super) fn at(self, start: u64) -> Self {
        Self { start, ..self }
    }

    pub(super) fn of(self, origin: &str) -> Self {
        let url = self.url.replace("http://a.test:8080", origin);
        Self { url, ..self }
    }

    pub(super) fn post(self, sent: &str) -> Self {
        Self { method: "POST", sent: sent.to_owned(), ..self }
    }

    fn flow(&self, sequence: usize) -> Value {
        let text = fs::read_to_string(recorded()).unwrap();
        let mut flow: Value = serde_json::from_str(text.lines().last().unwrap()).unwrap();
        let start = 1_795_370_069_000_000_000_u64 + self.start * 1_000_000;
        let body = |text: &str| json!({"size": text.len(), "captured_size": text.len(), "utf8": text, "complete": true});
        flow["sequence"] = json!(sequence);
        flow["start_time_unix_nano"] = json!(start);
        flow["end_time_unix_nano"] = json!(start + 5_000_000);
        flow["request"]["method"] = json!(self.method);
        flow["request"]["url"] = json!(self.url);
        if !self.sent.is_empty() {
            flow["request"]["body"] = body(&self.sent);
        }
        flow["response"]["status"] = json!(self.status);
        flow["response"]["headers"] = json!([["content-type", self.media]]);
        flow["response"]["body"] = body(&self.got);
        flow["redactions"] = json!([]);
        flow
    }
}

pub(super) fn recorded() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/recordings/shop/flows.jsonl")
}

/// Two files beside each other.
pub(super) struct Two {
    pub(super) dir: TempDir,
}

impl Two {
    pub(super) fn new(recorded: &[Asked], new: &[Asked]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        for (name, exchanges) in [("a.jsonl", recorded), ("b.jsonl", new)] {
            let lines = exchanges.iter().enumerate().map(|(n, asked)| asked.flow(n + 1).to_string() + "\n");
            fs::write(dir.path().join(name), lines.collect::<String>()).unwrap();
        }
        Self { dir }
    }

    pub(super) fn path(&self, name: &str) -> String {
        self.dir.path().join(name).to_str().unwrap().to_owned()
    }

    pub(super) fn diff(&self, more: &[&str]) -> Run {
        let (a, b) = (self.path("a.jsonl"), self.path("b.jsonl"));
        run(["replay", "diff", &a, &b].iter().chain(more))
    }

    /// The report, as programs have it.
    pub(super) fn report(&self, more: &[&str]) -> Value {
        let run = self.diff(&[&["--format", "json"], more].concat());
        serde_json::from_str(&run.stdout).unwrap_or_else(|e| panic!("{e}: {run:#?}"))
    }
}

/// Places, kinds and how many exchanges.
pub(super) fn groups(report: &Value) -> Vec<String> {
    let groups = report["groups"].as_array().unwrap().iter();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    groups.map(|g| format!("{} {} {}", text(&g["place"]), text(&g["kind"]), g["exchanges"])).collect()
}

/// How many were compared, differ, are missing, are extra.
pub(super) fn counts(report: &Value) -> [u64; 4] {
    ["compared", "different", "missing", "extra"].map(|name| report[name].as_u64().unwrap())
}
