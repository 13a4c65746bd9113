//! The table of metrics in `docs/telemetry.md`, held against what a server has.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::shipped;

/// Labels that Prometheus adds, and a histogram's own.
const ADDED: [&str; 4] = ["__name__", "job", "instance", "le"];

/// One metric: its type, and its labels with the values that the table lists, if it does.
#[derive(Debug)]
pub(super) struct Metric {
    pub(super) kind: String,
    labels: BTreeMap<String, BTreeSet<String>>,
}

/// The table, by the metrics' names.
pub(super) fn metrics() -> BTreeMap<String, Metric> {
    let mut metrics = BTreeMap::new();
    for row in shipped("docs/telemetry.md").lines().filter(|line| line.starts_with("| `glyph_")) {
        let cells: Vec<_> = row.split('|').map(str::trim).collect();
        for name in cells[1].split(", ") {
            let metric = Metric { kind: cells[2].to_owned(), labels: labels(cells[3]) };
            metrics.insert(name.trim_matches('`').to_owned(), metric);
        }
    }
    metrics
}

/// Of "`via` (`proxy`, `netgate`), `method`": each label, and the values in the parentheses after it.
fn labels(cell: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut labels = BTreeMap::<_, BTreeSet<_>>::new();
    let (mut within, mut last) = (false, "");
    for (i, part) in cell.split('`').enumerate() {
        match (i % 2 == 1, within) {
            (true, true) => drop(labels.entry(last.to_owned()).or_default().insert(part.to_owned())),
            (true, false) => {
                last = part;
                labels.entry(part.to_owned()).or_default();
            }
            (false, _) if part.contains(['(', ')']) => within = part.rfind('(') > part.rfind(')'),
            (false, _) => {}
        }
    }
    labels
}

/// The metric that a series belongs to: a histogram has three kinds of them.
fn family<'a>(series: &'a str, documented: &BTreeMap<String, Metric>) -> &'a str {
    let of_histogram = |suffix| {
        let name = series.strip_suffix(suffix)?;
        documented.get(name).filter(|metric| metric.kind == "histogram").map(|_| name)
    };
    ["_bucket", "_sum", "_count"].into_iter().find_map(of_histogram).unwrap_or(series)
}

/// Every metric of the table is there with the labels and values that it lists, and nothing else is.
pub(super) fn compare(documented: &BTreeMap<String, Metric>, series: &[Value]) {
    let mut seen = BTreeMap::<&str, BTreeMap<&str, BTreeSet<&str>>>::new();
    for labels in series.iter().map(|labels| labels.as_object().unwrap()) {
        let of_family = seen.entry(family(labels["__name__"].as_str().unwrap(), documented)).or_default();
        for (name, value) in labels.iter().filter(|(name, _)| !ADDED.contains(&name.as_str())) {
            of_family.entry(name).or_default().insert(value.as_str().unwrap());
        }
    }
    assert_eq!(
        seen.keys().copied().collect::<Vec<_>>(),
        documented.keys().map(String::as_str).collect::<Vec<_>>(),
        "the metrics that Prometheus has, and those of docs/telemetry.md"
    );
    for (name, metric) in documented {
        let seen = &seen[name.as_str()];
        let names: Vec<_> = metric.labels.keys().map(String::as_str).collect();
        assert_eq!(seen.keys().copied().collect::<Vec<_>>(), names, "the labels of {name}");
        for (label, values) in metric.labels.iter().filter(|(_, values)| !values.is_empty()) {
            let values: BTreeSet<_> = values.iter().map(String::as_str).collect();
            assert_eq!(seen[label.as_str()], values, "the values of {label} of {name}");
        }
    }
}

#[test]
fn labels_are_read_with_the_values_that_are_listed() {
    let set = |values: &[&str]| values.iter().map(|v| (*v).to_owned()).collect::<BTreeSet<_>>();
    let labels = labels("`via` (`proxy`, `netgate`), `plugin`, `code` (gRPC's), `kind` (`a`)");
    let wanted = [("code", &[][..]), ("kind", &["a"]), ("plugin", &[]), ("via", &["netgate", "proxy"])];
    assert_eq!(labels, wanted.map(|(name, values)| (name.to_owned(), set(values))).into());
}
