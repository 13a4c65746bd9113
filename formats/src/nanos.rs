//! Instants as integers: nanoseconds since 1970-01-01T00:00:00 UTC.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// An instant in nanoseconds since the Unix epoch, without leap seconds; good for the years 1970 to 2554.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema,
)]
#[serde(transparent)]
pub struct UnixNanos(pub u64);

impl UnixNanos {
    /// The present, by the system's clock.
    pub fn now() -> Self {
        SystemTime::now().into()
    }

    /// How many nanoseconds passed from `earlier` to this instant; zero if the clock went backwards.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

impl From<SystemTime> for UnixNanos {
    fn from(time: SystemTime) -> Self {
        let nanos = time.duration_since(UNIX_EPOCH).map_or(0, |d| d.as_nanos());
        Self(u64::try_from(nanos).unwrap_or(u64::MAX))
    }
}

impl fmt::Display for UnixNanos {
    /// RFC 3339 in UTC.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = &time::format_description::well_known::Rfc3339;
        let text = time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0))
            .ok()
            .and_then(|t| t.format(format).ok());
        match text {
            Some(text) => f.write_str(&text),
            None => write!(f, "{} ns", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_prints_as_rfc_3339() {
        assert_eq!(UnixNanos(1_760_000_000_000_000_001).to_string(), "2025-10-09T08:53:20.000000001Z");
    }
}
