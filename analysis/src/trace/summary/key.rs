//! What spans are grouped by: a key as a user writes it, and of each span its value as a small number.
//!
//! In: columns of spans, with their attributes where one is asked for. Out: a column of numbers for each key, and what
//! each number stands for. Not here: figures.

use std::{borrow::Cow, fmt, str::FromStr};

use glyph_formats::span::{SpanKind, SpanStatus};

use super::Row;
use crate::trace::{
    attribute,
    columns::{Names, Spans},
};

/// What spans of one row have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Key {
    /// The service.
    Service,
    /// The span name.
    Name,
    /// The span's role between services.
    Kind,
    /// How it ended.
    Status,
    /// The attribute of that key.
    Attribute(String),
}

impl Key {
    /// By what rows are when nobody says.
    pub const DEFAULT: [Self; 2] = [Self::Service, Self::Name];
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Service => f.write_str("service"),
            Self::Name => f.write_str("name"),
            Self::Kind => f.write_str("kind"),
            Self::Status => f.write_str("status"),
            Self::Attribute(key) => write!(f, "attr:{key}"),
        }
    }
}

/// Why a text is no [`Key`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// It is none of them.
    #[error("rows can be by service, name, kind, status and attr:KEY")]
    Unknown,
    /// Which attribute is not said.
    #[error("the attribute's key is missing, as in attr:http.route")]
    NoAttribute,
}

impl FromStr for Key {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        match text {
            "service" => Ok(Self::Service),
            "name" => Ok(Self::Name),
            "kind" => Ok(Self::Kind),
            "status" => Ok(Self::Status),
            "attr:" => Err(KeyError::NoAttribute),
            _ => {
                text.strip_prefix("attr:").map(|key| Self::Attribute(key.to_owned())).ok_or(KeyError::Unknown)
            }
        }
    }
}

/// The value that each span has for a key.
pub(super) struct Values<'a> {
    key: &'a Key,
    spans: &'a Spans,
    pub(super) codes: Cow<'a, [u32]>,
    /// What the codes stand for, if it is an attribute: zero for none, others are one more than the text's number.
    texts: Names,
}

const KINDS: [SpanKind; 5] =
    [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];
const STATUSES: [SpanStatus; 3] = [SpanStatus::Unset, SpanStatus::Ok, SpanStatus::Error];

impl<'a> Values<'a> {
    pub(super) fn of(spans: &'a Spans, key: &'a Key) -> Self {
        let mut texts = Names::default();
        let codes = match key {
            Key::Service => Cow::Borrowed(spans.service.as_slice()),
            Key::Name => Cow::Borrowed(spans.name.as_slice()),
            Key::Kind => spans.kind.iter().map(|kind| *kind as u32).collect(),
            Key::Status => spans.status.iter().map(|status| *status as u32).collect(),
            Key::Attribute(key) => (0..spans.len())
                .map(|i| {
                    attribute(spans.details.get(i).attributes, key).map_or(0, |text| texts.intern(&text) + 1)
                })
                .collect(),
        };
        Self { key, spans, codes, texts }
    }

    /// Writes what `code` stands for into a row.
    pub(super) fn tell(&self, code: u32, row: &mut Row) {
        match self.key {
            Key::Service => row.service = Some(self.spans.services.text(code).to_owned()),
            Key::Name => row.name = Some(self.spans.names.text(code).to_owned()),
            Key::Kind => row.kind = KINDS.into_iter().find(|kind| *kind as u32 == code),
            Key::Status => row.status = STATUSES.into_iter().find(|status| *status as u32 == code),
            Key::Attribute(key) => {
                let text = code.checked_sub(1).map(|number| self.texts.text(number).to_owned());
                row.attributes.get_or_insert_default().insert(key.clone(), text);
            }
        }
    }
}

/// The value of an attribute as text, out of the JSON object with all of them: a string as it is, anything else as it
/// stands there; `null` is no value.
fn attribute<'j>(json: &'j str, key: &str) -> Option<Cow<'j, str>> {
    let raw = attribute::find(json, key)?;
    match raw.as_bytes().first() {
        Some(b'"') => attribute::text(raw),
        _ => (raw != "null").then_some(Cow::Borrowed(raw)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_as_they_are_written() {
        for text in ["service", "name", "kind", "status", "attr:http.route", "attr:attr:"] {
            assert_eq!(text.parse::<Key>().unwrap().to_string(), text);
        }
        assert_eq!("attr:".parse::<Key>(), Err(KeyError::NoAttribute));
        assert_eq!("Service".parse::<Key>(), Err(KeyError::Unknown));
    }

    #[test]
    fn every_kind_and_status_has_a_number_of_its_own() {
        assert!(KINDS.iter().enumerate().all(|(i, kind)| *kind as usize == i));
        assert!(STATUSES.iter().enumerate().all(|(i, status)| *status as usize == i));
    }

    #[test]
    fn an_attribute_is_text_whatever_its_type() {
        let json = r#"{"a":"x\ny","n":200,"s":"200","e":"","l":["a","b"],"o":{"n":1},"z":null,"\u0062":1,"d":1,"d":2}"#;
        let of = |key| attribute(json, key).map(Cow::into_owned);
        let expected = [
            ("a", Some("x\ny")),
            ("n", Some("200")),
            ("s", Some("200")),
            ("e", Some("")),
            ("l", Some(r#"["a","b"]"#)),
            ("o", Some(r#"{"n":1}"#)),
            ("z", None),
            ("b", Some("1")),
            ("d", Some("2")),
            ("x", None),
        ];
        for (key, text) in expected {
            assert_eq!(of(key).as_deref(), text, "{key}");
        }
        assert_eq!([attribute("", "a"), attribute("[1]", "a")], [None, None]);
    }
}
