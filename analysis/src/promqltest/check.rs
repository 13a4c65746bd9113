//! One eval, run in all the ways in which Prometheus' runner runs it.

use super::{
    compare,
    data::Data,
    eval::{Eval, Expected, Steps, When},
    outcome::Difference,
    pin,
};
use crate::{
    metrics::Store,
    promql::{
        EvalError, Evaluator, Expr, ExprKind, ParseError, Query, Sample, Settings, Value, ValueType,
        ast::{At, Shift},
        duration, needs,
    },
};

/// What came of an eval.
pub(super) enum Verdict {
    Passed,
    Failed { when: Option<String>, difference: Difference },
    Skipped(String),
}

/// Runs it.
pub(super) fn check(eval: &Eval, data: &Data, settings: Settings) -> Verdict {
    if eval.expects_histograms() {
        return Verdict::Skipped("native histograms".to_owned());
    }
    let query = match Query::parse(&eval.expr) {
        Ok(query) => query,
        Err(e) => return refused(eval, &e),
    };
    if let Some(reason) = beyond(&query, eval.when, data, settings) {
        return Verdict::Skipped(reason.to_owned());
    }
    let run = Run { eval, store: &data.floats, settings };
    match eval.when {
        When::Range(steps) => verdict(run.range(&query, steps), None),
        When::Instant(time) => {
            let first = run.instant(&query, time);
            if first.is_err() {
                return verdict(first, None);
            }
            let also = run.also_as_range(&query, time);
            if also.is_err() {
                return verdict(also, Some("as a range query".to_owned()));
            }
            let Some(pinned) = pin::pinned(&query, time) else { return Verdict::Passed };
            for other in pin::times(time) {
                let result = run.instant(&pinned, other).and_then(|()| run.also_as_range(&pinned, other));
                if result.is_err() {
                    let (at, now) = (duration::format(time), duration::format(other));
                    return verdict(result, Some(format!("pinned to @ {at}, asked at {now}")));
                }
            }
            Verdict::Passed
        }
    }
}

fn verdict(result: Result<(), Difference>, when: Option<String>) -> Verdict {
    match result {
        Ok(()) => Verdict::Passed,
        Err(difference) => Verdict::Failed { when, difference },
    }
}

/// An expression that does not parse.
fn refused(eval: &Eval, error: &ParseError) -> Verdict {
    let text = match error.what.strip_prefix("unsupported: ") {
        None => error.what.clone(),
        Some(what) => match label_of_bytes(&eval.expr, error) {
            None => return Verdict::Skipped(what.to_owned()),
            Some(text) => text,
        },
    };
    verdict(eval.expect.check_failure(&text), None)
}

/// What Prometheus says where a label's name is to be made of bytes that are not UTF-8. Our texts can't hold these; that
/// they are no label's name is all that there is to say of them.
fn label_of_bytes(expr: &str, error: &ParseError) -> Option<String> {
    let literal = expr.get(error.range.start..error.range.end).filter(|_| error.what.contains("UTF-8"))?;
    let (mut depth, mut commas) = (0u32, 0u32);
    let before = expr.get(..error.range.start)?;
    let open = before.char_indices().rev().find(|(_, c)| {
        match c {
            ')' | ']' | '}' => depth += 1,
            '(' if depth == 0 => return true,
            '(' | '[' | '{' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => commas += 1,
            _ => {}
        }
        false
    });
    let called = before[..open?.0].trim_end();
    let is = |name: &str| called.ends_with(name);
    match commas {
        0 if is("count_values") => Some(format!("invalid label name {literal}")),
        1 if is("label_replace") => {
            Some(format!("invalid destination label name in label_replace(): {literal}"))
        }
        1 if is("label_join") => Some(format!("invalid destination label name in label_join(): {literal}")),
        _ => None,
    }
}

