//! What is kept of a body: the content, without its secrets, and what it was before.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use glyph_formats::flow::Body;
use http::{HeaderMap, header};
use sha2::{Digest, Sha256};

use super::{
    Sanitizer,
    content::{self, Reading},
    find::{self, Document, multipart_parts},
    found::Found,
    rules::BinaryBodies,
    tokens::hexadecimal,
};

/// A secret is known by so many of its first bytes. Capture keeps so much more of a body than is stored, so that one
/// across the limit is found.
pub(super) const MARGIN: usize = 4 << 10;

/// A word at the end of what is there may be the beginning of a secret, if it has at least and at most so many bytes.
const CUT_WORD: std::ops::Range<usize> = 8..512;

/// What came of a body.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) body: Body,
    /// Whether its bytes are other ones than those that passed.
    pub(super) changed: bool,
}

/// The bytes of a body, as capture kept them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kept<'a> {
    pub(super) bytes: &'a Bytes,
    pub(super) size: u64,
    pub(super) complete: bool,
}

/// The record of a body. Digests are of what is stored, or keyed: one of what passed would give short secrets away.
pub(super) fn record(kept: Kept<'_>, headers: &HeaderMap, found: &mut Found<'_>) -> Stored {
    let limit = found.sanitizer.limit;
    // It is filled in where it stands: it is too large to be moved from step to step.
    let mut body = Body { size: kept.size, complete: kept.complete, ..Body::default() };
    if kept.bytes.is_empty() || limit == 0 {
        return Stored { body, changed: false };
    }
    body.captured_size = kept.bytes.len().min(limit) as u64;
    let cut = (kept.bytes.len() as u64) < kept.size || !kept.complete;
    let content_type =
        headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let Some(content) = content::decode(kept.bytes, headers, limit.saturating_add(MARGIN)) else {
        return binary(body, kept.bytes, Vec::new(), found.sanitizer);
    };
    let content_cut = content.cut || cut;
    let document = document(content_type, &content.bytes);
    let reading = match document {
        Document::Multipart(boundary) => whole_text(&content.bytes, boundary, found),
        _ => content::read_text(&content.bytes, content_type, content_cut),
    };
    match reading {
        Reading::Binary => binary(body, &content.bytes, content.undone, found.sanitizer),
        Reading::Text { text, charset } => {
            let limit = if content_cut && kept.complete && content.bytes.len() < limit.saturating_add(MARGIN)
            {
                // The codings end before the limit does: its last bytes are the margin.
                text.len().saturating_sub(MARGIN).min(limit)
            } else {
                limit
            };
            let changed = !content.undone.is_empty() || charset.is_some();
            body.content_encoding = content.undone;
            body.charset = charset.map(str::to_owned);
            let redacted = store(&mut body, &text, document, limit, found);
            Stored { body, changed: changed || redacted }
        }
    }
}

/// Tells whether something was replaced.
fn store(body: &mut Body, text: &str, document: Document<'_>, limit: usize, found: &mut Found<'_>) -> bool {
    let clean = find::replace(text, document, "body", limit, found);
    let mut redacted = clean.redacted;
    let mut text_kept = clean.text;
    let ends_early = text.len() <= limit && !body.complete;
    if ends_early && let Some(start) = cut_word(&text_kept) {
        // Whoever broke it off, what comes next is not known.
        let token = found.token(&text_kept[start..]);
        found.add("cut", &["body"]);
        text_kept = Cow::Owned(format!("{}{token}", &text_kept[..start]));
        redacted = true;
    }
    body.truncated = text.len() > limit && body.captured_size == body.size;
    body.sha256 = Some(sha256(text_kept.as_bytes()));
    body.utf8 = Some(text_kept.into_owned());
    body.redacted = redacted;
    redacted
}

/// The digest in hexadecimal.
fn sha256(stored: &[u8]) -> String {
    hexadecimal(&Sha256::digest(stored))
}

