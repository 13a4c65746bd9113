//! Lines of start timestamps: `x{a="b"}@st -1m 0s+30sx3 _`, or `@st -1m` for all series of a load.
//!
//! They say, as offsets from each sample, when its counter began. They are checked, and that a series has them is
//! kept; what Prometheus' experimental rates make of them is not done here.

use super::series::{self, Described, Point};
use crate::{metrics::Labels, promql::duration};

/// The metric and the offsets of such a line; none if it is another.
pub(super) fn split(line: &str) -> Option<(&str, &str)> {
    let (metric, offsets) = line.split_once([' ', '\t'])?;
    Some((metric.strip_suffix("@st")?, offsets))
}

/// What the lines of a load have said so far.
#[derive(Debug, Default)]
pub(super) struct Starts {
    /// Whether all series without a line of their own have them.
    all: bool,
    /// The series that has to follow: its line, labels, and how many offsets there are.
    next: Option<(usize, Labels, usize)>,
}

impl Starts {
    /// Takes a line.
    pub(super) fn take(&mut self, line: usize, metric: &str, offsets: &str) -> Result<(), String> {
        if let Some((_, labels, _)) = &self.next {
            return Err(format!("the samples of {labels} should follow its {labels}@st line"));
        }
        let count = count(offsets)?;
        if metric.is_empty() {
            self.all = true;
        } else {
            let (labels, _) = series::labels(metric)?;
            self.next = Some((line, labels, count));
        }
        Ok(())
    }

    /// Whether a series that follows has start timestamps.
    pub(super) fn of(&mut self, series: &Described) -> Result<bool, String> {
        let Some((_, labels, count)) = self.next.take() else { return Ok(self.all) };
        if labels != series.labels {
            return Err(format!("the samples of {labels} should follow its {labels}@st line"));
        }
        let points = series.points.len();
        if points != count {
            return Err(format!("{labels}@st has {count} values, the series {points}"));
        }
        Ok(series.points.iter().any(|p| *p != Point::None))
    }

    /// Says, at the end of a load, which line has no series after it.
    pub(super) fn end(self) -> Result<(), (usize, String)> {
        match self.next {
            Some((line, labels, _)) => Err((line, format!("no samples follow {labels}@st"))),
            None => Ok(()),
        }
    }
}

/// How many offsets a text has.
fn count(text: &str) -> Result<usize, String> {
    let mut total = 0;
    for item in text.split_whitespace() {
        let wrong = || format!("{item:?}: expected an offset such as -1m, 0s+30sx3, *, _ or _x2");
        let (base, times) = match item.rsplit_once('x') {
            Some((base, times)) => (base, Some(series::repetition(times)?)),
            None => (item, None),
        };
        total += match base {
            "_" => times.unwrap_or(1),
            "*" => times.map_or(1, |n| n + 1),
            base => {
                let unsigned = base.strip_prefix(['-', '+']).unwrap_or(base);
                let (first, step) = match unsigned.split_once(['-', '+']) {
                    Some((first, step)) => (first, Some(step)),
                    None => (unsigned, None),
                };
                let is_duration = |text: &str| duration::parse(text).is_some();
                let is_well = is_duration(first) && step.is_none_or(|s| is_duration(s) && times.is_some());
                if !is_well {
                    return Err(wrong());
                }
                times.map_or(1, |n| n + 1)
            }
        };
    }
    Ok(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_counted() {
        let table =
            [("-1m", 1), ("_ 0s", 2), ("_x3 -1mx2", 6), ("-5m+1mx4", 5), ("0s-30sx1 * *x2", 6), ("", 0)];
        for (text, expected) in table {
            assert_eq!(count(text), Ok(expected), "{text}");
        }
        for wrong in ["1", "m", "-1m+1m", "_x", "1mx-2"] {
            assert!(count(wrong).is_err(), "{wrong}");
        }
        assert_eq!(split("x{a=\"b\"}@st 0s"), Some(("x{a=\"b\"}", "0s")));
        assert_eq!(split("x 1 2"), None);
    }
}
