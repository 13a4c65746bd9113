//! The logarithmic scale of durations: where the marks stand, and what is written there.

use glyph_analysis::{text::duration, trace::report::histogram::PER_POWER};

/// Something round on the scale.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Tick {
    /// Where: in powers of two of nanoseconds.
    pub(super) at: f64,
    pub(super) text: String,
}

/// From one power of two of nanoseconds to another.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    from: f64,
    to: f64,
}

impl Scale {
    /// Over these buckets of a histogram.
    pub(super) fn of_buckets(first: usize, last: usize) -> Self {
        Self::of_steps(first, last, PER_POWER)
    }

    /// Over these steps, of which so many make a power of two.
    pub(super) fn of_steps(first: usize, last: usize, per_power: usize) -> Self {
        Self { from: first as f64 / per_power as f64, to: (last + 1) as f64 / per_power as f64 }
    }

    /// Where that power is, from 0 to 1.
    pub(super) fn place(self, power: f64) -> f64 {
        (power - self.from) / (self.to - self.from)
    }

    /// The powers of ten within, at most so many of them: if there are more, every second or third.
    pub(super) fn ticks(self, most: usize) -> Vec<Tick> {
        let powers: Vec<u32> = (0..19)
            .filter(|ten| {
                let at = f64::from(*ten) * 10_f64.log2();
                self.from <= at && at <= self.to
            })
            .collect();
        let step = powers.len().div_ceil(most.max(1)).max(1);
        let tick = |ten: &u32| Tick { at: f64::from(*ten) * 10_f64.log2(), text: round(10_u64.pow(*ten)) };
        powers.iter().step_by(step).map(tick).collect()
    }
}

/// A round duration, without decimals: `10ms`.
fn round(ns: u64) -> String {
    let text = duration(ns);
    match text.split_once('.') {
        Some((whole, rest)) => format!("{whole}{}", rest.trim_start_matches('0')),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_are_powers_of_ten() {
        let scale = Scale::of_buckets(9 * PER_POWER, 30 * PER_POWER);
        let texts = |most| scale.ticks(most).into_iter().map(|tick| tick.text).collect::<Vec<_>>();
        assert_eq!(texts(9), ["1µs", "10µs", "100µs", "1ms", "10ms", "100ms", "1s"]);
        assert_eq!(texts(4), ["1µs", "100µs", "10ms", "1s"]);
        assert_eq!(scale.place(9.0), 0.0);
    }
}
