//! What stands in an answer because of where the request went and what was put back into it, and what stood there when
//! it was recorded.

use std::borrow::Cow;

use bytes::Bytes;
use glyph_formats::content::{self, Content};
use glyphd::sanitize::Message;
use http::{HeaderMap, HeaderValue, header::CONTENT_ENCODING};

/// A text in place of another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Replacement {
    now: String,
    then: String,
    /// Whether it ends only where an address does.
    is_origin: bool,
}

impl Replacement {
    pub(super) fn of_text(now: &str, then: &str) -> Self {
        Self { now: now.to_owned(), then: then.to_owned(), is_origin: false }
    }

    /// Of the URL of a server.
    pub(super) fn of_origin(now: &str, then: &str) -> Self {
        Self { now: now.to_owned(), then: then.to_owned(), is_origin: true }
    }

    fn apply(&self, text: &mut Vec<u8>) {
        let ends = |at: usize| {
            let next = text.get(at + self.now.len());
            !self.is_origin || next.is_none_or(|b| !b.is_ascii_alphanumeric() && !b".:-_@".contains(b))
        };
        let found: Vec<_> = memchr::memmem::find_iter(text, &self.now).filter(|at| ends(*at)).collect();
        for at in found.into_iter().rev() {
            text.splice(at..at + self.now.len(), self.then.bytes());
        }
    }
}

/// Scheme, host and port of a URL, as they stand there.
pub(super) fn origin(url: &str) -> Option<&str> {
    let authority = url.find("://")? + 3;
    let end = url[authority..].find(['/', '?', '#']).map_or(url.len(), |at| authority + at);
    Some(&url[..end])
}

/// Makes an answer what it would have been then, as far as these go.
pub(super) fn as_recorded(message: &mut Message, replacements: &[Replacement]) {
    let replaced = |text: &[u8]| {
        let mut text = text.to_vec();
        replacements.iter().for_each(|replacement| replacement.apply(&mut text));
        text
    };
    let trailers = message.trailers.iter_mut().flat_map(HeaderMap::values_mut);
    for value in message.headers.values_mut().chain(trailers) {
        if let Ok(clean) = HeaderValue::from_bytes(&replaced(value.as_bytes())) {
            *value = clean;
        }
    }
    let codings = message.headers.get_all(CONTENT_ENCODING).iter().filter_map(|value| value.to_str().ok());
    let codings = codings.collect::<Vec<_>>().join(",");
    let content = Content::decoded(Cow::Borrowed(&message.content), &codings, content::LIMIT);
    let clean = replaced(&content.bytes);
    // Most bodies have none of it, and stay as they came.
    if clean == *content.bytes {
        return;
    }
    if !content.undone.is_empty() {
        message.headers.remove(CONTENT_ENCODING);
    }
    if message.size == message.content.len() as u64 && !content.cut {
        message.size = clean.len() as u64;
    }
    message.content = Bytes::from(clean);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_ends_where_it_ends() {
        let replacement = Replacement::of_origin("http://b.test:80", "http://a.test");
        let mut text =
            b"http://b.test:80/x http://b.test:8080/ \"http://b.test:80\" http://b.test:80".to_vec();
        replacement.apply(&mut text);
        assert_eq!(text, b"http://a.test/x http://b.test:8080/ \"http://a.test\" http://a.test");
        assert_eq!(origin("https://a.test:81?x"), Some("https://a.test:81"));
        assert_eq!(origin("a.test:443"), None);
    }
}
