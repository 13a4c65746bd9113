//! Series out of the store: the newest sample of each, or a window of samples.

use std::rc::Rc;

use super::{
    ast::{At, Expr, ExprKind, Selector, Shift, Subquery},
    error::EvalError,
    evaluate::{Columns, Scope, wrong_type},
    value::{RangeSeries, Sample, Value, ValueType},
    window::Window,
};
use crate::metrics::{Labels, SeriesId, stale::is_marker};

impl Scope<'_> {
    /// The time that `offset` and `@` make of now.
    pub(super) fn shifted(&self, shift: Shift, time: i64) -> i64 {
        let base = match shift.at {
            None => time,
            Some(At::Time(at)) => at,
            Some(At::Start) => self.steps.start,
            Some(At::End) => self.steps.end,
        };
        base.saturating_sub(shift.offset)
    }

    /// The series that a selector names, sorted by their labels.
    fn selection(&mut self, selector: &Selector) -> Rc<[SeriesId]> {
        let count = self.store.series().len();
        match self.selections.get(&selector.range.start) {
            Some((then, found)) if *then == count => found.clone(),
            _ => {
                let found: Rc<[SeriesId]> = self.store.select(&selector.matchers).into();
                self.selections.insert(selector.range.start, (count, found.clone()));
                found
            }
        }
    }

    /// Of each series the newest sample, with its time.
    pub(super) fn dated(&mut self, selector: &Selector, time: i64) -> Vec<(Labels, i64, f64)> {
        let until = self.shifted(selector.shift, time);
        let after = until.saturating_sub(self.settings.lookback);
        let store = self.store;
        let ids = self.selection(selector);
        ids.iter()
            .filter_map(|id| {
                let series = &store.series()[*id as usize];
                series.latest(after, until).map(|(at, value)| (series.labels.clone(), at, value))
            })
            .collect()
    }

    /// Of each series the newest sample.
    pub(super) fn now(&mut self, selector: &Selector, time: i64) -> Vec<Sample> {
        let dated = self.dated(selector, time);
        dated.into_iter().map(|(labels, _, value)| Sample { labels, value, nameless: false }).collect()
    }

    /// Shows each series of a range vector that has samples in its window.
    pub(super) fn windows(
        &mut self,
        expr: &Expr,
        now: i64,
        mut show: impl FnMut(&Labels, bool, &Window<'_>),
    ) -> Result<(), EvalError> {
        match &expr.bare().kind {
            ExprKind::Range { selector, window } => {
                let end = self.shifted(selector.shift, now);
                let start = end.saturating_sub(*window);
                let store = self.store;
                let (mut kept_times, mut kept_values) = (Vec::new(), Vec::new());
                for id in self.selection(selector).iter() {
                    let series = &store.series()[*id as usize];
                    let (mut times, mut values) = series.window(start, end);
                    if values.iter().any(|v| is_marker(*v)) {
                        kept_times.clear();
                        kept_values.clear();
                        let real = times.iter().zip(values).filter(|(_, v)| !is_marker(**v));
                        for (time, value) in real {
                            kept_times.push(*time);
                            kept_values.push(*value);
                        }
                        (times, values) = (&kept_times, &kept_values);
                    }
                    if !times.is_empty() {
                        show(&series.labels, false, &Window { times, values, start, end, now });
                    }
                }
                Ok(())
            }
            ExprKind::Subquery(subquery) => {
                let end = self.shifted(subquery.shift, now);
                let start = end.saturating_sub(subquery.window);
                for (series, nameless) in self.subquery(subquery, start, end)? {
                    let (times, values): (Vec<_>, Vec<_>) = series.samples.into_iter().unzip();
                    let window = Window { times: &times, values: &values, start, end, now };
                    show(&series.labels, nameless, &window);
                }
                Ok(())
            }
            _ => Err(wrong_type(ValueType::Range, expr)),
        }
    }

    /// A range vector as it is.
    pub(super) fn ranges(&mut self, expr: &Expr, time: i64) -> Result<Vec<RangeSeries>, EvalError> {
        let mut ranges = Vec::new();
        self.windows(expr, time, |labels, _, window| {
            let samples = window.times.iter().copied().zip(window.values.iter().copied()).collect();
            ranges.push(RangeSeries { labels: labels.clone(), samples });
        })?;
        Ok(ranges)
    }

    /// An expression at every multiple of the step in `(start, end]`, and whether names of it are to go.
    fn subquery(
        &mut self,
        subquery: &Subquery,
        start: i64,
        end: i64,
    ) -> Result<Vec<(RangeSeries, bool)>, EvalError> {
        let step = subquery.step.unwrap_or(self.settings.subquery_step).max(1);
        let mut time = (start / step).saturating_mul(step);
        if time <= start {
            time += step;
        }
        let (mut kept, mut nameless) = (Columns::default(), Columns::default());
        while time <= end {
            if let Value::Vector(samples) = self.value(&subquery.expr, time)? {
                for sample in samples {
                    let columns = if sample.nameless { &mut nameless } else { &mut kept };
                    columns.push(&sample.labels, time, sample.value);
                }
            }
            time += step;
        }
        let kept = kept.sorted().into_iter().map(|s| (s, false));
        Ok(kept.chain(nameless.sorted().into_iter().map(|s| (s, true))).collect())
    }
}
