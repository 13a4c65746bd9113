//! A body that passes through and leaves its first bytes behind.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::{exchange::RawBody, failure::Failure, recorder::Recorder, upstream::Lease};

/// Which of an exchange's two bodies it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Response,
}

/// A body under way. When it is dropped, at its end or before, the recorder gets what was kept.
#[derive(Debug)]
pub(super) struct Tee<B: Body> {
    inner: B,
    side: Side,
    limit: usize,
    kept: Vec<u8>,
    size: u64,
    ended: bool,
    trailers: Option<Box<http::HeaderMap>>,
    /// What went wrong on the inner body's side.
    fault: Option<Box<Failure>>,
    /// What is told the next time that it is asked for a frame.
    error: Option<hyper::Error>,
    /// The upstream's connection, which can take another request once this has passed.
    lease: Option<Lease>,
    recorder: Recorder,
}

impl<B: Body> Tee<B> {
    /// Keeps the first `limit` bytes.
    pub(super) fn new(inner: B, side: Side, limit: usize, recorder: Recorder) -> Self {
        Self {
            inner,
            side,
            limit,
            kept: Vec::new(),
            size: 0,
            ended: false,
            trailers: None,
            fault: None,
            error: None,
            lease: None,
            recorder,
        }
    }

    /// The same, which ends that lease where it ends whole.
    pub(super) fn ending(mut self, lease: Option<Lease>) -> Self {
        self.lease = lease;
        self
    }

    fn pass(&mut self, data: &Bytes) {
        self.size += data.len() as u64;
        let room = self.limit.saturating_sub(self.kept.len());
        self.kept.extend_from_slice(&data[..room.min(data.len())]);
    }
}

impl<B> Body for Tee<B>
where
    B: Body<Data = Bytes, Error = hyper::Error> + Unpin,
{
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if let Some(error) = self.error.take() {
            return Poll::Ready(Some(Err(error)));
        }
        let polled = ready!(Pin::new(&mut self.inner).poll_frame(cx));
        match polled {
            Some(Err(error)) => {
                self.fault = Some(Box::new(match self.side {
                    Side::Request => Failure::of_request_body(&error),
                    Side::Response => Failure::of_hyper(&error),
                }));
                // One turn later: who sends on lets go of the connection at once, with what has not left yet.
                self.error = Some(error);
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Some(Ok(ref frame)) => {
                if let Some(data) = frame.data_ref() {
                    self.pass(data);
                } else if let Some(trailers) = frame.trailers_ref() {
                    self.trailers = Some(Box::new(trailers.clone()));
                }
            }
            None => self.ended = true,
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.error.is_none() && self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl<B: Body> Drop for Tee<B> {
    fn drop(&mut self) {
        // A body of known length is not asked for its end once the length is reached.
        let complete = self.fault.is_none() && (self.ended || self.inner.is_end_stream());
        if let Some(lease) = self.lease.take().filter(|_| complete) {
            lease.end();
        }
        let body = RawBody {
            kept: std::mem::take(&mut self.kept).into(),
            size: self.size,
            complete,
            trailers: self.trailers.take(),
        };
        self.recorder.passed(self.side, body, self.fault.take());
    }
}
