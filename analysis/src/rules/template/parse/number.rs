//! Numbers as they stand in templates: whole, with a fraction, imaginary, in four radixes, with underscores.

use super::{item::Kind, literal};
use crate::{metrics::quote::quoted, rules::template::number::parse_float};

/// A number, as everything that it can be.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::rules::template) struct Number {
    /// As written.
    pub(in crate::rules::template) text: String,
    pub(in crate::rules::template) int: Option<i64>,
    pub(in crate::rules::template) float: Option<f64>,
    pub(in crate::rules::template) complex: Option<(f64, f64)>,
}

impl Number {
    /// Reads one; the error is Go's.
    pub(super) fn parse(text: &str, kind: Kind) -> Result<Self, String> {
        let mut number = Self { text: text.to_owned(), int: None, float: None, complex: None };
        if kind == Kind::CharConstant {
            let code = literal::character(text)?;
            number.int = Some(i64::from(code));
            number.float = Some(f64::from(code));
            return Ok(number);
        }
        let imaginary = text.strip_suffix('i');
        if kind == Kind::Complex {
            let (re, im) = parts(imaginary.unwrap_or(text)).ok_or("syntax error scanning complex number")?;
            number.set_complex(re, im);
            return Ok(number);
        }
        if let Some(im) = imaginary.and_then(|text| parse_float(text).ok()) {
            number.set_complex(0.0, im);
            return Ok(number);
        }
        let whole = unsigned(text);
        number.int = signed(text);
        if let Some(int) = number.int {
            number.float = Some(int as f64);
        } else if let Some(whole) = whole {
            number.float = Some(whole as f64);
        } else if let Ok(float) = parse_float(text) {
            if !text.contains(['.', 'e', 'E', 'p', 'P']) {
                return Err(format!("integer overflow: {}", quoted(text)));
            }
            number.float = Some(float);
            number.int = exact(float);
        } else {
            return Err(format!("illegal number syntax: {}", quoted(text)));
        }
        Ok(number)
    }

    fn set_complex(&mut self, re: f64, im: f64) {
        self.complex = Some((re, im));
        if im == 0.0 {
            self.float = Some(re);
            self.int = exact(re);
        }
    }
}

/// The whole number that a number is.
fn exact(float: f64) -> Option<i64> {
    let fits =
        float.fract() == 0.0 && (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&float);
    fits.then_some(float as i64)
}

/// The parts of `1+2`, of which the second had an `i`.
fn parts(text: &str) -> Option<(f64, f64)> {
    let is_exponent = |at: usize| text[..at].ends_with(['e', 'E', 'p', 'P']);
    let at = text.rmatch_indices(['+', '-']).map(|(at, _)| at).find(|at| *at > 0 && !is_exponent(*at))?;
    Some((parse_float(&text[..at]).ok()?, parse_float(&text[at..]).ok()?))
}

fn signed(text: &str) -> Option<i64> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let whole = i128::from(unsigned(digits)?);
    i64::try_from(if negative { -whole } else { whole }).ok()
}

/// A number without a sign. A leading zero makes it octal.
fn unsigned(text: &str) -> Option<u64> {
    let lower = text.to_ascii_lowercase();
    let (radix, digits) = match lower.as_bytes() {
        [b'0', b'x', ..] => (16, &lower[2..]),
        [b'0', b'o', ..] => (8, &lower[2..]),
        [b'0', b'b', ..] => (2, &lower[2..]),
        [b'0', _, ..] => (8, &lower[1..]),
        _ => (10, &*lower),
    };
    // Underscores stand between digits, or behind what names the radix.
    let leads = radix == 10 && digits.starts_with('_');
    if leads || digits.ends_with('_') || digits.contains("__") || digits.starts_with(['+', '-']) {
        return None;
    }
    u64::from_str_radix(&digits.replace('_', ""), radix).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_what_they_can_be() {
        let table = [
            ("12", Some(12), Some(12.0)),
            ("-0x1F", Some(-31), Some(-31.0)),
            ("0b101", Some(5), Some(5.0)),
            ("017", Some(15), Some(15.0)),
            ("1_000", Some(1000), Some(1000.0)),
            ("1.5", None, Some(1.5)),
            ("1e3", Some(1000), Some(1000.0)),
            (".5e1", Some(5), Some(5.0)),
            ("0x1p-2", None, Some(0.25)),
            ("18446744073709551615", None, Some(18_446_744_073_709_551_615.0)),
        ];
        for (text, int, float) in table {
            let number = Number::parse(text, Kind::Number).unwrap();
            assert_eq!((number.int, number.float), (int, float), "{text}");
        }
        assert_eq!(Number::parse("1-2.5i", Kind::Complex).unwrap().complex, Some((1.0, -2.5)));
        assert_eq!(Number::parse("2i", Kind::Number).unwrap().complex, Some((0.0, 2.0)));
        assert_eq!(Number::parse("'a'", Kind::CharConstant).unwrap().int, Some(97));
    }

    #[test]
    fn what_is_no_number_is_refused_in_gos_words() {
        let table = [
            ("089", "integer overflow: \"089\""),
            ("1__0", "illegal number syntax: \"1__0\""),
            ("20000000000000000000", "integer overflow: \"20000000000000000000\""),
            ("0x", "illegal number syntax: \"0x\""),
            ("+", "illegal number syntax: \"+\""),
        ];
        for (text, expected) in table {
            assert_eq!(Number::parse(text, Kind::Number).unwrap_err(), expected);
        }
    }
}
