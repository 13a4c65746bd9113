//! The notation of series: `name{labels} 1 2 3+1x4 _x2 stale`.

use glyph_analysis::{
    metrics::{Labels, MatchOp, Store, stale::MARKER},
    promql::{ExprKind, Query},
};

/// The labels and what follows them.
pub(super) fn labels(text: &str) -> (Labels, &str) {
    let end = match text.find(['{', ' ', '\t']) {
        Some(at) if text[at..].starts_with('{') => at + text[at..].find('}').unwrap() + 1,
        Some(at) => at,
        None => text.len(),
    };
    let (series, values) = text.split_at(end);
    if series == "{}" {
        return (Labels::empty(), values.trim());
    }
    let Ok(query) = Query::parse(series) else { panic!("no series: {series}") };
    let ExprKind::Selector(selector) = &query.expr.kind else { panic!("no series: {series}") };
    assert!(selector.matchers.iter().all(|m| m.op == MatchOp::Equal));
    (
        Labels::new(selector.matchers.iter().map(|m| (m.name.clone(), m.value.clone())).collect()),
        values.trim(),
    )
}

/// Values, none where there is no sample.
pub(super) fn values(text: &str) -> Vec<Option<f64>> {
    let mut values = Vec::new();
    for word in text.split_whitespace() {
        let (base, times) = match word.rsplit_once('x') {
            Some((base, times)) if !base.is_empty() => (base, times.parse::<usize>().unwrap()),
            _ => (word, usize::MAX),
        };
        if base == "_" {
            values.extend(std::iter::repeat_n(None, if times == usize::MAX { 1 } else { times }));
            continue;
        }
        if base == "stale" {
            values.push(Some(MARKER));
            continue;
        }
        let times = if times == usize::MAX { 0 } else { times };
        // `1+2x3` is 1 and three times 2 more.
        let sign = base
            .char_indices()
            .skip(1)
            .find(|(i, c)| matches!(c, '+' | '-') && !base[..*i].ends_with(['e', 'E']));
        let (first, step) = match sign {
            Some((i, _)) => (number(&base[..i]), number(&base[i..])),
            None => (number(base), 0.0),
        };
        let mut value = first;
        values.push(Some(value));
        for _ in 0..times {
            value += step;
            values.push(Some(value));
        }
    }
    values
}

pub(super) fn number(text: &str) -> f64 {
    text.parse().unwrap_or_else(|_| panic!("no number: {text}"))
}

/// The lines of a `load`; of those of the same series, the last.
pub(super) fn last_of_each(lines: &[String]) -> Vec<&str> {
    let is_last =
        |(i, line): &(usize, &String)| lines[i + 1..].iter().all(|later| labels(later).0 != labels(line).0);
    lines.iter().enumerate().filter(is_last).map(|(_, line)| line.as_str()).collect()
}

/// Puts a series into the store, or its labels beside it if it is of native histograms.
pub(super) fn load(text: &str, step: i64, store: &mut Store, histograms: &mut Store) {
    let (labels, rest) = labels(text);
    if rest.contains("{{") {
        histograms.append(&labels, 0, 0.0).unwrap();
        return;
    }
    for (i, value) in values(rest).into_iter().enumerate() {
        if let Some(value) = value {
            // Some scripts load what is there already; Prometheus drops that too.
            let _refused = store.append(&labels, i as i64 * step, value);
        }
    }
}

/// The histogram that a bucket belongs to.
pub(super) fn note_histogram(text: &str, histograms: &mut Store) {
    let (labels, _) = labels(text);
    if let Some(base) = labels.name().strip_suffix("_bucket") {
        histograms.append(&labels.with("__name__", base).with("le", ""), 0, 0.0).unwrap();
    }
}
