//! A side of a recorded exchange as it passed, for the sanitizer: of recordings in which nothing was replaced.

use bytes::Bytes;
use glyph_formats::{content, flow::Body};
use glyphd::sanitize::Message;
use http::{HeaderMap, HeaderName, HeaderValue};

/// The message.
pub(super) fn message(headers: &[(String, String)], body: &Body) -> Message {
    let pair = |(name, value): &(String, String)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    };
    let mut map = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers.iter().filter_map(pair) {
        map.append(name, value);
    }
    let content = content::stored(body).unwrap_or_default().into_owned();
    Message {
        headers: map,
        trailers: None,
        content: Bytes::from(content),
        size: body.size,
        complete: body.complete,
    }
}
