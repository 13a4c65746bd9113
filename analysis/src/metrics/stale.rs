//! Series that end: the marker that Prometheus leaves behind them, and where in a recording it belongs.

use rustc_hash::FxHashMap;

use super::{Str, store::Store};

/// The value that marks the end of a series. It is a NaN, told from others by its bits.
pub const MARKER: f64 = f64::from_bits(0x7ff0_0000_0000_0002);

/// Whether a value is the marker.
pub fn is_marker(value: f64) -> bool {
    value.to_bits() == MARKER.to_bits()
}

/// Marks series that are missing from their target's next scrape, at that scrape's time.
///
/// A target is a pair of `job` and `instance`; its scrapes are the times of its `up` series, or of all its series
/// if it has none. A sample at another time is one that the target dated itself: Prometheus does not track these,
/// and neither do we. Text formats have no way to write the marker, so it has to be found out.
pub fn mark(store: &mut Store) {
    let mut targets: FxHashMap<(Str, Str), Vec<u32>> = FxHashMap::default();
    for (id, series) in store.series().iter().enumerate() {
        let (job, instance) = (series.labels.get("job"), series.labels.get("instance"));
        if !job.is_empty() && !instance.is_empty() {
            targets.entry((job.into(), instance.into())).or_default().push(id as u32);
        }
    }
    for ids in targets.values() {
        let scrapes = scrape_times(store, ids);
        for id in ids {
            let ends = ends(&store.series()[*id as usize].times, &scrapes);
            if !ends.is_empty() {
                store.insert_markers(*id, &ends);
            }
        }
    }
}

fn scrape_times(store: &Store, ids: &[u32]) -> Vec<i64> {
    let series = || ids.iter().map(|id| &store.series()[*id as usize]);
    let has_up = series().any(|s| s.labels.name() == "up");
    let mut times: Vec<i64> = series()
        .filter(|s| !has_up || s.labels.name() == "up")
        .flat_map(|s| s.times.iter().copied())
        .collect();
    times.sort_unstable();
    times.dedup();
    times
}

/// At which scrapes a series with samples at `times` is missing for the first time.
fn ends(times: &[i64], scrapes: &[i64]) -> Vec<i64> {
    let mut at = 0;
    let mut ends = Vec::new();
    for (i, time) in times.iter().enumerate() {
        at += scrapes[at..].partition_point(|s| s < time);
        if scrapes.get(at) != Some(time) {
            continue;
        }
        let Some(next) = scrapes.get(at + 1) else { break };
        if times.get(i + 1).is_none_or(|later| later > next) {
            ends.push(*next);
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_ends_where_its_target_goes_on_without_it() {
        let scrapes = [10, 20, 30, 40];
        let table: [(&[i64], &[i64]); 6] = [
            (&[10, 20, 30, 40], &[]),
            (&[10, 20], &[30]),
            (&[10, 30], &[20, 40]),
            (&[40], &[]),
            (&[15], &[]),
            (&[10, 15, 20], &[30]),
        ];
        for (times, expected) in table {
            assert_eq!(ends(times, &scrapes), expected, "{times:?}");
        }
    }
}
