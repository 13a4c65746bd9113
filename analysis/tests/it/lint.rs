//! Lint over the rules that are shipped, over rules of others that are known to be good, and over one that could never
//! fire.

use std::path::{Path, PathBuf};

use glyph_analysis::{
    metrics::{self, Store},
    rules::{
        self, RuleFile,
        lint::{Code, Finding, Report, lint},
    },
};
use glyph_formats::jsonl::input::Progress;

use crate::rules::at_root;

fn outage() -> Store {
    let files = metrics::files_of(&at_root("testdata/metrics/outage")).unwrap();
    metrics::read(&files, &Progress::default()).unwrap().store
}

fn told(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|f| format!("{}:{}: {}", f.line, f.code, f.rule.as_deref().unwrap_or_default()))
        .collect()
}

#[test]
fn the_shipped_rules_have_no_faults() {
    let rules = rules::load(&at_root("alerts/alerts.yaml")).unwrap();
    let store = outage();
    assert_eq!(told(&lint(std::slice::from_ref(&rules), Some(&store))), [""; 0]);
    assert_eq!(told(&lint(&[rules], None)), [""; 0]);
}

/// Rules of other projects, which lie beside the repository where they lie at all.
fn of_others(path: &str) -> Option<RuleFile> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/conformance/rules").join(path);
    if !path.exists() {
        eprintln!("skipped: {} is not here", path.display());
        return None;
    }
    Some(rules::load(&path).unwrap())
}

#[test]
fn what_is_found_in_good_rules_is_true() {
    let table: [(&str, &[&str]); 3] = [
        ("etcd/manifests/etcd-prometheusRules.yaml", &[]),
        ("thanos/rules.yaml", &[]),
        // The quantile is one of buckets that were summed up without `le`.
        ("thanos/alerts.yaml", &["550:quantile-without-le: ThanosBucketReplicateRunLatency"]),
    ];
    for (path, expected) in table {
        let Some(file) = of_others(path) else { continue };
        assert_eq!(told(&lint(&[file], None)), expected, "{path}");
    }
}

/// Daemons before this one divided by a label that the metric has not: nothing was ever equal, and nothing fired.
#[test]
fn an_alert_that_could_never_fire_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let path: PathBuf = dir.path().join("alerts.yaml");
    std::fs::write(
        &path,
        r#"groups:
  - name: http
    rules:
      - alert: HTTPFailureRate
        expr: |
          sum by (plugin) (rate(glyph_http_request_duration_seconds_count{status=~"5.."}[5m]))
            / sum by (plugin) (rate(glyph_http_request_duration_seconds_count[5m])) > 0.2
        annotations:
          summary: "{{ $labels.plugin }} fails"
      - alert: Code
        expr: sum(rate(glyph_http_request_duration_seconds_count{code=~"5.."}[5m])) > 1
"#,
    )
    .unwrap();
    let findings = lint(&[rules::load(&path).unwrap()], Some(&outage()));
    let expected =
        ["6:unknown-label: HTTPFailureRate", "7:unknown-label: HTTPFailureRate", "11:unknown-label: Code"];
    assert_eq!(told(&findings), expected);
    assert_eq!(findings[0].code, Code::UnknownLabel);
    assert_eq!(findings[0].hint.as_deref(), Some("the labels are instance, job, method, status, via"));
}

/// `GLYPH_BLESS=1 cargo test -p glyph-analysis` writes it anew.
#[test]
fn the_schema_of_the_report_in_docs_is_that_of_the_type() {
    let path = at_root("docs/schemas/alerts-lint.json");
    let text = serde_json::to_string_pretty(&schemars::schema_for!(Report)).unwrap() + "\n";
    if std::env::var_os("GLYPH_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
}
