//! Times as people read them.

use glyph_formats::UnixNanos;

/// Milliseconds since the epoch, as a time for people.
pub(crate) fn shown(ms: i64) -> String {
    match u64::try_from(ms).ok().and_then(|ms| ms.checked_mul(1_000_000)) {
        Some(nanos) => UnixNanos(nanos).to_string(),
        None => format!("{} s", ms as f64 / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_dates_where_there_is_one() {
        assert_eq!(shown(1_760_000_000_500), "2025-10-09T08:53:20.5Z");
        assert_eq!(shown(-500), "-0.5 s");
    }
}
