//! What an evaluation holds to, whatever the expression.

use std::sync::atomic::{AtomicBool, Ordering};

use glyph_analysis::{
    metrics::{Labels, Store},
    promql::{EvalErrorKind, Evaluator, Query, RangeSeries, Settings, Value},
};

/// Counters of some jobs, a sample every 15 s for an hour.
fn store() -> Store {
    let mut store = Store::new();
    for job in ["a", "b", "c", "d"] {
        let labels = Labels::of([("__name__", "x_total"), ("job", job)]);
        for i in 0..240 {
            store.append(&labels, i * 15_000, (i * i % 97) as f64).unwrap();
        }
    }
    store
}

fn range(expr: &str, settings: Settings) -> Result<Vec<RangeSeries>, EvalErrorKind> {
    let query = Query::parse(expr).unwrap();
    Evaluator::new(&query, settings).range(&store(), 0, 3_600_000, 15_000).map_err(|e| e.kind)
}

#[test]
fn more_values_than_allowed_are_refused_before_there_is_room_for_them() {
    let least = |expr: &str| {
        (0..20).map(|bits| 1 << bits).find(|max_samples| {
            let settings = Settings { max_samples: *max_samples, ..Settings::default() };
            match range(expr, settings) {
                Ok(_) => true,
                Err(EvalErrorKind::TooManySamples(most)) if most == *max_samples => false,
                Err(other) => panic!("{expr}: {other}"),
            }
        })
    };
    // 241 steps: one row for a number, one for each of the four jobs, and for both sides of an operator at once.
    assert_eq!(least("1"), Some(256));
    assert_eq!(least("x_total"), Some(1024));
    assert_eq!(least("x_total + x_total"), Some(2048));
    assert_eq!(least("sum_over_time(x_total[1h:15s])"), Some(2048));
    // Nothing that could be held: refused at once.
    let query = Query::parse("vector(1)").unwrap();
    let refused =
        Evaluator::new(&query, Settings::default()).range(&Store::new(), 0, i64::MAX, 1).unwrap_err();
    assert!(matches!(refused.kind, EvalErrorKind::TooManySamples(_)), "{refused}");
}

#[test]
fn an_evaluation_ends_when_it_is_told_to() {
    let (flag, store) = (AtomicBool::new(false), store());
    let query = Query::parse("sum(rate(x_total[5m]))").unwrap();
    let mut evaluator = Evaluator::new(&query, Settings::default()).cancelled_by(&flag);
    assert!(evaluator.range(&store, 0, 3_600_000, 15_000).is_ok());
    flag.store(true, Ordering::Relaxed);
    let refused = evaluator.range(&store, 0, 3_600_000, 15_000).unwrap_err();
    assert_eq!(refused.kind, EvalErrorKind::Cancelled);
}

/// Some of each kind: what is computed for all steps at once is what is computed for each alone.
#[test]
fn a_range_is_its_instants() {
    let store = store();
    let expressions = [
        "x_total",
        "rate(x_total[2m]) > 1",
        "sum by (job) (x_total) / on () group_left () count(x_total > 40)",
        "topk(2, x_total) or -x_total",
        "x_total and on (job) (x_total % 2 == 1)",
        "max_over_time(deriv(x_total[1m])[5m:30s] offset 1m)",
        "count_values(\"value\", x_total) unless on () (vector(time() % 60) == 0)",
        "absent(x_total{job=\"a\"} > 50) + quantile(0.3, x_total)",
        "timestamp(x_total @ 600) - x_total @ end()",
        "predict_linear(x_total[3m] @ 900, time())",
    ];
    for expr in expressions {
        let query = Query::parse(expr).unwrap();
        let mut evaluator = Evaluator::new(&query, Settings::default());
        // `@ end()` is of the query: at one time that would be another.
        let pinned = Query::parse(&expr.replace("end()", "3600")).unwrap();
        let mut alone = Evaluator::new(&pinned, Settings::default());
        let series = evaluator.range(&store, 0, 3_600_000, 45_000).unwrap();
        for step in (0..=3_600_000).step_by(45_000) {
            let Ok(Value::Vector(samples)) = alone.instant(&store, step) else { panic!("{expr} at {step}") };
            let mut once: Vec<(Labels, u64)> =
                samples.into_iter().map(|s| (s.labels, s.value.to_bits())).collect();
            once.sort();
            let at_step = |s: &RangeSeries| {
                let sample = s.samples.iter().find(|(time, _)| *time == step)?;
                Some((s.labels.clone(), sample.1.to_bits()))
            };
            let all: Vec<(Labels, u64)> = series.iter().filter_map(at_step).collect();
            assert_eq!(all, once, "{expr} at {step}");
        }
    }
}
