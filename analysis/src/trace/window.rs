//! A stretch of time, as a user writes it: `10s..20s`, `..5m`, `2025-10-09T08:53:20Z..`.
//!
//! In: text, and later the instant from which offsets count. Out: two instants. Not here: what has to lie between them.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use glyph_formats::UnixNanos;

use super::duration;

/// From one instant to another, both included; open where a side is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    from: Option<Bound>,
    to: Option<Bound>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Bound {
    /// Nanoseconds from the first span's start.
    Offset(u64),
    At(UnixNanos),
}

/// Why a text is no [`Window`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// It has no two sides, or nothing on both.
    #[error("expected FROM..TO, of which one can be left out, as in 10s..20s or ..5m")]
    NoRange,
    /// A side is neither offset nor instant.
    #[error(
        "{0:?} is no offset such as 10s, no instant such as 2025-10-09T08:53:20Z, and no unix nanoseconds"
    )]
    NoBound(String),
    /// A number too small for an instant in nanoseconds.
    #[error("{0:?} lacks its unit, as in 10s; an instant in unix nanoseconds has 19 digits")]
    NoUnit(String),
    /// It ends before it begins.
    #[error("ends before it begins")]
    Reversed,
}

impl Window {
    /// The window's instants, of spans of which the first starts at `start`.
    pub fn within(self, start: u64) -> RangeInclusive<u64> {
        let resolve = |bound| match bound {
            Bound::Offset(ns) => start.saturating_add(ns),
            Bound::At(instant) => instant.0,
        };
        self.from.map_or(0, resolve)..=self.to.map_or(u64::MAX, resolve)
    }
}

impl FromStr for Window {
    type Err = WindowError;

    fn from_str(text: &str) -> Result<Self, WindowError> {
        let (from, to) = text.split_once("..").ok_or(WindowError::NoRange)?;
        let side = |side: &str| match side.trim() {
            "" => Ok(None),
            side => bound(side).map(Some),
        };
        let window = Self { from: side(from)?, to: side(to)? };
        match (window.from, window.to) {
            (None, None) => Err(WindowError::NoRange),
            (Some(Bound::Offset(from)), Some(Bound::Offset(to))) if from > to => Err(WindowError::Reversed),
            (Some(Bound::At(from)), Some(Bound::At(to))) if from > to => Err(WindowError::Reversed),
            _ => Ok(window),
        }
    }
}

fn bound(text: &str) -> Result<Bound, WindowError> {
    /// Of unix milliseconds and microseconds there are fewer.
    const FEWEST_DIGITS: usize = 17;
    if text.bytes().all(|b| b.is_ascii_digit()) {
        return match text.parse() {
            Ok(0) => Ok(Bound::Offset(0)),
            Ok(nanos) if text.len() >= FEWEST_DIGITS => Ok(Bound::At(UnixNanos(nanos))),
            Ok(_) => Err(WindowError::NoUnit(text.to_owned())),
            Err(_) => Err(WindowError::NoBound(text.to_owned())),
        };
    }
    let offset = duration::parse(text).and_then(|ns| u64::try_from(ns).ok()).map(Bound::Offset);
    let bound = offset.or_else(|| text.parse().ok().map(Bound::At));
    bound.ok_or_else(|| WindowError::NoBound(text.to_owned()))
}

impl fmt::Display for Window {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = |f: &mut fmt::Formatter<'_>, side: Option<Bound>| match side {
            None => Ok(()),
            Some(Bound::Offset(ns)) => f.write_str(&crate::text::duration(ns)),
            Some(Bound::At(instant)) => write!(f, "{instant}"),
        };
        side(f, self.from)?;
        f.write_str("..")?;
        side(f, self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_are_offsets_or_instants() {
        let table = [
            ("10s..20s", 10_000_000_100..=20_000_000_100),
            ("..1.5us", 0..=1_600),
            ("0..1h30m", 100..=5_400_000_000_100),
            ("7ns..", 107..=u64::MAX),
            ("1760000000000000001..", 1_760_000_000_000_000_001..=u64::MAX),
            (
                "2025-10-09T08:53:20Z..2025-10-09T10:53:20.5+02:00",
                1_760_000_000_000_000_000..=1_760_000_000_500_000_000,
            ),
            (" 1s .. 1760000000000000000 ", 1_000_000_100..=1_760_000_000_000_000_000),
        ];
        for (text, instants) in table {
            assert_eq!(text.parse::<Window>().unwrap().within(100), instants, "{text}");
        }
        assert_eq!("1s..".parse::<Window>().unwrap().within(u64::MAX), u64::MAX..=u64::MAX);
    }

    #[test]
    fn what_is_no_window_is_told() {
        let bound = |text: &str| WindowError::NoBound(text.to_owned());
        let table = [
            ("", WindowError::NoRange),
            ("..", WindowError::NoRange),
            ("10s", WindowError::NoRange),
            ("20s..10s", WindowError::Reversed),
            ("10..20", WindowError::NoUnit("10".to_owned())),
            ("..1760000000000", WindowError::NoUnit("1760000000000".to_owned())),
            ("-1s..", bound("-1s")),
            ("1s..x", bound("x")),
            ("1s...5s", WindowError::Reversed),
            ("99999999999999999999..", bound("99999999999999999999")),
            ("2025-10-09..", bound("2025-10-09")),
        ];
        for (text, error) in table {
            assert_eq!(text.parse::<Window>(), Err(error), "{text}");
        }
    }
}
