use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::harness::{Run, run};

fn at_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn check(rules: &Path, data: &Path, more: &[&str]) -> Run {
    let mut args = vec!["alerts".as_ref(), "check".as_ref(), "--rules".as_ref(), rules.as_os_str()];
    args.extend(["--data".as_ref(), data.as_os_str()]);
    args.extend(more.iter().map(AsRef::<std::ffi::OsStr>::as_ref));
    run(args)
}

fn outage(more: &[&str]) -> Run {
    check(&at_root("alerts/alerts.yaml"), &at_root("testdata/metrics/outage"), more)
}

/// Rules and a metrics file of their own.
struct Own {
    dir: tempfile::TempDir,
}

impl Own {
    fn new(rules: &str, metrics: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("rules.yaml"), rules).unwrap();
        fs::write(dir.path().join("metrics.om"), metrics).unwrap();
        Self { dir }
    }

    fn check(&self, more: &[&str]) -> Run {
        let run = check(&self.dir.path().join("rules.yaml"), &self.dir.path().join("metrics.om"), more);
        let dir = format!("{}/", self.dir.path().display());
        Run { stderr: run.stderr.replace(&dir, ""), ..run }
    }
}

const QUIET: [&str; 6] = [
    "--set",
    "glyph:threshold:plugin_latency_p95_seconds=20",
    "--set",
    "glyph:threshold:http_failure_ratio=0.8",
    "--set",
    "glyph:threshold:plugin_queue_fill_ratio=1",
];

#[test]
fn an_outage_fires_and_is_drawn() {
    let run = outage(&[]);
    assert_eq!(run.code, 1, "{run:#?}");
    assert_eq!(run.stderr, "");
    insta::assert_snapshot!(run.stdout);
    insta::assert_snapshot!(outage(&["--format", "markdown"]).stdout);
}

#[test]
fn json_is_the_contract() {
    let run = outage(&["--format", "json"]);
    assert_eq!(run.code, 1);
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(&json), ["alerts", "fired", "from", "to"]);
    assert_eq!(json["fired"], true);
    let expected =
        ["alert", "annotations", "exemplars", "intervals", "labels", "margin", "peak", "state", "threshold"];
    for alert in json["alerts"].as_array().unwrap() {
        assert_eq!(keys(alert), expected);
    }
    assert_eq!(keys(&json["alerts"][0]["intervals"][0]), ["end", "start", "state"]);
}

#[test]
fn thresholds_can_be_set() {
    let run = outage(&QUIET).fine();
    insta::assert_snapshot!(run.stdout);
    let run = outage(&["--set", "no:such=1"]).unable();
    assert!(
        run.stderr.starts_with("glyphctl: --set no:such: no recording rule has that name\nhint: "),
        "{}",
        run.stderr
    );
}

const RULES: &str = "\
groups:
  - name: g
    rules:
      - alert: TooMuch
        expr: sum(increase(x_total[5m])) > 5
        for: 2m
";

fn seconds(count: u64) -> String {
    (0..count).map(|t| format!("x_total {} {}\n", t * 3, 1000 + t)).collect()
}

#[test]
fn what_cannot_be_judged_is_no_success() {
    let own = Own::new(RULES, &seconds(40));
    let run = own.check(&[]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.contains("undecided"), "{}", run.stdout);
    insta::assert_snapshot!(run.stderr);
    assert_eq!(own.check(&["--allow-undecided"]).code, 0);
    let json: Value = serde_json::from_str(&own.check(&["--format", "json"]).stdout).unwrap();
    assert_eq!(json["alerts"][0]["state"], "undecided");
}

#[test]
fn a_time_scale_shrinks_the_rules_and_says_so() {
    let run = Own::new(RULES, &seconds(40)).check(&["--time-scale", "1/60"]);
    assert_eq!(run.code, 1, "{run:#?}");
    insta::assert_snapshot!(run.stderr);
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn faults_in_rules_have_a_place() {
    let of = |rules: String| Own::new(&rules, &seconds(40)).check(&[]).unable().stderr;
    insta::assert_snapshot!(of(RULES.replace("> 5", "> > 5")));
    insta::assert_snapshot!(of(RULES.replace("increase(", "increse(")));
    insta::assert_snapshot!(of(RULES.replace("sum(", "histogram_avg(")));
    insta::assert_snapshot!(of(RULES.replace("for: 2m", "for: soon")));
    insta::assert_snapshot!(of(RULES.replace("for: 2m", "four: 2m")));
    insta::assert_snapshot!(of(RULES.replace("rules:", "rules: [")));
}

#[test]
fn the_other_files_are_still_run() {
    let own = Own::new(&RULES.replace("> 5", "> > 5"), &seconds(40));
    let good = own.dir.path().join("good.yaml");
    fs::write(&good, RULES.replace("> 5", "> 5000").replace("5m", "10s").replace("2m", "2s")).unwrap();
    let run = own.check(&["--rules", good.to_str().unwrap()]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.contains("TooMuch  inactive"), "{}", run.stdout);
}

#[test]
fn faults_in_data_have_a_place() {
    let run = Own::new(RULES, "x_total 1 1000\nx_total{ 1 1001\ny 1 1\n").check(&[]).unable();
    assert!(
        run.stderr.starts_with("glyphctl: metrics.om:2: the labels are not well formed"),
        "{}",
        run.stderr
    );
    let run = Own::new(RULES, &format!("{}x_total 9 10", seconds(40))).check(&["--allow-undecided"]).fine();
    assert!(run.stderr.contains("metrics.om:41: the last line is torn"), "{}", run.stderr);
    let dir = tempfile::tempdir().unwrap();
    let run = check(&at_root("alerts/alerts.yaml"), dir.path(), &[]).unable();
    assert!(run.stderr.contains("is no recording"), "{}", run.stderr);
}
