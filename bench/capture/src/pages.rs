//! What the origin serves, and what clients therefore expect.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use anyhow::Context as _;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use http_body::{Body, Frame, SizeHint};
use http_body_util::{BodyExt, channel::Channel, combinators::UnsyncBoxBody};
use hyper::body::Incoming;

/// How large `/1k` is.
const SMALL: u64 = 1024;
/// What `/slow` and `/abort` send before they pause.
const BEGINNING: u64 = 4096;
/// How long `/slow` pauses, and how long what `/abort` began has to arrive.
const PAUSE: Duration = Duration::from_millis(300);
const BEFORE_ABORT: Duration = Duration::from_millis(20);

pub(crate) type Page = UnsyncBoxBody<Bytes, io::Error>;

/// How long the body of a page is that comes whole.
pub(crate) fn length(path: &str) -> anyhow::Result<u64> {
    match path {
        "/1k" => Ok(SMALL),
        "/slow" => Ok(2 * BEGINNING),
        _ => {
            let size = path.strip_prefix("/big/").with_context(|| format!("no page {path}"))?;
            Ok(size.parse()?)
        }
    }
}

/// Answers a request; what is sent to it comes back.
pub(crate) fn answer(request: Request<Incoming>) -> Response<Page> {
    let body = if request.method() == Method::POST {
        request.into_body().map_err(io::Error::other).boxed_unsync()
    } else {
        match request.uri().path() {
            "/slow" => in_two(PAUSE, Ok(BEGINNING)),
            "/abort" => in_two(BEFORE_ABORT, Err(io::Error::other("as was asked for"))),
            path => match length(path) {
                Ok(size) => whole(size),
                Err(_) => {
                    let mut response = Response::new(whole(0));
                    *response.status_mut() = StatusCode::NOT_FOUND;
                    return response;
                }
            },
        }
    };
    let mut response = Response::new(body);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::SERVER, HeaderValue::from_static("origin"));
    headers.insert(header::ETAG, HeaderValue::from_static("\"1024-a\""));
    response
}

fn whole(size: u64) -> Page {
    Text::of(size).map_err(|never| match never {}).boxed_unsync()
}

/// A beginning, a pause, and then as much more or an error.
fn in_two(pause: Duration, then: io::Result<u64>) -> Page {
    let (mut sender, body) = Channel::new(1);
    tokio::spawn(async move {
        // Whoever asked may have gone meanwhile.
        if sender.send_data(text(BEGINNING)).await.is_ok() {
            tokio::time::sleep(pause).await;
            match then {
                Ok(size) => drop(sender.send_data(text(size)).await),
                Err(e) => sender.abort(e),
            }
        }
    });
    body.boxed_unsync()
}

/// A body of known length.
#[derive(Debug)]
pub(crate) struct Text {
    left: u64,
}

impl Text {
    pub(crate) fn of(size: u64) -> Self {
        Self { left: size }
    }
}

impl Body for Text {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        let piece = text(self.left);
        self.left -= piece.len() as u64;
        Poll::Ready(Some(Ok(Frame::data(piece))))
    }

    fn is_end_stream(&self) -> bool {
        self.left == 0
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}

/// Lines, as many bytes as are wanted of 64 KB of them.
fn text(size: u64) -> Bytes {
    static LINES: [u8; 1 << 16] = {
        let line = *b"The quick brown fox jumps over the lazy dog, and back once more\n";
        let mut lines = [0; 1 << 16];
        let mut n = 0;
        while n < lines.len() {
            lines[n] = line[n % line.len()];
            n += 1;
        }
        lines
    };
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    Bytes::from_static(&LINES[..size.min(LINES.len())])
}
