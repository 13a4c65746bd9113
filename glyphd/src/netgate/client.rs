//! The pool of connections, and what an error of it means.

use std::{error::Error, io, time::Duration};

use hyper::body::Incoming;
use hyper_util::{client::legacy, rt::TokioTimer};
use tokio_util::sync::CancellationToken;

use super::{
    answer::{Failure, Fault},
    body::Sent,
    connect::Connector,
};
use crate::pooled::UntilCut;

/// How long a connection waits for its next request, and how many do of one host: as many as one plugin may have under way.
const IDLE_TIMEOUT: Duration = Duration::from_secs(30);
const IDLE_PER_HOST: usize = 64;
/// The longest head of a response, in bytes, and how many headers it may have.
const HEAD: usize = 64 << 10;
const HEADERS: usize = 256;

pub(super) type Client = legacy::Client<Connector, Sent>;

/// Connections end with `cut`, whatever they are doing. There is no proxy between, whatever the environment says.
pub(super) fn client(connector: Connector, cut: CancellationToken) -> Client {
    legacy::Client::builder(UntilCut(cut))
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .http1_max_buf_size(HEAD)
        .http1_max_headers(HEADERS)
        .http2_max_header_list_size(HEAD as u32)
        .build(connector)
}

/// Whether there was no connection, or it went away: whoever asks again may be answered.
pub(super) fn is_no_connection(fault: &Fault) -> bool {
    matches!(fault, Fault::Failed(Failure::Connect | Failure::Closed, _))
}

/// What went wrong.
pub(super) fn fault(error: &(dyn Error + 'static)) -> Fault {
    let mut text = String::new();
    let mut next = Some(error);
    while let Some(error) = next {
        // What we said ourselves: while connecting, or about the request's body.
        if let Some(fault) = error.downcast_ref::<Fault>() {
            return fault.clone();
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        if is_no_http(error) {
            return Fault::failed(Failure::Invalid, format!("the server sent no HTTP: {text}"));
        }
        next = error.source();
    }
    Fault::failed(Failure::Closed, format!("the connection ended before the response was whole: {text}"))
}

/// Whether the server said something that nobody can make sense of.
fn is_no_http(error: &(dyn Error + 'static)) -> bool {
    let http = error.downcast_ref::<hyper::Error>();
    // What frames a body is told by hyper as what came of reading it.
    let io = error.downcast_ref::<io::Error>().map(io::Error::kind);
    http.is_some_and(|e| e.is_parse() || e.is_parse_too_large())
        || io.is_some_and(|kind| [io::ErrorKind::InvalidData, io::ErrorKind::InvalidInput].contains(&kind))
}

/// A response whose body is on its way.
pub(super) type Response = http::Response<Incoming>;
