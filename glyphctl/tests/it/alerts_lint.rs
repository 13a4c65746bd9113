use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::harness::{Run, run};

fn at_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

/// A label that the metric has not, an annotation that reads one more, a gauge.
const FAULTY: &str = r#"groups:
  - name: http
    rules:
      - alert: Failures
        expr: |
          sum by (plugin) (rate(glyph_http_request_duration_seconds_count{status=~"5.."}[5m]))
            / sum by (plugin) (rate(glyph_http_request_duration_seconds_count[5m])) > 0.2
        annotations:
          summary: "{{ $labels.instance }} fails"
      - alert: Queue
        expr: rate(glyph_plugin_queue_length[5m]) > 5
"#;

/// Runs lint over rules in a folder of their own, whose name is left out of what is said.
fn lint(rules: &str, with_data: bool, more: &[&str]) -> Run {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alerts.yaml");
    fs::write(&path, rules).unwrap();
    let (path, data) = (path.display().to_string(), at_root("testdata/metrics/outage").display().to_string());
    let mut args = vec!["alerts", "lint", "--rules", &path];
    args.extend(["--data", &data].iter().filter(|_| with_data));
    args.extend(more);
    let run = run(args);
    let told = |text: &str| text.replace(&format!("{}/", dir.path().display()), "");
    Run { stdout: told(&run.stdout), stderr: told(&run.stderr), ..run }
}

#[test]
fn faults_are_told_with_their_place_and_what_to_do() {
    let run = lint(FAULTY, true, &[]);
    assert_eq!((run.code, run.stderr.as_str()), (1, ""), "{run:#?}");
    insta::assert_snapshot!(run.stdout);
    insta::assert_snapshot!(lint(FAULTY, true, &["--format", "github"]).stdout);
    insta::assert_snapshot!(lint(FAULTY, true, &["--format", "markdown"]).stdout);
}

#[test]
fn codes_can_be_ignored_and_some_need_data() {
    let codes = |with_data, more: &[&str]| {
        let run = lint(FAULTY, with_data, &[more, &["--format", "json"]].concat());
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let code = |finding: &Value| finding["code"].as_str().unwrap().to_owned();
        (run.code, report["findings"].as_array().unwrap().iter().map(code).collect::<Vec<_>>().join(" "))
    };
    assert_eq!(codes(true, &[]), (1, "unknown-label unknown-label dropped-label rate-of-gauge".to_owned()));
    assert_eq!(codes(false, &[]), (1, "dropped-label".to_owned()));
    assert_eq!(codes(false, &["--ignore", "dropped-label"]), (0, String::new()));
    let unknown = lint(FAULTY, false, &["--ignore", "dropped-lable"]);
    assert_eq!(unknown.code, 2);
    assert!(unknown.stderr.contains("did you mean dropped-label?"), "{}", unknown.stderr);
}

#[test]
fn what_cannot_be_loaded_is_told_too() {
    let run = lint("groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]", false, &[]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.starts_with("alerts.yaml:1: invalid-rule: group \"g\", rule \"A\": "), "{run:#?}");
    let template = "groups: [{name: g, rules: [{alert: A, expr: up, annotations: {a: '{{ $x }}'}}]}]";
    let run = lint(template, false, &[]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.starts_with("alerts.yaml:1: template-error: "), "{run:#?}");
    let run = lint("groups: []", false, &["missing*.yaml"]);
    assert_eq!(run.code, 2, "{run:#?}");
}

#[test]
fn the_shipped_rules_are_without_fault() {
    let (rules, data) = (at_root("alerts/alerts.yaml"), at_root("testdata/metrics/outage"));
    let run = run([
        "alerts".as_ref(),
        "lint".as_ref(),
        "--rules".as_ref(),
        rules.as_os_str(),
        "--data".as_ref(),
        data.as_os_str(),
    ]);
    assert_eq!((run.code, run.stdout.as_str(), run.stderr.as_str()), (0, "0 findings in 14 rules\n", ""));
}
