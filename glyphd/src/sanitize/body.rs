//! What is kept of a body, as the flow log has it.

use base64::{Engine, prelude::BASE64_STANDARD};
use glyph_formats::flow::Body;
use sha2::{Digest, Sha256};

use crate::capture::exchange::RawBody;

/// The record of a body. The digest is of what is stored: one of what passed would give short secrets away.
pub(super) fn record(raw: &RawBody) -> Body {
    let mut body = Body {
        size: raw.size,
        captured_size: raw.kept.len() as u64,
        complete: raw.complete,
        ..Body::default()
    };
    if raw.kept.is_empty() {
        return body;
    }
    body.sha256 = Some(hex::encode(Sha256::digest(&raw.kept)));
    // A text that the limit cut within a character is still a text.
    let cut = raw.kept.len() as u64 != raw.size;
    match std::str::from_utf8(&raw.kept) {
        Ok(text) => body.utf8 = Some(text.to_owned()),
        Err(e) if cut && e.error_len().is_none() => {
            let text = &raw.kept[..e.valid_up_to()];
            body.captured_size = text.len() as u64;
            body.sha256 = Some(hex::encode(Sha256::digest(text)));
            body.utf8 = Some(String::from_utf8_lossy(text).into_owned());
        }
        Err(_) => body.base64 = Some(BASE64_STANDARD.encode(&raw.kept)),
    }
    body
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recorded(kept: &'static [u8], size: u64) -> Body {
        record(&RawBody { kept: kept.into(), size, complete: true, trailers: None })
    }

    #[test]
    fn text_is_text_even_where_the_limit_cut_a_character() {
        let body = recorded("caf\u{e9}".as_bytes(), 5);
        assert_eq!((body.utf8.as_deref(), body.captured_size), (Some("caf\u{e9}"), 5));
        let body = recorded(b"caf\xc3", 5);
        assert_eq!((body.utf8.as_deref(), body.captured_size, body.size), (Some("caf"), 3, 5));
    }

    #[test]
    fn bytes_are_base64_with_the_digest_of_what_is_stored() {
        let body = recorded(b"\xff\x00", 2);
        assert_eq!((body.utf8, body.base64.as_deref()), (None, Some("/wA=")));
        // What sha256sum says of these two bytes.
        let digest = "ea5dbf9596d187e9500f23e9a680109475341cf4e81f7e043f7d97152c10772f";
        assert_eq!(body.sha256.as_deref(), Some(digest));
    }

    #[test]
    fn an_empty_body_stores_nothing() {
        assert_eq!(recorded(b"", 0), Body { complete: true, ..Body::default() });
    }
}
