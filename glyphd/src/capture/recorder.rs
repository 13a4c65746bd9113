//! Collects the parts of an exchange as they become known, and hands it on when nobody holds it any more: when
//! both bodies have passed or were given up, however that came.

use std::{
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Instant, SystemTime},
};

use glyph_formats::{
    UnixNanos,
    flow::{FlowError, Timings, Tunnel},
};
use http::{Request, StatusCode, response};
use tokio_util::sync::CancellationToken;
use ulid::Ulid;

use super::{
    exchange::{Exchange, RawBody, RawRequest, RawResponse, Target},
    failure::Failure,
    tee::Side,
    upstream::ConnectionMade,
};
use crate::{
    sanitize::Intake,
    telemetry::{Span, Telemetry, TraceContext, name},
};

/// What is known of an exchange so far.
#[derive(Debug)]
pub(super) struct Draft {
    id: String,
    sequence: u64,
    client: SocketAddr,
    start: SystemTime,
    clock: Instant,
    target: Target,
    request: RawRequest,
    response: Option<RawResponse>,
    tunnel: Option<Tunnel>,
    timings: Timings,
    error: Option<FlowError>,
    upstream: Option<Span>,
    /// What the client was answered, by the upstream or by us.
    answered: Option<StatusCode>,
}

impl Draft {
    /// Of a request whose head has come in.
    pub(super) fn new<B>(sequence: u64, client: SocketAddr, request: &Request<B>) -> Self {
        Self {
            id: Ulid::new().to_string(),
            sequence,
            client,
            start: SystemTime::now(),
            clock: Instant::now(),
            target: Target { url: request.uri().to_string(), ..Target::default() },
            request: RawRequest {
                method: request.method().clone(),
                version: request.version(),
                headers: request.headers().clone(),
                body: RawBody::default(),
            },
            response: None,
            tunnel: None,
            timings: Timings::default(),
            error: None,
            upstream: None,
            answered: None,
        }
    }

    /// The flow's id.
    pub(super) fn id(&self) -> String {
        self.id.clone()
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    /// The exchange with the upstream has come to its end.
    fn end_upstream(&mut self) {
        let Some(mut upstream) = self.upstream.take() else { return };
        if let Some(response) = &self.response
            && (response.status.is_client_error() || response.status.is_server_error())
        {
            upstream.fail("http_status", response.status.to_string());
        }
    }
}

/// A hold on an exchange. The last one to go hands it on.
#[derive(Debug, Clone)]
pub(super) struct Recorder {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    context: TraceContext,
    /// The draft and the span `proxy.capture_flow`, until they are handed on.
    open: Mutex<Option<(Draft, Span)>>,
    intake: Intake,
    telemetry: Telemetry,
    /// Cancelled when glyphd ends what is still under way.
    cut: CancellationToken,
}

impl Recorder {
    pub(super) fn start(
        draft: Draft,
        span: Span,
        intake: Intake,
        telemetry: Telemetry,
        cut: CancellationToken,
    ) -> Self {
        let context = span.context();
        let open = Mutex::new(Some((draft, span)));
        Self { shared: Arc::new(Shared { context, open, intake, telemetry, cut }) }
    }

    /// The span `proxy.capture_flow`.
    pub(super) fn context(&self) -> TraceContext {
        self.shared.context
    }

    /// Where the request is to go.
    pub(super) fn target(&self, scheme: &'static str, url: String, host: String, port: u16) {
        self.with(|draft, _| draft.target = Target { scheme, url, host, port });
    }

    /// Where the tunnel is to go.
    pub(super) fn target_tunnel(&self, authority: String, host: String, port: u16) {
        self.target("", authority, host, port);
        self.with(|draft, span| {
            draft.tunnel = Some(Tunnel::default());
            span.set("glyph.tunnel", true);
        });
    }

    /// The exchange with the upstream has begun.
    pub(super) fn upstream_started(&self, span: Span) {
        self.with(|draft, _| draft.upstream = Some(span));
    }

    /// The upstream is connected. A connection that was there before the exchange took none of its time.
    pub(super) fn connected(&self, made: ConnectionMade) {
        self.with(|draft, _| {
            let since = |t: SystemTime| {
                t.duration_since(draft.start).ok().and_then(|d| u64::try_from(d.as_nanos()).ok())
            };
            if let Some(upstream) = &mut draft.upstream {
                upstream.set_with("network.peer.address", || made.peer.ip().to_string());
                upstream.set("network.peer.port", made.peer.port());
            }
            if made.started < draft.start {
                return;
            }
            draft.timings.resolved_ns = since(made.resolved);
            draft.timings.connected_ns = since(made.connected);
            if let Some(upstream) = &mut draft.upstream {
                upstream.event("dns.resolved", made.resolved);
                upstream.event("connected", made.connected);
            }
        });
    }

