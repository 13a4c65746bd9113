//! Series that end: the marker that Prometheus leaves behind them, and where in a recording it belongs.

use rustc_hash::FxHashMap;

use super::{
    Str,
    store::{Series, Store},
};

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
///
/// What is marked stays as it is: this may be done again when more samples have come.
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
            let ends = ends(&store.series()[*id as usize], &scrapes);
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

/// At which scrapes a series is missing for the first time, and is not marked yet.
fn ends(series: &Series, scrapes: &[i64]) -> Vec<i64> {
    let times = &series.times;
    let mut at = 0;
    let mut ends = Vec::new();
    for (i, time) in times.iter().enumerate() {
        if scrapes.get(at) != Some(time) {
            at += scrapes[at..].partition_point(|s| s < time);
            if scrapes.get(at) != Some(time) {
                continue;
            }
        }
        at += 1;
        let Some(next) = scrapes.get(at) else { break };
        if times.get(i + 1).is_none_or(|later| later > next) && !is_marker(series.values[i]) {
            ends.push(*next);
        }
    }
    ends
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metrics::Labels;

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
            let (times, values) = (times.to_vec(), vec![1.0; times.len()]);
            let series = Series { labels: Labels::empty(), times, values };
            assert_eq!(ends(&series, &scrapes), expected, "{:?}", series.times);
        }
    }

    #[test]
    fn what_is_marked_is_not_marked_again() {
        let mut store = Store::new();
        let of = |name| Labels::of([("__name__", name), ("job", "a"), ("instance", "i")]);
        for (name, times) in [("up", &[10, 20, 30, 40][..]), ("gone", &[10]), ("between", &[20, 40])] {
            for time in times {
                store.append(&of(name), *time, 1.0).unwrap();
            }
        }
        mark(&mut store);
        let times: Vec<Vec<i64>> = store.series().iter().map(|s| s.times.clone()).collect();
        assert_eq!(times, [vec![10, 20, 30, 40], vec![10, 20], vec![20, 30, 40]]);
        mark(&mut store);
        assert!(store.series().iter().map(|s| &s.times).eq(&times));
    }
}
