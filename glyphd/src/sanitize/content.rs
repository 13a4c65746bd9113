//! What a body says: its content codings undone (RFC 9110, 8.4), and its charset, if it is text.

use std::borrow::Cow;

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use glyph_formats::content::Content;
use http::{HeaderMap, header};
use memchr::memchr;

/// What the bytes are.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading<'a> {
    Text {
        text: Cow<'a, str>,
        /// The charset, where that is not UTF-8, or where some of it was none.
        charset: Option<&'static str>,
    },
    /// No text, or in a coding that is not known.
    Binary,
}

/// Undoes the codings, to at most `most` bytes, so that a bomb is not unpacked. None if one is not known, or what is
/// there is not in it.
pub(super) fn decode<'a>(bytes: &'a [u8], headers: &HeaderMap, most: usize) -> Option<Content<'a>> {
    if !headers.contains_key(header::CONTENT_ENCODING) {
        return Some(Content::plain(Cow::Borrowed(bytes)));
    }
    let values = headers.get_all(header::CONTENT_ENCODING).into_iter();
    let values: Vec<_> = values.filter_map(|value| value.to_str().ok()).collect();
    let content = Content::decoded(Cow::Borrowed(bytes), &values.join(","), most);
    content.fault.is_none().then_some(content)
}

/// What the bytes are, by the Content-Type and by themselves.
pub(super) fn read_text<'a>(bytes: &'a [u8], content_type: &str, cut: bool) -> Reading<'a> {
    let textual = is_textual(content_type);
    let declared = parameter(content_type, "charset").and_then(charset);
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    match marked.or(declared.filter(|_| textual)) {
        None => {}
        Some(encoding) if encoding == UTF_8 && marked.is_none() => {}
        Some(encoding) => return decoded(bytes, encoding),
    }
    if !textual && memchr(0, bytes).is_some() {
        return Reading::Binary;
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Reading::Text { text: Cow::Borrowed(text), charset: None },
        Err(e) if cut && e.error_len().is_none() => {
            let text = String::from_utf8_lossy(&bytes[..e.valid_up_to()]);
            Reading::Text { text, charset: None }
        }
        Err(_) if !textual || (declared.is_none() && bytes.iter().any(is_control)) => Reading::Binary,
        Err(_) => decoded(bytes, declared.unwrap_or(WINDOWS_1252)),
    }
}

fn charset(label: &str) -> Option<&'static Encoding> {
    // Which most are.
    if label.eq_ignore_ascii_case("utf-8") { Some(UTF_8) } else { Encoding::for_label(label.as_bytes()) }
}

fn decoded<'a>(bytes: &'a [u8], encoding: &'static Encoding) -> Reading<'a> {
    let (text, encoding, faults) = encoding.decode(bytes);
    let charset = (faults || encoding != UTF_8).then(|| encoding.name());
    Reading::Text { text, charset }
}

/// Whether no text has that byte, in a charset of single bytes.
fn is_control(byte: &u8) -> bool {
    *byte < b' ' && !matches!(byte, b'\t' | b'\n' | b'\r' | 0x0c | 0x1b)
}

/// Types of text, where a body that is not UTF-8 is in another charset.
fn is_textual(content_type: &str) -> bool {
    let media = media_type(content_type);
    media.starts_with("text/")
        || ["json", "xml", "javascript", "ecmascript", "x-www-form-urlencoded", "graphql", "yaml", "x-ndjson"]
            .iter()
            .any(|kind| media.ends_with(kind))
}

/// `text/html` of `Text/HTML; charset=utf-8`.
pub(super) fn media_type(content_type: &str) -> Cow<'_, str> {
    let media = content_type.split(';').next().unwrap_or_default().trim();
    match media.bytes().any(|b| b.is_ascii_uppercase()) {
        true => Cow::Owned(media.to_ascii_lowercase()),
        false => Cow::Borrowed(media),
    }
}

/// The value of one of its parameters.
pub(super) fn parameter<'a>(content_type: &'a str, name: &str) -> Option<&'a str> {
    // Most have none.
    let (_, parameters) = content_type.split_once(';')?;
    parameters.split(';').find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_told_from_bytes() {
        let text = |bytes, content_type| match read_text(bytes, content_type, false) {
            Reading::Text { text, charset } => Some((text.into_owned(), charset)),
            Reading::Binary => None,
        };
        let read = |text: &str, charset| Some((text.to_owned(), charset));
        assert_eq!(text("caf\u{e9}".as_bytes(), ""), read("caf\u{e9}", None));
        assert_eq!(text(b"caf\xe9", "text/plain"), read("caf\u{e9}", Some("windows-1252")));
        assert_eq!(
            text(b"caf\xe9", "text/plain; charset=\"ISO-8859-2\""),
            read("caf\u{e9}", Some("ISO-8859-2"))
        );
        assert_eq!(text(b"\xff\xfea\0", "text/plain"), read("a", Some("UTF-16LE")));
        assert_eq!(text(b"caf\xe9", "image/png"), None);
        assert_eq!(text(b"a\0b", "application/octet-stream"), None);
        assert_eq!(text(b"a\xff", "application/json; charset=utf-8"), read("a\u{fffd}", Some("UTF-8")));
    }
}
