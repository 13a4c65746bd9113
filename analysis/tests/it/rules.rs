//! Our outcome of the shipped rules beside promtool's verdict.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    process::Command,
};

use glyph_analysis::{
    metrics::{self, Store},
    pivot::explain::Explained,
    promql::duration,
    promqltest::load_series,
    rules::{self, Check, Options, State},
};
use glyph_formats::jsonl::input::Progress;
use serde::Deserialize;

pub(crate) fn at_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

#[derive(Deserialize)]
struct TestFile {
    tests: Vec<Test>,
}

#[derive(Deserialize)]
struct Test {
    name: String,
    interval: String,
    input_series: Vec<Series>,
    #[serde(default)]
    alert_rule_test: Vec<Expectation>,
}

#[derive(Deserialize)]
struct Series {
    series: String,
    values: String,
}

#[derive(Deserialize)]
struct Expectation {
    eval_time: String,
    alertname: String,
    #[serde(default)]
    exp_alerts: Vec<Expected>,
}

#[derive(Deserialize)]
struct Expected {
    exp_labels: BTreeMap<String, String>,
    exp_annotations: BTreeMap<String, String>,
}

fn firing_at(check: &Check, alert: &str, time: f64) -> Vec<BTreeMap<String, String>> {
    let fires = |a: &&rules::Alert| {
        let inside = |i: &rules::Interval| i.state == State::Firing && i.start <= time && time < i.end;
        a.alert == alert && a.intervals.iter().any(inside)
    };
    check.outcome.alerts.iter().filter(fires).map(|a| a.labels.clone()).collect()
}

#[test]
fn the_shipped_rules_fire_as_promtool_says() {
    match Command::new("promtool").args(["test", "rules"]).arg(at_root("alerts/tests.yaml")).output() {
        Ok(output) => assert!(output.status.success(), "{output:?}"),
        Err(e) if std::env::var_os("GLYPH_PEERS").is_some_and(|v| v == "required") => {
            panic!("missing: promtool: {e}")
        }
        Err(e) => eprintln!("skipped: promtool: {e}"),
    }
    let text = std::fs::read_to_string(at_root("alerts/tests.yaml")).unwrap();
    let file: TestFile = serde_saphyr::from_str(&text).unwrap();
    let rules = rules::load(&at_root("alerts/alerts.yaml")).unwrap();
    for test in file.tests {
        let mut store = Store::new();
        let interval = duration::parse(&test.interval).unwrap();
        for series in &test.input_series {
            load_series(&format!("{} {}", series.series, series.values), interval, &mut store).unwrap();
        }
        let check = rules::check(std::slice::from_ref(&rules), &mut store, Options::default());
        assert_eq!(check.problems, [""; 0]);
        for expectation in test.alert_rule_test {
            let time = duration::parse(&expectation.eval_time).unwrap() as f64 / 1e3;
            let wanted: Vec<_> = expectation.exp_alerts.iter().map(|e| e.exp_labels.clone()).collect();
            let got = firing_at(&check, &expectation.alertname, time);
            assert_eq!(got, wanted, "{}: {} at {}", test.name, expectation.alertname, expectation.eval_time);
            for expected in expectation.exp_alerts {
                let alert = check.outcome.alerts.iter().find(|a| a.labels == expected.exp_labels).unwrap();
                assert_eq!(
                    alert.annotations.keys().collect::<Vec<_>>(),
                    expected.exp_annotations.keys().collect::<Vec<_>>()
                );
                assert_eq!(alert.annotations["summary"], expected.exp_annotations["summary"]);
            }
        }
    }
}

#[test]
fn the_outages_alerts_go_pending_fire_and_resolve() {
    let files = metrics::files_of(&at_root("testdata/metrics/outage")).unwrap();
    let mut reading = metrics::read(&files, &Progress::default()).unwrap();
    assert!(reading.warnings.is_empty());
    let rules = rules::load(&at_root("alerts/alerts.yaml")).unwrap();
    let check = rules::check(&[rules], &mut reading.store, Options::default());
    assert_eq!(check.problems, [""; 0]);
    assert_eq!(check.warnings, [""; 0]);
    let waits = [State::Pending, State::Firing];
    for (name, wanted) in [
        ("0xgenPluginLatencyCritical", &waits[..]),
        ("0xgenQueueBackpressure", &waits),
        // It has no `for`.
        ("0xgenHTTPFailureRate", &waits[1..]),
    ] {
        let alert =
            check.outcome.alerts.iter().find(|a| a.alert == name && a.state == State::Firing).unwrap();
        let states: Vec<_> = alert.intervals.iter().map(|i| i.state).collect();
        assert_eq!(states, wanted, "{name}");
        assert!(alert.intervals.last().unwrap().end < check.outcome.to, "{name} resolves");
        assert!(alert.margin.unwrap() > 1.0, "{name}");
    }
    let failing = check.outcome.alerts.iter().find(|a| a.alert == "0xgenHTTPFailureRate").unwrap();
    assert_eq!(failing.exemplars[0].series["status"], "502");
    let slow = &check.outcome.alerts[0];
    assert!(slow.exemplars.iter().all(|e| e.trace_id.is_some() && e.span_id.is_some()));
    assert!(slow.exemplars[0].value > 5.0, "{:?}", slow.exemplars);
    insta::assert_snapshot!(serde_json::to_string_pretty(&check.outcome).unwrap());
}

