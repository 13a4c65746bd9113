use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    harness::{Run, run},
    metrics_server::{Api, samples},
};

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
    insta::assert_snapshot!(of(RULES.replace("sum(", "info(")));
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

#[test]
fn what_counts_can_be_said() {
    let code = |more: &[&str]| outage(more).code;
    assert_eq!(code(&["--fail-on", "severity=critical"]), 1);
    assert_eq!(code(&["--fail-on", "severity=page"]), 0);
    assert_eq!(code(&["--max-firing", "10m"]), 0);
    assert_eq!(code(&["--max-firing", "5m"]), 1);
    assert_eq!(code(&["--fail-on", "severity=warning", "--max-firing", "5m"]), 0);
    let run = outage(&["--fail-on", "critical"]).unable();
    assert!(run.stderr.contains("expected any, pending, or LABEL=VALUE"), "{}", run.stderr);
    // Pending for two minutes, and then it is over.
    let rules = "groups: [{name: g, rules: [{alert: A, expr: x == 1, for: 3m}]}]";
    let metrics: String =
        (0..20).map(|t| format!("x {} {}\n", u8::from((4..8).contains(&t)), 960 + t * 30)).collect();
    let own = Own::new(rules, &metrics);
    assert_eq!(own.check(&[]).code, 0);
    assert_eq!(own.check(&["--fail-on", "pending"]).code, 1);
}

#[test]
fn a_window_is_looked_at() {
    let run = outage(&["--start", "1700001400", "--end", "2023-11-14T22:43:00Z"]).fine();
    assert!(run.stdout.starts_with("10 alerts over 6m20s: 0 fired"), "{}", run.stdout);
    let run = outage(&["--start", "1700001400", "--end", "1700001300"]).unable();
    assert_eq!(run.stderr, "glyphctl: --start is later than the end\n");
}

#[test]
fn rules_are_held_against_others() {
    let dir = tempfile::tempdir().unwrap();
    let new = dir.path().join("new.yaml");
    let rules = fs::read_to_string(at_root("alerts/alerts.yaml")).unwrap();
    fs::write(&new, rules.replace("for: 2m", "for: 5m").replace("vector(0.2)", "vector(0.3)")).unwrap();
    let old = at_root("alerts/alerts.yaml");
    let old = old.to_str().unwrap();
    let compared = |more: &[&str]| {
        let mut args = vec!["--compare", old];
        args.extend(more);
        check(&new, &at_root("testdata/metrics/outage"), &args)
    };
    let run = compared(&[]);
    assert_eq!(run.code, 1);
    insta::assert_snapshot!(run.stdout.split_once("alerts changed\n\n").unwrap().1);
    let json: Value = serde_json::from_str(&compared(&["--format", "json"]).stdout).unwrap();
    assert_eq!(json["changes"]["changed"], 3);
    assert_eq!(json["changes"]["alerts"][0]["change"], "fires_no_more");
    assert_eq!(json["changes"]["alerts"][0]["old"]["firing_seconds"], 120.0);
    assert_eq!(compared(&["--fail-on", "changed"]).code, 1);
    let same = check(
        Path::new(old),
        &at_root("testdata/metrics/outage"),
        &["--compare", old, "--fail-on", "changed"],
    );
    assert_eq!(same.code, 0, "{same:#?}");
    let run = outage(&["--fail-on", "changed"]).unable();
    assert_eq!(run.stderr, "glyphctl: --fail-on changed: there is nothing to --compare with\n");
}

#[test]
fn ci_services_are_told() {
    let file = at_root("alerts/alerts.yaml").display().to_string();
    let xml =
        outage(&["--format", "junit", "--fail-on", "severity=critical"]).stdout.replace(&file, "alerts.yaml");
    assert!(
        xml.contains(r#"<testsuite name="alerts" tests="10" failures="2" errors="0" skipped="0">"#),
        "{xml}"
    );
    assert!(
        xml.contains(r#"<failure message="fired at 9m00s for 7m00s; peaked at 9.5 of 5: 190 %">"#),
        "{xml}"
    );
    let told = outage(&["--format", "github", "--fail-on", "severity=critical"])
        .stdout
        .replace(&file, "alerts.yaml");
    let heads: Vec<_> = told.lines().map(|line| line.split(",title").next().unwrap()).collect();
    let expected = [
        "::error file=alerts.yaml,line=26",
        "::notice file=alerts.yaml,line=39",
        "::error file=alerts.yaml,line=77",
    ];
    assert_eq!(heads, expected);
}

#[test]
fn rules_may_be_named_by_a_pattern() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["one", "two"] {
        let rules = format!("groups: [{{name: {name}, rules: [{{alert: {name}, expr: x > 5}}]}}]");
        fs::write(dir.path().join(format!("{name}.rules.yaml")), rules).unwrap();
    }
    let metrics = dir.path().join("metrics.om");
    fs::write(&metrics, "x 1 60\nx 9 120\n").unwrap();
    let run = check(&dir.path().join("*.rules.yaml"), &metrics, &[]);
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.stdout.contains("\none ") && run.stdout.contains("\ntwo "), "{}", run.stdout);
    let run = check(&dir.path().join("*.none"), &metrics, &[]).unable();
    assert!(run.stderr.contains("no file or folder has a name like that"), "{}", run.stderr);
}

#[test]
fn a_server_is_asked_for_what_the_rules_need() {
    let api = Api::answering(|asked| samples(asked, usize::MAX));
    let dir = tempfile::tempdir().unwrap();
    let rules = dir.path().join("rules.yaml");
    let text = "groups: [{name: g, interval: 10s, query_offset: 20s, rules: [
        {record: r, expr: 'rate(x_total[1m])'}, {alert: A, expr: r > 0.05}, {alert: B, expr: 'x_total offset 30s > 1e6'}]}]";
    fs::write(&rules, text).unwrap();
    let url = api.url("");
    let args = ["alerts", "check", "--rules", rules.to_str().unwrap(), "--prometheus", &url];
    let run = run(args.into_iter().chain(["--start", "300", "--end", "600"]));
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.stdout.contains("A      FIRING") && run.stdout.contains("B      inactive"), "{}", run.stdout);
    // From a minute, or the lookback and the offset, before the first evaluation. What is recorded here is not fetched.
    let asked: Vec<_> = api.asked().iter().map(|asked| (asked.query.clone(), asked.time)).collect();
    assert_eq!(asked, [("{__name__=\"x_total\"}[630000ms]".to_owned(), 580.0)]);
}
