//! What is shipped for Prometheus and Grafana asks for no metric and no label that the daemon lacks. What the daemon
//! has is the table in `docs/telemetry.md`; glyphd's own tests hold that to a running daemon.

use std::collections::{BTreeMap, BTreeSet};

use glyph_analysis::{
    promql::{Expr, ExprKind, Query},
    rules::{self, RuleFile},
};
use serde_json::Value;

use crate::rules::at_root;

/// What Prometheus itself adds to each series.
const TARGET: [&str; 2] = ["job", "instance"];
/// Series that Prometheus itself makes: of each target, and of alerts, whose other labels differ from rule to rule.
const ITS_OWN: [(&str, &[&str]); 2] = [("up", &TARGET), ("ALERTS", &["alertname", "alertstate", "severity"])];

type Labels = BTreeSet<String>;

/// The labels of each series: of the daemon's metrics, and of those that the rules record.
fn known(rules: &RuleFile) -> BTreeMap<String, Labels> {
    let mut known = BTreeMap::new();
    let text = std::fs::read_to_string(at_root("docs/telemetry.md")).unwrap();
    for row in text.lines().filter(|line| line.starts_with("| `glyph_")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        // Values stand in parentheses.
        let labels =
            cells[3].split(['(', ')']).step_by(2).flat_map(|part| part.split('`').skip(1).step_by(2));
        let labels: Labels = labels.chain(TARGET).map(str::to_owned).collect();
        for name in cells[1].split(", ").map(|name| name.trim_matches('`')) {
            if cells[2] == "histogram" {
                let with_le = labels.iter().cloned().chain(["le".to_owned()]).collect();
                known.insert(format!("{name}_bucket"), with_le);
                known.insert(format!("{name}_sum"), labels.clone());
                known.insert(format!("{name}_count"), labels.clone());
            } else {
                known.insert(name.to_owned(), labels.clone());
            }
        }
    }
    let recorded = rules.groups.iter().flat_map(|group| &group.rules).filter(|rule| !rule.is_alert());
    known.extend(recorded.map(|rule| (rule.name.clone(), Labels::new())));
    let owned = |labels: &[&str]| labels.iter().map(|&label| label.to_owned()).collect();
    known.extend(ITS_OWN.iter().map(|(name, labels)| ((*name).to_owned(), owned(labels))));
    known
}

/// Adds what an expression asks for that is not known; returns the labels that the series in it have.
fn check(expr: &Expr, known: &BTreeMap<String, Labels>, faults: &mut Vec<String>) -> Labels {
    let mut labels: Labels =
        expr.children().into_iter().flat_map(|inner| check(inner, known, faults)).collect();
    let mut asked = Vec::new();
    match &expr.kind {
        ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => {
            let name = selector.matchers.iter().find(|m| &*m.name == "__name__").map_or("", |m| &*m.value);
            match known.get(name) {
                Some(known) => labels.extend(known.iter().cloned()),
                None => faults.push(format!("no metric is called {name:?}")),
            }
            let others = selector.matchers.iter().filter(|m| &*m.name != "__name__");
            asked.extend(others.map(|m| m.name.to_string()));
        }
        ExprKind::Aggregate(aggregate) => asked.extend(aggregate.grouping.labels.iter().cloned()),
        ExprKind::Binary(binary) => {
            asked.extend(binary.matching.labels.iter().chain(&binary.matching.include).cloned());
        }
        _ => {}
    }
    faults.extend(
        asked.into_iter().filter(|l| !labels.contains(l)).map(|l| format!("no label is called {l:?}")),
    );
    labels
}

/// What is wrong with an expression, and the labels that it speaks of.
fn faults(text: &str, known: &BTreeMap<String, Labels>) -> (Vec<String>, Labels) {
    let query = match Query::parse(text) {
        Ok(query) => query,
        Err(error) => return (vec![error.to_string()], Labels::new()),
    };
    let mut faults = Vec::new();
    let labels = check(&query.expr, known, &mut faults);
    (faults, labels)
}

/// The names in `{{…}}`.
fn in_braces(text: &str) -> impl Iterator<Item = &str> {
    text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}").map(|(name, _)| name.trim()))
}

fn rule_file() -> RuleFile {
    rules::load(&at_root("alerts/alerts.yaml")).unwrap()
}

