//! Two daemons in every state that a shipped alert is about, while a real Prometheus looks on: over the recording
//! `alerts check` finds the same times of firing.

mod prometheus;
mod stage;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
};

use serde_json::Value;

use self::{prometheus::Prometheus, stage::Stage};
use crate::harness::{have, run};

/// How often rules are evaluated, in seconds.
const EVERY: f64 = 2.0;
/// How often metrics are scraped, by Prometheus and into the recording.
const SCRAPE: f64 = 0.25;

/// An alert by all its labels, and the times between which it fired. The last time is open where it still does.
type Fired = BTreeMap<BTreeMap<String, String>, Vec<(f64, Option<f64>)>>;

fn shipped() -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../alerts/alerts.yaml")).unwrap()
}

/// The shipped rules with seconds for minutes, and thresholds that a short run crosses.
fn short(rules: &str) -> String {
    [
        ("interval: 1m", "interval: 2s"),
        ("for: 2m", "for: 4s"),
        ("[5m]", "[10s]"),
        ("[10m]", "[10s]"),
        ("[15m]", "[10s]"),
        ("vector(5)", "vector(0.05)"),
    ]
    .iter()
    .fold(rules.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in the shipped rules");
        text.replace(from, to)
    })
}

/// What `alerts check` says of a recording.
fn checked(rules: &Path, recording: &Path) -> Fired {
    let args = [rules, recording].map(|path| path.to_str().unwrap());
    let [rules, recording] = args;
    let run = run(["alerts", "check", "--rules", rules, "--data", recording, "--format", "json"]);
    assert_eq!((run.code, &*run.stderr), (1, ""), "{run:#?}");
    let verdict: Value = serde_json::from_str(&run.stdout).unwrap();
    let last = verdict["to"].as_f64().unwrap();
    let mut fired = Fired::new();
    for alert in verdict["alerts"].as_array().unwrap() {
        let mut labels: BTreeMap<String, String> = serde_json::from_value(alert["labels"].clone()).unwrap();
        labels.insert("alertname".to_owned(), alert["alert"].as_str().unwrap().to_owned());
        for interval in alert["intervals"].as_array().unwrap().iter().filter(|i| i["state"] == "firing") {
            let [start, end] = ["start", "end"].map(|name| interval[name].as_f64().unwrap());
            let end = (end + EVERY < last).then_some(end);
            fired.entry(labels.clone()).or_default().push((start, end));
        }
    }
    fired
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_and_the_recording_say_the_same_of_every_shipped_alert() {
    if !have("prometheus") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let rules: PathBuf = dir.path().join("alerts.yaml");
    std::fs::write(&rules, short(&shipped())).unwrap();
    let mut stage = Stage::set(dir.path()).await;
    let prometheus = Prometheus::start(dir.path(), &rules, &stage.targets());
    // What is counted from 0 on has been seen at 0, by both.
    prometheus.until("count_over_time(glyph_plugin_terminations_total{reason=\"crashed\"}[1m]) > 4");
    prometheus.until("count(count_over_time(glyph_file_faults_total{file=\"flows\"}[1m]) > 4) == 2");
    prometheus.until("glyph:threshold:plugin_faults");

    stage.trouble();
    let text = shipped();
    let names: BTreeSet<_> = text.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(names.len() > 9, "{names:?}");
    for name in names.iter().filter(|name| **name != "0xgenDown") {
        prometheus.until(&format!("ALERTS{{alertname={name:?}, alertstate=\"firing\"}}"));
    }
    stage.one_goes().await;
    prometheus.until("ALERTS{alertname=\"0xgenDown\", alertstate=\"firing\"}");
    stage.peace();
    prometheus.until("absent(ALERTS{alertname!=\"0xgenDown\", alertstate=\"firing\"})");
    // So that what is over for Prometheus is over in the recording, too.
    prometheus.until("absent_over_time(ALERTS{alertname!=\"0xgenDown\", alertstate=\"firing\"}[8s])");
    let served = prometheus.fired();
    let recorded = checked(&rules, &stage.recording().await);

    let seen: BTreeSet<_> = served.keys().map(|labels| labels["alertname"].as_str()).collect();
    assert_eq!(seen, names, "each has fired");
    assert_eq!(
        served.keys().collect::<Vec<_>>(),
        recorded.keys().collect::<Vec<_>>(),
        "Prometheus' alerts, and those of the recording"
    );
    // Both evaluate every two seconds and scrape every quarter, neither when the other does. Whoever scrapes first may see a
    // change one evaluation before the other, whose last scrape before that evaluation was up to two intervals earlier.
    let near = |theirs: f64, ours: f64| (theirs - ours).abs() <= EVERY + 2.0 * SCRAPE;
    for (labels, times) in &served {
        let ours = &recorded[labels];
        let same = times.len() == ours.len()
            && times.iter().zip(ours).all(|(theirs, ours)| {
                near(theirs.0, ours.0)
                    && match (theirs.1, ours.1) {
                        (Some(theirs), Some(ours)) => near(theirs, ours),
                        (theirs, ours) => theirs.is_none() && ours.is_none(),
                    }
            });
        assert!(same, "{labels:?}\nPrometheus: {times:?}\nalerts check: {ours:?}");
    }
}
