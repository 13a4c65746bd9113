//! Times and durations on the command line.

use glyph_analysis::promql::duration;
use glyph_formats::UnixNanos;

/// Milliseconds since the epoch, from RFC 3339 or seconds since the epoch.
pub(crate) fn time(text: &str) -> Result<i64, String> {
    if let Ok(seconds) = text.parse::<f64>() {
        let ms = (seconds * 1e3).round();
        let is_time = ms.is_finite() && ms.abs() < 9e15;
        return if is_time { Ok(ms as i64) } else { Err("no time that can be".to_owned()) };
    }
    text.parse::<UnixNanos>()
        .map(|at| (at.0 / 1_000_000) as i64)
        .map_err(|_| "expected a time such as 2025-10-09T08:53:20Z, or seconds since the epoch".to_owned())
}

/// Milliseconds of a duration such as `1m30s`, or of seconds; more than none.
pub(crate) fn span(text: &str) -> Result<i64, String> {
    let ms = match text.parse::<f64>() {
        Ok(seconds) if seconds.is_finite() && seconds < 9e12 => Some((seconds * 1e3).round() as i64),
        Ok(_) => None,
        Err(_) => duration::parse(text),
    };
    ms.filter(|ms| *ms > 0)
        .ok_or_else(|| "expected a duration such as 15s, 1m30s or 0.5 (seconds), more than 0".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_rfc_3339_or_seconds() {
        assert_eq!(time("2025-10-09T10:53:20.5+02:00"), Ok(1_760_000_000_500));
        assert_eq!(time("1760000000.5"), Ok(1_760_000_000_500));
        assert_eq!(time("-1"), Ok(-1_000));
        for wrong in ["now", "yesterday", "inf", "1e300", ""] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn spans_are_durations_or_seconds() {
        assert_eq!(span("1m30s"), Ok(90_000));
        assert_eq!(span("0.5"), Ok(500));
        for wrong in ["0", "-1", "soon", "nan", "0s"] {
            assert!(span(wrong).is_err(), "{wrong}");
        }
    }
}
