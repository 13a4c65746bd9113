//! Each code: a rule that has the fault, and rules near it that have not.

use std::fmt::Write;

use tempfile::TempDir;

use super::*;
use crate::{metrics, rules::load};

/// Series that are scraped every 30 s, and what `# TYPE` says of them.
const RECORDING: &str = r#"
# TYPE up gauge
up{job="api",instance="a:1"} 1
up{job="api",instance="b:1"} 1
# TYPE requests counter
requests_total{job="api",instance="a:1",code="200",method="GET"} 5
requests_total{job="api",instance="a:1",code="500",method="GET"} 5
requests_total{job="api",instance="b:1",code="200",method="POST"} 5
# TYPE latency_seconds histogram
latency_seconds_bucket{job="api",instance="a:1",le="0.5"} 5
latency_seconds_bucket{job="api",instance="a:1",le="+Inf"} 9
latency_seconds_sum{job="api",instance="a:1"} 9
latency_seconds_count{job="api",instance="a:1"} 9
# TYPE queue_length gauge
queue_length{job="api",instance="a:1"} 3
untyped_thing{job="api",instance="a:1"} 3
"#;

fn recording() -> Store {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("metrics.om");
    let mut text = String::new();
    for time in (0..10).map(|i| 1_700_000_000 + 30 * i) {
        for line in RECORDING.lines().filter(|line| !line.is_empty()) {
            match line.starts_with('#') {
                true => writeln!(text, "{line}").unwrap(),
                false => writeln!(text, "{line} {time}").unwrap(),
            }
        }
    }
    std::fs::write(&path, text + "# EOF\n").unwrap();
    metrics::read(&[path], &Default::default()).unwrap().store
}

fn file(rules: &str) -> RuleFile {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("r.yaml");
    std::fs::write(&path, rules).unwrap();
    let file = load(&path).map_err(|errors| format!("{}: {rules}", errors[0])).unwrap();
    RuleFile { path: "r.yaml".into(), ..file }
}

/// A file with one alert, and rules that record.
fn alert(expr: &str) -> RuleFile {
    file(&format!(
        "groups:\n- name: g\n  rules:\n  - {{record: 'r:requests', expr: 'sum by (job, code) (rate(requests_total[5m]))', labels: {{team: t}}}}\n  \
         - {{record: 'r:limit', expr: 'vector(5)'}}\n  - alert: A\n    expr: |\n      {}\n",
        expr.replace('\n', "\n      ")
    ))
}

/// What is found: code and what.
fn found(files: &[RuleFile], store: Option<&Store>) -> Vec<String> {
    lint(files, store).iter().map(|f| format!("{}: {}", f.code, f.what)).collect()
}

/// Holds expressions against the codes that are found in them.
fn assert_codes(table: &[(&str, &str)], with_data: bool) {
    let store = recording();
    for (expr, expected) in table {
        let findings = lint(&[alert(expr)], with_data.then_some(&store));
        let codes: Vec<_> = findings.iter().map(|f| f.code.name()).collect();
        assert_eq!(codes.join(" "), *expected, "{expr}\n{findings:#?}");
    }
}

