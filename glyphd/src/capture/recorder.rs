//! Collects the parts of an exchange as they become known, and hands it on when nobody holds it any more: when
//! both bodies have passed or were given up, however that came.

use std::{
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, Instant, SystemTime},
};

use glyph_formats::{
    UnixNanos,
    flow::{FlowError, Timings, Tunnel, WebSocket},
};
use http::{HeaderMap, Method, Request, Response, StatusCode, Uri, Version, response};
use ulid::Ulid;

use super::{
    Proxy,
    connection::Seat,
    exchange::{Exchange, RawBody, RawRequest, RawResponse, Target},
    failure::Failure,
    locked,
    route::Route,
    tee::Side,
    upstream::ConnectionMade,
};
use crate::telemetry::{Span, TraceContext, name};

/// What is known of an exchange so far.
#[derive(Debug)]
pub(super) struct Draft {
    id: Ulid,
    sequence: u64,
    client: Arc<str>,
    start: SystemTime,
    clock: Instant,
    /// As the client names it, if that leads nowhere.
    uri: Uri,
    /// Where that leads.
    route: Option<Route>,
    request: RawRequest,
    response: Option<RawResponse>,
    tunnel: Option<Tunnel>,
    websocket: Option<Box<WebSocket>>,
    timings: Timings,
    error: Option<Box<FlowError>>,
    upstream: Option<Span>,
    /// What the client was answered, by the upstream or by us.
    answered: Option<StatusCode>,
    becomes: Becomes,
}

/// What becomes of an exchange in the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Becomes {
    Flow,
    /// A flow that nobody wants to see: neither a log nor a plugin.
    Unseen,
    /// Nothing: it is none of our scope.
    Count,
    /// Nothing by itself: what passed in the tunnel was recorded.
    Others,
}

impl Draft {
    /// Of a request whose head has come in. `lost`: whether it leads nowhere, so that what it names is all there is to tell.
    pub(super) fn new<B>(
        sequence: u64,
        client: &Arc<str>,
        request: &Request<B>,
        becomes: Becomes,
        lost: bool,
        clock: Instant,
    ) -> Box<Self> {
        let uri = if lost { request.uri().clone() } else { Uri::default() };
        let (method, version) = (request.method().clone(), request.version());
        let headers = if becomes == Becomes::Flow { request.headers().clone() } else { HeaderMap::new() };
        let mut draft = Self::with(sequence, client, uri, method, version, headers, clock);
        draft.becomes = becomes;
        draft
    }

    /// Of something that could not be read.
    pub(super) fn unreadable(
        sequence: u64,
        client: &Arc<str>,
        version: Version,
        clock: Instant,
    ) -> Box<Self> {
        // As OpenTelemetry calls a method that is not known.
        let method = Method::from_bytes(b"_OTHER").unwrap_or_default();
        Self::with(sequence, client, Uri::default(), method, version, HeaderMap::new(), clock)
    }

    fn with(
        sequence: u64,
        client: &Arc<str>,
        uri: Uri,
        method: Method,
        version: Version,
        headers: HeaderMap,
        clock: Instant,
    ) -> Box<Self> {
        let start = SystemTime::now();
        Box::new(Self {
            id: Ulid::from_datetime(start),
            sequence,
            client: Arc::clone(client),
            start,
            clock,
            uri,
            route: None,
            request: RawRequest { method, version, headers, body: RawBody::default() },
            response: None,
            tunnel: None,
            websocket: None,
            timings: Timings::default(),
            error: None,
            upstream: None,
            answered: None,
            becomes: Becomes::Flow,
        })
    }

    /// Where the request is to go.
    pub(super) fn leads(&mut self, route: &Route, span: &mut Span) {
        if let Route::Connect(_) = route {
            self.tunnel = Some(Tunnel::default());
            span.set("glyph.tunnel", true);
        }
        self.route = Some(route.clone());
    }

    /// The flow's id.
    pub(super) fn id(&self) -> String {
        self.id.to_string()
    }

    /// As the client names it, or where that leads.
    fn url(&self) -> String {
        self.route.as_ref().map_or_else(|| self.uri.to_string(), Route::url)
    }

