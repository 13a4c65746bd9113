//! ALERTS of a Prometheus that scrapes and evaluates, beside ours over what it has scraped.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::{BufRead, BufReader, Write},
    net::TcpListener,
    sync::mpsc::{self, Receiver},
    thread,
    time::{SystemTime, UNIX_EPOCH},
};

use glyph_analysis::{
    metrics::{Labels, Store},
    rules::{self, Options},
};
use serde_json::Value;

use crate::differential::server::{Server, ask};

/// From one scrape, and from one evaluation, to the next, in milliseconds.
const INTERVAL: i64 = 500;

/// How far ahead of the clock the target's samples are, in milliseconds. What is scraped as of now may be on its way into the
/// storage when an evaluation looks for it.
const AHEAD: u128 = 1_000;

/// What the target shows, scrape after scrape.
const LOAD: [u32; 24] =
    [10, 10, 90, 10, 90, 90, 90, 90, 90, 10, 10, 90, 90, 10, 10, 10, 90, 90, 90, 10, 10, 10, 10, 10];

const RULES: &str = "
groups:
- name: live
  interval: 500ms
  rules:
  - {alert: Over, expr: load > 50, labels: {severity: page}}
  - {alert: OverFor, expr: load > 50, for: 1s}
  - {alert: Kept, expr: load > 50, keep_firing_for: 1s}
  - {alert: Rising, expr: 'rate(work_total[2s]) > 30', for: 500ms}
  - {alert: Quiet, expr: absent(load > 50)}
  - {record: 'load:max', expr: 'max_over_time(load[3s])'}
  - {alert: WasOver, expr: 'load:max > 50 and load < 50'}
  - {alert: Told, expr: 'count(ALERTS{alertstate=\"firing\"}) > 2'}
  # The last one: where it has been, all have been.
  - {record: tick, expr: vector(1)}
";

/// A target that tells of each scrape, and its address.
fn target() -> (String, Receiver<usize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let (told, scrapes) = mpsc::channel();
    thread::spawn(move || {
        let mut work = 0;
        for (i, stream) in listener.incoming().enumerate() {
            let mut stream = BufReader::new(stream.unwrap());
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let load = LOAD[i % LOAD.len()];
            work += load / 4;
            let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() + AHEAD;
            let body = format!(
                "# TYPE load gauge\nload {load} {time}\n# TYPE work_total counter\nwork_total {work} {time}\n"
            );
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                body.len()
            );
            if stream.get_mut().write_all((head + &body).as_bytes()).is_err() || told.send(i).is_err() {
                return;
            }
        }
    });
    (address, scrapes)
}

type Samples = BTreeMap<i64, f64>;

/// The samples of all series that a selector names, as they are stored.
fn stored(server: &Server, selector: &str) -> Vec<(Labels, Samples)> {
    let answer = ask(&mut server.client(), "query", &[("query", &format!("{selector}[2m]"))]);
    let series = answer["data"]["result"].as_array().unwrap().iter().map(|series| {
        let labels = series["metric"].as_object().unwrap();
        let labels = Labels::of(labels.iter().map(|(name, value)| (name.as_str(), value.as_str().unwrap())));
        let sample = |pair: &Value| {
            let seconds = pair[0].as_f64().unwrap();
            ((seconds * 1e3).round() as i64, pair[1].as_str().unwrap().parse().unwrap())
        };
        (labels, series["values"].as_array().unwrap().iter().map(sample).collect())
    });
    series.collect()
}

#[test]
fn alerts_are_those_of_a_live_prometheus() {
    let (address, scrapes) = target();
    let config = format!(
        "global: {{scrape_interval: 500ms, scrape_timeout: 500ms, evaluation_interval: 500ms}}\n\
         rule_files: [rules.yml]\n\
         scrape_configs: [{{job_name: live, static_configs: [{{targets: ['{address}']}}]}}]\n"
    );
    let Some(server) = Server::with(&[("prometheus.yml", &config), ("rules.yml", RULES)], &[]) else {
        return;
    };
    // Some more than the target's course: a connection may be for nothing.
    while scrapes.recv().unwrap() < LOAD.len() {}

    let ticks: Vec<i64> = stored(&server, "tick").remove(0).1.into_keys().collect();
    let gap = ticks.windows(2).position(|pair| pair[1] - pair[0] != INTERVAL);
    let ticks = &ticks[..gap.map_or(ticks.len(), |at| at + 1)];
    assert!(ticks.len() > 10, "a machine that is so slow that evaluations are left out: {ticks:?}");
    // Ours are at whole multiples of the interval.
    let shift = ticks[0].rem_euclid(INTERVAL);
    let mut store = Store::new();
    for (labels, samples) in stored(&server, "{job=\"live\",__name__!~\"ALERTS.*\"}") {
        if labels.name() == "load:max" {
            continue;
        }
        samples.iter().for_each(|(time, value)| store.append(&labels, time - shift, *value).unwrap());
    }
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("rules.yml"), RULES).unwrap();
    let rules = rules::load(&dir.path().join("rules.yml")).unwrap();
    let (from, to) = (Some(ticks[0] - shift), Some(ticks[ticks.len() - 1] - shift));
    let check = rules::check(&[rules], &mut store, Options { from, to, closed_ranges: true });
    assert_eq!(check.problems, [""; 0]);

    let theirs = stored(&server, "ALERTS");
    let mut seen = BTreeSet::new();
    // A Prometheus writes ALERTS from the third evaluation on: before that it would restore what it knew.
    for tick in &ticks[2..] {
        let there = theirs.iter().filter(|(_, samples)| samples.contains_key(tick));
        let there: BTreeSet<String> = there.map(|(labels, _)| labels.to_string()).collect();
        let ours = super::samples(&store, "ALERTS", tick - shift);
        let ours: BTreeSet<String> = ours.iter().map(|sample| sample.labels.to_string()).collect();
        assert_eq!(ours, there, "at {tick}");
        seen.extend(ours);
    }
    for alert in ["Over", "OverFor", "Kept", "Rising", "Quiet", "WasOver", "Told"] {
        assert!(
            seen.iter().any(|labels| labels.contains(&format!("\"{alert}\""))),
            "{alert} was there: {seen:?}"
        );
    }
}
