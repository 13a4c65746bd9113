//! Random series: counters that reset, gauges, buckets that are not as they should be, with gaps and stale markers.
//!
//! Every sample is 357 ms after a full second, so that none lies on the edge of a window that ends at another fraction.
//! Values are quarters: sums and products of a few are exact in any order.

use glyph_analysis::metrics::{Labels, Store, stale::MARKER};
use rand::{Rng, rngs::StdRng, seq::IndexedRandom};

/// When the first scrape is, in milliseconds.
pub(super) const BEGIN: i64 = 600_357;
/// When scrapes end.
pub(super) const END: i64 = 4_100_000;
/// How often there is a scrape.
pub(super) const SCRAPE: i64 = 15_000;

/// A series, oldest sample first.
#[derive(Debug, Clone)]
pub(super) struct Series {
    pub(super) labels: Labels,
    pub(super) samples: Vec<(i64, f64)>,
}

/// Everything that both evaluators know.
#[derive(Debug, Clone)]
pub(super) struct World(pub(super) Vec<Series>);

impl World {
    /// A world by chance.
    pub(super) fn random(rng: &mut StdRng) -> Self {
        let mut series = Vec::new();
        for (job, instance) in [("api", "0"), ("api", "1"), ("db", "0"), ("db", "1"), ("web", "0")] {
            let target = [("job", job), ("instance", instance)];
            let mut add = |name: &str, more: &[(&str, &str)], samples: Vec<(i64, f64)>| {
                let pairs = target.iter().chain(more).copied().chain([("__name__", name)]);
                series.push(Series { labels: Labels::of(pairs), samples });
            };
            for code in ["200", "404", "500"] {
                for name in ["requests_total", "errors_total"] {
                    let samples = scrapes(rng, SCRAPE, counter);
                    add(name, &[("code", code)], samples);
                }
            }
            add("load", &[], scrapes(rng, SCRAPE, gauge));
            add("queue", &[], scrapes(rng, SCRAPE, gauge));
            add("wild", &[], scrapes(rng, SCRAPE, wild));
            add("sparse", &[], scrapes(rng, 210_000, gauge));
            let change = rng.random_range(BEGIN..END);
            let versions = scrapes(rng, SCRAPE, |_| |_: &mut StdRng| 1.0);
            let (old, new): (Vec<_>, Vec<_>) = versions.into_iter().partition(|(time, _)| *time < change);
            let end = new.first().map(|(time, _)| (*time, MARKER));
            let old: Vec<_> = old.into_iter().chain(end).collect();
            // The same without the version, and without the name, but never at the same time.
            add("phase_one", &[], old.clone());
            add("phase_two", &[], new.clone());
            add("build_info", &[("version", "1")], old);
            add("build_info", &[("version", "2")], new);
            for (le, samples) in buckets(rng) {
                add("latency_bucket", &[("le", le)], samples);
            }
        }
        series.retain(|s| !s.samples.is_empty());
        Self(series)
    }

    /// As our evaluator wants it.
    pub(super) fn store(&self) -> Store {
        let mut store = Store::new();
        for series in &self.0 {
            for (time, value) in &series.samples {
                store.append(&series.labels, *time, *value).unwrap();
            }
        }
        store
    }
}

/// Samples at most scrapes. Some scrapes fail, for a while, after some of which there is a marker.
fn scrapes<N: FnMut(&mut StdRng) -> f64>(
    rng: &mut StdRng,
    every: i64,
    values: impl FnOnce(&mut StdRng) -> N,
) -> Vec<(i64, f64)> {
    let mut next = values(rng);
    let (begin, end) = match rng.random_range(0..6) {
        0 => (rng.random_range(0..180), 240),
        1 => (0, rng.random_range(60..240)),
        _ => (0, 240),
    };
    let mut samples = Vec::new();
    let mut gap = 0;
    for scrape in (begin * SCRAPE..end * SCRAPE).step_by(every as usize) {
        let time = BEGIN + scrape + rng.random_range(-2..=2) * 1_000;
        if gap == 0 && rng.random_ratio(1, 40) {
            gap = *[1, 2, 5, 12, 30].choose(rng).unwrap();
            if rng.random() {
                samples.push((time, MARKER));
            }
        } else if gap == 0 {
            samples.push((time, next(rng)));
        }
        gap = (gap - 1).max(0);
    }
    samples
}

/// Grows by whole numbers, now and then from zero again.
fn counter(rng: &mut StdRng) -> impl FnMut(&mut StdRng) -> f64 + use<> {
    let (mut value, pace) = (rng.random_range(0..1_000), rng.random_range(1..40));
    move |rng| {
        value += rng.random_range(0..=pace);
        if rng.random_ratio(1, 50) {
            value = rng.random_range(0..=pace);
        }
        f64::from(value)
    }
}

/// Wanders, or stays where it is.
fn gauge(rng: &mut StdRng) -> impl FnMut(&mut StdRng) -> f64 + use<> {
    let (mut quarters, pace) = (rng.random_range(-200..200), *[0, 3, 50].choose(rng).unwrap());
    move |rng| {
        quarters += rng.random_range(-pace..=pace);
        f64::from(quarters) / 4.0
    }
}

/// Numbers, and what is none.
fn wild(_: &mut StdRng) -> impl FnMut(&mut StdRng) -> f64 + use<> {
    |rng| *[f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 0.0, 1.0, -2.5, 3.0, 7.25].choose(rng).unwrap()
}

/// Buckets that mostly are what they should be.
fn buckets(rng: &mut StdRng) -> Vec<(&'static str, Vec<(i64, f64)>)> {
    let mut all = ["0.1", "0.5", "1", "2.5", "10", "+Inf"].map(|le| (le, Vec::new())).to_vec();
    let mut counts = [0; 6];
    let shrinks = rng.random_ratio(1, 4);
    for (time, _) in scrapes(rng, SCRAPE, |_| |_: &mut StdRng| 0.0) {
        for _ in 0..rng.random_range(0..20) {
            let bucket = rng.random_range(0..6);
            counts[bucket..].iter_mut().for_each(|count| *count += 1);
        }
        if rng.random_ratio(1, 60) {
            counts = [0; 6];
        }
        if shrinks && rng.random_ratio(1, 5) {
            counts[rng.random_range(0..6)] += 5;
        }
        for ((_, samples), count) in all.iter_mut().zip(counts) {
            samples.push((time, f64::from(count)));
        }
    }
    match rng.random_range(0..6) {
        // As many programs write it that do not know what they do.
        0 => all[5].0 = "infinite",
        1 => all[2].0 = "",
        2 => all.truncate(5),
        3 => all.truncate(1),
        _ => {}
    }
    all
}
