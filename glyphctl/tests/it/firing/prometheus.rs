//! Prometheus as a child on a free port, asked over its HTTP API.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, Command, Stdio},
    thread,
};

use serde_json::Value;
use url::form_urlencoded::Serializer;

use super::{EVERY, Fired, SCRAPE};
use crate::harness::within;

/// A server that is ready; it is ended with this.
pub(super) struct Prometheus {
    child: Child,
    address: String,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Prometheus {
    /// Scrapes these targets under the job of the daemon, and evaluates these rules.
    pub(super) fn start(dir: &Path, rules: &Path, targets: &[String]) -> Self {
        let milliseconds = SCRAPE * 1e3;
        let config = format!(
            "global: {{scrape_interval: {milliseconds}ms, scrape_timeout: {milliseconds}ms}}\n\
             rule_files: [{rules:?}]\n\
             scrape_configs: [{{job_name: glyphd, static_configs: [{{targets: {targets:?}}}]}}]\n"
        );
        let file = dir.join("prometheus.yml");
        std::fs::write(&file, config).unwrap();
        let mut child = Command::new("prometheus")
            .arg(format!("--config.file={}", file.display()))
            .arg(format!("--storage.tsdb.path={}", dir.join("data").display()))
            .arg("--web.listen-address=127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let (mut said, mut address, mut ready) = (Vec::new(), None, false);
        // Two of its threads say where it listens and that it is ready, in either order.
        while address.is_none() || !ready {
            let line = lines.next().unwrap_or_else(|| panic!("Prometheus has ended: {said:#?}")).unwrap();
            if line.contains("msg=\"Listening on\"") {
                address = line.split_once("address=").map(|(_, rest)| rest.to_owned());
            }
            ready |= line.contains("Server is ready");
            said.push(line);
        }
        // It must not stand still because nobody reads what it says.
        thread::spawn(move || lines.for_each(drop));
        Self { child, address: address.unwrap() }
    }

    /// The series that an expression gives now.
    fn query(&self, expr: &str) -> Vec<Value> {
        let query = Serializer::new(String::new()).append_pair("query", expr).finish();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        // In this version of HTTP an answer ends with its connection.
        write!(stream, "GET /api/v1/query?{query} HTTP/1.0\r\nhost: {}\r\n\r\n", self.address).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        let answer: Value = serde_json::from_str(body).unwrap();
        assert_eq!(answer["status"], "success", "{expr}: {answer}");
        answer["data"]["result"].as_array().unwrap().clone()
    }

    /// Waits until an expression gives something.
    #[track_caller]
    pub(super) fn until(&self, expr: &str) {
        within(expr, || !self.query(expr).is_empty());
    }

    /// When each alert fired: the samples that Prometheus wrote at each evaluation, in runs.
    pub(super) fn fired(&self) -> Fired {
        let now = self.query("vector(time())")[0]["value"][0].as_f64().unwrap();
        let mut fired = Fired::new();
        for series in self.query("ALERTS{alertstate=\"firing\"}[10m]") {
            let mut labels = serde_json::from_value::<std::collections::BTreeMap<String, String>>(
                series["metric"].clone(),
            )
            .unwrap();
            labels.remove("__name__");
            labels.remove("alertstate");
            let times = series["values"].as_array().unwrap().iter().map(|sample| sample[0].as_f64().unwrap());
            let mut runs = Vec::<(f64, f64)>::new();
            for time in times {
                match runs.last_mut() {
                    Some((_, last)) if time - *last < 1.5 * EVERY => *last = time,
                    _ => runs.push((time, time)),
                }
            }
            // It no longer fires at the evaluation after the last one.
            let runs = runs.into_iter().map(|(start, last)| {
                let end = last + EVERY;
                (start, (end < now).then_some(end))
            });
            fired.insert(labels, runs.collect());
        }
        fired
    }
}
