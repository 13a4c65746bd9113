//! The metrics, the alerts and the dashboard, proved against Prometheus itself.

mod documented;
mod traffic;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
    time::{SystemTime, UNIX_EPOCH},
};

use serde_json::Value;

use self::traffic::Busy;
use crate::harness::{Prometheus, peers};

/// Where something stands that is shipped.
pub(crate) fn at_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

pub(crate) fn shipped(path: &str) -> String {
    fs::read_to_string(at_root(path)).unwrap()
}

/// A text in which that much is different.
pub(crate) fn with(text: &str, changes: &[(&str, &str)]) -> String {
    changes.iter().fold(text.to_owned(), |text, (from, to)| {
        assert!(text.contains(from), "{from} is not in {text}");
        text.replace(from, to)
    })
}

fn now() -> String {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs().to_string()
}

/// The names of the rules in a rule file.
fn rule_names(text: &str) -> BTreeSet<&str> {
    let lines = text.lines().map(str::trim);
    lines.filter_map(|line| line.strip_prefix("- alert: ").or(line.strip_prefix("- record: "))).collect()
}

/// The rules that a server has.
async fn rules(prometheus: &Prometheus) -> Vec<Value> {
    let data = prometheus.ask("rules", &[]).await;
    let groups = data["groups"].as_array().unwrap();
    groups.iter().flat_map(|group| group["rules"].as_array().unwrap()).cloned().collect()
}

/// What is all the time 0 in a run in which no file is at fault and nothing is lost or left out.
const STILL: [&str; 8] = [
    "last_over_time(glyph_connections",
    "glyph_flow_log_dropped_total",
    "glyph_flow_skipped_total",
    "glyph_file_faults_total",
    "glyph_file_failing",
    "glyph_segments_deleted_total",
    "glyph_audit_failures_total",
    "outcome=\"dropped\"",
];

/// The targets of all panels, and of the marks across them.
fn panel_targets() -> Vec<Value> {
    fn walk(value: &Value, found: &mut Vec<Value>) {
        for panel in value["panels"].as_array().into_iter().flatten() {
            found.extend(panel["targets"].as_array().into_iter().flatten().cloned());
            walk(panel, found);
        }
    }
    let mut found = Vec::new();
    let dashboard: Value = serde_json::from_str(&shipped("dashboards/grafana-dashboard.json")).unwrap();
    walk(&dashboard, &mut found);
    assert!(!found.is_empty(), "a dashboard without panels");
    let marks = dashboard["annotations"]["list"].as_array().unwrap().iter().map(|mark| &mark["target"]);
    found.extend(marks.filter(|target| target["expr"].is_string()).cloned());
    found
}

/// A panel's expression with Grafana's variables filled in, as for "All".
fn expression(target: &Value) -> String {
    let mut expr = target["expr"].as_str().unwrap().to_owned();
    for (variable, value) in
        [("$__rate_interval", "1m"), ("$__range", "5m"), ("$job", ".+"), ("$instance", ".+")]
    {
        expr = expr.replace(variable, value);
    }
    assert!(!expr.contains('$'), "a variable that is not known here: {expr}");
    expr
}

/// What an alert looks at, without what it compares that with: not all alerts fire here.
fn compared(rule: &Value) -> &str {
    let query = rule["query"].as_str().unwrap();
    let comparison = [" > ", " == "].into_iter().find_map(|operator| query.rsplit_once(operator));
    comparison.map_or(query, |(left, _)| left)
}

/// A run, from its start until now.
struct Run<'a> {
    prometheus: &'a Prometheus,
    start: String,
}

