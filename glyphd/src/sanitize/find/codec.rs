//! How a text stands within another.

use std::borrow::Cow;

use memchr::memchr2;
use percent_encoding::percent_decode_str;

/// An encoding of text in text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::sanitize) enum Codec {
    /// In a JSON string.
    Json,
    /// In a query or a form.
    Percent,
}

impl Codec {
    /// What was encoded; none if it is no such encoding, or encodes nothing.
    pub(in crate::sanitize) fn decode(self, raw: &str) -> Option<String> {
        match self {
            Self::Json if !raw.contains('\\') => None,
            Self::Json => serde_json::from_str(&format!("\"{raw}\"")).ok(),
            Self::Percent => match percent_decoded(raw) {
                Cow::Owned(decoded) => Some(decoded),
                Cow::Borrowed(_) => None,
            },
        }
    }

    /// The text as it stands within the other.
    pub(in crate::sanitize) fn encode(self, text: &str) -> String {
        match self {
            Self::Json => {
                let quoted = serde_json::Value::from(text).to_string();
                quoted[1..quoted.len() - 1].to_owned()
            }
            Self::Percent => url::form_urlencoded::byte_serialize(text.as_bytes()).collect(),
        }
    }
}

/// Whether it is meant as it stands.
pub(super) fn is_plain(part: &str) -> bool {
    memchr2(b'%', b'+', part.as_bytes()).is_none()
}

/// A part of a query or a form, as it is meant: `+` is a blank there. Owned if it stands otherwise.
pub(super) fn percent_decoded(part: &str) -> Cow<'_, str> {
    if is_plain(part) {
        return Cow::Borrowed(part);
    }
    let blanks = part.replace('+', " ");
    Cow::Owned(percent_decode_str(&blanks).decode_utf8_lossy().into_owned())
}