#[test]
fn the_alerts_ask_for_what_the_daemon_has() {
    let file = rule_file();
    let known = known(&file);
    for rule in file.groups.iter().flat_map(|group| &group.rules) {
        assert_eq!(faults(&rule.query.text, &known).0, [""; 0], "{}: {}", rule.name, rule.query.text);
    }
}

#[test]
fn the_dashboard_asks_for_what_the_daemon_has_and_says_what_it_shows() {
    let known = known(&rule_file());
    let text = std::fs::read_to_string(at_root("dashboards/grafana-dashboard.json")).unwrap();
    let dashboard: Value = serde_json::from_str(&text).unwrap();
    for variable in dashboard["templating"]["list"].as_array().unwrap() {
        if variable["type"] == "query" {
            let query = variable["query"]["query"].as_str().unwrap();
            let inner = query.strip_prefix("label_values(").and_then(|q| q.strip_suffix(')')).unwrap();
            let (series, label) = inner.rsplit_once(", ").unwrap();
            let (wrong, labels) = faults(series, &known);
            assert!(wrong.is_empty() && labels.contains(label), "{query}: {wrong:?}");
        }
    }
    for annotation in dashboard["annotations"]["list"].as_array().unwrap() {
        if let Some(expr) = annotation["target"]["expr"].as_str() {
            assert_eq!(faults(expr, &known).0, [""; 0], "{expr}");
        }
    }
    let text_of = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let panels = dashboard["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row");
    let mut ids = BTreeSet::new();
    for panel in panels {
        let title = text_of(&panel["title"]);
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}: its id is another's");
        assert!(
            !title.is_empty() && !text_of(&panel["description"]).is_empty(),
            "{title} says what it shows"
        );
        let defaults = &panel["fieldConfig"]["defaults"];
        let unit = [&defaults["unit"], &panel["options"]["yAxis"]["unit"]].map(text_of);
        assert!(unit.iter().any(|unit| !unit.is_empty()), "{title} has a unit");
        for target in panel["targets"].as_array().unwrap() {
            assert_eq!(target["datasource"]["uid"], "${datasource}", "{title}");
            let expr = text_of(&target["expr"]).replace("$__rate_interval", "1m").replace("$__range", "1h");
            let (wrong, labels) = faults(&expr, &known);
            assert_eq!(wrong, [""; 0], "{title}: {expr}");
            let legend = text_of(&target["legendFormat"]);
            assert!(!legend.is_empty(), "{title} has a legend");
            assert!(in_braces(&legend).all(|l| labels.contains(l)), "{title}: {legend}");
            let quantile = expr.contains("histogram_quantile(");
            let latency = quantile || panel["type"] == "heatmap";
            assert!(!latency || target["exemplar"] == true, "{title}: latency comes with exemplars");
        }
    }
}

#[test]
fn a_name_that_is_wrong_is_found_wherever_it_stands() {
    let known = known(&rule_file());
    for (expr, fault) in [
        (
            "sum(rate(glyph_http_requests_total[5m]))",
            Some("no metric is called \"glyph_http_requests_total\""),
        ),
        ("glyph_connections or glyph_conections", Some("no metric is called \"glyph_conections\"")),
        (
            "glyph_http_request_duration_seconds",
            Some("no metric is called \"glyph_http_request_duration_seconds\""),
        ),
        ("sum by (host) (glyph_flow_dispatch_seconds_count)", Some("no label is called \"host\"")),
        ("rate(glyph_flow_events_total{plugin=\"a\"}[1m])", Some("no label is called \"plugin\"")),
        (
            "glyph_plugin_queue_length / on (queue) glyph_plugin_queue_capacity",
            Some("no label is called \"queue\""),
        ),
        ("sum by (le) (glyph_rpc_duration_seconds_sum)", Some("no label is called \"le\"")),
        ("sum by (le, job) (glyph_rpc_duration_seconds_bucket{component=\"plugin_bus\"})", None),
        ("glyph_connections > scalar(glyph:threshold:http_failure_ratio)", None),
    ] {
        let wrong = faults(expr, &known).0;
        assert_eq!(wrong.iter().map(String::as_str).collect::<Vec<_>>(), Vec::from_iter(fault), "{expr}");
    }
}
