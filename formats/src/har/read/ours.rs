//! An entry that was written of a flow: what stands under `_glyph` and what HAR has of it make the same flow again.

use std::mem;

use base64::{Engine, prelude::BASE64_STANDARD};
use sha2::{Digest, Sha256};

use super::{
    super::{Glyph, Target},
    loose::{self, List, Pair, Text},
};
use crate::{
    FORMAT_VERSION,
    flow::{Body, Flow, FlowKind, Request, Response},
};

/// The flow; none if the entry lacks what a flow has.
pub(super) fn flow(entry: &mut loose::Entry<'_>, glyph: Glyph) -> Option<Flow> {
    let asked = entry.request.0.as_mut()?;
    let target = glyph.target.or_else(|| Target::of(asked.url.text()))?;
    let mut body = glyph.request_body;
    if let Some(data) = &mut asked.post_data.0 {
        let is_base64 = data.own_encoding.text() == "base64";
        fill(&mut body, data.text.0.take(), is_base64)?;
    }
    let request = Request {
        method: asked.method.0.take()?,
        url: target.url,
        scheme: target.scheme,
        host: target.host,
        port: target.port,
        version: text(&mut asked.http_version),
        headers: pairs(&mut asked.headers),
        body,
        trailers: glyph.request_trailers,
    };
    let response = match (glyph.response_body, &mut entry.response.0) {
        (Some(mut body), Some(answered)) => {
            if let Some(content) = &mut answered.content.0 {
                let is_base64 = content.encoding.text() == "base64";
                fill(&mut body, content.text.0.take(), is_base64)?;
            }
            Some(Response {
                status: answered.status.size().and_then(|status| u16::try_from(status).ok())?,
                version: text(&mut answered.http_version),
                headers: pairs(&mut answered.headers),
                body,
                trailers: glyph.response_trailers,
            })
        }
        _ => None,
    };
    Some(Flow {
        format: FORMAT_VERSION,
        id: glyph.flow_id,
        sequence: glyph.sequence,
        trace_id: glyph.trace_id,
        span_id: glyph.span_id,
        sampled: glyph.sampled,
        start_time_unix_nano: glyph.start_time_unix_nano,
        end_time_unix_nano: glyph.end_time_unix_nano,
        kind: FlowKind::Http,
        client: glyph.client,
        request,
        response,
        tunnel: None,
        websocket: glyph.websocket,
        timings: glyph.timings,
        error: glyph.error,
        redactions: glyph.redactions,
        unredacted: glyph.unredacted,
    })
}

/// Puts the content in its place; none if it is not what it says that it is.
fn fill(body: &mut Body, content: Option<String>, is_base64: bool) -> Option<()> {
    let Some(content) = content else { return Some(()) };
    let in_text = body.utf8.as_ref().is_some_and(String::is_empty);
    let in_base64 = body.base64.as_ref().is_some_and(String::is_empty);
    if !in_text && !in_base64 {
        return Some(());
    }
    let bytes = match is_base64 {
        true => BASE64_STANDARD.decode(&content).ok()?,
        false => content.into_bytes(),
    };
    // Somebody may have changed it since.
    if let Some(digest) = &mut body.sha256
        && let new = hex::encode(Sha256::digest(&bytes))
        && *digest != new
    {
        *digest = new;
        (body.size, body.captured_size) = (bytes.len() as u64, bytes.len() as u64);
    }
    match in_text {
        true => body.utf8 = Some(String::from_utf8(bytes).ok()?),
        false => body.base64 = Some(BASE64_STANDARD.encode(&bytes)),
    }
    Some(())
}

fn text(text: &mut Text) -> String {
    text.0.take().unwrap_or_default()
}

fn pairs(list: &mut List<Pair>) -> Vec<(String, String)> {
    let pairs = mem::take(&mut list.0).into_iter();
    pairs.map(|mut pair| (text(&mut pair.name), text(&mut pair.value))).collect()
}