/// `GLYPH_BLESS=1 cargo test -p glyph-analysis` writes it anew.
#[test]
fn the_schema_of_the_outcome_in_docs_is_that_of_the_type() {
    let path = at_root("docs/schemas/alerts-check.json");
    let text = serde_json::to_string_pretty(&schemars::schema_for!(Explained<'_>)).unwrap() + "\n";
    if std::env::var_os("GLYPH_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
}

/// Runs rules over series in promqltest's notation, a sample every 15 s.
fn run(rules: &str, series: &[&str]) -> Check {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("rules.yaml");
    std::fs::write(&path, rules).unwrap();
    let mut store = Store::new();
    for line in series {
        load_series(line, 15_000, &mut store).unwrap();
    }
    rules::check(&[rules::load(&path).unwrap()], &mut store, Options::default())
}

/// One alert in a group of 15 s.
fn alert(expr: &str, more: &str) -> String {
    format!("groups: [{{name: g, interval: 15s, rules: [{{alert: A, expr: '{expr}'{more}}}]}}]")
}

#[test]
fn what_cannot_be_judged_is_undecided_and_says_why() {
    let table = [
        ("x > 5", "", None),
        ("x > 5", ", for: 5m", Some("it needs 5m (for 5m, ranges and offsets 0s), the recording has 2m30s")),
        (
            "rate(x[2m]) > 5",
            ", for: 1m",
            Some("it needs 3m (for 1m, ranges and offsets 2m), the recording has 2m30s"),
        ),
        ("x offset 5m > 5", "", Some("it needs 5m (for 0s, ranges and offsets 5m), the recording has 2m30s")),
        (
            "max_over_time(rate(x[1m])[2m:15s]) > 5",
            "",
            Some("it needs 3m (for 0s, ranges and offsets 3m), the recording has 2m30s"),
        ),
        ("y{z=\"1\"} > 5", "", Some("the recording has no series of y{z=\"1\"}")),
        ("x{z=\"1\"} / x > 5", "", None),
        ("rate(x[15s]) > 5", "", Some("the range 15s of x can't hold two samples: they are 15s apart")),
        ("absent(x)", "", None),
        ("vector(1) > 2", "", None),
    ];
    for (expr, more, reason) in table {
        let check = run(&alert(expr, more), &["x 0+1x10"]);
        let [only] = check.outcome.alerts.as_slice() else { panic!("{expr}: {:?}", check.outcome) };
        assert_eq!(only.reason.as_deref(), reason, "{expr}");
        assert_eq!(only.state, if reason.is_some() { State::Undecided } else { only.state });
    }
    let none = run(&alert("absent(y)", ""), &["x 1x10"]);
    assert!(none.outcome.fired);
    let empty = run(&alert("x > 1", ""), &[]);
    assert_eq!(empty.outcome.alerts[0].reason.as_deref(), Some("the recording has no samples"));
}

#[test]
fn peaks_and_margins_are_told_where_there_is_a_constant() {
    let peak = |expr: &str| {
        let check = run(&alert(expr, ""), &["x{a=\"1\"} 1 4 2 1 1", "x{a=\"2\"} 1 1 3 1 1"]);
        let first = &check.outcome.alerts[0];
        (first.state, first.labels.get("a").cloned(), first.peak, first.threshold, first.margin)
    };
    let one = || Some("1".to_owned());
    assert_eq!(peak("x > 5"), (State::Inactive, one(), Some(4.0), Some(5.0), Some(0.8)));
    assert_eq!(peak("5 < x"), (State::Inactive, one(), Some(4.0), Some(5.0), Some(0.8)));
    assert_eq!(peak("x < 0.5"), (State::Inactive, one(), Some(1.0), Some(0.5), Some(0.5)));
    assert_eq!(peak("x > 3"), (State::Firing, one(), Some(4.0), Some(3.0), Some(4.0 / 3.0)));
    assert_eq!(
        peak("x > on() group_left() vector(5)"),
        (State::Inactive, one(), Some(4.0), Some(5.0), Some(0.8))
    );
    assert_eq!(peak("sum(x) > on() vector(10)"), (State::Inactive, None, Some(5.0), Some(10.0), Some(0.5)));
    assert_eq!(peak("x > 2 * x"), (State::Inactive, None, None, None, None));
}

#[test]
fn recorded_series_end_where_their_rule_has_no_result() {
    let rules = "groups: [{name: g, interval: 15s, rules: [
        {record: 'r:x', expr: x > 2, labels: {l: v}}, {alert: A, expr: 'r:x{l=\"v\"}'},
        {alert: B, expr: 'ALERTS{alertname=\"A\"}', for: 15s}]}]";
    let check = run(rules, &["x 1 3 3 3 1 1"]);
    let intervals = |name: &str| {
        let of = |a: &rules::Alert| a.intervals.iter().map(|i| (i.state, i.start, i.end)).collect::<Vec<_>>();
        check.outcome.alerts.iter().find(|a| a.alert == name).map(of).unwrap()
    };
    assert_eq!(intervals("A"), [(State::Firing, 15.0, 60.0)]);
    assert_eq!(intervals("B"), [(State::Pending, 15.0, 30.0), (State::Firing, 30.0, 60.0)]);
}