#[test]
fn selectors_that_find_nothing_are_found() {
    assert_codes(
        &[
            ("up == 0", ""),
            ("upp == 0", "no-series"),
            ("requests_total{code=\"500\"} > 0", ""),
            ("requests_total{code=~\"5..\"} > 0", ""),
            ("requests_total{code=\"404\"} > 0", "unseen-value"),
            ("requests_total{code=~\"4..\"} > 0", "unseen-value"),
            ("requests_total{code=\"500\", method=\"POST\"} > 0", "no-series"),
            ("requests_total{status=\"500\"} > 0", "unknown-label"),
            ("requests_total{status=~\"5..\"} > 0", "unknown-label"),
            // What may well find nothing.
            ("requests_total{status=\"\"} > 0", ""),
            ("requests_total{status=~\".*\"} > 0", ""),
            ("requests_total{status!=\"500\"} > 0", ""),
            ("requests_total{metod!=\"GET\"} > 0", "unknown-label"),
            ("absent(upp)", ""),
            ("absent_over_time(upp{job=\"b\"}[5m])", ""),
            ("absent(sum(upp))", ""),
            ("up unless upp", ""),
            ("upp unless up", "no-series"),
            ("up or upp", ""),
            ("upp or vector(0)", ""),
            ("uppp or upp", "no-series no-series"),
            ("(sum(requests_total{code=\"404\"}) or 0 * sum(requests_total)) > 5", ""),
            // What stands behind `or` is compared alone.
            ("sum(requests_total{code=\"404\"}) or 0 * sum(requests_total) > 5", "comparison-never-true"),
            // What rules record.
            ("r:requests > 5", ""),
            ("r:requests{code=\"404\"} > 5", ""),
            ("r:requests{instance=\"a:1\"} > 5", "unknown-label"),
            ("r:requests{team=\"t\"} > 5", ""),
            ("{__name__=~\"r:.*\"} > 5", ""),
            ("{__name__=~\"s:.*\"} > 5", "no-series"),
            ("ALERTS{alertname=\"A\"}", ""),
            ("ALERTS{alertname=\"B\"}", "no-series"),
            ("{job=\"api\"} > 5", ""),
            // A rule may record one.
            ("{job=\"ape\"} > 5", ""),
        ],
        true,
    );
    assert_codes(&[("upp{x=\"y\"} == 0", "")], false);
}

#[test]
fn labels_that_are_asked_for_and_not_there_are_found() {
    assert_codes(
        &[
            ("sum by (job) (up) > 1", ""),
            ("sum by (cluster) (up) > 1", "unknown-label"),
            ("sum by (cluster) (upp) > 1", "no-series"),
            ("sum by (cluster) (sum by (cluster) (up)) > 1", "unknown-label"),
            ("sum by (cluster) ({job=\"api\"}) > 1", "unknown-label"),
            ("sum by (code) ({job=\"api\"}) > 1", ""),
            ("sum without (cluster) (up) > 1", ""),
            ("sum without (instanc) (up) > 1", "unknown-label"),
            ("up == on (cluster) up", "unknown-label"),
            ("requests_total / on (instance, code) up", "unknown-label"),
            ("requests_total / ignoring (code) up", ""),
            ("requests_total / on (instance) group_left (method) up", "unknown-label"),
            ("up * on (instance) group_right (job) requests_total", ""),
            ("label_replace(up, \"host\", \"$1\", \"instance\", \"(.*):.*\") == 0", ""),
            ("label_replace(up, \"host\", \"$1\", \"pod\", \"(.*):.*\") == 0", "unknown-label"),
            ("label_replace(up, \"host\", \"a\", \"\", \"\") == 0", ""),
            ("label_join(up, \"host\", \"-\", \"job\", \"pod\") == 0", "unknown-label"),
            ("sum by (host) (label_replace(up, \"host\", \"$1\", \"instance\", \"(.*):.*\")) > 1", ""),
            ("sum by (code) (r:requests) > 1", ""),
            ("sum by (team) (r:requests) > 1", ""),
            ("sum by (instance) (r:requests) > 1", "dropped-label"),
            ("requests_total > on (job) vector(5)", "dropped-label"),
            ("requests_total > on () group_left () r:limit", ""),
            ("sum by (alertname) (ALERTS{alertname=\"A\"}) > 1", ""),
        ],
        true,
    );
    assert_codes(
        &[
            ("sum by (cluster) (up) > 1", ""),
            ("sum by (cluster) (sum by (job) (up)) > 1", "dropped-label"),
            ("sum by (cluster) (sum without (cluster) (up)) > 1", "dropped-label"),
            ("sum by (job) (sum without (cluster) (up)) > 1", ""),
            ("sum by (job) (x) / on (instance) sum by (instance) (y) > 1", "dropped-label"),
            ("sum by (job) (absent(x{job=\"a\"})) > 1", ""),
            ("sum by (job) (absent(x{job=~\"a\"})) > 1", "dropped-label"),
            ("sum by (v) (count_values(\"v\", x)) > 1", ""),
            ("sum by (a) (topk by (b) (1, x)) > 1", ""),
            ("sum by (le) (histogram_quantile(0.9, x)) > 1", "dropped-label"),
        ],
        false,
    );
}

