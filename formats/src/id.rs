//! Trace and span ids as [W3C Trace Context](https://www.w3.org/TR/trace-context/) has them: 16 and 8 bytes,
//! written as 32 and 16 lowercase hexadecimal digits, all zeroes being invalid.

use std::{borrow::Cow, fmt, str::FromStr};

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is no id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected {digits} hexadecimal digits, not all zero, got {got:?}")]
pub struct InvalidId {
    digits: usize,
    got: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $int:ty, $digits:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name($int);

        impl $name {
            /// The id of that number; `None` for zero, which is no id.
            pub fn new(number: $int) -> Option<Self> {
                (number != 0).then_some(Self(number))
            }

            /// The id as a number, most significant byte first.
            pub fn get(self) -> $int {
                self.0
            }

            /// Its digits: ids are written more often than anything else.
            pub(crate) fn digits(self) -> [u8; $digits] {
                let mut room = [0; $digits];
                // There is room.
                hex::encode_to_slice(self.0.to_be_bytes(), &mut room).ok();
                room
            }

            /// As it is written, in that room.
            fn text(self, room: &mut [u8; $digits]) -> &str {
                *room = self.digits();
                str::from_utf8(room).unwrap_or_default()
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                let invalid = || InvalidId { digits: $digits, got: text.chars().take(80).collect() };
                if text.len() != $digits || !text.bytes().all(|b| b.is_ascii_hexdigit()) {
                    return Err(invalid());
                }
                <$int>::from_str_radix(text, 16).ok().and_then(Self::new).ok_or_else(invalid)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.text(&mut [0; $digits]))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.text(&mut [0; $digits]))
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                <Cow<'_, str>>::deserialize(deserializer)?.parse().map_err(de::Error::custom)
            }
        }

        impl JsonSchema for $name {
            fn schema_name() -> Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({ "type": "string", "pattern": concat!("^[0-9a-f]{", $digits, "}$") })
            }
        }
    };
}

id!(
    /// The 16 bytes that every record of one exchange has in common.
    TraceId, u128, 32
);
id!(
    /// The 8 bytes that name one span of a trace.
    SpanId, u64, 16
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_keep_their_leading_zeroes() {
        let text = "000000000000000000000000000000ff";
        assert_eq!(text.parse::<TraceId>().unwrap().to_string(), text);
        assert_eq!("00000000000000ff".parse::<SpanId>().unwrap().get(), 0xff);
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for text in
            ["", "0000000000000000", "00000000000000fg", "+0000000000000ff", "ff", "00000000000000ff0"]
        {
            assert!(text.parse::<SpanId>().is_err(), "{text:?}");
        }
    }
}
