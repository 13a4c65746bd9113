//! What Prometheus has changed since 2.42, and how each change is accounted for. There is no other place for that.
//!
//! Warnings and infos about expressions came after 2.42; they are not compared.

use glyph_analysis::{
    metrics::Store,
    promql::{
        Evaluator, Expr, ExprKind, Query, Settings, Value,
        ast::{AggregateOp, At, Shift, Subquery},
    },
};

use super::answer::When;

/// A change, and what is done about it.
pub(super) struct Change {
    pub(super) name: &'static str,
    /// What 2.42 does, and what is done now.
    #[expect(dead_code, reason = "it is for readers")]
    why: &'static str,
    accounted: Accounted,
}

enum Accounted {
    /// By what is asked and when: it can't be seen.
    ByDesign(#[expect(dead_code, reason = "it is for readers")] &'static str),
    /// The server is asked for the same in its words.
    Rewritten(fn(&str) -> String),
    /// A difference is one of these if this says so.
    Accepted(fn(&Case<'_>) -> bool),
}

/// A difference.
pub(super) struct Case<'a> {
    pub(super) store: &'a Store,
    pub(super) expr: &'a str,
    pub(super) when: When,
}

const CHANGES: [Change; 10] = [
    Change {
        name: "left-open windows",
        why: "3.0 leaves a sample at the left edge of a range, of a subquery or of the lookback out",
        accounted: Accounted::ByDesign(
            "the server looks back a millisecond less; no sample or step of a subquery is on the edge of a range, \
             but in the test of the edges, where the server's ranges are a millisecond shorter",
        ),
    },
    Change {
        name: "holt_winters",
        why: "3.0 calls it double_exponential_smoothing",
        accounted: Accounted::Rewritten(|expr| expr.replace("double_exponential_smoothing", "holt_winters")),
    },
    Change {
        name: "newlines in regular expressions",
        why: "3.0 has `.` match them",
        accounted: Accounted::ByDesign("no label value has one"),
    },
    Change {
        name: "younger functions and aggregations",
        why: "2.42 has no mad_over_time, first_over_time, ts_of_*, sort_by_label, limitk, limit_ratio, step(), …",
        accounted: Accounted::ByDesign("not generated"),
    },
    Change {
        name: "UTF-8 names and numbers as durations",
        why: "2.42 parses neither",
        accounted: Accounted::ByDesign("not generated"),
    },
    Change {
        name: "compensated sums",
        why: "2.42 adds the elements of `sum` and `avg` up as they come; later versions keep what rounding takes away",
        accounted: Accounted::ByDesign(
            "values are moderate, differences below 1e-9 none, and what jumps is given exact numbers alone",
        ),
    },
    Change {
        name: "dates of what is no time",
        why: "what Go makes of NaN and infinity as a time differs between processors",
        accounted: Accounted::ByDesign("dates are asked of numbers below 1e10"),
    },
    Change {
        name: "small differences between buckets",
        why: "later versions take counts that differ by less than 1e-12 of their size for equal",
        accounted: Accounted::ByDesign("counts are whole numbers"),
    },
    Change {
        name: "counters that begin in the window",
        why: "2.42 bounds the extrapolation to the window's begin by the counter's zero first, by half an interval \
              second; 3.0 has it the other way round",
        accounted: Accounted::Accepted(begins_in_a_window),
    },
    Change {
        name: "ties",
        why: "which of equal elements `topk` and `bottomk` take depends on the order in which series were written",
        accounted: Accounted::Accepted(ties),
    },
];

/// The change that explains a difference, if one does.
pub(super) fn explains(case: &Case<'_>) -> Option<&'static Change> {
    CHANGES.iter().find(|change| matches!(change.accounted, Accounted::Accepted(applies) if applies(case)))
}

/// The expression as 2.42 understands it.
pub(super) fn in_old_words(expr: &str) -> String {
    CHANGES.iter().fold(expr.to_owned(), |expr, change| match change.accounted {
        Accounted::Rewritten(rewrite) => rewrite(&expr),
        _ => expr,
    })
}

/// Whether in a window of a `rate` or `increase` a counter's zero is where the order of the bounds matters.
fn begins_in_a_window(case: &Case<'_>) -> bool {
    case.any(|expr, text, time| match &expr.kind {
        ExprKind::Call(call) if ["rate", "increase"].contains(&call.function.name) => {
            let window = call.args[0].bare();
            is_begin_in(case.store, window, &text[window.range.start..window.range.end], time)
        }
        _ => false,
    })
}

/// Whether two elements that `topk` or `bottomk` choose from are equal.
fn ties(case: &Case<'_>) -> bool {
    case.any(|expr, text, time| match &expr.kind {
        ExprKind::Aggregate(a) if [AggregateOp::Topk, AggregateOp::Bottomk].contains(&a.op) => {
            let Some(Value::Vector(elements)) =
                value(case.store, &text[a.expr.range.start..a.expr.range.end], time)
            else {
                return false;
            };
            let mut values: Vec<f64> = elements.iter().map(|s| s.value + 0.0).collect();
            values.sort_by(f64::total_cmp);
            values.windows(2).any(|pair| pair[0] == pair[1] || (pair[0].is_nan() && pair[1].is_nan()))
        }
        _ => false,
    })
}

impl Case<'_> {
    /// Whether something is so of one of the expressions in this one, at one of the times at which it is evaluated.
    fn any(&self, mut is_so: impl FnMut(&Expr, &str, i64) -> bool) -> bool {
        let (start, end, times): (i64, i64, Vec<i64>) = match self.when {
            When::At(time) => (time, time, vec![time]),
            When::Range { start, end, step } => (start, end, (start..=end).step_by(step as usize).collect()),
        };
        let seconds = |ms: i64| format!("@ {}.{:03}", ms / 1_000, ms % 1_000);
        let text = self.expr.replace("@ start()", &seconds(start)).replace("@ end()", &seconds(end));
        let Ok(query) = Query::parse(&text) else { return false };
        let mut open = vec![(&query.expr, times)];
        while let Some((expr, times)) = open.pop() {
            if times.iter().any(|time| is_so(expr, &text, *time)) {
                return true;
            }
            let inner = match &expr.kind {
                ExprKind::Subquery(subquery) => steps_of(subquery, &times),
                _ => times,
            };
            open.extend(expr.children().into_iter().map(|child| (child, inner.clone())));
        }
        false
    }
}

/// When a subquery evaluates what is in it, if it is itself evaluated at `times`.
fn steps_of(subquery: &Subquery, times: &[i64]) -> Vec<i64> {
    let step = subquery.step.unwrap_or(Settings::default().subquery_step);
    let of = |time: &i64| {
        let end = shifted(subquery.shift, *time);
        ((end - subquery.window).div_euclid(step) + 1..=end.div_euclid(step)).map(move |i| i * step)
    };
    let mut steps: Vec<i64> = times.iter().flat_map(of).collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}

fn shifted(shift: Shift, now: i64) -> i64 {
    let base = match shift.at {
        Some(At::Time(time)) => time,
        _ => now,
    };
    base - shift.offset
}

fn value(store: &Store, text: &str, time: i64) -> Option<Value> {
    let query = Query::parse(text).ok()?;
    Evaluator::new(&query, Settings::default()).instant(store, time).ok()
}

fn is_begin_in(store: &Store, window: &Expr, text: &str, time: i64) -> bool {
    let (shift, range) = match &window.kind {
        ExprKind::Range { selector, window } => (selector.shift, *window),
        ExprKind::Subquery(subquery) => (subquery.shift, subquery.window),
        _ => return false,
    };
    let begin = shifted(shift, time) - range;
    let Some(Value::Range(series)) = value(store, text, time) else { return false };
    series.iter().any(|s| {
        let ([(first, value), .., (last, _)], intervals) = (s.samples.as_slice(), s.samples.len() - 1) else {
            return false;
        };
        let grown = |pair: &[(i64, f64)]| match pair[1].1 < pair[0].1 {
            true => pair[1].1,
            false => pair[1].1 - pair[0].1,
        };
        let increase: f64 = s.samples.windows(2).map(grown).sum();
        let (sampled, to_begin) = ((last - first) as f64, (first - begin) as f64);
        let (interval, to_zero) = (sampled / intervals as f64, sampled * value / increase);
        to_begin >= 1.1 * interval && (0.5 * interval..1.1 * interval).contains(&to_zero)
    })
}