    /// The upstream's answer has begun.
    pub(super) fn responded(&self, head: &response::Parts) {
        self.with(|draft, span| {
            draft.timings.first_byte_ns = Some(draft.elapsed());
            if let Some(upstream) = &mut draft.upstream {
                upstream.event("first_byte", SystemTime::now());
                upstream.set("http.response.status_code", head.status.as_u16());
            }
            span.set("http.response.status_code", head.status.as_u16());
            draft.answered = Some(head.status);
            draft.response = Some(RawResponse {
                status: head.status,
                version: head.version,
                headers: head.headers.clone(),
                body: RawBody::default(),
            });
        });
    }

    /// The client is answered with that status, by us.
    pub(super) fn answered(&self, status: StatusCode) {
        self.with(|draft, span| {
            span.set("http.response.status_code", status.as_u16());
            draft.answered = Some(status);
        });
    }

    /// The exchange failed. The first cause counts.
    pub(super) fn failed(&self, failure: &Failure) {
        self.with(|draft, span| self.shared.failed(draft, span, failure));
    }

    /// A body has passed, or was given up.
    pub(super) fn passed(&self, side: Side, body: RawBody, fault: Option<Failure>) {
        let broken = !body.complete;
        self.with(|draft, _| {
            let elapsed = draft.elapsed();
            match side {
                Side::Request => {
                    draft.timings.request_sent_ns = Some(elapsed).filter(|_| body.complete);
                    draft.request.body = body;
                }
                Side::Response => {
                    draft.timings.response_sent_ns = Some(elapsed).filter(|_| body.complete);
                    if let Some(response) = &mut draft.response {
                        response.body = body;
                    }
                }
            }
        });
        match (side, fault) {
            (_, Some(failure)) => self.failed(&failure),
            (Side::Response, None) if broken => self.failed(&Failure::ClientGone),
            _ => {}
        }
        if side == Side::Response {
            self.with(|draft, _| draft.end_upstream());
        }
    }

    /// The tunnel has closed.
    pub(super) fn tunnelled(&self, tunnel: Tunnel) {
        self.with(|draft, span| {
            draft.tunnel = Some(tunnel);
            span.set("glyph.tunnel.bytes_sent", tunnel.bytes_sent);
            span.set("glyph.tunnel.bytes_received", tunnel.bytes_received);
        });
    }

    fn with(&self, change: impl FnOnce(&mut Draft, &mut Span)) {
        if let Some((draft, span)) = self.shared.open().as_mut() {
            change(draft, span);
        }
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Option<(Draft, Span)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes why the exchange failed, on the flow and on its spans. The first cause counts.
    fn failed(&self, draft: &mut Draft, span: &mut Span, failure: &Failure) {
        if draft.error.is_some() {
            return;
        }
        // What breaks once everything is being cut, breaks because of that.
        let failure = if self.cut.is_cancelled() { &Failure::Stopped } else { failure };
        draft.error = Some(failure.for_flow());
        let message = self.intake.text_without_secrets(&failure.to_string());
        span.fail(failure.kind(), message.clone());
        if let Some(mut upstream) = draft.upstream.take() {
            upstream.fail(failure.kind(), message.clone());
        }
        let url = self.intake.without_secrets(&draft.target.url);
        self.telemetry.exchange_failed(self.context, failure.kind(), &url, &message);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let Some((mut draft, mut span)) = self.open().take() else { return };
        match draft.answered {
            // Nobody waits for the answer any more, or it would have come to one.
            None => self.failed(&mut draft, &mut span, &Failure::ClientGone),
            // OpenTelemetry's rule for servers: 5xx is an error, 4xx is the client's affair.
            Some(status) if status.is_server_error() && draft.error.is_none() => {
                span.fail("http_status", status.to_string());
            }
            Some(_) => {}
        }
        draft.end_upstream();
        let status = draft.answered.map_or(0, |status| status.as_u16());
        let method = draft.request.method.as_str();
        self.telemetry.exchange_ended(self.context, method, status, draft.clock.elapsed());
        let start = UnixNanos::from(draft.start);
        let end = UnixNanos(start.0.saturating_add(draft.elapsed()));
        drop(span);
        let publish = self.telemetry.span(name::PUBLISH_FLOW_EVENT).parent(self.context).start();
        self.intake.take(Exchange {
            id: draft.id,
            sequence: draft.sequence,
            context: self.context,
            publish,
            client: draft.client,
            start,
            end,
            target: draft.target,
            request: draft.request,
            response: draft.response,
            tunnel: draft.tunnel,
            timings: draft.timings,
            error: draft.error,
        });
    }
}
