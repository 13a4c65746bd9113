//! Samples that a store does not have yet: for those who may not see what comes later.

use super::{Refusal, SeriesId, Store};

/// All that a store had, to be given back in the order of time.
#[derive(Debug)]
pub(crate) struct Later(Vec<Rest>);

#[derive(Debug)]
struct Rest {
    id: SeriesId,
    times: Vec<i64>,
    values: Vec<f64>,
    /// The first sample that is not back yet.
    next: usize,
}

impl Store {
    /// Takes all samples out. The series stay, without any.
    pub(crate) fn rewind(&mut self) -> Later {
        let taken = self.series.iter_mut().enumerate().map(|(id, series)| Rest {
            id: id as SeriesId,
            times: std::mem::take(&mut series.times),
            values: std::mem::take(&mut series.values),
            next: 0,
        });
        Later(taken.collect())
    }

    /// Puts back what is not younger than a time.
    ///
    /// # Errors
    /// If a series has got another sample meanwhile, at that time or later. What can be put back is.
    pub(crate) fn advance(&mut self, later: &mut Later, until: i64) -> Result<(), Refusal> {
        let mut refused = Ok(());
        for rest in &mut later.0 {
            while let Some(time) = rest.times.get(rest.next).filter(|time| **time <= until) {
                refused = refused.and(self.push(rest.id, *time, rest.values[rest.next]));
                rest.next += 1;
            }
        }
        refused
    }
}
