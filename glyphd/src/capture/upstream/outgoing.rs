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

/// Its body.
#[derive(Debug)]
pub(in crate::capture) enum Outgoing {
    /// The client's, as it comes.
    Passing(Tee<Incoming>),
    /// One that can come back.
    Lent(Lent),
}

/// A body that is given back where it is dropped, unless too much has passed.
#[derive(Debug)]
pub(in crate::capture) struct Lent {
    body: Rewound,
    /// None if nobody wants it, or it is too late.
    back: Option<oneshot::Sender<Rewound>>,
}

/// A body from its beginning.
#[derive(Debug, Default)]
struct Rewound {
    passed: Vec<Bytes>,
    /// How many of these have gone, this time.
    gone: usize,
    /// What comes behind them. It is dropped as soon as it has ended, since with that its end is noted.
    rest: Option<Tee<Incoming>>,
}

/// What is needed to send a request once more.
#[derive(Debug)]
pub(super) struct Copy {
    head: Box<Parts>,
    /// None if it has no body.
    body: Option<oneshot::Receiver<Rewound>>,
}

impl Copy {
    /// Of a request without a body.
    pub(super) fn of(request: &Sent) -> Option<Self> {
        request.body().is_end_stream().then(|| Self { head: head_of(request), body: None })
    }

    /// Of any, whose body comes back.
    pub(super) fn lending(request: &mut Sent) -> Self {
        let head = head_of(request);
        if request.body().is_end_stream() {
            return Self { head, body: None };
        }
        let (back, body) = oneshot::channel();
        let mut rewound = match mem::replace(request.body_mut(), Outgoing::nothing()) {
            Outgoing::Passing(tee) => Rewound { rest: Some(tee), ..Rewound::default() },
            Outgoing::Lent(mut lent) => mem::take(&mut lent.body),
        };
        rewound.gone = 0;
        *request.body_mut() = Outgoing::Lent(Lent { body: rewound, back: Some(back) });
        Self { head, body: Some(body) }
    }

    /// The request, once the one before has ended. None if too much of its body has passed.
    pub(super) async fn request(self) -> Option<Box<Sent>> {
        let body = match self.body {
            Some(body) => Outgoing::Lent(Lent { body: body.await.ok()?, back: None }),
            None => Outgoing::nothing(),
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
    fn nothing() -> Self {
        Self::Lent(Lent { body: Rewound::default(), back: None })
    }
}

impl Rewound {
    fn is_ended(&self) -> bool {
        self.gone == self.passed.len() && self.rest.as_ref().is_none_or(Body::is_end_stream)
    }
}

impl Lent {
    /// Keeps what has just passed, as long as it is little and somebody may want it.
    fn keep(&mut self, data: &Bytes) {
        let Rewound { passed, gone, .. } = &mut self.body;
        let size: usize = passed.iter().map(Bytes::len).sum();
        if self.back.as_ref().is_some_and(|back| !back.is_closed()) && size + data.len() <= KEPT {
            passed.push(data.clone());
            *gone = passed.len();
        } else {
            self.forget();
        }
    }

    fn forget(&mut self) {
        self.back = None;
        (self.body.passed, self.body.gone) = (Vec::new(), 0);
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(back) = self.back.take() {
            let body = mem::take(&mut self.body);
            // Whoever has an answer does not want it.
            drop(back.send(Rewound { gone: 0, ..body }));
        }
    }
}

impl Body for Lent {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let Rewound { passed, gone, rest } = &mut self.body;
        if let Some(data) = passed.get(*gone) {
            *gone += 1;
            return Poll::Ready(Some(Ok(Frame::data(data.clone()))));
        }
        let Some(tee) = rest else { return Poll::Ready(None) };
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
            self.body.rest = None;
        }
        Poll::Ready(polled)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_ended()
    }

    fn size_hint(&self) -> SizeHint {
        let Rewound { passed, gone, rest } = &self.body;
        let before: u64 = passed[*gone..].iter().map(|data| data.len() as u64).sum();
        let behind = rest.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint);
        let mut hint = SizeHint::new();
        hint.set_lower(before + behind.lower());
        if let Some(upper) = behind.upper() {
            hint.set_upper(before + upper);
        }
        hint
    }
}

impl Body for Outgoing {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        match self.get_mut() {
            Self::Passing(tee) => Pin::new(tee).poll_frame(cx),
            Self::Lent(lent) => Pin::new(lent).poll_frame(cx),
        }
    }

    fn is_end_stream(&self) -> bool {
        match self {
            Self::Passing(tee) => tee.is_end_stream(),
            Self::Lent(lent) => lent.is_end_stream(),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Self::Passing(tee) => tee.size_hint(),
            Self::Lent(lent) => lent.size_hint(),
        }
    }
}
