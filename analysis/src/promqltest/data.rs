//! What a script has loaded.

use rustc_hash::FxHashMap;

use super::{
    outcome::Failure,
    script::{Load, Loaded},
    series::{self, Point},
};
use crate::{
    metrics::{Labels, Refusal, Store, labels::NAME},
    promql::duration,
};

/// Series, and beside them what a store can't hold.
#[derive(Debug, Default)]
pub(super) struct Data {
    pub(super) floats: Store,
    /// Where native histograms would be; the values mean nothing.
    pub(super) histograms: Store,
    /// Where samples have start timestamps; the values mean nothing.
    pub(super) starts: Store,
    /// Whether a load had native histograms, not only what could be made such.
    native: bool,
}

impl Data {
    /// Adds what a load has; gives the series of which samples were refused.
    pub(super) fn load(&mut self, load: &Load) -> Vec<Failure> {
        // Of a series that stands twice in one load, the last counts.
        let last: FxHashMap<&Labels, usize> =
            load.series.iter().enumerate().map(|(i, (_, series))| (&series.described.labels, i)).collect();
        let mut failed = Vec::new();
        for (i, (line, series)) in load.series.iter().enumerate() {
            if last.get(&series.described.labels) != Some(&i) {
                continue;
            }
            if let Err((at, refusal)) = self.add(series, load) {
                let expected = "samples that a database takes".to_owned();
                let got = format!("{} at {}", told(refusal), duration::format(at));
                let expr = series.described.text.clone();
                failed.push(Failure { line: *line, expr, expected, got, when: None });
            }
        }
        failed
    }

    pub(super) fn has_native(&self) -> bool {
        self.native
    }

    fn add(&mut self, loaded: &Loaded, load: &Load) -> Result<(), (i64, Refusal)> {
        let series = &loaded.described;
        let base = load.with_histograms.then(|| histogram(&series.labels)).flatten();
        let times = (0..).map(|i: i64| i.saturating_mul(load.step));
        for (time, point) in times.zip(&series.points) {
            let refused = |refusal| (time, refusal);
            match point {
                Point::None => continue,
                Point::Float(value) => {
                    self.floats.append(&series.labels, time, *value).map_err(refused)?;
                    if let Some(base) = &base {
                        // Several buckets say the same.
                        let _known = self.histograms.append(base, time, 0.0);
                    }
                }
                Point::Histogram => {
                    self.native = true;
                    self.histograms.append(&series.labels, time, 0.0).map_err(refused)?;
                }
            }
            if loaded.has_starts {
                self.starts.append(&series.labels, time, 0.0).map_err(refused)?;
            }
        }
        Ok(())
    }
}

fn told(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::OutOfOrder => "one older than the newest",
        Refusal::Duplicate => "another value",
    }
}

/// The native histogram that Prometheus would make of a classic one's series.
fn histogram(labels: &Labels) -> Option<Labels> {
    let name = labels.name();
    let base = match name.strip_suffix("_bucket") {
        Some(base) => labels.get("le").parse::<f64>().is_ok_and(|le| !le.is_nan()).then_some(base)?,
        None => name.strip_suffix("_count").or_else(|| name.strip_suffix("_sum"))?,
    };
    Some(labels.with(NAME, base).with("le", ""))
}

/// Adds one series to a store.
pub(super) fn load_series(text: &str, step: i64, store: &mut Store) -> Result<(), String> {
    let series = series::describe(text)?;
    for (i, point) in series.points.iter().enumerate() {
        let time = (i as i64).saturating_mul(step);
        match point {
            Point::None => {}
            Point::Float(value) => store
                .append(&series.labels, time, *value)
                .map_err(|refusal| format!("{} at {}", told(refusal), duration::format(time)))?,
            Point::Histogram => return Err("native histograms are not supported".to_owned()),
        }
    }
    Ok(())
}
