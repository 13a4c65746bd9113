//! `glyphctl alerts test`: verdicts, what is said of a failure, and what promtool says of the same files.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use crate::harness::{Run, have, run};

fn at_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

const RULES: &str = r#"
groups:
- name: g
  rules:
  - {record: 'job:up:sum', expr: sum by (job) (up)}
  - alert: Down
    expr: up == 0
    for: 2m
    labels: {severity: page}
    annotations: {summary: '{{ $labels.instance }} of {{ $externalLabels.cluster }} is down.'}
  - {alert: Few, expr: 'job:up:sum < 2', labels: {severity: info}}
"#;

/// One instance goes down in the third minute, another one in the fifth.
const TEST: &str = r#"
rule_files: ['rul*.yaml']
group_eval_order: [g]
tests:
- name: instances go down
  external_labels: {cluster: c1}
  interval: 1m
  input_series:
  - {series: 'up{job="a",instance="x"}', values: '1 1 0x10'}
  - {series: 'up{job="a",instance="y"}', values: '1x3 0x10'}
  alert_rule_test:
  - {eval_time: 3m, alertname: Down}
  - eval_time: 4m
    alertname: Down
    exp_alerts:
    - exp_labels: {severity: page, job: a, instance: x}
      exp_annotations: {summary: 'x of c1 is down.'}
  - eval_time: 6m30s
    alertname: Down
    exp_alerts:
    - exp_labels: {severity: page, job: a, instance: x}
      exp_annotations: {summary: 'x of c1 is down.'}
    - exp_labels: {severity: page, job: a, instance: y}
      exp_annotations: {summary: 'y of c1 is down.'}
  - {eval_time: 2m, alertname: Few, exp_alerts: [{exp_labels: {severity: info, job: a}}]}
  promql_expr_test:
  - {expr: 'job:up:sum', eval_time: 3m, exp_samples: [{labels: 'job:up:sum{job="a"}', value: 1}]}
  - {expr: 'count(ALERTS{alertstate="pending"})', eval_time: 3m, exp_samples: [{labels: '{}', value: 1}]}
"#;

/// Rules and tests in a folder of their own.
struct Own {
    dir: tempfile::TempDir,
}

impl Own {
    fn new(rules: &str, test: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("rules.yaml"), rules).unwrap();
        fs::write(dir.path().join("test.yaml"), test).unwrap();
        Self { dir }
    }

    fn path(&self, name: &str) -> String {
        self.dir.path().join(name).display().to_string()
    }

    fn run(&self, more: &[&str]) -> Run {
        let test = self.path("test.yaml");
        let run = run(["alerts", "test", &test].iter().chain(more));
        let dir = format!("{}/", self.dir.path().display());
        Run { stdout: run.stdout.replace(&dir, ""), stderr: run.stderr.replace(&dir, ""), ..run }
    }
}

#[test]
fn what_passes_is_a_success() {
    let run = Own::new(RULES, TEST).run(&[]).fine();
    assert_eq!(run.stdout, "Unit Testing:  test.yaml\n  SUCCESS\n\n1 passed, 0 failed, 0 skipped\n");
    assert_eq!(run.stderr, "");
    let shipped = at_root("alerts/tests.yaml");
    let run =
        crate::harness::run(["alerts", "test", shipped.to_str().unwrap(), "--ranges", "left-open"]).fine();
    assert!(run.stdout.ends_with("8 passed, 0 failed, 0 skipped\n"), "{}", run.stdout);
}

#[test]
fn what_is_different_is_shown() {
    let test = TEST
        .replace("eval_time: 4m", "eval_time: 3m30s")
        .replace("'y of c1 is down.'", "'y of c2 is down.'")
        .replace(
            "eval_time: 2m, alertname: Few, exp_alerts: [{exp_labels: {severity: info, job: a}}]",
            "eval_time: 2m, alertname: Few",
        )
        .replace("value: 1}]}\n  - {expr: 'count", "value: 2}]}\n  - {expr: 'count");
    let run = Own::new(RULES, &test).run(&[]);
    assert_eq!(run.code, 1, "{run:#?}");
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn a_rule_that_fails_ends_its_test() {
    let rules = RULES.replace("sum by (job) (up)", "up * on (job) up");
    let run = Own::new(&rules, TEST).run(&[]);
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.stdout.contains("rule: job:up:sum, time: 0s\n"), "{}", run.stdout);
    assert!(run.stdout.contains("many-to-many matching not allowed"), "{}", run.stdout);
}

