//! Expressions over a small store that is always the same: parsed, printed, evaluated at a time and over a range.

use std::cell::OnceCell;

use glyph_analysis::{
    metrics::{Labels, Store},
    promql::{Evaluator, Expr, ExprKind, Query, Settings, caret},
};

/// More steps of subqueries within each other than this are for the evaluator's limits, not for here.
const STEPS: i64 = 20_000;

/// Words that mutations put in.
pub const WORDS: [&str; 66] = [
    "(",
    ")",
    "{",
    "}",
    "[",
    "]",
    ",",
    "+",
    "-",
    "*",
    "/",
    "%",
    "^",
    "==",
    "!=",
    ">",
    "<",
    ">=",
    "=~",
    "!~",
    "=",
    "@",
    ":",
    " bool ",
    " by(l)",
    " without()",
    " on(l)",
    " ignoring(le)",
    " group_left(x)",
    " group_right",
    " and ",
    " or ",
    " unless ",
    " atan2 ",
    " offset ",
    "a",
    "b_total",
    "h_bucket",
    "{l=\"1\"}",
    "{l=~`.+`}",
    "[5m]",
    "[1m:10s]",
    "[2m:]",
    " @ start()",
    " @ end()",
    " @ 60",
    " offset -30s",
    "sum",
    "topk(1,",
    "quantile(0.5,",
    "count_values(\"v\",",
    "limitk(1,",
    "rate(",
    "deriv(",
    "absent(",
    "absent_over_time(",
    "histogram_quantile(0.9,",
    "label_replace(",
    "\"$1\"",
    "\"(.*)\"",
    "scalar(",
    "vector(",
    "Inf",
    "NaN",
    "-1e300",
    "0x1f",
];

/// Series with a gap, a reset, an end and figures that are none.
fn store() -> Store {
    let mut store = Store::new();
    let mut add = |name: &str, label: (&str, &str), value: &dyn Fn(i64) -> Option<f64>| {
        let labels = Labels::of([("__name__", name), label]);
        for step in 0..40 {
            if let Some(value) = value(step) {
                store.append(&labels, step * 15_000, value).expect("times ascend");
            }
        }
    };
    add("a", ("l", "1"), &|step| Some(step as f64 - 20.0));
    add("a", ("l", "2"), &|step| (step % 5 != 0).then_some(0.0));
    add("b_total", ("l", "1"), &|step| Some((step % 13) as f64));
    add("b_total", ("l", "3"), &|step| (step < 9).then_some(step as f64 * 1e300));
    add("odd", ("l", ""), &|step| {
        Some([f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0][step as usize % 4])
    });
    for (le, share) in [("0.1", 1.0), ("1", 2.0), ("+Inf", 4.0)] {
        add("h_bucket", ("le", le), &|step| Some(share * step as f64));
    }
    store
}

/// How many times the innermost expression of subqueries is evaluated for one step of the query.
fn steps(expr: &Expr) -> i64 {
    let own = match &expr.kind {
        ExprKind::Subquery(s) => s.window / s.step.unwrap_or(60_000).max(1) + 1,
        _ => 1,
    };
    let inner: i64 = expr.children().into_iter().map(steps).fold(1, i64::saturating_add);
    own.saturating_mul(inner)
}

/// Parses, prints, evaluates.
pub fn expression(bytes: &[u8]) {
    thread_local!(static STORE: OnceCell<Store> = const { OnceCell::new() });
    let text = String::from_utf8_lossy(bytes);
    let query = match Query::parse(&text) {
        Ok(query) => query,
        Err(fault) => {
            assert!(fault.range.start <= fault.range.end && fault.range.end <= text.len());
            assert!(!fault.what.is_empty() && !caret(&text, fault.range).is_empty());
            return;
        }
    };
    let printed = query.expr.to_string();
    let again = Query::parse(&printed).expect("what is printed is an expression");
    assert_eq!(again.expr.to_string(), printed);
    if steps(&query.expr) > STEPS {
        return;
    }
    STORE.with(|kept| {
        let store = kept.get_or_init(store);
        // Values or an error; no panic.
        let settings = Settings { max_samples: 1 << 20, ..Settings::default() };
        let _value = Evaluator::new(&query, settings).instant(store, 300_000);
        let mut evaluator = Evaluator::new(&query, settings);
        let _values = evaluator.range(store, 0, 600_000, 60_000);
        for note in evaluator.notes() {
            assert!(!note.text.is_empty());
        }
    });
}