impl Run<'_> {
    /// The values that an expression had at all seconds of the run.
    async fn values(&self, expr: &str) -> Vec<f64> {
        let range = [("query", expr), ("start", &self.start), ("end", &now()), ("step", "1")];
        let data = self.prometheus.ask("query_range", &range).await;
        let series = data["result"].as_array().unwrap().iter();
        let samples = series.flat_map(|series| series["values"].as_array().unwrap());
        let values = samples.map(|sample| sample[1].as_str().unwrap().parse::<f64>().unwrap());
        values.filter(|value| !value.is_nan()).collect()
    }

    /// Trace and span of each exemplar of the series in an expression.
    async fn exemplars(&self, expr: &str) -> BTreeSet<(String, String)> {
        let range = [("query", expr), ("start", &self.start), ("end", &now())];
        let data = self.prometheus.ask("query_exemplars", &range).await;
        let series = data.as_array().unwrap().iter();
        let exemplars = series.flat_map(|series| series["exemplars"].as_array().unwrap());
        let label = |exemplar: &Value, name: &str| exemplar["labels"][name].as_str().unwrap().to_owned();
        exemplars.map(|exemplar| (label(exemplar, "trace_id"), label(exemplar, "span_id"))).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_takes_it_all_and_every_expression_that_is_shipped_says_something() {
    // All as it is shipped, but for the address, and a second that stands for a minute.
    let rules_text = shipped("alerts/alerts.yaml");
    let faster = with(&rules_text, &[("interval: 1m", "interval: 1s"), ("for: 2m", "for: 2s")]);
    let busy = Busy::start().await;
    let address = busy.daemon.metrics().to_string();
    let changes = [("../alerts/", ""), ("interval: 15s", "interval: 1s"), ("glyphd:9464", &address)];
    let dir = tempfile::tempdir().unwrap();
    let config = dir.path().join("prometheus.yml");
    fs::write(&config, with(&shipped("deploy/prometheus.yml"), &changes)).unwrap();
    fs::write(dir.path().join("alerts.yaml"), faster).unwrap();
    let start = now();
    let Some(prometheus) = Prometheus::start(&config, &dir.path().join("data")).await else {
        busy.stop().await;
        return;
    };
    let busy = everything_happens(busy, &prometheus).await;

    let targets = prometheus.ask("targets", &[]).await;
    let target = &targets["activeTargets"][0];
    assert_eq!((target["health"].as_str(), target["lastError"].as_str()), (Some("up"), Some("")), "{target}");
    let documented = documented::metrics();
    let series = [("match[]", "{__name__=~\"glyph_.+\"}"), ("start", &start)];
    documented::compare(&documented, prometheus.ask("series", &series).await.as_array().unwrap());
    let types = prometheus.ask("metadata", &[]).await;
    for (name, metric) in &documented {
        let family = if metric.kind == "counter" { name.strip_suffix("_total").unwrap() } else { name };
        assert_eq!(types[family][0]["type"], metric.kind.as_str(), "the type of {name}");
    }

    let run = Run { prometheus: &prometheus, start };
    let rules = rules(&prometheus).await;
    assert_eq!(rules.len(), rule_names(&rules_text).len());
    let mut expressions = Vec::new();
    for rule in &rules {
        assert_eq!((&rule["health"], &rule["lastError"]), (&"ok".into(), &Value::Null), "{rule}");
        expressions.push(compared(rule).to_owned());
    }
    let targets = panel_targets();
    expressions.extend(targets.iter().map(expression));
    let (mut silent, mut flat) = (Vec::new(), Vec::new());
    for expr in expressions {
        let values = run.values(&expr).await;
        let still = STILL.iter().any(|part| expr.contains(part));
        if values.is_empty() {
            silent.push(expr);
        } else if !still && values.iter().all(|value| value.abs() < f64::EPSILON) {
            flat.push(expr);
        }
    }
    assert_eq!((silent, flat), (vec![], vec![]), "these yield nothing, and these nothing but 0");

    let mut exemplars = BTreeSet::new();
    let with_exemplars = targets.iter().filter(|target| target["exemplar"] == true).map(expression);
    let histograms = documented.iter().filter(|(_, metric)| metric.kind == "histogram");
    for expr in with_exemplars.chain(histograms.map(|(name, _)| format!("{name}_bucket"))) {
        let found = run.exemplars(&expr).await;
        assert!(!found.is_empty(), "{expr} has no exemplars");
        exemplars.extend(found);
    }
    let recorded = busy.stop().await;
    let spans: BTreeSet<_> =
        recorded.spans.iter().map(|s| (s.trace_id.to_string(), s.span_id.to_string())).collect();
    let lost: Vec<_> = exemplars.difference(&spans).collect();
    assert!(lost.is_empty(), "of {} exemplars these stand in no trace: {lost:?}", exemplars.len());
    assert_eq!(prometheus.stop().await, [""; 0], "Prometheus has nothing to complain of");
}

/// Waits until one plugin has left with a full queue, another has been throttled and sent requests again, and the alerts
/// about these fire.
async fn everything_happens(mut busy: Busy, prometheus: &Prometheus) -> Busy {
    // What is counted from 0 on has been seen at 0.
    prometheus.until("count_over_time(glyph_plugin_terminations_total{plugin=\"brief\"}[1m]) > 1").await;
    busy.crash_one();
    prometheus.until("glyph_plugin_terminations_total{plugin=\"brief\", reason=\"crashed\"} > 0").await;
    prometheus.until("glyph_plugin_queue_length{plugin=\"leaver\"} > 80").await;
    busy.leaver.take().unwrap().leave().await;
    prometheus.until("glyph_flow_events_dropped_total{reason=\"session_ended\"} > 0").await;
    prometheus.until("rate(glyph_http_throttle_total{scope=\"host\"}[1m]) > 0").await;
    prometheus.until("rate(glyph_http_backoff_total{plugin=\"fetcher\", status=\"503\"}[1m]) > 0").await;
    for labels in [
        "alertname=\"0xgenPluginLatencyCritical\", plugin=\"slow\", event=\"flow\", severity=\"critical\"",
        "alertname=\"0xgenHTTPFailureRate\", via=\"proxy\", severity=\"critical\"",
        "alertname=\"0xgenQueueBackpressure\", plugin=\"stalled\", severity=\"warning\"",
    ] {
        prometheus.until(&format!("ALERTS{{alertstate=\"firing\", {labels}}}")).await;
    }
    busy
}

#[tokio::test(flavor = "multi_thread")]
async fn the_configuration_that_is_shipped_loads_with_the_rules_as_they_are() {
    let config = at_root("deploy/prometheus.yml");
    let checked = peers::run("promtool", &["check", "config", config.to_str().unwrap()], b"");
    let data = tempfile::tempdir().unwrap();
    let Some((checked, prometheus)) = checked.zip(Prometheus::start(&config, data.path()).await) else {
        return;
    };
    assert!(checked.status.success(), "{checked:?}");
    let rules = rules(&prometheus).await;
    let names: BTreeSet<_> = rules.iter().map(|rule| rule["name"].as_str().unwrap()).collect();
    assert_eq!(names, rule_names(&shipped("alerts/alerts.yaml")));
    assert!(rules.iter().all(|rule| rule["lastError"].is_null()), "{rules:?}");
    assert_eq!(prometheus.stop().await, [""; 0], "Prometheus has nothing to complain of");
}
