//! The scale of a plot: round numbers between the least and the greatest value.

use glyph_analysis::text::short;

/// From where to where a plot goes, and where its ticks are.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Axis {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) tick: f64,
}

impl Axis {
    /// An axis that has room for these values, with about so many ticks.
    pub(super) fn of(least: f64, most: f64, ticks: usize) -> Self {
        let (least, most) = match most - least {
            // A line that stays where it is, in the middle.
            span if span.abs() < f64::MIN_POSITIVE => match least.abs() {
                0.0 => (-1.0, 1.0),
                size => (least - size / 2.0, least + size / 2.0),
            },
            // Values as far apart as numbers can be.
            span if !span.is_finite() => return Self { low: least, high: most, tick: f64::MAX },
            _ => (least, most),
        };
        let rough = (most - least) / ticks.max(1) as f64;
        let power = 10f64.powf(rough.log10().floor());
        let tick = [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|t| *t >= rough * 0.999);
        let tick = tick.unwrap_or(rough);
        Self { low: (least / tick).floor() * tick, high: (most / tick).ceil() * tick, tick }
    }

    /// Where a value lies, from 0 at the bottom to 1 at the top.
    pub(super) fn place(&self, value: f64) -> f64 {
        // Halves first: the whole may be more than a number can be.
        ((value / 2.0 - self.low / 2.0) / (self.high / 2.0 - self.low / 2.0)).clamp(0.0, 1.0)
    }

    /// The values to write beside rows, from the top; none beside those without a tick.
    pub(super) fn labels(&self, rows: usize) -> Vec<Option<String>> {
        let mut labels = vec![None; rows];
        let count = ((self.high / self.tick - self.low / self.tick).round() as usize).min(rows);
        for i in 0..=count {
            let value = self.low + self.tick * i as f64;
            // What should be nothing may be a little more.
            let value = if value.abs() < self.tick * 1e-9 { 0.0 } else { value };
            let row = ((1.0 - self.place(value)) * (rows.saturating_sub(1)) as f64).round() as usize;
            if let Some(label) = labels.get_mut(row) {
                *label = Some(short(value));
            }
        }
        labels
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_are_round() {
        let table = [
            ((0.0, 10.0), (0.0, 10.0, 2.0)),
            ((3.0, 97.0), (0.0, 100.0, 20.0)),
            ((-0.3, 0.4), (-0.4, 0.4, 0.2)),
            ((7.0, 7.0), (2.0, 12.0, 2.0)),
            ((0.0, 0.0), (-1.0, 1.0, 0.5)),
        ];
        for ((least, most), (low, high, tick)) in table {
            let axis = Axis::of(least, most, 5);
            let near = |a: f64, b: f64| (a - b).abs() < 1e-9;
            assert!(
                near(axis.low, low) && near(axis.high, high) && near(axis.tick, tick),
                "{least} {most}: {axis:?}"
            );
        }
    }

    #[test]
    fn any_values_have_an_axis() {
        for (least, most) in
            [(f64::MIN, f64::MAX), (0.0, f64::MAX), (0.0, 5e-324), (1e300, 1e300), (-1e-9, 1e9)]
        {
            let axis = Axis::of(least, most, 5);
            for value in [least, most] {
                let place = axis.place(value);
                assert!((0.0..=1.0).contains(&place), "{least} {most}: {place}");
            }
            assert_eq!(axis.labels(12).len(), 12);
        }
    }
}
