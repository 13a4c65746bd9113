//! Series for rules to look at: what was recorded in an outage, on promtool's grid, and some that are made up.

use std::fmt::Write;

use glyph_analysis::metrics::{self, Labels, Series, Store, stale::is_marker};
use glyph_formats::jsonl::input::Progress;
use rand::{Rng, SeedableRng, rngs::StdRng};

use crate::rules::at_root;

/// From one sample to the next, in milliseconds.
pub(super) const STEP: i64 = 30_000;

/// How many samples a series has.
const COUNT: i64 = 61;

/// The outage, from 0 on. Each series has at each step the newest sample since the step before.
pub(super) fn outage() -> Store {
    let files = metrics::files_of(&at_root("testdata/metrics/outage")).unwrap();
    let recorded = metrics::read(&files, &Progress::default()).unwrap().store;
    let (first, _) = recorded.extent().unwrap();
    let mut store = Store::new();
    for series in recorded.series() {
        for step in 0..COUNT {
            let until = first + step * STEP;
            let (times, values) = series.window(until - STEP, until);
            if let (Some(_), Some(value)) = (times.last(), values.last()) {
                store.append(&series.labels, step * STEP, *value).unwrap();
            }
        }
    }
    store
}

/// Gauges that wander, counters that restart, series with gaps and ends.
pub(super) fn add_random(store: &mut Store, seed: u64) {
    let mut random = StdRng::seed_from_u64(seed);
    let places = [("a", "north", 0.0), ("b", "north", 0.125), ("c", "south", 0.25), ("d", "south", 0.375)];
    // No two are ever equal: which of them `topk` takes is left open.
    for (instance, zone, apart) in places {
        let labels = |name| Labels::of([("__name__", name), ("instance", instance), ("zone", zone)]);
        // Where a counter is near 0, Prometheus 2 and 3 extrapolate differently.
        let (mut load, mut work) = (random.random_range(20..80), 1_000_000);
        for step in 0..COUNT {
            let time = step * STEP;
            load = (load + random.random_range(-12..=12i32)).clamp(0, 100);
            work = if random.random_bool(0.02) { work / 2 } else { work + random.random_range(0..120) };
            store.append(&labels("load"), time, f64::from(load) + apart).unwrap();
            store.append(&labels("work_total"), time, f64::from(work)).unwrap();
            let seen = Labels::of([("__name__", "seen"), ("instance", instance)]);
            // Most of the time as it was, now and then gone.
            let gone = (step / 8 + i64::from(load % 3)) % 4 == 0;
            if !gone {
                store.append(&seen, time, f64::from(random.random_range(0..4) + load / 20)).unwrap();
            } else if random.random_bool(0.3) {
                store.append(&seen, time, metrics::stale::MARKER).unwrap();
            }
        }
    }
    for (zone, most) in [("north", 100.0), ("south", 80.0)] {
        let labels = Labels::of([("__name__", "most"), ("zone", zone)]);
        (0..COUNT).for_each(|step| store.append(&labels, step * STEP, most).unwrap());
    }
}

/// Series as a test writes them.
pub(super) fn written(store: &Store) -> String {
    let mut yaml = String::new();
    for Series { labels, times, values } in store.series() {
        let mut samples = times.iter().zip(values).peekable();
        let mut points = Vec::new();
        for step in 0..COUNT {
            points.push(match samples.next_if(|(time, _)| **time == step * STEP) {
                Some((_, value)) if is_marker(*value) => "stale".to_owned(),
                Some((_, value)) => value.to_string(),
                None => "_".to_owned(),
            });
        }
        writeln!(yaml, "  - {{series: '{labels}', values: '{}'}}", points.join(" ")).unwrap();
    }
    yaml
}
