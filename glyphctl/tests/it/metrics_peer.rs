//! `glyphctl metrics query --prometheus URL` beside the real Prometheus: what it answers itself, and what we make of its
//! samples.

use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use serde_json::Value;

use crate::{
    harness::have,
    metrics_server::{query, result},
};

/// Prometheus itself, with no target.
pub(crate) struct Prometheus {
    child: Child,
    pub(crate) address: String,
}

impl Prometheus {
    /// On a folder of blocks with these samples.
    fn over(openmetrics: &str, dir: &Path) -> Self {
        let (file, blocks) = (dir.join("run.om"), dir.join("blocks"));
        fs::write(&file, openmetrics).unwrap();
        let made = Command::new("promtool")
            .args(["tsdb", "create-blocks-from", "openmetrics"])
            .args([&file, &blocks])
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        Self::start(&blocks, &["--storage.tsdb.retention.time=100y"])
    }

    /// With its data in that folder.
    pub(crate) fn start(data: &Path, more: &[&str]) -> Self {
        let config = data.with_extension("yml");
        fs::write(&config, "scrape_configs: []\n").unwrap();
        let mut child = Command::new("prometheus")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", data.display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .args(more)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines().map_while(Result::ok);
        let (mut address, mut ready) = (None, false);
        while address.is_none() || !ready {
            let line = lines.next().expect("Prometheus has ended");
            if line.contains("msg=\"Listening on\"") {
                address = line.split_once("address=").map(|(_, rest)| rest.trim().to_owned());
            }
            ready |= line.contains("Server is ready");
        }
        // Whatever else it has to say must not stop it.
        thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.unwrap() }
    }

    /// What it answers itself.
    fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Value {
        let encode = |text: &str| text.bytes().map(|b| format!("%{b:02x}")).collect::<String>();
        let query: Vec<_> = fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(stream, "GET /api/v1/{path}?{} HTTP/1.0\r\n\r\n", query.join("&")).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str::<Value>(body).unwrap()["data"].clone()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

/// Equal but for the last digits of values.
fn assert_near(ours: &Value, theirs: &Value, what: &str) {
    match (ours, theirs) {
        (Value::Array(a), Value::Array(b)) => {
            assert_eq!(a.len(), b.len(), "{what}: {ours} {theirs}");
            a.iter().zip(b).for_each(|(a, b)| assert_near(a, b, what));
        }
        (Value::Object(a), Value::Object(b)) => {
            assert!(a.keys().eq(b.keys()), "{what}: {ours} {theirs}");
            a.iter().for_each(|(key, a)| assert_near(a, &b[key], what));
        }
        (Value::String(a), Value::String(b)) if a != b => {
            let (a, b): (f64, f64) = (a.parse().unwrap(), b.parse().unwrap());
            assert!((a - b).abs() <= 1e-9 * a.abs().max(b.abs()), "{what}: {a} {b}");
        }
        (Value::Number(a), Value::Number(b)) => assert_eq!(a.as_f64(), b.as_f64(), "{what}"),
        (a, b) => assert_eq!(a, b, "{what}"),
    }
}

#[test]
fn the_real_server_and_we_say_the_same() {
    if !have("prometheus") || !have("promtool") {
        return;
    }
    let mut text = String::from("# TYPE work counter\n# TYPE heat gauge\n# TYPE took histogram\n");
    let start = 1_760_000_000;
    for (name, step) in [("a", 7), ("b", 11)] {
        for i in 0..240 {
            // A restart in the middle.
            let count = if i < 100 { i * step } else { (i - 100) * step };
            text += &format!("work_total{{job=\"{name}\"}} {count} {}\n", start + i * 15);
        }
    }
    for i in (0..240).filter(|i| !(60..90).contains(i)) {
        text += &format!("heat{{room=\"1\"}} {} {}\n", (i * 37 % 101) - 50, start + i * 15);
    }
    for (le, part) in [("0.1", 3), ("1.0", 8), ("+Inf", 10)] {
        for i in 0..240 {
            text += &format!("took_bucket{{le=\"{le}\"}} {} {}\n", i * part, start + i * 15);
        }
    }
    text.push_str("# EOF\n");
    let dir = tempfile::tempdir().unwrap();
    let server = Prometheus::over(&text, dir.path());
    let url = format!("http://{}", server.address);
    let expressions = [
        "heat",
        "rate(work_total[2m])",
        "sum(increase(work_total[10m]))",
        "max_over_time(heat[5m] offset 3m)",
        "histogram_quantile(0.9, sum by (le) (rate(took_bucket[5m])))",
        "work_total{job=\"a\"} / on() group_left() work_total{job=\"b\"}",
        "avg_over_time(rate(work_total[1m])[10m:30s])",
        "heat @ 1760001507 - heat",
        "absent(heat{room=\"2\"})",
        "resets(work_total[1h])",
    ];
    // Between the samples: at the edges of windows, this Prometheus' ranges are not yet open on the left.
    let (from, until) = ("1760000907", "1760003007");
    for expr in expressions {
        let theirs = server.ask("query", &[("query", expr), ("time", until)]);
        let ours = result(query(&url, &[expr, "--time", until, "--format", "json"]));
        assert_near(&ours, &theirs["result"], expr);
        assert!(!ours.as_array().unwrap().is_empty(), "{expr} gives nothing");
        let fields = [("query", expr), ("start", from), ("end", until), ("step", "60")];
        let theirs = server.ask("query_range", &fields);
        let range = ["--start", from, "--end", until, "--step", "60", "--format", "json"];
        let ours = result(query(&url, &[&[expr], range.as_slice()].concat()));
        assert_near(&ours, &theirs["result"], expr);
    }
}
