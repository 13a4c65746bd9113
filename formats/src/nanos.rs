//! Instants as integers: nanoseconds since 1970-01-01T00:00:00 UTC.

use std::{
    fmt,
    str::FromStr,
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

/// Why a text is no [`UnixNanos`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no instant between 1970 and 2554 in RFC 3339, as in 2025-10-09T08:53:20Z")]
pub struct InstantError;

impl FromStr for UnixNanos {
    type Err = InstantError;

    /// RFC 3339, in any zone.
    fn from_str(text: &str) -> Result<Self, InstantError> {
        let format = &time::format_description::well_known::Rfc3339;
        let time = time::OffsetDateTime::parse(text, format).map_err(|_| InstantError)?;
        u64::try_from(time.unix_timestamp_nanos()).map(Self).map_err(|_| InstantError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_prints_as_rfc_3339() {
        assert_eq!(UnixNanos(1_760_000_000_000_000_001).to_string(), "2025-10-09T08:53:20.000000001Z");
    }

    #[test]
    fn what_is_printed_is_read() {
        for nanos in [0, 1_760_000_000_000_000_001, u64::MAX] {
            assert_eq!(UnixNanos(nanos).to_string().parse(), Ok(UnixNanos(nanos)));
        }
        let offset = "2025-10-09T10:53:20.5+02:00".parse();
        assert_eq!(offset, Ok(UnixNanos(1_760_000_000_500_000_000)));
        for text in ["", "2025-10-09", "1969-12-31T23:59:59Z", "2600-01-01T00:00:00Z", "2025-02-30T00:00:00Z"]
        {
            assert_eq!(text.parse::<UnixNanos>(), Err(InstantError), "{text}");
        }
    }
}