/// Where the last word begins, if it may be the beginning of a secret.
fn cut_word(text: &str) -> Option<usize> {
    let word = |b: &u8| b.is_ascii_alphanumeric() || b"-_.+/=~".contains(b);
    let length = text.bytes().rev().take(CUT_WORD.end).take_while(word).count();
    let start = text.len() - length;
    let drawn = text[start..].bytes().any(|b| b.is_ascii_digit() || b.is_ascii_uppercase());
    (CUT_WORD.contains(&length) && drawn && !super::tokens::is_token(&text[start..])).then_some(start)
}

/// A body that is no text: by length and digest, or in full if the operator says so.
fn binary(body: Body, bytes: &[u8], codings: Vec<String>, sanitizer: &Sanitizer) -> Stored {
    let bytes = &bytes[..bytes.len().min(sanitizer.limit)];
    if sanitizer.rules.policy.binary_bodies == BinaryBodies::Digest {
        return Stored {
            body: Body { digest: Some(sanitizer.tokens.digest(bytes)), ..body },
            changed: false,
        };
    }
    let sha256 = Some(sha256(bytes));
    let changed = !codings.is_empty();
    let body =
        Body { base64: Some(BASE64_STANDARD.encode(bytes)), sha256, content_encoding: codings, ..body };
    Stored { body, changed }
}

/// A body of the operator's own choice: as it passed.
pub(super) fn record_unredacted(kept: Kept<'_>, limit: usize) -> Body {
    let bytes = &kept.bytes[..kept.bytes.len().min(limit)];
    let body = Body {
        size: kept.size,
        captured_size: bytes.len() as u64,
        complete: kept.complete,
        ..Body::default()
    };
    if bytes.is_empty() {
        return body;
    }
    let cut = kept.bytes.len() as u64 != kept.size || kept.bytes.len() > limit;
    match content::read_text(bytes, "", cut) {
        Reading::Text { text, charset: None } => {
            let captured_size = text.len() as u64;
            Body {
                captured_size,
                sha256: Some(sha256(text.as_bytes())),
                utf8: Some(text.into_owned()),
                ..body
            }
        }
        _ => Body { sha256: Some(sha256(bytes)), base64: Some(BASE64_STANDARD.encode(bytes)), ..body },
    }
}

fn document<'a>(content_type: &'a str, bytes: &[u8]) -> Document<'a> {
    let media = content::media_type(content_type);
    let first = bytes.iter().find(|b| !b.is_ascii_whitespace());
    if media.ends_with("json") {
        return Document::Json;
    }
    match &*media {
        "application/x-www-form-urlencoded" => Document::Form,
        "multipart/form-data" => {
            content::parameter(content_type, "boundary").map_or(Document::Text, Document::Multipart)
        }
        "text/plain" | "" | "application/octet-stream" | "text/event-stream" | "text/javascript"
            if matches!(first, Some(b'{' | b'[')) =>
        {
            Document::Json
        }
        "text/plain" | "text/event-stream" | "text/csv" => Document::Text,
        _ => Document::Markup,
    }
}

/// A multipart body as text: its parts that are none are replaced by their digests.
fn whole_text<'c>(content: &'c [u8], boundary: &str, found: &Found<'_>) -> Reading<'c> {
    if let Ok(text) = std::str::from_utf8(content) {
        return Reading::Text { text: Cow::Borrowed(text), charset: None };
    }
    let (mut text, mut copied) = (String::new(), 0);
    for part in multipart_parts(content, boundary) {
        let bytes = &content[part.content.clone()];
        if std::str::from_utf8(bytes).is_err() {
            text.push_str(&String::from_utf8_lossy(&content[copied..part.content.start]));
            text.push_str(&found.sanitizer.tokens.digest(bytes));
            copied = part.content.end;
        }
    }
    text.push_str(&String::from_utf8_lossy(&content[copied..]));
    Reading::Text { text: Cow::Owned(text), charset: Some("UTF-8") }
}
