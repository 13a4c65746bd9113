//! What is in a stored body: its bytes, with the content codings undone.
//!
//! In: a body as it stands in a flow. Out: its content. Recordings of today hold contents; older ones can hold a body as
//! it passed, in base64, with its `Content-Encoding` beside it: what these hold is undone here, up to [`LIMIT`] bytes, so
//! that a small body can't become a large one. Not here: charsets.

use std::{
    borrow::Cow,
    io::{self, Read},
};

use base64::{Engine, prelude::BASE64_STANDARD};
use flate2::read::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use sha2::{Digest, Sha256};

use crate::{Flow, flow::Body};

/// The most that a body is decoded to. What would follow is left out.
pub const LIMIT: usize = 16 << 20;

/// No message has more codings than that; one that says so is not decoded.
const MOST_CODINGS: usize = 4;
/// What a Zstandard frame may ask of the memory: a window of 8 MiB, as RFC 9659 has it for HTTP.
const WINDOW_LOG: u32 = 23;

/// A body's content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content<'a> {
    /// The bytes: decoded, as far as that was possible.
    pub bytes: Cow<'a, [u8]>,
    /// The codings that were undone here, in the order in which they had been applied.
    pub undone: Vec<String>,
    /// Whether there would be more: the body ends too early, or is larger than may be.
    pub cut: bool,
    /// Why a coding could not be undone.
    pub fault: Option<String>,
}

impl<'a> Content<'a> {
    /// The content of a body that stands beside these headers; none if none is stored.
    pub fn of(body: &'a Body, headers: &[(String, String)]) -> Option<Self> {
        let bytes = stored(body)?;
        Some(match &body.base64 {
            Some(_) => Self::decoded(bytes, &content_encoding(headers), LIMIT),
            None => Self::plain(bytes),
        })
    }

    /// Bytes that are content as they are.
    pub fn plain(bytes: Cow<'a, [u8]>) -> Self {
        Self { bytes, undone: Vec::new(), cut: false, fault: None }
    }

    /// What is behind the codings of a `Content-Encoding`, up to so many bytes.
    pub fn decoded(bytes: Cow<'a, [u8]>, content_encoding: &str, limit: usize) -> Self {
        let codings: Vec<_> = content_encoding
            .split(',')
            .map(|coding| coding.trim().to_ascii_lowercase())
            .filter(|coding| !coding.is_empty() && coding != "identity")
            .collect();
        let mut content = Self::plain(bytes);
        if codings.len() > MOST_CODINGS {
            content.fault = Some(format!("{} content codings", codings.len()));
            return content;
        }
        for coding in codings.into_iter().rev() {
            match undo(&coding, &content.bytes, limit) {
                Ok((bytes, cut)) => {
                    content.bytes = Cow::Owned(bytes);
                    content.cut |= cut;
                    content.undone.insert(0, coding);
                }
                Err(error) => {
                    content.fault = Some(format!("{coding}: {error}"));
                    break;
                }
            }
        }
        content
    }

    /// The content as text, without a last character that was cut; none if it is no text.
    pub fn text(&self) -> Option<&str> {
        text(&self.bytes)
    }
}

/// UTF-8 without NUL, of which the last character may be cut; none if the bytes are something else.
pub fn text(bytes: &[u8]) -> Option<&str> {
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) if error.error_len().is_none() => {
            std::str::from_utf8(bytes.get(..error.valid_up_to())?).ok()?
        }
        Err(_) => return None,
    };
    if text.contains('\0') { None } else { Some(text) }
}

/// The bytes that are stored, as they are; none if none are.
pub fn stored(body: &Body) -> Option<Cow<'_, [u8]>> {
    match (&body.utf8, &body.base64) {
        (Some(text), _) => Some(Cow::Borrowed(text.as_bytes())),
        (None, Some(base64)) => BASE64_STANDARD.decode(base64).ok().map(Cow::Owned),
        (None, None) => None,
    }
}

/// What the headers say of content codings, in one list.
pub fn content_encoding(headers: &[(String, String)]) -> String {
    let values = headers.iter().filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"));
    values.map(|(_, value)| value.as_str()).collect::<Vec<_>>().join(",")
}

/// Brings the bodies of a flow into the form that [`Body`] has today; tells whether that changed anything.
pub fn modernize(flow: &mut Flow) -> bool {
    let response = flow.response.as_mut().map(|r| (&mut r.headers, &mut r.body));
    let request = (&mut flow.request.headers, &mut flow.request.body);
    let mut changed = false;
    for (headers, body) in std::iter::once(request).chain(response) {
        changed |= modernize_body(headers, body);
    }
    changed
}

fn modernize_body(headers: &mut Vec<(String, String)>, body: &mut Body) -> bool {
    let content = match Content::of(body, headers) {
        Some(content) if !content.undone.is_empty() && content.fault.is_none() => content,
        _ => return false,
    };
    let (bytes, undone, cut) = (content.bytes.into_owned(), content.undone, content.cut);
    body.sha256 = Some(hex::encode(Sha256::digest(&bytes)));
    body.truncated |= cut && body.complete && body.captured_size == body.size;
    body.content_encoding = undone;
    headers.retain(|(name, _)| !name.eq_ignore_ascii_case("content-encoding"));
    fit_length(headers, bytes.len());
    (body.utf8, body.base64) = match String::from_utf8(bytes) {
        Ok(text) => (Some(text), None),
        Err(error) => (None, Some(BASE64_STANDARD.encode(error.as_bytes()))),
    };
    true
}

