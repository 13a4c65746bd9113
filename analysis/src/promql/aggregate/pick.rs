//! `topk`, `bottomk`, `limitk`: some rows of each group, as they are.

use super::{
    super::{
        ast::{Aggregate, AggregateOp},
        column::Column,
        error::EvalErrorKind,
        grid::Grid,
        row::Row,
    },
    groups,
    heap::Heap,
};

/// The rows of each group that are among its `k[step]` best, or first, at each step. At one time they come in their
/// order, group after group.
pub(super) fn some(rows: Vec<Row>, a: &Aggregate, k: &[f64], grid: Grid) -> Result<Vec<Row>, EvalErrorKind> {
    let most = k.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let least = k.iter().copied().fold(f64::INFINITY, f64::min);
    if k.iter().any(|k| k.is_nan()) {
        return Err(EvalErrorKind::Argument("Parameter value is NaN".to_owned()));
    }
    if most < 1.0 {
        return Ok(Vec::new());
    }
    if least <= i64::MIN as f64 {
        return Err(EvalErrorKind::Argument(format!("Scalar value {least} underflows int64")));
    }
    if most >= i64::MAX as f64 {
        return Err(EvalErrorKind::Argument(format!("Scalar value {most} overflows int64")));
    }
    let mut picked: Vec<Column> = vec![Column::default(); rows.len()];
    let mut order = Vec::new();
    for group in groups::of(&rows, &a.grouping) {
        for (step, k) in k.iter().enumerate().take(grid.count) {
            let k = if *k < 1.0 { continue } else { *k as usize };
            let values = group.members.iter().filter_map(|i| Some((rows[*i].column.at(step)?, *i)));
            let mut heap = Heap::new(a.op != AggregateOp::Bottomk);
            let entries = if a.op == AggregateOp::Limitk {
                values.take(k).for_each(|entry| heap.push(entry));
                heap.entries()
            } else {
                values.for_each(|entry| heap.offer(entry, k));
                heap.sorted()
            };
            for (value, i) in entries {
                if picked[i].is_empty() {
                    order.push(i);
                }
                picked[i].push(step, value);
            }
        }
    }
    let of = |i: usize| Row {
        labels: rows[i].labels.clone(),
        nameless: rows[i].nameless,
        column: std::mem::take(&mut picked[i]),
    };
    Ok(order.into_iter().map(of).collect())
}
