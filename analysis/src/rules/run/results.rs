//! What an expression gave at some times, turned about: from series with their times to times with their elements.

use super::Times;
use crate::{
    metrics::Labels,
    promql::{RangeSeries, Sample, Value},
};

/// Why an expression is not one for a rule, in promtool's words.
pub(super) const NOT_A_VECTOR: &str = "rule result is not a vector or scalar";

/// A result as rules take it: a scalar is a sample without labels.
///
/// # Errors
///
/// A range of samples and a text are nothing a rule can take.
pub(in crate::rules) fn vector_of(value: Value) -> Result<Vec<Sample>, String> {
    match value {
        Value::Vector(samples) => Ok(samples),
        Value::Scalar(value) => Ok(vec![Sample::new(Labels::empty(), value)]),
        Value::Range(_) | Value::Text(_) => Err(NOT_A_VECTOR.to_owned()),
    }
}

/// Whether something stands twice among the results of one evaluation.
pub(super) fn has_twice<T: Ord>(ids: impl Iterator<Item = T>) -> bool {
    let mut ids: Vec<T> = ids.collect();
    ids.sort_unstable();
    ids.windows(2).any(|pair| pair[0] == pair[1])
}

/// Results of some evaluations, one after the other.
pub(super) struct Results {
    pub(super) series: Vec<Labels>,
    /// For each evaluation, the elements of its vector: which series, and the value.
    at: Vec<(u32, f64)>,
    /// Where in `at` each evaluation begins.
    begins: Vec<u32>,
}

impl Results {
    /// Of series of which each sample lies at one of `count` times.
    pub(super) fn of(series: Vec<RangeSeries>, times: Times) -> Self {
        let k = |time: i64| ((time - times.first) / times.step) as usize;
        let mut begins = vec![0u32; times.count + 1];
        for (time, _) in series.iter().flat_map(|s| &s.samples) {
            begins[k(*time) + 1] += 1;
        }
        for i in 1..begins.len() {
            begins[i] += begins[i - 1];
        }
        let mut next = begins.clone();
        let mut at = vec![(0, 0.0); begins[times.count] as usize];
        for (i, series) in series.iter().enumerate() {
            for (time, value) in &series.samples {
                let place = &mut next[k(*time)];
                at[*place as usize] = (i as u32, *value);
                *place += 1;
            }
        }
        Self { series: series.into_iter().map(|s| s.labels).collect(), at, begins }
    }

    /// The vector of an evaluation.
    pub(super) fn at(&self, k: usize) -> &[(u32, f64)] {
        &self.at[self.begins[k] as usize..self.begins[k + 1] as usize]
    }
}
