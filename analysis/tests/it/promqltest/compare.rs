//! What was expected beside what came.

use glyph_analysis::{
    metrics::Labels,
    promql::{EvalError, Level, Note, RangeSeries, Value, number},
};
use regex::Regex;

use super::{
    script::Eval,
    series::{self, labels, values},
};

type Compared = Result<(), String>;

/// Prometheus' own tolerance.
fn almost(a: f64, b: f64) -> bool {
    if (a.is_nan() && b.is_nan()) || a == b {
        return true;
    }
    let (sum, difference) = (a.abs() + b.abs(), (a - b).abs());
    if a == 0.0 || b == 0.0 || sum < f64::MIN_POSITIVE {
        return difference < 1e-6 * f64::MIN_POSITIVE;
    }
    difference / sum.min(f64::MAX) < 1e-6
}

pub(super) fn failure(eval: &Eval, result: Result<(), EvalError>) -> Compared {
    match result {
        Ok(()) => Err("should fail".to_owned()),
        Err(e) if !eval.fails => Err(format!("failed: {e}")),
        Err(e) => says(eval, "fail", &[&e.to_string()]),
    }
}

/// Whether one of these texts is what a `msg:` or `regex:` of that kind wants.
fn says(eval: &Eval, kind: &str, texts: &[&str]) -> Compared {
    for (_, wanted) in eval.expects.iter().filter(|(k, _)| k == kind) {
        let met = |text: &&str| match (wanted.strip_prefix("msg:"), wanted.strip_prefix("regex:")) {
            (Some(wanted), _) => *text == wanted.trim(),
            (_, Some(pattern)) => Regex::new(pattern.trim()).unwrap().is_match(text),
            _ => true,
        };
        if !texts.iter().any(met) {
            return Err(format!("expected {kind} {wanted}, got {texts:?}"));
        }
    }
    Ok(())
}

pub(super) fn notes(eval: &Eval, notes: &[Note]) -> Compared {
    for (kind, level) in [("warn", Level::Warning), ("info", Level::Info)] {
        let texts: Vec<&str> = notes.iter().filter(|n| n.level == level).map(|n| n.text.as_str()).collect();
        says(eval, kind, &texts)?;
        if eval.expects.iter().any(|(k, _)| k.strip_prefix("no_") == Some(kind)) && !texts.is_empty() {
            return Err(format!("unexpected {kind}: {texts:?}"));
        }
    }
    Ok(())
}

pub(super) fn instant(eval: &Eval, value: Value) -> Compared {
    match value {
        Value::Scalar(value) => {
            let wanted = eval.expected.first().map(|text| series::number(text));
            if wanted.is_some_and(|wanted| almost(wanted, value)) {
                Ok(())
            } else {
                Err(format!("got {value}"))
            }
        }
        Value::Vector(samples) => {
            let got: Vec<(Labels, f64)> = samples.into_iter().map(|s| (s.labels, s.value)).collect();
            let wanted: Vec<(Labels, f64)> = eval
                .expected
                .iter()
                .map(|line| labels(line))
                .map(|(labels, rest)| (labels, series::number(rest)))
                .collect();
            same(eval.ordered, &wanted, &got, |a, b| almost(*a, *b), |v| number(*v))
        }
        Value::Range(series) => {
            let (start, step) = eval.range_vector.unwrap();
            let wanted = expected_ranges(eval, start, step);
            ranges(&wanted, &series)
        }
        Value::Text(text) => Err(format!("got {text:?}")),
    }
}

pub(super) fn range(eval: &Eval, series: &[RangeSeries], end: i64, step: i64) -> Compared {
    let steps = (end - eval.at) / step + 1;
    let wanted = expected_ranges(eval, eval.at, step);
    if let Some((labels, long)) = wanted.iter().find(|(_, s)| s.len() as i64 > steps)
        && long.iter().any(|(time, _)| *time > end)
    {
        // The suite has lines with more values than steps; Prometheus does not look at these.
        let cut: Vec<_> = wanted
            .iter()
            .map(|(l, s)| (l.clone(), s.iter().filter(|(time, _)| *time <= end).copied().collect()))
            .collect();
        return ranges(&cut, series).map_err(|e| format!("{labels}: {e}"));
    }
    ranges(&wanted, series)
}

fn expected_ranges(eval: &Eval, start: i64, step: i64) -> Vec<(Labels, Vec<(i64, f64)>)> {
    let dated = |values: Vec<Option<f64>>| {
        let times = (0..).map(|i| start + i * step);
        times.zip(values).filter_map(|(time, value)| Some((time, value?))).collect()
    };
    let lines = eval.expected.iter().map(|line| labels(line));
    lines.map(|(labels, rest)| (labels, dated(values(rest)))).collect()
}

fn ranges(wanted: &[(Labels, Vec<(i64, f64)>)], series: &[RangeSeries]) -> Compared {
    let got: Vec<_> = series.iter().map(|s| (s.labels.clone(), s.samples.clone())).collect();
    let equal = |a: &Vec<(i64, f64)>, b: &Vec<(i64, f64)>| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.0 == b.0 && almost(a.1, b.1))
    };
    same(false, wanted, &got, equal, |v| format!("{v:?}"))
}

fn same<T>(
    ordered: bool,
    wanted: &[(Labels, T)],
    got: &[(Labels, T)],
    equal: impl Fn(&T, &T) -> bool,
    text: impl Fn(&T) -> String,
) -> Compared {
    let told = |all: &[(Labels, T)]| -> String {
        all.iter().map(|(labels, value)| format!("\n      {labels} {}", text(value))).collect()
    };
    let matches = |(i, (labels, value)): (usize, &(Labels, T))| {
        if ordered {
            return got.get(i).is_some_and(|(l, v)| l == labels && equal(value, v));
        }
        got.iter().any(|(l, v)| l == labels && equal(value, v))
    };
    if wanted.len() == got.len() && wanted.iter().enumerate().all(matches) {
        return Ok(());
    }
    Err(format!("\n    expected{}\n    got{}", told(wanted), told(got)))
}
