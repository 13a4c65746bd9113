//! What goes out: recorded answers, what a forwarded request came to, and what is said in their place.

use std::{convert::Infallible, time::Duration};

use bytes::Bytes;
use glyph_analysis::text::visible;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, StatusCode, header};
use http_body_util::{BodyExt, Either, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::body::{Frame, Incoming};
use serde::Serialize;
use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};
use tokio_stream::wrappers::ReceiverStream;

use super::{
    answer::{Answer, Unserved},
    nearest::Named,
};

/// Why an answer is none of the recorded ones.
const ERROR: HeaderName = HeaderName::from_static("x-glyph-error");
/// A body that takes its time comes in so many pieces, if it is long enough.
const PIECES: usize = 16;
const PIECE: usize = 1 << 10;

pub(super) type Body = Either<Full<Bytes>, UnsyncBoxBody<Bytes, hyper::Error>>;

/// A recorded answer to a request of that method. `pace`: how its body comes in time.
pub(super) fn recorded(
    answer: &Answer,
    method: &Method,
    pace: Option<(Instant, Duration)>,
) -> Response<Body> {
    let is_head = method == Method::HEAD;
    let body = match pace {
        _ if is_head => Either::Left(Full::default()),
        Some((from, took)) if !took.is_zero() => in_time(answer, from, took),
        _ if answer.trailers.is_some() => in_time(answer, Instant::now(), Duration::ZERO),
        _ => Either::Left(Full::new(answer.body.clone())),
    };
    let mut response = Response::new(body);
    *response.status_mut() = answer.status;
    *response.headers_mut() = answer.headers.clone();
    let headers = response.headers_mut();
    match &answer.length {
        Some(length) => drop(headers.insert(header::CONTENT_LENGTH, length.clone())),
        // Asked for with HEAD, recorded with GET; or in pieces, of which the sum is known.
        None if (is_head || pace.is_some()) && answer.trailers.is_none() && has_body(answer.status) => {
            drop(headers.insert(header::CONTENT_LENGTH, answer.body.len().into()));
        }
        None => {}
    }
    if let Some(trailers) = answer.trailers.as_ref().filter(|_| !headers.contains_key(header::TRAILER)) {
        let names: Vec<_> = trailers.keys().map(HeaderName::as_str).collect();
        headers.extend(HeaderValue::from_str(&names.join(", ")).ok().map(|names| (header::TRAILER, names)));
    }
    response
}

fn has_body(status: StatusCode) -> bool {
    status != StatusCode::NO_CONTENT && status != StatusCode::NOT_MODIFIED
}

/// The body in pieces, the last one when it is time, and the trailers.
fn in_time(answer: &Answer, from: Instant, took: Duration) -> Body {
    let (body, trailers) = (answer.body.clone(), answer.trailers.clone());
    let pieces = (body.len() / PIECE).clamp(1, PIECES);
    let (sender, receiver) = mpsc::channel(1);
    tokio::spawn(send(body, trailers, sender, pieces, from, took));
    let stream = StreamBody::new(ReceiverStream::new(receiver));
    Either::Right(BodyExt::map_err(stream, |never: Infallible| match never {}).boxed_unsync())
}

async fn send(
    mut body: Bytes,
    trailers: Option<HeaderMap>,
    to: mpsc::Sender<Result<Frame<Bytes>, Infallible>>,
    pieces: usize,
    from: Instant,
    took: Duration,
) {
    for number in 1..=pieces {
        sleep_until(from + took.mul_f64(number as f64 / pieces as f64)).await;
        let piece = body.split_to(body.len() / (pieces + 1 - number));
        if to.send(Ok(Frame::data(piece))).await.is_err() {
            // Whoever asked has gone.
            return;
        }
    }
    if let Some(trailers) = trailers {
        drop(to.send(Ok(Frame::trailers(trailers))).await);
    }
}

/// What somebody else has answered.
pub(super) fn forwarded(response: Response<Incoming>) -> Response<Body> {
    response.map(|body| Either::Right(body.boxed_unsync()))
}

/// An empty answer.
pub(super) fn empty(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::default()));
    *response.status_mut() = status;
    response
}

/// What is said where there is no recorded answer.
#[derive(Debug, Serialize)]
pub(super) struct Refusal<'a> {
    #[serde(skip)]
    pub(super) status: StatusCode,
    pub(super) error: &'static str,
    pub(super) message: String,
    pub(super) method: &'a str,
    pub(super) url: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) nearest: Vec<&'a Named>,
}

impl<'a> Refusal<'a> {
    /// That something recorded can't be served.
    pub(super) fn unserved(unserved: &Unserved, method: &'a str, url: &'a str) -> Self {
        let message = format!("flow {}: {}", unserved.flow, unserved.why);
        let status = StatusCode::BAD_GATEWAY;
        Self { status, error: unserved.kind, message, method, url, nearest: Vec::new() }
    }

    /// As JSON for who asks for that, else as text.
    pub(super) fn response(&self, headers: &HeaderMap) -> Response<Body> {
        let accepts = headers.get_all(header::ACCEPT).into_iter().filter_map(|value| value.to_str().ok());
        let wants_json = accepts
            .flat_map(|value| value.split(','))
            .any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim().ends_with("json")));
        let (kind, text) = match wants_json {
            true => ("application/json", serde_json::to_string(self).unwrap_or_default() + "\n"),
            false => ("text/plain; charset=utf-8", self.text()),
        };
        let mut response = Response::new(Either::Left(Full::new(Bytes::from(text))));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.insert(ERROR, HeaderValue::from_static(self.error));
        response
    }

    fn text(&self) -> String {
        let mut text =
            format!("{} {}\n{}\n", visible(self.method), visible(self.url), visible(&self.message));
        if !self.nearest.is_empty() {
            text.push_str("\nnearest in the recording:\n");
        }
        for Named { method, url } in &self.nearest {
            text.push_str(&format!("  {} {}\n", visible(method), visible(url)));
        }
        text
    }
}