#[test]
fn a_rule_that_fails_is_a_problem_not_a_quiet_rule() {
    let check = run(&alert("x > on() x", ""), &["x{a=\"1\"} 1x5", "x{a=\"2\"} 1x5"]);
    assert!(check.problems[0].contains("many-to-many matching not allowed"), "{:?}", check.problems);
}

#[test]
fn where_a_limit_is_exceeded_no_alert_is_left() {
    let rules = "groups: [{name: g, interval: 15s, limit: 1, rules: [{alert: A, expr: x > 5}]}]";
    let check = run(rules, &["x{a=\"1\"} 1 9 9 9 9", "x{a=\"2\"} 1 1 9 1 1"]);
    assert_eq!(check.problems, [r#"group "g", rule "A": exceeded limit of 1 with 2 alerts"#]);
    let [only] = check.outcome.alerts.as_slice() else { panic!("{:?}", check.outcome) };
    let intervals: Vec<_> = only.intervals.iter().map(|i| (i.state, i.start, i.end)).collect();
    assert_eq!(intervals, [(State::Firing, 15.0, 30.0), (State::Firing, 45.0, 60.0)]);
}

#[test]
fn what_the_rules_write_themselves_is_not_missing() {
    let rules = "groups: [{name: g, interval: 15s, rules: [
        {alert: A, expr: x > 50}, {alert: B, expr: 'count(ALERTS{alertname=\"A\"}) > 0'}]}]";
    let check = run(rules, &["x 1x5"]);
    let states: Vec<_> = check.outcome.alerts.iter().map(|alert| (&*alert.alert, alert.state)).collect();
    assert_eq!(states, [("A", State::Inactive), ("B", State::Inactive)]);
}

#[test]
fn a_rule_is_a_query_at_one_time() {
    let rules = "groups: [{name: g, interval: 15s, rules: [
        {alert: A, expr: vector(end() - start()) > 0}, {alert: B, expr: vector(range()) > 0},
        {alert: C, expr: x - x @ start() > 0}, {alert: D, expr: sort(x) < 0}]}]";
    let check = run(rules, &["x 0+1x9"]);
    assert_eq!(check.warnings, [""; 0]);
    assert!(!check.outcome.fired, "{:?}", check.outcome.alerts);
}

#[test]
fn results_that_become_the_same_series_are_an_error() {
    let rules = "groups: [{name: g, interval: 15s, rules: [
        {record: r, expr: x, labels: {a: same}}, {alert: A, expr: x, labels: {a: same}},
        {record: fine, expr: x}]}]";
    let check = run(rules, &["x{a=\"1\"} 1x3", "x{a=\"2\"} _ 1x2"]);
    let of = |rule: &str, kind: &str| {
        format!(
            "group \"g\", rule \"{rule}\": vector contains metrics with the same labelset after applying {kind} labels"
        )
    };
    assert_eq!(check.problems, [of("r", "rule"), of("A", "alert")]);
    // Before there were two, it fired; Prometheus leaves an alert as it is where its rule fails.
    let alert = &check.outcome.alerts[0];
    assert_eq!((alert.intervals[0].start, alert.intervals[0].end), (0.0, 45.0));
}
