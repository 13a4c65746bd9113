//! What expressions give, beside what a test expects.

use super::{ExprTest, Failure};
use crate::{
    metrics::Store,
    promql::{Evaluator, Sample, Settings},
    rules::run::vector_of,
};

/// What is not as a test says, at a time in milliseconds since the epoch.
pub(super) fn check(
    test: &ExprTest,
    store: &Store,
    time: i64,
    settings: Settings,
    fuzzy: bool,
) -> Option<Failure> {
    let (line, expr) = (test.line, test.query.text.clone());
    let failed = |what: String| {
        Some(Failure::Expr { line, expr: test.query.text.clone(), time: test.eval_time, what })
    };
    let value = Evaluator::new(&test.query, settings).instant(store, time);
    let mut got = match value.map_err(|e| e.to_string()).and_then(vector_of) {
        Ok(samples) => samples,
        Err(what) => return failed(what),
    };
    let mut expected = test.expected.clone();
    got.sort_by(|a, b| a.labels.cmp(&b.labels));
    expected.sort_by(|a, b| a.labels.cmp(&b.labels));
    let same = |(a, b): (&Sample, &Sample)| a.labels == b.labels && is_same(a.value, b.value, fuzzy);
    let all_same = got.len() == expected.len() && expected.iter().zip(&got).all(same);
    (!all_same).then_some(Failure::Samples { line, expr, time: test.eval_time, expected, got })
}

/// Whether numbers are the same; NaN is NaN here, which promtool can't be told to expect.
fn is_same(a: f64, b: f64, fuzzy: bool) -> bool {
    a == b || (a.is_nan() && b.is_nan()) || (fuzzy && (a.next_up() == b || a.next_down() == b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_bit_may_differ_if_that_is_said() {
        let third: f64 = 0.1 + 0.2;
        assert!(!is_same(third, 0.3, false) && is_same(third, 0.3, true));
        assert!(!is_same(third.next_up(), 0.3, true));
        assert!(is_same(0.0, -0.0, false) && is_same(f64::NAN, f64::NAN, false));
    }
}