#[test]
fn quantiles_without_buckets_are_found() {
    assert_codes(
        &[
            ("histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) > 1", ""),
            ("histogram_quantile(0.9, rate(x_bucket[5m])) > 1", ""),
            ("histogram_quantile(0.9, sum by (job) (rate(x_bucket[5m]))) > 1", "quantile-without-le"),
            ("histogram_quantile(0.9, sum(rate(x_bucket[5m]))) > 1", "quantile-without-le"),
            ("histogram_fraction(0, 1, sum(rate(x_bucket[5m]))) < 0.5", "quantile-without-le"),
            // Native histograms.
            ("histogram_quantile(0.9, sum by (job) (rate(x[5m]))) > 1", ""),
        ],
        false,
    );
    assert_codes(&[("histogram_quantile(0.9, rate(latency_seconds_bucket[5m])) > 1", "")], true);
}

#[test]
fn functions_of_the_other_kind_are_found() {
    assert_codes(
        &[
            ("rate(requests_total[5m]) > 1", ""),
            ("rate(latency_seconds_count[5m]) > 1", ""),
            ("rate(latency_seconds_sum[5m]) > 1", ""),
            ("rate(queue_length[5m]) > 1", "rate-of-gauge"),
            ("increase((queue_length)[5m:1m]) > 1", "rate-of-gauge"),
            ("rate(untyped_thing[5m]) > 1", ""),
            ("delta(queue_length[5m]) > 1", ""),
            ("delta(requests_total[5m]) > 1", "gauge-function-on-counter"),
            ("predict_linear(latency_seconds_count[5m], 60) > 1", "gauge-function-on-counter"),
            ("max_over_time(requests_total[5m]) > 1", ""),
            ("deriv(rate(requests_total[5m])[5m:1m]) > 1", ""),
            ("rate(r:requests[5m]) > 1", ""),
        ],
        true,
    );
    assert_codes(&[("rate(queue_length[5m]) > 1", "")], false);
}

#[test]
fn ranges_with_too_few_samples_are_found() {
    assert_codes(
        &[
            ("rate(requests_total[1m]) > 1", ""),
            ("rate(requests_total[59s]) > 1", ""),
            ("rate(requests_total[45s]) > 1", "short-range"),
            ("rate(requests_total[30s]) > 1", "short-range"),
            ("max_over_time(up[30s]) > 0", ""),
            ("max_over_time(up[15s]) > 0", "short-range"),
            ("rate(requests_total[1m:30s]) > 1", ""),
            ("rate(requests_total[1m:1m]) > 1", "short-range"),
            // Which interval a group has that says none, nobody knows.
            ("delta(r:requests[1m]) > 1", ""),
        ],
        true,
    );
    assert_codes(&[("rate(requests_total[1s]) > 1", ""), ("rate(x[1m:1m]) > 1", "short-range")], false);
    let recorded = |window: &str| {
        let rules = format!("{{record: r, expr: up}}, {{record: s, expr: 'delta(r[{window}])'}}");
        found(&[file(&format!("groups: [{{name: g, interval: 2m, rules: [{rules}]}}]"))], None)
    };
    assert_eq!(recorded("4m"), [""; 0]);
    let expected = "short-range: delta needs two samples in its range of 3m, but samples come every 2m";
    assert_eq!(recorded("3m"), [expected]);
}

