//! How a text stands within another.

use std::borrow::Cow;

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
    pub(super) fn decode(self, raw: &str) -> Option<String> {
        match self {
            Self::Json if !raw.contains('\\') => None,
            Self::Json => serde_json::from_str(&format!("\"{raw}\"")).ok(),
            Self::Percent => {
                if !raw.bytes().any(|b| matches!(b, b'%' | b'+')) {
                    return None;
                }
                let (name, value) = url::form_urlencoded::parse(raw.as_bytes()).next()?;
                // What has a bare `=` is not one value.
                value.is_empty().then(|| name.into_owned())
            }
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

/// The name of a parameter, as it is meant.
pub(super) fn percent_decoded(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|b| matches!(b, b'%' | b'+')) {
        url::form_urlencoded::parse(name.as_bytes()).next().map_or(Cow::Borrowed(""), |(name, _)| name)
    } else {
        Cow::Borrowed(name)
    }
}
