//! What spans are grouped by: a key as a user writes it, and the value of an attribute.

use std::{borrow::Cow, fmt, str::FromStr};

use glyph_formats::span::{SpanKind, SpanStatus};

use crate::trace::attribute;

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

pub(in crate::trace) const KINDS: [SpanKind; 5] =
    [SpanKind::Internal, SpanKind::Server, SpanKind::Client, SpanKind::Producer, SpanKind::Consumer];
pub(in crate::trace) const STATUSES: [SpanStatus; 3] = [SpanStatus::Unset, SpanStatus::Ok, SpanStatus::Error];

/// The value of an attribute as text, out of the JSON object with all of them: a string as it is, anything else as it
/// stands there; `null` is no value.
pub(super) fn value_of<'j>(json: &'j str, key: &str) -> Option<Cow<'j, str>> {
    attribute::find(json, key).and_then(attribute::plain)
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
        let of = |key| value_of(json, key).map(Cow::into_owned);
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
        assert_eq!([value_of("", "a"), value_of("[1]", "a")], [None, None]);
    }
}
