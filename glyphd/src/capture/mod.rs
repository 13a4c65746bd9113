//! The forward proxy: takes requests, sends them upstream, and keeps what passed.
//!
//! In: clients' connections. Out: answers to them, and an `Exchange` for every request, whatever became of it,
//! to [`crate::sanitize::Intake`]. Bodies stream through; a bounded part of each is kept. Not here: what may be
//! written down of an exchange, which is for sanitize.
//!
//! The way of a request: `server` accepts it, `route` decides about it, `forward` or `tunnel` carries it
//! out with `upstream`; `recorder` and `tee` see to it that an exchange comes of it.

mod server;
mod route;
mod forward;
mod headers;
mod upstream;
mod tunnel;
mod recorder;
mod tee;
mod failure;
pub(crate) mod exchange;

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

pub(crate) use exchange::Exchange;
pub(crate) use server::Server;

use self::{
    failure::Failure,
    recorder::{Draft, Recorder},
    route::{Route, route},
    tee::Tee,
    upstream::Upstream,
};
use crate::{
    sanitize::Intake,
    telemetry::{Telemetry, TraceContext, name},
};

/// What the proxy is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CaptureOptions {
    /// Whether requests tell the upstream of their trace.
    pub propagate: bool,
}

impl Default for CaptureOptions {
    /// The upstream is told.
    fn default() -> Self {
        Self { propagate: true }
    }
}

/// What goes back to the client: the upstream's body, or one of our own.
type Answer = Response<Either<Tee<Incoming>, Full<Bytes>>>;

/// One proxy, shared by all its connections.
#[derive(Debug)]
pub(crate) struct Proxy {
    options: CaptureOptions,
    upstream: Upstream,
    tunnels: TaskTracker,
    /// Ends everything that is still open when the time to drain is over.
    cut: CancellationToken,
    sequence: AtomicU64,
    intake: Intake,
    telemetry: Telemetry,
}

impl Proxy {
    pub(crate) fn new(options: CaptureOptions, intake: Intake, telemetry: Telemetry) -> Self {
        let cut = CancellationToken::new();
        Self {
            options,
            upstream: Upstream::new(cut.clone()),
            tunnels: TaskTracker::new(),
            cut,
            sequence: AtomicU64::new(0),
            intake,
            telemetry,
        }
    }

    /// One request, from its head to the head of its answer. Its bodies are on their way by then.
    async fn handle(self: Arc<Self>, request: Request<Incoming>, client: SocketAddr) -> Answer {
        let sequence = self.sequence.fetch_add(1, Ordering::Relaxed) + 1;
        let mut span = self
            .telemetry
            .span(name::CAPTURE_FLOW)
            .server()
            .parent(TraceContext::of_headers(request.headers()))
            .start();
        let draft = Draft::new(sequence, client, &request);
        span.set_with("glyph.flow.id", || draft.id());
        span.set_with("http.request.method", || request.method().as_str().to_owned());
        span.set_with("client.address", || client.ip().to_string());

        let route = route(request.method(), request.uri());
        if let Ok(Route::Forward { url, host, port, .. } | Route::Tunnel { authority: url, host, port }) =
            &route
        {
            span.set_with("url.full", || self.intake.without_secrets(url));
            span.set_with("server.address", || host.clone());
            span.set("server.port", *port);
        }
        let recorder =
            Recorder::start(draft, span, self.intake.clone(), self.telemetry.clone(), self.cut.clone());
        self.intake.ready().await;
        let answer = match route {
            Ok(Route::Forward { url, host, port }) => {
                recorder.target("http", url.clone(), host, port);
                self.forward(request, url, &recorder).await
            }
            Ok(Route::Tunnel { authority, host, port }) => {
                recorder.target_tunnel(authority, host, port);
                self.tunnel(request, &recorder).await
            }
            Err(failure) => Err(failure),
        };
        answer.unwrap_or_else(|failure| self.refuse(&failure, &recorder))
    }

    /// Answers for an exchange that failed before the upstream answered. The answer is ours: the flow has the
    /// error, and no response.
    fn refuse(&self, failure: &Failure, recorder: &Recorder) -> Answer {
        recorder.failed(failure);
        let answer = failure.answer();
        recorder.answered(answer.status());
        answer.map(|text| Either::Right(Full::new(text)))
    }
}