#[test]
fn there_is_more_than_in_promtool() {
    let test = r#"
rule_files: [rules.yaml]
tests:
- name: pending
  interval: 1m
  input_series: [{series: 'up{job="a",instance="x"}', values: '0x10'}]
  alert_rule_test:
  - eval_time: 1m
    alertname: Down
    exp_state: pending
    exp_alerts: [{exp_labels: {severity: page, job: a, instance: x}, exp_annotations: {summary: 'x of  is down.'}}]
  - {eval_time: 5m, alertname: Down, exp_no_alerts: [{instance: y}]}
  - {eval_time: 1m, alertname: Down, exp_no_alerts: [{job: a, instance: x}]}
"#;
    let run = Own::new(RULES, test).run(&[]);
    assert_eq!(run.code, 1, "{run:#?}");
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn what_was_recorded_can_be_tested() {
    let outage = at_root("testdata/metrics/outage").canonicalize().unwrap();
    let rules = at_root("alerts/alerts.yaml").canonicalize().unwrap();
    let test = format!(
        "rule_files: ['{}']\ntests:\n- name: the outage\n  input_recording: {}\n  alert_rule_test:\n  \
         - {{eval_time: 8m, alertname: 0xgenHTTPFailureRate}}\n  \
         - {{eval_time: 12m, alertname: 0xgenHTTPFailureRate, exp_no_alerts: [{{via: netgate}}]}}\n  \
         - {{eval_time: 12m, alertname: 0xgenHTTPFailureRate, exp_no_alerts: [{{via: proxy}}]}}\n",
        rules.display(),
        outage.display()
    );
    let run = Own::new(RULES, &test).run(&[]);
    assert_eq!(run.code, 1, "{run:#?}");
    let told = "+ {severity=\"critical\", via=\"proxy\"} firing, but no alert may have {via=\"proxy\"}";
    assert!(run.stdout.contains(told), "{}", run.stdout);
    assert_eq!(run.stdout.matches("alertname:").count(), 1, "{}", run.stdout);
    let none = test.replace(&outage.display().to_string(), "nothing");
    let run = Own::new(RULES, &none).run(&[]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stderr.contains("the outage: input_recording: "), "{}", run.stderr);
}

#[test]
fn tests_are_chosen_by_name_and_reported_to_ci_services() {
    let twice =
        format!("{TEST}{}", TEST.split_once("tests:\n").unwrap().1.replace("instances go down", "again"));
    let own = Own::new(RULES, &twice.replace("value: 1}]}\n", "value: 7}]}\n"));
    let report = own.path("report.xml");
    let run = own.run(&["--run", "^again$", "--junit", &report]);
    assert_eq!(run.code, 1, "{run:#?}");
    assert!(run.stdout.ends_with("0 passed, 1 failed, 1 skipped\n"), "{}", run.stdout);
    let xml = fs::read_to_string(&report).unwrap();
    let of_file = xml.replace(&format!("{}/", own.dir.path().display()), "");
    assert!(
        of_file.contains(r#"<testsuite name="test.yaml" tests="1" failures="1" errors="0" skipped="0">"#),
        "{xml}"
    );
    assert!(of_file.contains(r#"<testcase name="again" classname="test.yaml" time=""#), "{xml}");
    assert!(of_file.contains(r#"<failure message="test.yaml:"#), "{xml}");
    assert!(own.run(&["--run", "nothing"]).fine().stdout.ends_with("0 passed, 0 failed, 2 skipped\n"));
}

#[test]
fn a_range_that_is_closed_is_told() {
    let test = "
rule_files: []
tests:
- name: edge
  interval: 1m
  input_series: [{series: x, values: 1 1}]
  promql_expr_test: [{expr: x, eval_time: 6m, exp_samples: [{labels: x, value: 1}]}]
";
    let own = Own::new(RULES, test);
    let run = own.run(&[]).fine();
    assert_eq!(
        run.stderr,
        "glyphctl: warning: test.yaml:4: edge: passes only where a range takes in a sample at its left end, as in \
         Prometheus 2\n"
    );
    assert_eq!(own.run(&["--ranges", "closed"]).fine().stderr, "");
    assert_eq!(own.run(&["--ranges", "left-open"]).code, 1);
}

#[test]
fn what_cannot_be_judged_is_never_green() {
    let faults = [
        (RULES, TEST.replace("eval_time: 3m, alertname", "eval_tyme: 3m, alertname")),
        (RULES, TEST.replace("interval: 1m", "interval: one")),
        (RULES, TEST.replace("values: '1 1 0x10'", "values: '1 1 y'")),
        (RULES, TEST.replace("expr: 'count(", "expr: 'count((")),
        (RULES, TEST.replace("alertname: Few, ", "")),
        (RULES, TEST.replace("[g]", "[g, g]")),
        (RULES, TEST.replace("tests:", "tests: [")),
    ];
    let rules = [
        RULES.replace("up == 0", "up == = 0"),
        RULES.replace("{{ $labels.instance }}", "{{ $label.instance }}"),
        RULES.replace("for: 2m", "for: 2 minutes"),
    ];
    let rules = rules.iter().map(|rules| (rules.as_str(), TEST.to_owned()));
    let mut told = String::new();
    for (rules, test) in faults.into_iter().chain(rules) {
        let run = Own::new(rules, &test).run(&[]);
        assert_eq!(run.code, 2, "{run:#?}");
        assert!(run.stdout.ends_with("0 passed, 0 failed, 0 skipped\n"), "{}", run.stdout);
        told.extend([run.stderr.as_str(), "\n"]);
    }
    insta::assert_snapshot!(told);
}

#[test]
fn the_other_files_are_still_run() {
    let own = Own::new(RULES, TEST);
    fs::write(own.path("bad.yaml"), "rule_files: [").unwrap();
    let (bad, good, none) = (own.path("bad.yaml"), own.path("test.yaml"), own.path("none.yaml"));
    let run = run(["alerts", "test", &bad, &none, &good]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.ends_with("  SUCCESS\n\n1 passed, 0 failed, 0 skipped\n"), "{}", run.stdout);
    assert!(run.stderr.contains("none.yaml: can't be read"), "{}", run.stderr);
}

#[test]
fn what_is_not_supported_is_skipped_and_not_green() {
    let own = Own::new(RULES, &TEST.replace("'1 1 0x10'", "'{{schema:0 count:1}}'"));
    let run = own.run(&[]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.ends_with("0 passed, 0 failed, 1 skipped\n"), "{}", run.stdout);
    assert!(
        run.stderr.contains("instances go down: skipped: native histograms are not supported"),
        "{}",
        run.stderr
    );
}

/// Each change of a test makes it fail there and here, or pass there and here.
#[test]
fn verdicts_are_those_of_promtool() {
    if !have("promtool") {
        return;
    }
    let changes = [
        ("", ""),
        ("eval_time: 3m, alertname", "eval_time: 4m, alertname"),
        ("eval_time: 3m, alertname", "eval_time: 3m59s999ms, alertname"),
        ("eval_time: 6m30s", "eval_time: 7m"),
        ("eval_time: 6m30s", "eval_time: 20m"),
        ("eval_time: 4m", "eval_time: 5m"),
        (
            "instance: x}\n      exp_annotations: {summary: 'x of c1 is down.'}\n  - eval_time: 6",
            "instance: z}\n      exp_annotations: {summary: 'x of c1 is down.'}\n  - eval_time: 6",
        ),
        ("cluster: c1", "cluster: c2"),
        ("cluster: c1", "kluster: c1"),
        ("summary: 'x of c1", "description: 'x of c1"),
        ("'x of c1 is down.'}", "'x of c1 is down.', more: ''}"),
        ("severity: info, job: a", "severity: info, job: a, extra: ''"),
        ("severity: info, job: a", "severity: info, job: a, alertname: Few"),
        (
            "[{exp_labels: {severity: info, job: a}}]",
            "[{exp_labels: {severity: info, job: a}}, {exp_labels: {severity: info, job: a}}]",
        ),
        ("exp_alerts: [{exp_labels: {severity: info, job: a}}]", "exp_alerts:"),
        ("exp_alerts: [{exp_labels: {severity: info, job: a}}]", "exp_alerts: [{}]"),
        ("alertname: Few", "alertname: NoSuch"),
        ("value: 1}]}\n  - {expr: 'count", "value: 1.0000000000000002}]}\n  - {expr: 'count"),
        ("job:up:sum{job=\"a\"}", "{job=\"a\"}"),
        ("labels: '{}', ", ""),
        ("expr: 'job:up:sum'", "expr: 'job:up:sum offset -1m'"),
        ("expr: 'job:up:sum'", "expr: 'job:up:sum[1m]'"),
        ("expr: 'job:up:sum'", "expr: '1'"),
        ("interval: 1m", "interval: 30s"),
        ("'1 1 0x10'", "'1 1 0x10 _ stale'"),
        // Series that a rule records, too: with what it records, and with something else.
        (
            "  alert_rule_test:\n",
            "  - {series: 'job:up:sum{job=\"a\"}', values: '2 2 1 1 0x3'}\n  alert_rule_test:\n",
        ),
        (
            "  alert_rule_test:\n",
            "  - {series: 'job:up:sum{job=\"a\"}', values: '2 2 7x5'}\n  alert_rule_test:\n",
        ),
        (
            "  alert_rule_test:\n",
            "  - {series: 'job:up:sum{job=\"b\"}', values: '7x9'}\n  alert_rule_test:\n",
        ),
        ("'1 1 0x10'", "'1 _x3 0x10'"),
        ("group_eval_order: [g]", "evaluation_interval: 30s"),
        ("group_eval_order: [g]", "group_eval_order: [other]"),
        ("'rul*.yaml'", "'none*.yaml'"),
        ("rule_files: ['rul*.yaml']", "rule_files:"),
    ];
    for (from, to) in changes {
        assert!(TEST.contains(from), "{from}");
        let own = Own::new(RULES, &TEST.replacen(from, to, 1));
        let theirs =
            Command::new("promtool").args(["test", "rules", &own.path("test.yaml")]).output().unwrap();
        let ours = own.run(&["--ranges", "closed"]);
        let (said, told) = (String::from_utf8_lossy(&theirs.stderr), &ours.stdout);
        assert_eq!(
            ours.code == 0,
            theirs.status.success(),
            "{from:?} → {to:?}\n{said}\n{told}\n{}",
            ours.stderr
        );
    }
}

/// Rule tests of other projects, where they are.
#[test]
fn what_passes_in_promtool_passes_here() {
    let folder = at_root("../shared/conformance/rules");
    let Ok(projects) = fs::read_dir(&folder) else {
        eprintln!("skipped: {} is not here", folder.display());
        return;
    };
    let mut found = 0;
    for project in projects {
        for file in fs::read_dir(project.unwrap().path()).unwrap() {
            let path = file.unwrap().path();
            if path.file_stem().is_some_and(|name| name.to_string_lossy().starts_with("test")) {
                run(["alerts".as_ref(), "test".as_ref(), path.as_os_str()]).fine();
                found += 1;
            }
        }
    }
    assert!(found > 0);
}

/// What Debian's promtool does not know yet, by Prometheus 3's documentation.
#[test]
fn what_came_with_prometheus_3_is_there() {
    let rules = "groups: [{name: g, query_offset: 1m, labels: {team: t}, rules: [
        {record: r, expr: x}, {alert: A, expr: x > 1, annotations: {u: '{{ $externalURL }}'}}]}]";
    let test = "
rule_files: [rules.yaml]
fuzzy_compare: FUZZY
tests:
- name: late
  interval: 1m
  start_timestamp: 2026-01-01T00:00:00Z
  external_url: http://prometheus.example
  input_series: [{series: x, values: 0+1x10}]
  alert_rule_test:
  - {eval_time: 2m, alertname: A}
  - {eval_time: 3m, alertname: A, exp_alerts: [{exp_labels: {team: t}, exp_annotations: {u: 'http://prometheus.example'}}]}
  promql_expr_test:
  - {expr: time(), eval_time: 1m, exp_samples: [{value: 1767225660}]}
  - {expr: x, eval_time: 1m, exp_samples: [{labels: x, value: 1}]}
  - {expr: r, eval_time: 3m, exp_samples: [{labels: 'r{team=\"t\"}', value: 2}]}
  - {expr: 0.1 + 0.2, eval_time: 0s, exp_samples: [{value: 0.3}]}
";
    let run = |fuzzy| Own::new(rules, &test.replace("FUZZY", fuzzy)).run(&[]);
    run("true").fine();
    let strict = run("false");
    assert_eq!(strict.code, 1, "{strict:#?}");
    assert_eq!(strict.stdout.matches("time: ").count(), 1, "{}", strict.stdout);
    assert!(strict.stdout.contains("~ {} exp: 0.3, got: 0.30000000000000004"), "{}", strict.stdout);
}
