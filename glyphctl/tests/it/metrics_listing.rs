//! `glyphctl metrics series` and `labels`.

use std::fs;

use serde_json::{Value, json};

use crate::harness::{Run, run};

const RECORDED: &str = "\
# TYPE jobs counter
jobs_total{job=\"a\"} 1 100
jobs_total{job=\"a\"} 2 160
jobs_total{job=\"b\"} 1 100.5
# TYPE heat gauge
heat{job=\"a\",room=\"1\"} 20 100
# EOF
";

fn metrics(command: &str, args: &[&str]) -> Run {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("run.om");
    fs::write(&file, RECORDED).unwrap();
    run([["metrics", command, "--data", file.to_str().unwrap()].as_slice(), args].concat())
}

fn json_of(command: &str, args: &[&str]) -> Value {
    serde_json::from_str(&metrics(command, &[args, &["--format", "json"]].concat()).fine().stdout).unwrap()
}

#[test]
fn series_are_listed_with_their_samples() {
    insta::assert_snapshot!(metrics("series", &[]).fine().stdout);
    assert_eq!(
        json_of("series", &["jobs_total{job=\"a\"}"]),
        json!({"series": [{
            "labels": {"__name__": "jobs_total", "job": "a"},
            "type": "counter", "samples": 2, "first": 100, "last": 160,
        }]})
    );
    let csv = metrics("series", &["--format", "csv"]).fine().stdout;
    assert!(csv.contains("\"jobs_total{job=\"\"b\"\"}\",\"counter\",1,100.5,100.5\n"), "{csv}");
    assert_eq!(json_of("series", &["heat", "{job=\"b\"}"])["series"].as_array().unwrap().len(), 2);
    let run = metrics("series", &["--", "jobs_total{"]).unable();
    assert!(run.stderr.contains("    jobs_total{\n"), "{}", run.stderr);
}

#[test]
fn labels_are_listed_and_their_values() {
    insta::assert_snapshot!(metrics("labels", &[]).fine().stdout);
    insta::assert_snapshot!(metrics("labels", &["job"]).fine().stdout);
    assert_eq!(
        json_of("labels", &["--match", "heat"]),
        json!({"labels": [
            {"label": "__name__", "values": 1, "series": 1},
            {"label": "job", "values": 1, "series": 1},
            {"label": "room", "values": 1, "series": 1},
        ]})
    );
    assert_eq!(
        json_of("labels", &["__name__"])["values"],
        json!([{"value": "heat", "series": 1, "samples": 1}, {"value": "jobs_total", "series": 2, "samples": 3}])
    );
}
