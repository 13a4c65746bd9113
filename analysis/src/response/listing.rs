//! What there is to ask for: series, labels, their values.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::Serialize;

use super::Seconds;
use crate::metrics::{Kind, Labels, Matcher, Series, Store, labels::NAME, stale::is_marker};

/// What `glyphctl metrics series --format json` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SeriesListing {
    /// By their labels.
    pub series: Vec<SeriesRow>,
}

/// A series.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct SeriesRow {
    /// Its labels; the name of the metric is `__name__`.
    pub labels: BTreeMap<String, String>,
    /// `counter`, `gauge`, `histogram`, `summary`; null where nothing says it.
    #[serde(rename = "type")]
    pub kind: Option<&'static str>,
    /// How many samples it has.
    pub samples: u64,
    /// The time of the first.
    pub first: Option<Seconds>,
    /// The time of the last.
    pub last: Option<Seconds>,
    /// The same labels, as Prometheus writes them.
    #[serde(skip)]
    pub name: Labels,
}

/// What `glyphctl metrics labels --format json` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LabelListing {
    /// By name.
    pub labels: Vec<LabelRow>,
}

/// A label.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct LabelRow {
    /// Its name.
    pub label: String,
    /// How many values it has.
    pub values: u64,
    /// How many series have it.
    pub series: u64,
}

/// What `glyphctl metrics labels LABEL --format json` prints.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ValueListing {
    /// The label.
    pub label: String,
    /// Its values, sorted.
    pub values: Vec<ValueRow>,
}

/// A value of a label.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ValueRow {
    /// The value.
    pub value: String,
    /// How many series have it.
    pub series: u64,
    /// How many samples these have.
    pub samples: u64,
}

impl SeriesListing {
    /// The series that meet all matchers of one of the selectors, or all if there is none.
    pub fn of(store: &Store, selectors: &[Vec<Matcher>]) -> Self {
        let row = |series: &Series| {
            let real = || series.times.iter().zip(&series.values).filter(|(_, v)| !is_marker(**v));
            SeriesRow {
                labels: series.labels.to_map(),
                kind: kind(store, series.labels.name()),
                samples: real().count() as u64,
                first: real().next().map(|(time, _)| Seconds(*time)),
                last: real().next_back().map(|(time, _)| Seconds(*time)),
                name: series.labels.clone(),
            }
        };
        Self { series: chosen(store, selectors).into_iter().map(row).collect() }
    }
}

impl LabelListing {
    /// The labels of series; see [`SeriesListing::of`].
    pub fn of(store: &Store, selectors: &[Vec<Matcher>]) -> Self {
        let mut found: BTreeMap<&str, (BTreeSet<&str>, u64)> = BTreeMap::new();
        for series in chosen(store, selectors) {
            for (name, value) in series.labels.pairs() {
                let (values, count) = found.entry(name).or_default();
                values.insert(value);
                *count += 1;
            }
        }
        let row = |(label, (values, series)): (&str, (BTreeSet<&str>, u64))| LabelRow {
            label: label.to_owned(),
            values: values.len() as u64,
            series,
        };
        Self { labels: found.into_iter().map(row).collect() }
    }
}

impl ValueListing {
    /// The values of a label; see [`SeriesListing::of`].
    pub fn of(store: &Store, selectors: &[Vec<Matcher>], label: &str) -> Self {
        let mut found: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
        for series in chosen(store, selectors) {
            let value = series.labels.get(label);
            if !value.is_empty() {
                let (count, samples) = found.entry(value).or_default();
                *count += 1;
                *samples += series.values.iter().filter(|v| !is_marker(**v)).count() as u64;
            }
        }
        let row = |(value, (series, samples)): (&str, (u64, u64))| ValueRow {
            value: value.to_owned(),
            series,
            samples,
        };
        Self { label: label.to_owned(), values: found.into_iter().map(row).collect() }
    }
}

/// Series of a store, sorted by their labels, each once.
fn chosen<'s>(store: &'s Store, selectors: &[Vec<Matcher>]) -> Vec<&'s Series> {
    let ids: BTreeSet<u32> = match selectors {
        [] => store.select(&[]).into_iter().collect(),
        some => some.iter().flat_map(|matchers| store.select(matchers)).collect(),
    };
    let mut series: Vec<_> = ids.into_iter().map(|id| &store.series()[id as usize]).collect();
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    series
}

/// What is said of a series' family, whose name may lack the series' suffix.
fn kind(store: &Store, name: &str) -> Option<&'static str> {
    const SUFFIXES: [&str; 6] = ["_total", "_created", "_bucket", "_count", "_sum", "_info"];
    let short = SUFFIXES.iter().filter_map(|suffix| name.strip_suffix(suffix));
    let kind = std::iter::once(name).chain(short).find_map(|family| store.kind(family))?;
    Some(match kind {
        Kind::Counter => "counter",
        Kind::Gauge => "gauge",
        Kind::Histogram => "histogram",
        Kind::Summary => "summary",
        Kind::Other => return None,
    })
}

/// The conditions of a selector such as `up{job="x"}`.
///
/// # Errors
/// If the text is no selector.
pub fn selector(text: &str) -> Result<Vec<Matcher>, crate::promql::ParseError> {
    use crate::promql::{ExprKind, ParseError, Query};
    let query = Query::parse(text)?;
    match query.expr.kind {
        ExprKind::Selector(selector) if selector.shift == Default::default() => Ok(selector.matchers),
        _ => Err(ParseError {
            what: format!("expected a selector such as up{{job=\"x\"}} or {{{NAME}=~\"a.*\"}}"),
            range: query.expr.range,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_there_is_is_counted() {
        let mut store = Store::new();
        for (name, job, times) in [("a", "x", 0..3), ("a", "y", 1..2), ("b", "x", 0..1)] {
            for time in times {
                store.append(&Labels::of([(NAME, name), ("job", job)]), time * 1_500, 1.0).unwrap();
            }
        }
        let listing = SeriesListing::of(&store, &[selector("a").unwrap()]);
        let json = serde_json::to_string(&listing.series[0]).unwrap();
        assert_eq!(
            json,
            r#"{"labels":{"__name__":"a","job":"x"},"type":null,"samples":3,"first":0,"last":3}"#
        );
        assert_eq!(listing.series.len(), 2);
        let labels = LabelListing::of(&store, &[]);
        let told: Vec<_> = labels.labels.iter().map(|l| (l.label.as_str(), l.values, l.series)).collect();
        assert_eq!(told, [("__name__", 2, 3), ("job", 2, 3)]);
        let values = ValueListing::of(&store, &[selector("{job=\"x\"}").unwrap()], "job");
        let told: Vec<_> = values.values.iter().map(|v| (v.value.as_str(), v.series, v.samples)).collect();
        assert_eq!(told, [("x", 2, 4)]);
        for wrong in ["a[5m]", "a offset 5m", "sum(a)", "a b"] {
            assert!(selector(wrong).is_err(), "{wrong}");
        }
    }
}