#[test]
fn comparisons_that_cannot_be_true_are_found() {
    const NEVER: &str = "comparison-never-true";
    let requests = |more: &str| format!("sum by (job) (rate(requests_total{more}[5m]))");
    let (failed, all) = (requests("{code=~\"5..\"}"), requests(""));
    let own = |text: String| text;
    let table = [
        (own("vector(1) > 2".into()), NEVER),
        (own("vector(1) > 0".into()), ""),
        (own("vector(1 > bool 2)".into()), ""),
        (own("x == bool 1 > 1".into()), NEVER),
        (own("(x == bool 1) == 1".into()), ""),
        (own("sum(x == bool 1) > 1".into()), ""),
        (own("avg(x == bool 1) > 1".into()), NEVER),
        (own("up == 2".into()), NEVER),
        (own("up != 1".into()), ""),
        (own("sum(up) > 2".into()), ""),
        (own("absent(x) == 0".into()), NEVER),
        (own("absent(x) > 0".into()), ""),
        (own("count(x) == 0".into()), NEVER),
        (own("count(x == 1) < 1".into()), NEVER),
        (own("count(x) <= 1".into()), ""),
        (own("(count(x) or vector(0)) == 0".into()), ""),
        (own("count(x) > 2 == 2".into()), NEVER),
        (own("rate(x[5m]) < 0".into()), NEVER),
        (own("rate(x[5m]) <= 0".into()), ""),
        (own("delta(x[5m]) < 0".into()), ""),
        (own("clamp_max(x, 5) > 5".into()), NEVER),
        (own("clamp_max(x, 5) >= 5".into()), ""),
        (own("clamp(x, 1, 5) < 1".into()), NEVER),
        (own("clamp_min(up, scalar(x)) > 1".into()), ""),
        (own("clamp_min(up, 2) < 2".into()), NEVER),
        (own("clamp_max(up, -1) > -1".into()), NEVER),
        (own("floor(up / 2) > 0".into()), NEVER),
        (own("ceil(up / 2) > 0".into()), ""),
        (own("hour() > 23".into()), NEVER),
        (own("x > 5 < 3".into()), NEVER),
        (own("3 > x > 5".into()), NEVER),
        (own("x > 5 and x < 3".into()), NEVER),
        (own("(x > 5) and on (job) (x < 3)".into()), ""),
        (own("x > 5 or x < 3".into()), ""),
        (own("x > 5 and y < 3".into()), ""),
        (own("x > 3 and 5 > x and z".into()), ""),
        (own("x > 5 and z and 3 > x".into()), NEVER),
        (own("x > 5 and x offset 5m < 3".into()), ""),
        (own("x > 5 unless x > 7".into()), ""),
        (own("r:limit > 5".into()), NEVER),
        (own("x > scalar(r:limit)".into()), ""),
        (own("up > on () group_left () r:limit".into()), NEVER),
        (format!("{failed} / {all} > 0.05"), ""),
        (format!("{failed} / {all} > 5"), NEVER),
        (format!("{failed} / {all} * 100 > 5"), ""),
        (format!("100 * {failed} / {all} > 5"), ""),
        (format!("100 * {failed} / {all} > 500"), NEVER),
        (format!("({failed} or 0 * {all}) / {all} > 5"), NEVER),
        (format!("{failed} / on (job) {all} > 5"), NEVER),
        (format!("{failed} / on () group_left () {all} > 5"), ""),
        (format!("{all} / {failed} > 5"), ""),
        (format!("1 - {failed} / {all} > 0.99"), ""),
        (format!("1 - {failed} / {all} > 1"), NEVER),
        (own("count(x == 0) / count(x) > 1".into()), NEVER),
        (own("sum(x == bool 0) / count(x) > 1".into()), NEVER),
        (own("sum(x) / count(x) > 1".into()), ""),
        (own("count(x == 0) / count(y) > 1".into()), ""),
        (own("a / b > 1".into()), ""),
        (own("quantile(0.5, up) > 1".into()), NEVER),
        (own("quantile(2, up) > 1".into()), ""),
        (own("time() - x < 0".into()), ""),
        (own("x > NaN".into()), NEVER),
        (own("x > +Inf".into()), NEVER),
        (own("x != NaN".into()), ""),
        (own("scalar(up == 2) > bool 5".into()), NEVER),
    ];
    let table: Vec<_> = table.iter().map(|(expr, code)| (expr.as_str(), *code)).collect();
    assert_codes(&table, false);
}

#[test]
fn alerts_that_wait_less_than_an_interval_are_found() {
    let codes = |hold: &str| {
        let text =
            format!("groups: [{{name: g, interval: 1m, rules: [{{alert: A, expr: up == 0, for: {hold}}}]}}]");
        found(&[file(&text)], None)
    };
    assert_eq!(codes("0s"), [""; 0]);
    assert_eq!(codes("1m"), [""; 0]);
    let expected =
        "for-below-interval: for: 30s is shorter than the group's interval of 1m: it fires after 1m";
    assert_eq!(codes("30s"), [expected]);
}

