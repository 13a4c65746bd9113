//! YAML as Go's decoder takes it, where serde is stricter: a key without a value is a key that is not there, and a
//! number may be written as YAML 1.1 has it.

use std::fmt;

use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, Error, MapAccess, Visitor},
};
use serde_saphyr::{Location, Spanned};

use super::error::YamlError;

/// How many of anything a file may have.
const MOST: usize = 50_000_000;

/// Reads every document of a text.
pub(crate) fn documents<T: DeserializeOwned>(text: &str) -> Result<Vec<T>, YamlError> {
    // These are files of the user's own. A test file has a hundred thousand series, or one anchor for a thousand aliases.
    let budget = serde_saphyr::budget! {
        max_events: MOST,
        max_nodes: MOST,
        max_aliases: MOST,
        max_merge_keys: MOST,
        max_total_scalar_bytes: 1 << 30,
        enforce_alias_anchor_ratio: false,
    };
    let options = serde_saphyr::options! { with_snippet: false, budget: budget };
    serde_saphyr::from_multiple_with_options(text, options).map_err(|e| YamlError::of(&e, text))
}

/// A value that may be left out after its key.
pub(crate) fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(
    from: D,
) -> Result<T, D::Error> {
    Option::<T>::deserialize(from).map(Option::unwrap_or_default)
}

/// Names and texts, in their order, with their lines.
#[derive(Debug, Clone, Default)]
pub(crate) struct Pairs(pub(crate) Vec<Pair>);

/// A name and a text.
#[derive(Debug, Clone)]
pub(crate) struct Pair {
    pub(crate) name: String,
    pub(crate) text: String,
    /// Where the text stands.
    pub(crate) at: Location,
}

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Reading;
        impl<'de> Visitor<'de> for Reading {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("names and texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(name) = map.next_key::<String>()? {
                    let text = map.next_value::<Spanned<Option<String>>>()?;
                    let at = text.defined;
                    pairs.push(Pair { name, text: text.value.unwrap_or_default(), at });
                }
                Ok(Pairs(pairs))
            }
        }
        from.deserialize_map(Reading)
    }
}

/// A number, infinities and NaN among them.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Number(pub(crate) f64);

impl<'de> Deserialize<'de> for Number {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        number(&text).map(Self).ok_or_else(|| D::Error::custom(format!("{text:?} is no number")))
    }
}

fn number(text: &str) -> Option<f64> {
    let (sign, digits) = match text.as_bytes().first()? {
        b'-' => (-1.0, &text[1..]),
        b'+' => (1.0, &text[1..]),
        _ => (1.0, text),
    };
    let digits = digits.replace('_', "").to_ascii_lowercase();
    let whole = |digits: &str, radix| u64::from_str_radix(digits, radix).ok().map(|n| n as f64);
    let value = match digits.as_str() {
        ".inf" | "inf" => Some(f64::INFINITY),
        ".nan" | "nan" => Some(f64::NAN),
        hex if hex.starts_with("0x") => whole(&hex[2..], 16),
        octal if octal.starts_with("0o") => whole(&octal[2..], 8),
        binary if binary.starts_with("0b") => whole(&binary[2..], 2),
        octal if octal.len() > 1 && octal.starts_with('0') && octal.bytes().all(|b| b.is_ascii_digit()) => {
            whole(octal, 8).or_else(|| octal.parse().ok())
        }
        decimal if decimal.starts_with(|c: char| c.is_ascii_digit() || c == '.') => decimal.parse().ok(),
        _ => None,
    };
    value.map(|value| sign * value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_may_be_large_and_repeat_themselves() {
        let many = "{x: 1, y: [a, b]},\n".repeat(100_000);
        let found = documents::<serde_json::Value>(&format!("all: [{many}]")).unwrap();
        assert_eq!(found[0]["all"].as_array().map(Vec::len), Some(100_000));
        let again = "- *one\n".repeat(2_000);
        let found = documents::<serde_json::Value>(&format!("- &one {{a: b}}\n{again}")).unwrap();
        assert_eq!(found[0].as_array().map(Vec::len), Some(2_001));
    }

    #[test]
    fn numbers_are_those_of_yaml() {
        let table = [
            ("1", 1.0),
            ("-1.5e3", -1500.0),
            (".5", 0.5),
            ("+.inf", f64::INFINITY),
            ("-Inf", f64::NEG_INFINITY),
            ("1_000", 1000.0),
            ("0x1F", 31.0),
            ("0b101", 5.0),
            ("010", 8.0),
            ("0.10", 0.1),
            ("1e-2", 0.01),
        ];
        for (text, expected) in table {
            assert_eq!(number(text), Some(expected), "{text}");
        }
        assert!(number(".NaN").is_some_and(f64::is_nan));
        for text in ["", "-", "one", "1h", "e5", "infinite"] {
            assert_eq!(number(text), None, "{text}");
        }
    }
}
