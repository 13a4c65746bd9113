//! Durations as Prometheus writes them: `1h30m`, `5m`, `250ms`.

use std::fmt::Write;

const UNITS: [(&str, i64); 7] = [
    ("y", 365 * 24 * 3_600_000),
    ("w", 7 * 24 * 3_600_000),
    ("d", 24 * 3_600_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Why a text is no duration. The texts are Prometheus'.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    /// It is not written like one.
    #[error("not a valid duration string: {0:?}")]
    Syntax(String),
    /// It is longer than 2⁶³ nanoseconds, some 292 years.
    #[error("duration out of range")]
    Range,
}

/// The longest duration in milliseconds.
const LONGEST: i64 = i64::MAX / 1_000_000;

/// Milliseconds of a duration; none if it is none. Units stand once each, the largest first.
pub fn parse(text: &str) -> Option<i64> {
    read(text).ok()
}

/// Milliseconds of a duration, or why it is none.
pub(super) fn read(text: &str) -> Result<i64, DurationError> {
    if text == "0" {
        return Ok(0);
    }
    let wrong = || DurationError::Syntax(text.to_owned());
    let mut rest = text;
    let mut units = UNITS.as_slice();
    let mut total = Some(0i64);
    while !rest.is_empty() {
        let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let letters = rest[digits..].find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len() - digits);
        let (amount, unit) = rest[..digits + letters].split_at(digits);
        let at = units.iter().position(|(name, _)| *name == unit).filter(|_| digits > 0).ok_or_else(wrong)?;
        let amount = amount.parse().ok().and_then(|n: i64| n.checked_mul(units[at].1));
        total = total.zip(amount).and_then(|(total, amount)| total.checked_add(amount));
        units = &units[at + 1..];
        rest = &rest[digits + letters..];
    }
    if text.is_empty() {
        return Err(wrong());
    }
    total.filter(|ms| *ms <= LONGEST).ok_or(DurationError::Range)
}

/// Milliseconds as a duration.
pub fn format(ms: i64) -> String {
    let mut text = String::new();
    if ms < 0 {
        text.push('-');
    }
    let mut rest = ms.unsigned_abs();
    if rest == 0 {
        return "0s".to_owned();
    }
    for (name, unit) in UNITS {
        // Years and weeks only where they come out even, as Prometheus prints them.
        let even = !matches!(name, "y" | "w") || rest.is_multiple_of(unit as u64);
        let amount = rest / unit as u64;
        if amount > 0 && even {
            // Writing into a String does not fail.
            let _written = write!(text, "{amount}{name}");
            rest %= unit as u64;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written() {
        let table = [
            ("0", Some(0)),
            ("5m", Some(300_000)),
            ("1h30m", Some(5_400_000)),
            ("1m30s500ms", Some(90_500)),
            ("1y2w3d", Some((365 + 14 + 3) * 86_400_000)),
            ("10ms", Some(10)),
            ("", None),
            ("5", None),
            ("5m1h", None),
            ("5m5m", None),
            ("m", None),
            ("1.5m", None),
            ("-5m", None),
            ("99999999999999999999s", None),
            ("9223372036854775807y", None),
            ("292y", Some(292 * 365 * 86_400_000)),
            ("293y", None),
        ];
        for (text, expected) in table {
            assert_eq!(parse(text), expected, "{text}");
        }
        assert_eq!(read("293y").unwrap_err().to_string(), "duration out of range");
        assert_eq!(read("1m1h").unwrap_err().to_string(), "not a valid duration string: \"1m1h\"");
        for text in ["1h30m", "5m", "1m30s500ms", "1d", "2w", "8d", "0s"] {
            assert_eq!(format(parse(text).unwrap_or(0)), text);
        }
    }
}
