//! Answers, of which no more is held than is compared.

use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, Response, StatusCode, Version, response};
use http_body_util::BodyExt;
use hyper::body::Incoming;

/// An answer, as it came.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) version: Version,
    pub(super) headers: HeaderMap,
    pub(super) trailers: Option<HeaderMap>,
    /// The beginning of the body.
    pub(super) content: Bytes,
    /// How many bytes the body had.
    pub(super) size: u64,
    /// Why it did not come to its end.
    pub(super) broken: Option<String>,
    /// From the request to the head, and to the end.
    pub(super) first_byte: Duration,
    pub(super) took: Duration,
}

/// Reads an answer to its end, and keeps so many bytes of its body.
pub(super) async fn read(response: Response<Incoming>, sent: Instant, limit: usize) -> Answer {
    let first_byte = sent.elapsed();
    let (head, mut body) = response.into_parts();
    let mut kept = Kept { limit, size: 0, first: Bytes::new(), more: BytesMut::new() };
    let (mut trailers, mut broken) = (None, None);
    while let Some(frame) = body.frame().await {
        match frame.map(|frame| frame.into_data().map_err(|frame| frame.into_trailers())) {
            Ok(Ok(data)) => kept.add(data),
            Ok(Err(frame)) => trailers = frame.ok(),
            Err(error) => {
                broken = Some(error.to_string());
                break;
            }
        }
    }
    let response::Parts { status, version, headers, .. } = head;
    let size = kept.size;
    let content = kept.content();
    Answer { status, version, headers, trailers, content, size, broken, first_byte, took: sent.elapsed() }
}

/// The beginning of a body. One that comes in one piece is not copied.
struct Kept {
    limit: usize,
    size: u64,
    first: Bytes,
    more: BytesMut,
}

impl Kept {
    fn add(&mut self, mut data: Bytes) {
        self.size += data.len() as u64;
        let room = self.limit - self.first.len().max(self.more.len());
        data.truncate(room);
        if self.first.is_empty() && self.more.is_empty() {
            self.first = data;
            return;
        }
        if self.more.is_empty() {
            self.more.extend_from_slice(&std::mem::take(&mut self.first));
        }
        self.more.extend_from_slice(&data);
    }

    fn content(self) -> Bytes {
        if self.more.is_empty() { self.first } else { self.more.freeze() }
    }
}