    fn target(&self) -> Target {
        let url = self.url();
        let scheme = match &self.route {
            Some(Route::Forward(to)) => to.scheme,
            Some(Route::Connect(_)) | None => "",
        };
        let (host, port) = self.route.as_ref().map_or(("", 0), Route::address);
        Target { scheme, url, host: host.to_owned(), port }
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.clock.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn respond(&mut self, status: StatusCode, version: Version, headers: &HeaderMap, span: &mut Span) {
        let elapsed = self.elapsed();
        self.timings.first_byte_ns = Some(elapsed);
        let now = self.start + Duration::from_nanos(elapsed);
        if let Some(upstream) = &mut self.upstream {
            upstream.event("first_byte", now);
            upstream.set("http.response.status_code", status.as_u16());
        }
        span.set("http.response.status_code", status.as_u16());
        self.answered = Some(status);
        let headers = if self.becomes == Becomes::Flow { headers.clone() } else { HeaderMap::new() };
        self.response = Some(RawResponse { status, version, headers, body: RawBody::default() });
    }

    /// The exchange with the upstream has come to its end, so many nanoseconds after the head of the request.
    fn end_upstream(&mut self, elapsed: u64) {
        let Some(mut upstream) = self.upstream.take() else { return };
        if let Some(response) = &self.response
            && (response.status.is_client_error() || response.status.is_server_error())
        {
            upstream.fail("http_status", response.status.to_string());
        }
        upstream.end_at(self.clock + Duration::from_nanos(elapsed));
    }

    /// How long all of it took, in nanoseconds: until the last byte, if that has passed.
    fn took(&self) -> u64 {
        let Timings { request_sent_ns, response_sent_ns, .. } = self.timings;
        request_sent_ns
            .zip(response_sent_ns)
            .map_or_else(|| self.elapsed(), |(sent, answered)| sent.max(answered))
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
    open: Mutex<Option<(Box<Draft>, Span)>>,
    seat: Arc<Seat>,
    proxy: Arc<Proxy>,
}

impl Recorder {
    pub(super) fn start(draft: Box<Draft>, span: Span, proxy: &Arc<Proxy>, seat: Arc<Seat>) -> Self {
        let context = span.context();
        seat.heads.exchange_begins();
        let open = Mutex::new(Some((draft, span)));
        Self { shared: Arc::new(Shared { context, open, seat, proxy: Arc::clone(proxy) }) }
    }

    /// The span `proxy.capture_flow`.
    pub(super) fn context(&self) -> TraceContext {
        self.shared.context
    }

    /// The tunnel is looked into: its exchanges are recorded, each by itself, and it is none.
    pub(super) fn looked_into(&self) {
        self.with(|draft, span| {
            draft.becomes = Becomes::Others;
            span.set("glyph.tunnel.intercepted", true);
            draft.upstream = None;
        });
    }

    /// The exchange with the upstream has begun.
    pub(super) fn upstream_started(&self, span: Span) {
        self.with(|draft, _| draft.upstream = Some(span));
    }

    /// The upstream is connected; told again, it is secured. A connection that was there before the exchange took none of
    /// its time.
    pub(super) fn connected(&self, made: ConnectionMade) {
        self.with(|draft, _| {
            let since = |t: SystemTime| {
                t.duration_since(draft.start).ok().and_then(|d| u64::try_from(d.as_nanos()).ok())
            };
            let again = draft.timings.connected_ns.is_some();
            if let Some(upstream) = draft.upstream.as_mut().filter(|_| !again) {
                upstream.set_with("network.peer.address", || made.peer.ip().to_string());
                upstream.set("network.peer.port", made.peer.port());
            }
            if made.started < draft.start {
                return;
            }
            draft.timings.resolved_ns = since(made.resolved);
            draft.timings.connected_ns = since(made.connected);
            draft.timings.secured_ns = made.secured.and_then(since);
            if let Some(upstream) = &mut draft.upstream {
                if !again {
                    upstream.event("dns.resolved", made.resolved);
                    upstream.event("connected", made.connected);
                }
                if let Some(secured) = made.secured {
                    upstream.event("tls.established", secured);
                }
            }
        });
    }

    /// The request had to be sent again, so often.
    pub(super) fn resent(&self, times: u32) {
        self.with(|draft, _| {
            if let Some(upstream) = &mut draft.upstream {
                upstream.set("http.request.resend_count", times);
            }
        });
    }

    /// The upstream's answer has begun.
    pub(super) fn responded(&self, head: &response::Parts) {
        self.with(|draft, span| draft.respond(head.status, head.version, &head.headers, span));
    }

    /// The upstream has switched to WebSocket.
    pub(super) fn switched<B>(&self, response: &Response<B>) {
        self.with(|draft, span| {
            draft.respond(response.status(), response.version(), response.headers(), span);
            // It has none, and will get none.
            if let Some(response) = &mut draft.response {
                response.body.complete = true;
            }
        });
    }

    /// How long the upstream has had the whole request; none if it has not.
    pub(super) fn since_request(&self) -> Option<Duration> {
        let open = self.shared.open();
        let (draft, _) = open.as_ref()?;
        Some(Duration::from_nanos(draft.elapsed().saturating_sub(draft.timings.request_sent_ns?)))
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
    pub(super) fn passed(&self, side: Side, body: RawBody, fault: Option<Box<Failure>>) {
        let broken = !body.complete;
        let is_done = side == Side::Response && !broken && fault.is_none();
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
            if is_done {
                draft.end_upstream(elapsed);
            }
        });
        match (side, fault) {
            (_, Some(failure)) => self.failed(&failure),
            (Side::Response, None) if broken => self.failed(&Failure::ClientGone),
            _ => {}
        }
        if side == Side::Response && !is_done {
            self.with(|draft, _| draft.end_upstream(draft.elapsed()));
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

    /// The connection that was switched to WebSocket has closed.
    pub(super) fn websocket(&self, websocket: WebSocket) {
        self.with(|draft, span| {
            span.set("glyph.websocket.frames_sent", websocket.sent.frames);
            span.set("glyph.websocket.frames_received", websocket.received.frames);
            draft.websocket = Some(Box::new(websocket));
            let elapsed = draft.elapsed();
            draft.timings.response_sent_ns = Some(elapsed);
            draft.end_upstream(elapsed);
        });
    }

    fn with(&self, change: impl FnOnce(&mut Draft, &mut Span)) {
        if let Some((draft, span)) = self.shared.open().as_mut() {
            change(draft, span);
        }
    }
}

impl Shared {
    fn open(&self) -> MutexGuard<'_, Option<(Box<Draft>, Span)>> {
        locked(&self.open)
    }

    /// Notes why the exchange failed, on the flow and on its spans. The first cause counts.
    fn failed(&self, draft: &mut Draft, span: &mut Span, failure: &Failure) {
        if draft.error.is_some() {
            return;
        }
        // What breaks once everything is being cut, breaks because of that.
        let failure = if self.proxy.cut.is_cancelled() { &Failure::Stopped } else { failure };
        draft.error = Some(Box::new(failure.for_flow()));
        let Proxy { intake, telemetry, .. } = &*self.proxy;
        let message = intake.text_without_secrets(&failure.to_string());
        span.fail(failure.kind(), message.clone());
        if let Some(mut upstream) = draft.upstream.take() {
            upstream.fail(failure.kind(), message.clone());
        }
        let url = intake.without_secrets(&draft.url());
        telemetry.exchange_failed(self.context, failure.kind(), &url, &message);
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        self.seat.heads.exchange_ends();
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
        let took = draft.took();
        draft.end_upstream(took);
        let status = draft.answered.map_or(0, |status| status.as_u16());
        let method = draft.request.method.as_str();
        let Proxy { intake, telemetry, .. } = &*self.proxy;
        telemetry.exchange_ended(self.context, method, status, Duration::from_nanos(took));
        let ended = draft.clock + Duration::from_nanos(took);
        span.end_at(ended);
        match draft.becomes {
            Becomes::Flow => {}
            Becomes::Unseen => return telemetry.flow_passed(),
            Becomes::Count => return telemetry.exchange_out_of_scope(),
            Becomes::Others => return,
        }
        let publish = telemetry.span(name::PUBLISH_FLOW_EVENT).parent(self.context).since(ended).start();
        let start = UnixNanos::from(draft.start);
        let end = UnixNanos(start.0.saturating_add(took));
        intake.take(Box::new(Exchange {
            id: draft.id(),
            sequence: draft.sequence,
            context: self.context,
            publish,
            client: Arc::clone(&draft.client),
            start,
            end,
            target: draft.target(),
            request: draft.request,
            response: draft.response,
            tunnel: draft.tunnel,
            websocket: draft.websocket.map(|websocket| *websocket),
            timings: draft.timings,
            error: draft.error.map(|error| *error),
        }));
    }
}
