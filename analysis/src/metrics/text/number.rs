//! Numbers as Prometheus reads them, which is as Go's `ParseFloat` does, without underscores and hexadecimals.

/// No time is so far from the epoch, in milliseconds.
pub(in crate::metrics) const MAX_MS: f64 = 9e15;

/// Powers of ten, exact.
const TENS: [f64; 18] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17];

/// Up to here every integer is a double.
const EXACT: u64 = 1 << 53;

/// A value. What is too large for a double is none, unless it is written as `Inf`.
pub(in crate::metrics) fn float(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    if value.is_finite() {
        return Some(value);
    }
    let signed = text.starts_with(['+', '-']);
    if value.is_nan() {
        return (!signed).then_some(f64::NAN);
    }
    text.as_bytes()[usize::from(signed)].is_ascii_alphabetic().then_some(value)
}

/// A time in seconds, as milliseconds. What is finer is cut off, not rounded, and after a multiplication that is not
/// exact: `1.005` is 1,004 milliseconds, as in Prometheus.
pub(in crate::metrics) fn seconds(text: &str) -> Option<i64> {
    let ms = float(text)? * 1e3;
    (ms.abs() < MAX_MS).then_some(ms as i64)
}

/// A short decimal without exponent at the beginning of a text, and where it ends: what nearly all numbers are.
struct Decimal {
    digits: u64,
    decimals: usize,
    negative: bool,
    end: usize,
}

impl Decimal {
    fn read(text: &[u8]) -> Option<Self> {
        let negative = text.first() == Some(&b'-');
        let begin = usize::from(negative);
        let (mut end, mut digits, mut point) = (begin, 0_u64, None);
        loop {
            match *text.get(end)? {
                digit @ b'0'..=b'9' => digits = digits.wrapping_mul(10).wrapping_add(u64::from(digit - b'0')),
                b'.' if point.is_none() => point = Some(end + 1),
                _ => break,
            }
            end += 1;
        }
        let decimals = point.map_or(0, |from| end - from);
        let count = end - begin - usize::from(point.is_some());
        // So few that they can't have overflowed.
        ((1..=TENS.len()).contains(&count) && decimals < TENS.len() && digits <= EXACT).then_some(Self {
            digits,
            decimals,
            negative,
            end,
        })
    }

    /// Of two numbers that are exact the quotient is rounded once: it is what reading the text would give.
    fn value(&self) -> f64 {
        let size =
            if self.decimals == 0 { self.digits as f64 } else { self.digits as f64 / TENS[self.decimals] };
        if self.negative { -size } else { size }
    }
}

/// The value at the beginning of a text, and where it ends, if it is a short one.
#[inline]
pub(in crate::metrics) fn short_value(text: &[u8]) -> Option<(f64, usize)> {
    let decimal = Decimal::read(text)?;
    Some((decimal.value(), decimal.end))
}

/// The time at the beginning of a text, in milliseconds, and where it ends, if it is a short one.
#[inline]
pub(in crate::metrics) fn short_time(text: &[u8], in_seconds: bool) -> Option<(i64, usize)> {
    let decimal = Decimal::read(text)?;
    if in_seconds {
        let ms = decimal.value() * 1e3;
        return (ms.abs() < MAX_MS).then_some((ms as i64, decimal.end));
    }
    let whole = !decimal.negative && !text[..decimal.end].contains(&b'.');
    whole.then_some((decimal.digits as i64, decimal.end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_those_that_go_reads() {
        let table = [
            ("1", Some(1.0)),
            ("-0", Some(-0.0)),
            ("+1.", Some(1.0)),
            (".5", Some(0.5)),
            ("1e3", Some(1000.0)),
            ("1E-3", Some(0.001)),
            ("1e-400", Some(0.0)),
            ("4.9e-324", Some(5e-324)),
            ("Inf", Some(f64::INFINITY)),
            ("+inf", Some(f64::INFINITY)),
            ("-iNfInItY", Some(f64::NEG_INFINITY)),
            ("NaN", Some(f64::NAN)),
            ("nan", Some(f64::NAN)),
            ("+NaN", None),
            ("-nan", None),
            ("1e400", None),
            ("-1e99999999999999999999", None),
            ("", None),
            ("-", None),
            (".", None),
            ("1e", None),
            ("e5", None),
            ("1_000", None),
            ("0x1p3", None),
            ("0x10", None),
            ("infin", None),
            ("1,5", None),
            ("1 ", None),
            ("١", None),
        ];
        for (text, expected) in table {
            let bits = |value: Option<f64>| value.map(f64::to_bits);
            assert_eq!(bits(float(text)), bits(expected), "{text}");
        }
    }

    #[test]
    fn times_are_cut_off() {
        let table = [
            ("1.5", Some(1500)),
            ("1.0009", Some(1000)),
            ("1.005", Some(1004)),
            ("-1.0009", Some(-1000)),
            ("1.7e9", Some(1_700_000_000_000)),
            ("NaN", None),
            ("Inf", None),
            ("1e13", None),
        ];
        for (text, expected) in table {
            assert_eq!(seconds(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn short_numbers_are_read_as_long_ones_are(text in r"-?[0-9]{0,12}(\.[0-9]{0,12})?") {
            let line = format!("{text} ");
            if let Some((value, end)) = short_value(line.as_bytes()) {
                prop_assert_eq!(end, text.len());
                prop_assert_eq!(Some(value.to_bits()), float(&text).map(f64::to_bits));
            }
            if let Some((time, end)) = short_time(line.as_bytes(), true) {
                prop_assert_eq!(end, text.len());
                prop_assert_eq!(Some(time), seconds(&text));
            }
            if let Some((time, end)) = short_time(line.as_bytes(), false) {
                prop_assert_eq!(end, text.len());
                prop_assert_eq!(Some(time), text.parse().ok());
            }
        }
    }
}
