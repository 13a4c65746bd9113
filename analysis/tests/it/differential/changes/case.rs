//! A difference, looked at closely: what in it was evaluated when, and over what.

use glyph_analysis::{
    metrics::Store,
    promql::{
        Evaluator, Expr, ExprKind, Query, Settings, Value,
        ast::{AggregateOp, At, Shift, Subquery},
    },
};

use super::super::answer::{Answer, When};

/// A difference.
pub(in crate::differential) struct Case<'a> {
    pub(in crate::differential) store: &'a Store,
    pub(in crate::differential) expr: &'a str,
    pub(in crate::differential) when: When,
    pub(in crate::differential) ours: &'a Answer,
}

impl Case<'_> {
    /// Whether something is so of one of the expressions in this one, at one of the times at which it is evaluated.
    pub(super) fn any(&self, mut is_so: impl FnMut(&Expr, &str, i64) -> bool) -> bool {
        self.any_times(|expr, text, times| times.iter().any(|time| is_so(expr, text, *time)))
    }

    /// Whether something is so of one of the expressions in this one and the times at which it is evaluated.
    pub(super) fn any_times(&self, mut is_so: impl FnMut(&Expr, &str, &[i64]) -> bool) -> bool {
        let (start, end, times): (i64, i64, Vec<i64>) = match self.when {
            When::At(time) => (time, time, vec![time]),
            When::Range { start, end, step } => (start, end, (start..=end).step_by(step as usize).collect()),
        };
        let seconds = |ms: i64| format!("@ {}.{:03}", ms / 1_000, ms % 1_000);
        let text = self.expr.replace("@ start()", &seconds(start)).replace("@ end()", &seconds(end));
        let Ok(query) = Query::parse(&text) else { return false };
        let mut open = vec![(&query.expr, times)];
        while let Some((expr, times)) = open.pop() {
            if is_so(expr, &text, &times) {
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

/// Whether in a window of a `rate` or `increase` a counter's zero is where the order of the bounds matters.
pub(super) fn begins_in_a_window(case: &Case<'_>) -> bool {
    case.any(|expr, text, time| match &expr.kind {
        ExprKind::Call(call) if ["rate", "increase"].contains(&call.function.name) => {
            let window = call.args[0].bare();
            is_begin_in(case.store, window, &text[window.range.start..window.range.end], time)
        }
        _ => false,
    })
}

/// Whether in a window of a `deriv` or `predict_linear` something is infinite.
pub(super) fn leads_to_infinity(case: &Case<'_>) -> bool {
    case.any(|expr, text, time| match &expr.kind {
        ExprKind::Call(call) if ["deriv", "predict_linear"].contains(&call.function.name) => {
            let window = call.args[0].range;
            let Some(Value::Range(series)) = value(case.store, &text[window.start..window.end], time) else {
                return false;
            };
            series.iter().any(|s| s.samples.iter().any(|(_, value)| value.is_infinite()))
        }
        _ => false,
    })
}

/// Whether two elements that `topk` or `bottomk` choose from are equal.
pub(super) fn ties(case: &Case<'_>) -> bool {
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

/// When a subquery evaluates what is in it, if it is itself evaluated at `times`.
pub(super) fn steps_of(subquery: &Subquery, times: &[i64]) -> Vec<i64> {
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
    let range = match &window.kind {
        ExprKind::Range { window, .. } => *window,
        ExprKind::Subquery(subquery) => subquery.window,
        _ => return false,
    };
    let begin = shifted(shift(window), time) - range;
    let Some(Value::Range(series)) = value(store, text, time) else { return false };
    series.iter().any(|s| {
        let ([(first, value), .., (last, end)], intervals) = (s.samples.as_slice(), s.samples.len() - 1)
        else {
            return false;
        };
        let resets = s.samples.windows(2).filter(|pair| pair[1].1 < pair[0].1).map(|pair| pair[0].1);
        let increase = end - value + resets.sum::<f64>();
        let (sampled, to_begin) = ((last - first) as f64, (first - begin) as f64);
        let (interval, to_zero) = (sampled / intervals as f64, sampled * value / increase);
        // Which of two sums comes out greater is a matter of rounding where they are the same.
        let about = 1e-9 * interval;
        to_begin >= 1.1 * interval - about
            && (0.5 * interval - about..=1.1 * interval + about).contains(&to_zero)
    })
}

/// `offset` and `@` of what can have them.
pub(super) fn shift(expr: &Expr) -> Shift {
    match &expr.bare().kind {
        ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => selector.shift,
        ExprKind::Subquery(subquery) => subquery.shift,
        _ => Shift::default(),
    }
}
