//! Ids out of hexadecimal text, without a String on the way.

use std::{fmt, marker::PhantomData};

use glyph_formats::TraceId;
use serde::{Deserialize, Deserializer, de};

/// A trace id: 32 digits, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TraceHex(pub(super) TraceId);

/// A span id: 16 digits, not all zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SpanHex(pub(super) u64);

/// The id of a parent; zero if there is none, which files say with `null`, with no digits and with zeroes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ParentHex(pub(super) u64);

/// An id that text can stand for.
pub(super) trait Hex: Sized {
    const EXPECTED: &'static str;

    fn parse(text: &str) -> Option<Self>;

    /// What `null` stands for.
    fn absent() -> Option<Self> {
        None
    }
}

impl Hex for TraceHex {
    const EXPECTED: &'static str = "32 hexadecimal digits, not all zero";

    fn parse(text: &str) -> Option<Self> {
        let (high, low) = text.as_bytes().split_at_checked(16)?;
        let id = u128::from(sixteen(high)?) << 64 | u128::from(sixteen(low)?);
        TraceId::new(id).map(Self)
    }
}

impl Hex for SpanHex {
    const EXPECTED: &'static str = "16 hexadecimal digits, not all zero";

    fn parse(text: &str) -> Option<Self> {
        sixteen(text.as_bytes()).filter(|id| *id != 0).map(Self)
    }
}

impl Hex for ParentHex {
    const EXPECTED: &'static str = "16 hexadecimal digits or null";

    fn parse(text: &str) -> Option<Self> {
        if text.is_empty() { Self::absent() } else { sixteen(text.as_bytes()).map(Self) }
    }

    fn absent() -> Option<Self> {
        Some(Self(0))
    }
}

/// The value of 16 hexadecimal digits.
fn sixteen(digits: &[u8]) -> Option<u64> {
    let digits: &[u8; 16] = digits.try_into().ok()?;
    let mut value = 0;
    let mut seen = 0;
    for digit in digits {
        let nibble = NIBBLES[*digit as usize];
        seen |= nibble;
        value = value << 4 | u64::from(nibble & 0xf);
    }
    (seen <= 0xf).then_some(value)
}

/// The value of each hexadecimal digit; more than 15 for what is none.
const NIBBLES: [u8; 256] = {
    let mut table = [0xf0; 256];
    let mut value = 0;
    while value < 16 {
        table[b"0123456789abcdef"[value] as usize] = value as u8;
        table[b"0123456789ABCDEF"[value] as usize] = value as u8;
        value += 1;
    }
    table
};

struct Digits<T>(PhantomData<T>);

impl<T: Hex> de::Visitor<'_> for Digits<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        T::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
    }

    fn visit_unit<E: de::Error>(self) -> Result<T, E> {
        T::absent().ok_or_else(|| E::invalid_type(de::Unexpected::Unit, &self))
    }
}

macro_rules! deserialize {
    ($($id:ty),*) => {$(
        impl<'de> Deserialize<'de> for $id {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(Digits(PhantomData))
            }
        }
    )*};
}
deserialize!(TraceHex, SpanHex, ParentHex);

#[cfg(test)]
mod tests {
    use super::*;

    fn parse<T: de::DeserializeOwned>(json: &str) -> Option<T> {
        serde_json::from_str(json).ok()
    }

    #[test]
    fn ids_are_numbers_of_their_digits() {
        assert_eq!(parse("\"00000000000000ff\""), Some(SpanHex(0xff)));
        assert_eq!(parse("\"F0000000000000000000000000000001\""), TraceId::new(0xf << 124 | 1).map(TraceHex));
    }

    #[test]
    fn what_is_no_id_is_refused() {
        for json in ["\"\"", "\"0000000000000000\"", "\"00000000000000fg\"", "\"ff\"", "null", "255"] {
            assert_eq!(parse::<SpanHex>(json), None, "{json}");
        }
        assert_eq!(parse::<TraceHex>("\"00000000000000ff\""), None);
    }

    #[test]
    fn no_parent_is_said_in_several_ways() {
        for json in ["\"\"", "\"0000000000000000\"", "null"] {
            assert_eq!(parse(json), Some(ParentHex(0)), "{json}");
        }
        assert_eq!(parse::<ParentHex>("\"ff\""), None);
    }
}