/// Makes `Content-Length`, where it is there, tell of so many bytes.
pub(crate) fn fit_length(headers: &mut [(String, String)], length: usize) {
    let lengths = headers.iter_mut().filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    lengths.for_each(|(_, value)| *value = length.to_string());
}

/// What is behind one coding, and whether there would be more of it.
fn undo(coding: &str, bytes: &[u8], limit: usize) -> io::Result<(Vec<u8>, bool)> {
    match coding {
        "gzip" | "x-gzip" => read(MultiGzDecoder::new(bytes), limit),
        // RFC 9110 means zlib's format; some send the bare stream.
        "deflate" => match read(ZlibDecoder::new(bytes), limit) {
            Ok(content) => Ok(content),
            Err(error) => read(DeflateDecoder::new(bytes), limit).map_err(|_| error),
        },
        "br" => read(brotli_decompressor::Decompressor::new(bytes, 4096), limit),
        "zstd" => {
            let mut decoder = zstd::Decoder::new(bytes)?;
            decoder.window_log_max(WINDOW_LOG)?;
            read(decoder, limit)
        }
        _ => Err(io::Error::other("an unknown content coding")),
    }
}

/// As much as may be. What ends too early counts as far as it goes.
fn read(decoder: impl Read, limit: usize) -> io::Result<(Vec<u8>, bool)> {
    let mut bytes = Vec::new();
    match decoder.take(limit as u64 + 1).read_to_end(&mut bytes) {
        Ok(_) => {
            let cut = bytes.len() > limit;
            bytes.truncate(limit);
            Ok((bytes, cut))
        }
        // Whatever a decoder calls the end of what was captured.
        Err(_) if !bytes.is_empty() => Ok((bytes, true)),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write};

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = write::GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn body(bytes: &[u8]) -> Body {
        Body { base64: Some(BASE64_STANDARD.encode(bytes)), complete: true, ..Body::default() }
    }

    fn headers(coding: &str) -> Vec<(String, String)> {
        vec![("Content-Encoding".to_owned(), coding.to_owned())]
    }

    #[test]
    fn codings_are_undone_in_the_reverse_order() {
        let mut zlib = write::ZlibEncoder::new(Vec::new(), Compression::default());
        zlib.write_all(b"hello").unwrap();
        let mut bare = write::DeflateEncoder::new(Vec::new(), Compression::default());
        bare.write_all(b"hello").unwrap();
        let zstd = zstd::encode_all(&b"hello"[..], 3).unwrap();
        // What `printf hello | brotli -w 10` prints.
        let br = [0x0b, 0x02, 0x80, b'h', b'e', b'l', b'l', b'o', 0x03];
        for (coding, bytes) in [
            ("gzip", gzip(b"hello")),
            ("x-gzip", gzip(b"hello")),
            ("deflate", zlib.finish().unwrap()),
            ("deflate", bare.finish().unwrap()),
            ("zstd", zstd.clone()),
            ("br", br.to_vec()),
            ("zstd, identity , GZIP", gzip(&zstd)),
            ("", b"hello".to_vec()),
        ] {
            let (body, headers) = (body(&bytes), headers(coding));
            let content = Content::of(&body, &headers).unwrap();
            assert_eq!(
                (content.text(), content.cut, &content.fault),
                (Some("hello"), false, &None),
                "{coding}"
            );
        }
    }

    #[test]
    fn a_bomb_goes_off_at_the_limit() {
        let bomb = gzip(&vec![0; LIMIT + (1 << 20)]);
        assert!(bomb.len() < 1 << 20);
        let content = Content::decoded(bomb.as_slice().into(), "gzip", LIMIT);
        assert_eq!((content.bytes.len(), content.cut), (LIMIT, true));
        assert!(Content::decoded(bomb.as_slice().into(), "gzip,gzip,gzip,gzip,gzip", LIMIT).fault.is_some());
    }

    #[test]
    fn what_was_cut_is_decoded_as_far_as_it_goes() {
        let text = (0..90_000).map(|n| n.to_string()).collect::<String>();
        for (coding, whole) in
            [("gzip", gzip(text.as_bytes())), ("zstd", zstd::encode_all(text.as_bytes(), 3).unwrap())]
        {
            let content = Content::decoded(whole[..whole.len() - 9].into(), coding, LIMIT);
            assert!(content.cut && text.starts_with(content.text().unwrap()), "{coding}");
        }
        let (body, headers) = (body(b"no gzip"), headers("gzip"));
        let content = Content::of(&body, &headers).unwrap();
        assert_eq!((&*content.bytes, content.undone.len()), (&b"no gzip"[..], 0));
        assert!(content.fault.unwrap().starts_with("gzip: "));
    }

    #[test]
    fn an_old_body_becomes_one_of_today() {
        let mut body = Body { size: 30, captured_size: 30, ..body(&gzip(b"hello")) };
        let mut headers = headers("gzip");
        headers.push(("content-length".to_owned(), "30".to_owned()));
        assert!(modernize_body(&mut headers, &mut body));
        assert_eq!(body.utf8.as_deref(), Some("hello"));
        assert_eq!((body.base64, body.content_encoding), (None, vec!["gzip".to_owned()]));
        assert_eq!(headers, [("content-length".to_owned(), "5".to_owned())]);
        assert_eq!(
            body.sha256.as_deref(),
            Some("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824")
        );
    }
}