#[test]
fn rules_that_stand_twice_are_found() {
    let of = |name: &str, rules: &str| RuleFile {
        path: name.into(),
        ..file(&format!("groups: [{{name: g, rules: [{rules}]}}]"))
    };
    let alert = |expr: &str, severity: &str| {
        format!("{{alert: A, expr: '{expr}', labels: {{severity: {severity}}}}}")
    };
    let twice = [
        format!("{}, {}", alert("up == 0", "a"), alert("up  ==  0", "a")),
        "{record: a, expr: up}, {record: a, expr: (up)}".to_owned(),
        format!("{}, {}", alert("up == 0", "a"), alert("up == 0", "b")),
        format!("{}, {}", alert("up == 0", "a"), alert("up == 1", "a")),
        "{record: A, expr: up == 0}, {alert: A, expr: up == 0}".to_owned(),
    ];
    let counts = twice.map(|rules| found(&[of("a", &rules)], None).len());
    assert_eq!(counts, [1, 0, 0, 0, 0]);
    let one = alert("up == 0", "a");
    let found = found(&[of("a.yaml", &one), of("b.yaml", &one)], None);
    let expected =
        "duplicate-rule: the same rule stands in a.yaml:1 (group \"g\") already: name, labels and expression";
    assert_eq!(found, [expected]);
}

