//! Durations and shares as people write them in `glyph.toml`: `250ms`, `1.5s`, `1%`.

/// The units of durations, in nanoseconds. Where two have the same length, the first is the one that is written.
const UNITS: [(&str, u64); 7] = [
    ("ns", 1),
    ("µs", 1_000),
    ("us", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
];

/// So many nanoseconds; none if the text is no duration.
pub(super) fn duration(text: &str) -> Option<u64> {
    let at = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
    let (number, unit) = text.split_at(at);
    let (_, ns) = UNITS.iter().find(|(name, _)| *name == unit.trim_start())?;
    let value = number.parse::<f64>().ok()? * *ns as f64;
    (value < u64::MAX as f64).then_some(value.round() as u64)
}

/// A share of 1, written as one or in percent; none if the text is no such.
pub(super) fn share(text: &str) -> Option<f64> {
    let value = match text.strip_suffix('%') {
        // Moving the point in the text keeps 0.7% the same double as 7 / 1000.
        Some(percent) if !percent.contains(['e', 'E']) => format!("{}e-2", percent.trim_end()).parse(),
        Some(_) => return None,
        None => text.parse::<f64>(),
    };
    value.ok().filter(|share| (0.0..=1.0).contains(share))
}

/// The least number with two significant digits that is no less.
pub(super) fn two_digits_up(number: u64) -> u64 {
    let mut unit = 1_u64;
    while number.div_ceil(unit) > 99 {
        unit *= 10;
    }
    number.div_ceil(unit).saturating_mul(unit)
}

/// A duration of two significant digits as [`duration`] reads it.
pub(super) fn written(ns: u64) -> String {
    let (unit, length) = match ns {
        0..1_000 => ("ns", 1),
        1_000..1_000_000 => ("µs", 1_000),
        1_000_000..1_000_000_000 => ("ms", 1_000_000),
        _ => ("s", 1_000_000_000),
    };
    let (whole, rest) = (ns / length, ns % length);
    if rest == 0 { format!("{whole}{unit}") } else { format!("{whole}.{}{unit}", rest * 10 / length) }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn durations_have_a_number_and_a_unit() {
        let table = [
            ("250ms", Some(250_000_000)),
            ("1.5s", Some(1_500_000_000)),
            ("2 m", Some(120_000_000_000)),
            ("0ns", Some(0)),
            ("30us", Some(30_000)),
            ("30µs", Some(30_000)),
            ("0.3µs", Some(300)),
            ("250", None),
            ("ms", None),
            ("1.2.3s", None),
            ("-1s", None),
            ("1h", None),
            ("99999999999999m", None),
        ];
        for (text, expected) in table {
            assert_eq!(duration(text), expected, "{text}");
        }
    }

    #[test]
    fn shares_are_plain_or_in_percent() {
        let table = [
            ("1%", Some(0.01)),
            ("0.7%", Some(7.0 / 1000.0)),
            ("100 %", Some(1.0)),
            ("0.01", Some(0.01)),
            ("101%", None),
            ("-1%", None),
            ("1e1%", None),
            ("NaN", None),
            ("%", None),
            ("", None),
        ];
        for (text, expected) in table {
            assert_eq!(share(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(ns in 0..u64::MAX / 100) {
            let limit = two_digits_up(ns);
            prop_assert!(limit >= ns && limit - ns <= ns / 10, "{}", limit);
            prop_assert_eq!(duration(&written(limit)), Some(limit));
        }
    }
}
