//! What is sent to an upstream: the client's body as it comes, and what of a request can be sent once more.
//!
//! An upstream over HTTP/2 may say that it has not looked at a request. Its body has passed then, in part or whole: what was
//! little comes back from where it went, and goes again before the rest.

use std::{
    mem,
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use http::{Request, request::Parts};
use http_body::{Body, Frame, SizeHint};
use hyper::body::Incoming;
use tokio::sync::oneshot;

use crate::capture::tee::Tee;

/// How many bytes of a body are kept until there is an answer.
const KEPT: usize = 64 << 10;

/// A request on its way.
pub(in crate::capture) type Sent = Request<Outgoing>;

/// Its body: the client's, as it comes. Where it is lent, it comes back when it is dropped, unless too much has passed.
#[derive(Debug, Default)]
pub(in crate::capture) struct Outgoing {
    /// What has passed while it was lent.
    passed: Vec<u8>,
    /// Whether that is to go again.
    again: bool,
    /// What comes behind it. It is dropped as soon as it has ended, since with that its end is noted.
    rest: Option<Tee<Incoming>>,
    /// None if nobody wants it back, or it is too late.
    back: Option<oneshot::Sender<Self>>,
}

/// What is needed to send a request once more.
#[derive(Debug)]
pub(super) struct Copy {
    head: Box<Parts>,
    /// None if it has no body.
    body: Option<oneshot::Receiver<Outgoing>>,
}

impl Copy {
    /// Of a request without a body.
    pub(super) fn of(request: &Sent) -> Option<Self> {
        request.body().is_end_stream().then(|| Self { head: head_of(request), body: None })
    }

    /// Of any, whose body comes back.
    pub(super) fn lending(request: &mut Sent) -> Self {
        Self::of(request).unwrap_or_else(|| {
            let (back, body) = oneshot::channel();
            request.body_mut().back = Some(back);
            Self { head: head_of(request), body: Some(body) }
        })
    }

    /// The request, once the one before has ended. None if too much of its body has passed.
    pub(super) async fn request(self) -> Option<Box<Sent>> {
        let body = match self.body {
            Some(body) => body.await.ok()?,
            None => Outgoing::default(),
        };
        Some(Box::new(Request::from_parts(*self.head, body)))
    }
}

fn head_of(request: &Sent) -> Box<Parts> {
    let mut copy = Request::new(());
    *copy.method_mut() = request.method().clone();
    *copy.uri_mut() = request.uri().clone();
    *copy.version_mut() = request.version();
    *copy.headers_mut() = request.headers().clone();
    *copy.extensions_mut() = request.extensions().clone();
    Box::new(copy.into_parts().0)
}

impl Outgoing {
    pub(in crate::capture) fn of(body: Tee<Incoming>) -> Self {
        Self { passed: Vec::new(), again: false, rest: Some(body), back: None }
    }

    /// Keeps what has just passed, as long as it is little and somebody may want it.
    fn keep(&mut self, data: &Bytes) {
        let is_wanted = self.back.as_ref().is_some_and(|back| !back.is_closed());
        if is_wanted && self.passed.len() + data.len() <= KEPT {
            self.passed.extend_from_slice(data);
        } else {
            self.forget();
        }
    }

    fn forget(&mut self) {
        (self.back, self.passed) = (None, Vec::new());
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some(back) = self.back.take() {
            self.again = !self.passed.is_empty();
            // Whoever has an answer does not want it.
            drop(back.send(mem::take(self)));
        }
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        if mem::take(&mut self.again) {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::copy_from_slice(&self.passed)))));
        }
        let Some(tee) = &mut self.rest else { return Poll::Ready(None) };
        let polled = ready!(Pin::new(&mut *tee).poll_frame(cx));
        let has_ended = polled.is_none() || tee.is_end_stream();
        match &polled {
            Some(Ok(frame)) => match frame.data_ref() {
                Some(data) => self.keep(data),
                // Trailers, behind which nothing comes.
                None => self.forget(),
            },
            Some(Err(_)) => self.forget(),
            None => {}
        }
        if has_ended {
            self.rest = None;
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        !self.again && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        let before = if self.again { self.passed.len() as u64 } else { 0 };
        let behind = self.rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let mut hint = SizeHint::new();
        hint.set_lower(before + behind.lower());
        if let Some(upper) = behind.upper() {
            hint.set_upper(before + upper);
        }
        hint
    }
}