#[test]
fn a_finding_says_where_what_and_what_to_do() {
    let store = recording();
    let failing = "sum by (plugin) (rate(requests_total{code=~\"5..\"}[5m]))\n  / sum by (plugin) (rate(requests_total[5m]))\n  > 0.2";
    let findings = lint(&[alert(failing)], Some(&store));
    let lines: Vec<_> = findings.iter().map(|f| (f.line, f.code)).collect();
    assert_eq!(lines, [(8, Code::UnknownLabel), (9, Code::UnknownLabel)]);
    insta::assert_snapshot!(serde_json::to_string_pretty(&findings[1]).unwrap(), @r#"
    {
      "path": "r.yaml",
      "line": 9,
      "group": "g",
      "rule": "A",
      "code": "unknown-label",
      "what": "by (plugin): rate(requests_total[5m]) never has that label in the recording",
      "hint": "the labels are code, instance, job, method",
      "shown": "  / sum by (plugin) (rate(requests_total[5m]))\n    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^"
    }
    "#);
    let hint = |expr: &str| lint(&[alert(expr)], Some(&store)).remove(0).hint.unwrap();
    assert_eq!(hint("request_total > 5"), "did you mean requests_total?");
    assert_eq!(
        hint("requests_total{mehtod=\"GET\"}"),
        "the labels are code, instance, job, method; did you mean method?"
    );
    assert_eq!(hint("requests_total{code=\"404\"}"), "code there is 200, 500");
    assert_eq!(
        hint("count(up) == 0"),
        "of nothing there is no count, not even 0: ask absent(…), or add `or vector(0)`"
    );
    assert_eq!(hint("avg(up == bool 0) > 5"), "it is a share: 5 % are 0.05");
}

/// What is found in an alert that tells something.
fn assert_told(table: &[(&str, &str, &str)], with_data: bool) {
    let store = recording();
    for (expr, annotation, expected) in table {
        let text = format!(
            "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: '{expr}'\n    labels: {{severity: page}}\n    \
             annotations:\n      summary: '{annotation}'\n"
        );
        let mut findings = lint(&[file(&text)], with_data.then_some(&store));
        findings.retain(|f| f.line == 8);
        let codes: Vec<_> = findings.iter().map(|f| f.code.name()).collect();
        assert_eq!(codes.join(" "), *expected, "{expr} {annotation}\n{findings:#?}");
    }
}

#[test]
fn labels_that_templates_read_and_that_are_not_there_are_found() {
    assert_told(
        &[
            ("x == 0", "{{ $labels.anything }} {{ $labels.__name__ }}", ""),
            ("sum by (job) (x) == 0", "{{ $labels.job }} {{ $value }}", ""),
            ("sum by (job) (x) == 0", "{{ $labels.instance }}", "dropped-label"),
            ("sum by (job) (x) == 0", "{{ .Labels.instance }}", "dropped-label"),
            ("sum by (job) (x) == 0", "{{ if $labels.instance }}a{{ end }}", "dropped-label"),
            ("sum by (job) (x) == 0", "{{ range query \"up\" }}{{ .Labels.instance }}{{ end }}", ""),
            ("sum by (job) (x) == 0", "{{ $labels.severity }}", "dropped-label"),
            ("sum by (job) (x) == 0", "{{ $labels.alertname }}", "dropped-label"),
            ("sum(x) == 0", "{{ $labels.job }} {{ $labels.job }}", "dropped-label"),
            ("sum without (instance) (x) == 0", "{{ $labels.instance }}", "dropped-label"),
            ("sum without (instance) (x) == 0", "{{ $labels.job }}", ""),
            ("rate(x[5m]) > 0", "{{ $labels.__name__ }}", "dropped-label"),
            ("absent(x{job=\"a\"})", "{{ $labels.job }}", ""),
            ("absent(x{job=~\"a\"})", "{{ $labels.job }}", "dropped-label"),
            ("absent(x{job=\"a\"} == 1)", "{{ $labels.job }}", "dropped-label"),
            ("x / on (job) y > 1", "{{ $labels.job }}", ""),
            ("x / on (job) y > 1", "{{ $labels.instance }}", "dropped-label"),
            ("x / on (job) group_left (team) y > 1", "{{ $labels.instance }} {{ $labels.team }}", ""),
            ("x / on (job) group_right y > 1", "{{ $labels.instance }}", ""),
            ("sum by (job) (x) / on (job) group_right y > 1", "{{ $labels.instance }}", ""),
            // The expression itself is told of.
            ("x / on (job) group_left (team) sum by (job) (y) > 1", "{{ $labels.team }}", ""),
            ("x / ignoring (code) y > 1", "{{ $labels.code }}", "dropped-label"),
            ("sum by (a) (x) / sum by (a, b) (y) > 1", "{{ $labels.b }}", "dropped-label"),
            ("sum by (a) (x) or sum by (b) (y) > 1", "{{ $labels.a }} {{ $labels.b }}", ""),
            ("x and on (job) sum by (job) (y)", "{{ $labels.instance }}", ""),
            ("x unless sum by (job) (y)", "{{ $labels.instance }}", ""),
            ("label_replace(sum(x), \"a\", \"b\", \"\", \"\") > 1", "{{ $labels.a }}", ""),
            (
                "histogram_quantile(0.9, sum by (le) (rate(x_bucket[5m]))) > 1",
                "{{ $labels.le }}",
                "dropped-label",
            ),
            ("count_values(\"v\", x) > 1", "{{ $labels.v }}", ""),
            ("vector(time()) > 1", "{{ $labels.job }}", "dropped-label"),
        ],
        false,
    );
    assert_told(
        &[
            ("up == 0", "{{ $labels.job }} {{ $labels.instance }}", ""),
            ("up == 0", "{{ $labels.pod }}", "unknown-template-label"),
            ("up == 0", "{{ $labels.severity }}", "unknown-template-label"),
            ("up or requests_total", "{{ $labels.code }}", ""),
        ],
        true,
    );
}

#[test]
fn templates_that_always_fail_are_found() {
    assert_told(
        &[
            ("x == 0", "{{ $value | humanize }} {{ printf \"%.2f\" $value }}", ""),
            ("x == 0", "{{ humanize \"many\" }}", "template-error"),
            ("x == 0", "{{ humanize $labels.a }}", ""),
            ("x == 0", "{{ query \"sum(\" }}", "template-error"),
            ("x == 0", "{{ query \"up\" | first | value }}", ""),
            ("x == 0", "{{ slice $labels.instance 0 9 }}", ""),
            ("x == 0", "{{ reReplaceAll \"(\" \"\" $labels.instance }}", "template-error"),
            ("x == 0", "{{ .Job }}", "template-error"),
        ],
        false,
    );
}