/// What an expression would need of the data that the store could not take.
fn beyond(query: &Query, when: When, data: &Data, settings: Settings) -> Option<&'static str> {
    let (start, end) = match when {
        When::Instant(time) => (time, time),
        When::Range(steps) => (steps.start, steps.end),
    };
    let finds = |store: &Store, need: &needs::Need<'_>| {
        let series = store.select(&need.selector.matchers);
        series.iter().any(|id| !store.series()[*id as usize].window(need.after, need.until).0.is_empty())
    };
    let needs = needs::of(&query.expr, settings, start, end);
    if needs.iter().any(|need| finds(&data.histograms, need)) {
        return Some("native histograms");
    }
    let of_counters = |e: &Expr| matches!(&e.kind, ExprKind::Call(c) if matches!(c.function.name, "rate" | "increase" | "irate" | "resets"));
    let has_starts = || needs.iter().any(|need| finds(&data.starts, need));
    (any(&query.expr, &mut |e| of_counters(e)) && has_starts()).then_some("start timestamps")
}

/// Whether something is true of a part of an expression.
pub(super) fn any(expr: &Expr, is: &mut impl FnMut(&Expr) -> bool) -> bool {
    is(expr) || expr.children().into_iter().any(|child| any(child, is))
}

struct Run<'a> {
    eval: &'a Eval,
    store: &'a Store,
    settings: Settings,
}

impl Run<'_> {
    fn instant(&self, query: &Query, time: i64) -> Result<(), Difference> {
        let mut evaluator = Evaluator::new(query, self.settings);
        match evaluator.instant(self.store, time) {
            Err(e) => self.failed(&e),
            Ok(value) => {
                self.did_not_fail(|| compare::told(&value))?;
                self.eval.expect.check_notes(&evaluator.notes())?;
                compare::instant(self.eval, &value)
            }
        }
    }

    fn range(&self, query: &Query, steps: Steps) -> Result<(), Difference> {
        let mut evaluator = Evaluator::new(query, self.settings);
        match evaluator.range(self.store, steps.start, steps.end, steps.step) {
            Err(e) => self.failed(&e),
            Ok(series) => {
                let value = Value::Range(series);
                self.did_not_fail(|| compare::told(&value))?;
                self.eval.expect.check_notes(&evaluator.notes())?;
                compare::range(self.eval, &value, steps)
            }
        }
    }

    /// The step in the middle of a range query around a time: it has to be what an instant query gives.
    fn also_as_range(&self, query: &Query, time: i64) -> Result<(), Difference> {
        const MINUTE: i64 = 60_000;
        let is_other = self.eval.range_vector.is_some() || matches!(self.eval.expected, Expected::Text(_));
        if is_other || self.eval.expect.fails.is_some() || any(&query.expr, &mut |e| is_of_the_query(e)) {
            return Ok(());
        }
        let mut evaluator = Evaluator::new(query, self.settings);
        let (start, end) = (time.saturating_sub(MINUTE), time.saturating_add(MINUTE));
        let series = match evaluator.range(self.store, start, end, MINUTE) {
            Ok(series) => series,
            // No failure is expected here, so this is always an error.
            Err(e) => return self.failed(&e),
        };
        // Series of a range are always in the order of their labels.
        if self.eval.expect.ordered {
            return Ok(());
        }
        let middle = series.into_iter().filter_map(|s| {
            let (_, value) = s.samples.iter().find(|(at, _)| *at == time)?;
            Some(Sample::new(s.labels, *value))
        });
        let middle: Vec<Sample> = middle.collect();
        let value = match (query.expr.value_type(), middle.first()) {
            (ValueType::Scalar, Some(sample)) => Value::Scalar(sample.value),
            _ => Value::Vector(middle),
        };
        compare::instant(self.eval, &value)
    }

    fn failed(&self, error: &EvalError) -> Result<(), Difference> {
        self.eval.expect.check_failure(&error.kind.to_string())
    }

    fn did_not_fail(&self, told: impl FnOnce() -> String) -> Result<(), Difference> {
        match &self.eval.expect.fails {
            Some(_) => Err(Difference::new("a failure", told())),
            None => Ok(()),
        }
    }
}

/// Whether a part means another time in an instant query than in a range query.
fn is_of_the_query(expr: &Expr) -> bool {
    let is = |shift: &Shift| matches!(shift.at, Some(At::Start | At::End));
    match &expr.kind {
        ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => is(&selector.shift),
        ExprKind::Subquery(subquery) => is(&subquery.shift),
        ExprKind::Call(call) => matches!(call.function.name, "start" | "end" | "range" | "step"),
        _ => false,
    }
}
