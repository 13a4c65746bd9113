//! What a body says: its content codings undone (RFC 9110, 8.4), and its charset, if it is text.

use std::{
    borrow::Cow,
    io::{self, Read},
};

use encoding_rs::{Encoding, UTF_8, WINDOWS_1252};
use http::{HeaderMap, header};

/// More codings than that on one body nobody uses.
const CODINGS: usize = 4;

/// A body without its codings.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Content<'a> {
    pub(super) bytes: Cow<'a, [u8]>,
    /// The codings that were undone, in the order in which they had been applied.
    pub(super) codings: Vec<String>,
    /// Whether there is, or may be, more of it than these bytes.
    pub(super) cut: bool,
}

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
/// there is not in it. `cut`: whether these bytes are but the first of the body.
pub(super) fn decode<'a>(
    bytes: &'a [u8],
    headers: &HeaderMap,
    cut: bool,
    most: usize,
) -> Option<Content<'a>> {
    let codings = codings(headers);
    if codings.len() > CODINGS {
        return None;
    }
    let mut content = Content { bytes: Cow::Borrowed(bytes), codings: Vec::new(), cut };
    for coding in codings.iter().rev() {
        let (decoded, is_more) = undo(coding, &content.bytes, content.cut, most)?;
        content.bytes = Cow::Owned(decoded);
        content.cut = is_more;
        content.codings.insert(0, coding.clone());
    }
    Some(content)
}

fn codings(headers: &HeaderMap) -> Vec<String> {
    let values =
        headers.get_all(header::CONTENT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    let words = values.flat_map(|value| value.split(',')).map(|word| word.trim().to_ascii_lowercase());
    words.filter(|word| !word.is_empty() && word != "identity").collect()
}

fn undo(coding: &str, bytes: &[u8], cut: bool, most: usize) -> Option<(Vec<u8>, bool)> {
    match coding {
        "gzip" | "x-gzip" => read(flate2::read::MultiGzDecoder::new(bytes), cut, most),
        // Meant is zlib; some send bare deflate.
        "deflate" => read(flate2::read::ZlibDecoder::new(bytes), cut, most)
            .or_else(|| read(flate2::read::DeflateDecoder::new(bytes), cut, most)),
        "br" => read(brotli_decompressor::Decompressor::new(bytes, 4_096), cut, most),
        "zstd" => read(zstd::Decoder::with_buffer(bytes).ok()?, cut, most),
        _ => None,
    }
}

/// The first bytes, and whether there are more. An end that is missing is a fault only of a body that was not cut.
fn read(mut decoder: impl Read, cut: bool, most: usize) -> Option<(Vec<u8>, bool)> {
    let mut decoded = Vec::new();
    let mut buffer = [0; 8_192];
    loop {
        let room = (most - decoded.len()).min(buffer.len());
        if room == 0 {
            return Some((decoded, true));
        }
        match decoder.read(&mut buffer[..room]) {
            Ok(0) => return Some((decoded, cut)),
            Ok(n) => decoded.extend_from_slice(&buffer[..n]),
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            // What is broken from some point on is told up to there.
            Err(_) if cut || !decoded.is_empty() => return Some((decoded, true)),
            Err(_) => return None,
        }
    }
}

/// What the bytes are, by the Content-Type and by themselves.
pub(super) fn read_text<'a>(bytes: &'a [u8], content_type: &str, cut: bool) -> Reading<'a> {
    let textual = is_textual(content_type);
    let declared = parameter(content_type, "charset").and_then(|label| Encoding::for_label(label.as_bytes()));
    let marked = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    match marked.or(declared.filter(|_| textual)) {
        None => {}
        Some(encoding) if encoding == UTF_8 && marked.is_none() => {}
        Some(encoding) => return decoded(bytes, encoding),
    }
    if bytes.contains(&0) && !textual {
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
pub(super) fn media_type(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

/// The value of one of its parameters.
pub(super) fn parameter<'a>(content_type: &'a str, name: &str) -> Option<&'a str> {
    content_type.split(';').skip(1).find_map(|part| {
        let (key, value) = part.split_once('=')?;
        key.trim().eq_ignore_ascii_case(name).then(|| value.trim().trim_matches('"'))
    })
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};
    use http::HeaderValue;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn encoded(coding: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(header::CONTENT_ENCODING, HeaderValue::from_static(coding))])
    }

    #[test]
    fn codings_are_undone_in_their_order() {
        let zstd = zstd::encode_all(&b"hello hello hello"[..], 0).unwrap();
        let both = gzip(&zstd);
        let content = decode(&both, &encoded("zstd, GZip"), false, 1_000).unwrap();
        assert_eq!((&*content.bytes, content.cut), (&b"hello hello hello"[..], false));
        assert_eq!(content.codings, ["zstd", "gzip"]);
        assert_eq!(decode(b"x", &encoded("compress"), false, 9), None, "not known");
        assert_eq!(decode(b"no gzip", &encoded("gzip"), false, 9), None);
    }

    #[test]
    fn a_bomb_is_not_unpacked_and_a_body_that_is_cut_is_read_as_far_as_it_goes() {
        let bomb = gzip(&vec![b'0'; 10 << 20]);
        let content = decode(&bomb, &encoded("gzip"), false, 5_000).unwrap();
        assert_eq!((content.bytes.len(), content.cut), (5_000, true));
        let text: Vec<u8> = (0..20_000_u32).flat_map(|n| n.to_string().into_bytes()).collect();
        let whole = gzip(&text);
        let content = decode(&whole[..whole.len() / 2], &encoded("gzip"), true, 1 << 20).unwrap();
        assert!(content.cut && content.bytes.len() > 1_000 && text.starts_with(&content.bytes));
    }

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
