//! Series out of the store: the newest sample of each at every step.

use std::sync::Arc;

use super::{
    ast::Selector, column::Column, error::EvalError, grid::Grid, row::Row, scope::Scope,
    side_by_side::side_by_side,
};
use crate::metrics::{Series, SeriesId, stale::is_marker};

impl<'a> Scope<'a> {
    /// The series that a selector names, sorted by their labels.
    pub(super) fn selection(&mut self, selector: &Selector) -> Arc<[SeriesId]> {
        let count = self.store.series().len();
        match self.selections.get(&selector.range.start) {
            Some((then, found)) if *then == count => found.clone(),
            _ => {
                let found: Arc<[SeriesId]> = self.store.select(&selector.matchers).into();
                self.selections.insert(selector.range.start, (count, found.clone()));
                found
            }
        }
    }

    /// Of each series the newest value at each step.
    pub(super) fn newest(&mut self, selector: &Selector, grid: Grid) -> Result<Vec<Row>, EvalError> {
        self.newest_of(selector, grid, |_, value| value)
    }

    /// Of each series, what `of` makes of time and value of the newest sample at each step.
    pub(super) fn newest_of(
        &mut self,
        selector: &Selector,
        grid: Grid,
        of: impl Fn(i64, f64) -> f64 + Sync,
    ) -> Result<Vec<Row>, EvalError> {
        let ids = self.selection(selector);
        self.reserve(ids.len(), grid.count, selector.range)?;
        let store = self.store;
        let until = |step| self.shifted(selector.shift, grid.time(step));
        let lookback = self.settings.lookback + self.settings.edge();
        let rows = side_by_side(self.settings, &ids, grid.count, |id| {
            let series = &store.series()[*id as usize];
            let column = newest(series, grid.count, until, lookback, &of);
            (!column.is_empty()).then(|| Row::new(series.labels.clone(), column))
        });
        self.check_cancelled(selector.range)?;
        Ok(rows)
    }
}

/// The newest sample in `(until - lookback, until]` for each step. `until` never decreases.
fn newest(
    series: &Series,
    count: usize,
    until: impl Fn(usize) -> i64,
    lookback: i64,
    of: &impl Fn(i64, f64) -> f64,
) -> Column {
    let (times, values) = (&series.times, &series.values);
    let mut next = times.partition_point(|time| *time <= until(0));
    Column::build(count, |step| {
        let until = until(step);
        while times.get(next).is_some_and(|time| *time <= until) {
            next += 1;
        }
        let at = next.checked_sub(1)?;
        let (time, value) = (times[at], values[at]);
        (time > until.saturating_sub(lookback) && !is_marker(value)).then(|| of(time, value))
    })
}
