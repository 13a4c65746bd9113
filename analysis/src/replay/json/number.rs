//! Numbers by their value: `1`, `1.0` and `1e0` are one. Whole numbers are exact whatever their length; others are what a double
//! makes of them.

use std::borrow::Cow;

/// A number in the one form that equal ones share.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Number<'a> {
    /// Digits without zeros at their ends, and by which power of ten they stand; zero has none.
    Whole { negative: bool, digits: Cow<'a, str>, exponent: i64 },
    /// The bits of a double.
    Fraction(u64),
    /// Beyond reckoning.
    Text(&'a str),
}

impl<'a> Number<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self::read(text).unwrap_or(Self::Text(text))
    }

    fn read(text: &'a str) -> Option<Self> {
        let (negative, rest) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (mantissa, exponent) = match rest.find(['e', 'E']) {
            Some(at) => (&rest[..at], rest[at + 1..].parse::<i32>().ok()?),
            None => (rest, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits: Cow<'a, str> =
            if fraction.is_empty() { whole.into() } else { format!("{whole}{fraction}").into() };
        let significant = digits.trim_end_matches('0');
        let zeros = digits.len() - significant.len();
        let exponent = i64::from(exponent) - fraction.len() as i64 + zeros as i64;
        let significant = significant.trim_start_matches('0');
        if significant.is_empty() {
            return Some(Self::Whole { negative: false, digits: "".into(), exponent: 0 });
        }
        if exponent < 0 {
            let double: f64 = text.parse().ok()?;
            return (double != 0.0).then_some(Self::Fraction(double.to_bits()));
        }
        let digits = match &digits {
            Cow::Borrowed(digits) => digits.trim_end_matches('0').trim_start_matches('0').into(),
            Cow::Owned(_) => significant.to_owned().into(),
        };
        Some(Self::Whole { negative, digits, exponent })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_they_mean() {
        let same = [
            ("1", "1.0"),
            ("1", "1e0"),
            ("100", "1E+2"),
            ("100", "10000e-2"),
            ("0", "-0.0"),
            ("0", "0e9"),
            ("0.5", "5e-1"),
            ("-12.50", "-12.5"),
            ("0.1", "0.1000000000000000055"),
            ("123456789012345678901234567890", "1.2345678901234567890123456789e29"),
            ("1e400", "10e399"),
        ];
        for (a, b) in same {
            assert_eq!(Number::of(a), Number::of(b));
        }
        let different = [
            ("1", "-1"),
            ("1", "10"),
            ("1", "1.0000000001"),
            ("12345678901234567890", "12345678901234567891"),
            ("1e400", "1e401"),
            ("1e-400", "1e-401"),
            ("1e99999999999", "1e99999999998"),
        ];
        for (a, b) in different {
            assert_ne!(Number::of(a), Number::of(b));
        }
    }
}
