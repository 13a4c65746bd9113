//! Aggregations: rows in groups, and what becomes of each group at each step.
//!
//! [`groups`] says which rows belong together, once for all steps. [`fold`] makes one number of many; [`pick`] leaves
//! some rows as they are; [`values`] needs all values of a group side by side.

mod groups;
mod fold;
mod heap;
mod pick;
mod ratio;
mod values;

use self::{
    fold::{Count, Deviation, Fold, Max, Min, One, Variance},
    groups::Group,
};
use super::{
    ast::{Aggregate, AggregateOp, TextRange},
    column::Column,
    error::{EvalError, EvalErrorKind},
    grid::Grid,
    note::Level,
    row::Row,
    scope::{Scope, text_of},
    side_by_side::side_by_side,
    value::general,
    window::{Mean, Sum},
};
use crate::metrics::quote::quoted;

/// What an aggregation gives.
pub(super) fn evaluate(
    scope: &mut Scope<'_>,
    a: &Aggregate,
    range: TextRange,
    grid: Grid,
) -> Result<Vec<Row>, EvalError> {
    use AggregateOp as A;
    match a.op {
        A::Sum => folded::<Sum>(scope, a, grid),
        A::Avg => folded::<Mean>(scope, a, grid),
        A::Min => folded::<Min>(scope, a, grid),
        A::Max => folded::<Max>(scope, a, grid),
        A::Count => folded::<Count>(scope, a, grid),
        A::Group => folded::<One>(scope, a, grid),
        A::Stdvar => folded::<Variance>(scope, a, grid),
        A::Stddev => folded::<Deviation>(scope, a, grid),
        A::CountValues => {
            let label = text_of(param(a)?)?;
            if label.is_empty() {
                let text = format!("invalid label name {}", quoted(label));
                return Err(EvalErrorKind::Argument(text).at(range));
            }
            let rows = scope.vector(&a.expr, grid)?;
            values::count(scope, rows, label, a, grid)
        }
        A::Quantile => {
            let q = scope.scalar(param(a)?, grid)?;
            let rows = scope.vector(&a.expr, grid)?;
            scope.check_quantiles(&q, param(a)?.range);
            Ok(values::quantiles(scope, &rows, &groups::of(&rows, &a.grouping), &q, grid))
        }
        A::Topk | A::Bottomk | A::Limitk => {
            let k = scope.scalar(param(a)?, grid)?;
            let rows = scope.vector(&a.expr, grid)?;
            pick::some(rows, a, &k, grid).map_err(|e| e.at(range))
        }
        A::LimitRatio => {
            let shares = scope.scalar(param(a)?, grid)?;
            let rows = scope.vector(&a.expr, grid)?;
            ratio::share(scope, rows, a, &shares, range)
        }
    }
}

fn param(a: &Aggregate) -> Result<&super::Expr, EvalError> {
    a.param
        .as_ref()
        .ok_or_else(|| EvalErrorKind::Argument("a parameter is missing".to_owned()).at(a.expr.range))
}

/// One row a group.
fn folded<F: Fold>(scope: &mut Scope<'_>, a: &Aggregate, grid: Grid) -> Result<Vec<Row>, EvalError> {
    let rows = scope.vector(&a.expr, grid)?;
    let groups = groups::of(&rows, &a.grouping);
    scope.reserve(groups.len(), grid.count, a.expr.range)?;
    let members = rows.len().div_ceil(groups.len().max(1));
    Ok(side_by_side(scope.settings, &groups, grid.count.saturating_mul(members), |group| {
        let column = if let [only] = *group.members {
            rows[only].column.clone().map(|_, value| F::first(value).result())
        } else {
            fold::<F>(&rows, group, grid.count)
        };
        Some(Row { labels: group.labels.clone(), nameless: group.nameless, column })
    }))
}

fn fold<F: Fold>(rows: &[Row], group: &Group, count: usize) -> Column {
    let mut states: Vec<Option<F>> = Vec::new();
    states.resize_with(count, || None);
    for member in &group.members {
        for (step, value) in rows[*member].column.present() {
            match &mut states[step] {
                Some(state) => state.add(value),
                none => *none = Some(F::first(value)),
            }
        }
    }
    Column::build(count, |step| states[step].as_ref().map(F::result))
}

impl Scope<'_> {
    /// Warns of quantiles that are none.
    pub(super) fn check_quantiles(&mut self, quantiles: &[f64], range: TextRange) {
        let least = quantiles.iter().copied().filter(|q| *q < 0.0).reduce(f64::min);
        let greatest = quantiles.iter().copied().filter(|q| *q > 1.0).reduce(f64::max);
        let not_one = quantiles.iter().copied().find(|q| q.is_nan());
        for q in [not_one, greatest, least].into_iter().flatten() {
            let text = format!("quantile value should be between 0 and 1, got {}", general(q));
            self.note(Level::Warning, &text, range);
        }
    }
}
