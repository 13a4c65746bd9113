//! Range vectors: samples of series in a window before each step, for the functions that take such.

use std::borrow::Cow;

use super::{
    ast::{Expr, ExprKind, Shift, Subquery, TextRange},
    column::Column,
    error::EvalError,
    grid::Grid,
    row::Row,
    scope::{Scope, wrong_type},
    side_by_side::side_by_side,
    value::{RangeSeries, ValueType},
    window::{Falls, SeriesFalls, Window},
};
use crate::metrics::{Labels, stale::is_marker};

/// Series, and how far back each step looks at them.
pub(super) struct RangeVector<'s> {
    series: Vec<Samples<'s>>,
    window: i64,
    shift: Shift,
    /// Where notes say that it stands.
    pub(super) range: TextRange,
}

/// All samples of a series that any step looks at; no stale markers.
struct Samples<'s> {
    labels: Labels,
    times: Cow<'s, [i64]>,
    values: Cow<'s, [f64]>,
}

impl<'a> Scope<'a> {
    /// The range vector that an expression is.
    pub(super) fn range_vector(&mut self, expr: &Expr, grid: Grid) -> Result<RangeVector<'a>, EvalError> {
        let edge = self.settings.edge();
        match &expr.bare().kind {
            ExprKind::Range { selector, window } => {
                let from = self.shifted(selector.shift, grid.start).saturating_sub(*window + edge);
                let until = self.shifted(selector.shift, grid.last());
                let store = self.store;
                let ids = self.selection(selector);
                let series = ids.iter().filter_map(|id| {
                    let series = &store.series()[*id as usize];
                    let (times, values) = series.window(from, until);
                    let samples = Samples::of(series.labels.clone(), times, values);
                    (!samples.times.is_empty()).then_some(samples)
                });
                let series = series.collect();
                Ok(RangeVector { series, window: *window, shift: selector.shift, range: selector.range })
            }
            ExprKind::Subquery(subquery) => self.subquery(subquery, grid),
            _ => Err(wrong_type(ValueType::Range, expr)),
        }
    }

    /// An expression at every multiple of the step that any window holds.
    fn subquery(&mut self, subquery: &Subquery, grid: Grid) -> Result<RangeVector<'a>, EvalError> {
        let step = subquery.step.unwrap_or(self.settings.subquery_step).max(1);
        let window = subquery.window + self.settings.edge();
        let from = self.shifted(subquery.shift, grid.start).saturating_sub(window);
        let until = self.shifted(subquery.shift, grid.last());
        let mut start = (from / step).saturating_mul(step);
        if start <= from {
            start = start.saturating_add(step);
        }
        let inner = Grid::range(start, until, step);
        self.reserve(1, inner.count, subquery.expr.range)?;
        let rows = if inner.count == 0 { Vec::new() } else { self.vector(&subquery.expr, inner)? };
        let samples = |row: Row| {
            let (times, values): (Vec<i64>, Vec<f64>) =
                row.column.present().map(|(step, value)| (inner.time(step), value)).unzip();
            Samples { labels: row.labels, times: times.into(), values: values.into() }
        };
        let series = rows.into_iter().map(samples).collect();
        // Prometheus loses the place of a subquery that a function is given, and says the beginning.
        let range = TextRange { start: 0, end: 0 };
        Ok(RangeVector { series, window: subquery.window, shift: subquery.shift, range })
    }
}

impl<'s> Samples<'s> {
    fn of(labels: Labels, times: &'s [i64], values: &'s [f64]) -> Self {
        if !values.iter().any(|value| is_marker(*value)) {
            return Self { labels, times: times.into(), values: values.into() };
        }
        let real = times.iter().zip(values).filter(|(_, value)| !is_marker(**value));
        let (times, values): (Vec<i64>, Vec<f64>) = real.unzip();
        Self { labels, times: times.into(), values: values.into() }
    }

    /// What `of` makes of the window of each step, none for those without samples.
    fn windows(
        &self,
        count: usize,
        ends: impl Fn(usize) -> (i64, i64),
        (length, edge): (i64, i64),
        of: &impl Fn(&Window<'_>, usize) -> Option<f64>,
    ) -> Column {
        let (times, values) = (&*self.times, &*self.values);
        let all_falls = SeriesFalls::of(values);
        let (mut from, mut to) = (0, 0);
        Column::build(count, |step| {
            let (now, end) = ends(step);
            let start = end.saturating_sub(length);
            while times.get(from).is_some_and(|time| *time <= start - edge) {
                from += 1;
            }
            to = to.max(from);
            while times.get(to).is_some_and(|time| *time <= end) {
                to += 1;
            }
            let falls = Falls { series: &all_falls, from, to };
            let (times, values) = (&times[from..to], &values[from..to]);
            let window = Window { times, values, start, end, now, falls };
            if window.times.is_empty() { None } else { of(&window, step) }
        })
    }
}

impl RangeVector<'_> {
    /// What `of` makes of each series' window at each step. Each series is walked once.
    pub(super) fn map(
        &self,
        scope: &Scope<'_>,
        grid: Grid,
        of: impl Fn(&Window<'_>, usize) -> Option<f64> + Sync,
    ) -> Result<Vec<Row>, EvalError> {
        scope.reserve(self.series.len(), grid.count, self.range)?;
        let ends = |step| {
            let now = grid.time(step);
            (now, scope.shifted(self.shift, now))
        };
        // A query that is cancelled gives no result: no use in computing it.
        let of = |window: &Window<'_>, step| if scope.is_cancelled() { None } else { of(window, step) };
        let rows = side_by_side(scope.settings, &self.series, grid.count, |samples| {
            let column = samples.windows(grid.count, ends, (self.window, scope.settings.edge()), &of);
            (!column.is_empty()).then(|| Row::new(samples.labels.clone(), column))
        });
        scope.check_cancelled(self.range)?;
        Ok(rows)
    }

    /// Its samples at one time, sorted by their labels.
    pub(super) fn at_once(self, scope: &Scope<'_>, time: i64) -> Vec<RangeSeries> {
        let end = scope.shifted(self.shift, time);
        let start = end.saturating_sub(self.window + scope.settings.edge());
        let series = self.series.into_iter().map(|samples| {
            let dated = samples.times.iter().copied().zip(samples.values.iter().copied());
            let within = dated.filter(|(time, _)| *time > start && *time <= end).collect();
            RangeSeries { labels: samples.labels, samples: within }
        });
        let mut series: Vec<_> = series.filter(|series: &RangeSeries| !series.samples.is_empty()).collect();
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        series
    }
}
