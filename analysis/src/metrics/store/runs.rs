//! Files that overlap in time, each in order by itself.
//!
//! Samples of one file are appended, and must be in order. Those of the next may begin anywhere: the files of a day can
//! be named in any order. A file's samples of a series are a run; a run that does not begin behind the end of what is
//! there is merged into that when the file is at its end, as Prometheus merges blocks.

use super::{SeriesId, Store};

impl Store {
    /// From here on samples may be older than those that are there.
    pub(in crate::metrics) fn begin_run(&mut self) {
        self.runs = self.series.iter().map(|series| series.times.len()).collect();
    }

    /// Whether a series has samples, but none of this run.
    pub(super) fn begins_run(&self, id: SeriesId) -> bool {
        let length = self.series[id as usize].times.len();
        length > 0 && self.runs.get(id as usize) == Some(&length)
    }

    /// Brings series into order, and tells how many samples were dropped because there was another value at their time.
    /// The value that was there first stays.
    pub(in crate::metrics) fn end_run(&mut self) -> u64 {
        let mut dropped = 0;
        for (series, begin) in self.series.iter_mut().zip(std::mem::take(&mut self.runs)) {
            let (Some(last), Some(first)) = (series.times[..begin].last(), series.times.get(begin)) else {
                continue;
            };
            if first > last {
                continue;
            }
            let mut samples: Vec<(i64, f64)> = series.times.drain(..).zip(series.values.drain(..)).collect();
            // Stable: of equal times the first comes first.
            samples.sort_by_key(|(time, _)| *time);
            samples.dedup_by(|later, earlier| {
                let same = later.0 == earlier.0;
                dropped += u64::from(same && later.1.to_bits() != earlier.1.to_bits());
                same
            });
            (series.times, series.values) = samples.into_iter().unzip();
        }
        dropped
    }
}
