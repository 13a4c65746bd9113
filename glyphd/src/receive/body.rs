//! The bytes of a post: read within bounds, and with their content coding undone.

use std::{borrow::Cow, time::Duration};

use bytes::{Bytes, BytesMut};
use glyph_formats::content::Content;
use http::{HeaderMap, header};
use http_body_util::BodyExt;
use hyper::body::{Body, Incoming};
use tokio::time::timeout;

use super::answer::Refusal;
use crate::room::{Held, Room};

/// The most that a post may have, compressed or not. A batch of an SDK has 512 spans, of a KiB or two each.
pub(super) const LIMIT: usize = 8 << 20;
/// How long all of it may take.
const TIME: Duration = Duration::from_secs(30);

/// Of what is too large, so much is read and thrown away: who is answered while still sending may not see the answer.
const THROWN_AWAY: usize = 64 << 20;

/// Reads a body. It has room as long as what is returned beside it lives.
pub(super) async fn read(mut body: Incoming, room: &Room) -> Result<(Bytes, Vec<Held>), Refusal> {
    let reading = async {
        if body.size_hint().lower() > LIMIT as u64 {
            throw_away(&mut body).await;
            return Err(Refusal::TooLarge(LIMIT));
        }
        whole(&mut body, room).await
    };
    timeout(TIME, reading).await.unwrap_or(Err(Refusal::Unfinished))
}

async fn whole(body: &mut Incoming, room: &Room) -> Result<(Bytes, Vec<Held>), Refusal> {
    let (mut bytes, mut held, mut paid) = (BytesMut::new(), Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| Refusal::Unfinished)?;
        let Some(data) = frame.data_ref() else { continue };
        if bytes.len() + data.len() > LIMIT {
            throw_away(body).await;
            return Err(Refusal::TooLarge(LIMIT));
        }
        bytes.extend_from_slice(data);
        if bytes.len() > paid {
            let more = bytes.len().max(paid * 2) - paid;
            held.push(room.take(more).await.ok_or(Refusal::Busy)?);
            paid += more;
        }
    }
    Ok((bytes.freeze(), held))
}

async fn throw_away(body: &mut Incoming) {
    let mut read = 0;
    while read < THROWN_AWAY
        && let Some(Ok(frame)) = body.frame().await
    {
        read += frame.data_ref().map_or(0, Bytes::len);
    }
}

/// Undoes the content coding.
pub(super) fn decoded<'a>(bytes: &'a [u8], headers: &HeaderMap) -> Result<Cow<'a, [u8]>, Refusal> {
    let codings = headers.get_all(header::CONTENT_ENCODING).into_iter();
    let codings: Vec<_> = codings.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    let content = Content::decoded(Cow::Borrowed(bytes), &codings.join(","), LIMIT + 1);
    match content.fault {
        Some(fault) => Err(Refusal::Unreadable(format!("Content-Encoding: {fault}"))),
        None if content.bytes.len() > LIMIT => Err(Refusal::TooLarge(LIMIT)),
        None if content.cut => Err(Refusal::Unfinished),
        None => Ok(content.bytes),
    }
}
