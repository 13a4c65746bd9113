//! The proxy: takes requests, sends them upstream, and keeps what passed.
//!
//! In: clients' connections. Out: answers to them, and an `Exchange` for every request, whatever became of it,
//! to [`crate::sanitize::Intake`]. Bodies stream through; a bounded part of each is kept. Not here: what may be
//! written down of an exchange, which is for sanitize.
//!
//! The way of a request: `server` accepts a `connection`, `admission` and `scope` say whether it is taken and looked at,
//! `route` where it goes, `forward` or `connect` carries it out with `upstream`; `recorder` and `tee` see to it that an
//! exchange comes of it. Within a CONNECT, `sniff` tells what is spoken; `intercept` is TLS in the middle, and what comes
//! out of it is a connection like any other. What is none of that passes through `tunnel`.

mod options;
pub mod scope;
mod server;
mod connection;
mod admission;
mod host;
mod route;
mod forward;
pub mod headers;
mod framing;
pub mod http2;
mod upgrade;
pub mod websocket;
mod connect;
pub mod sniff;
mod intercept;
pub mod tls;
mod tunnel;
mod upstream;
mod recorder;
mod tee;
mod failure;
mod idle;
mod cancel;
pub mod prefixed;
mod interim;
pub(crate) mod exchange;

use std::{
    net::SocketAddr,
    num::NonZeroUsize,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri, Version};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use rustls::ClientConfig;
use tokio_util::sync::CancellationToken;

pub(crate) use exchange::Exchange;
pub use options::{Base, Ca, CaptureOptions, Credentials, Limits, Mode, UpstreamOptions, UpstreamProxy};
pub(crate) use server::Server;
pub use tls::{CaError, LeafError, PemFileError, TlsFileError};

use self::{
    admission::Admission,
    connection::{Conn, Place, head_fits},
    failure::Failure,
    recorder::{Becomes, Draft, Recorder},
    route::{Route, route},
    scope::HostScope,
    tee::Tee,
    tls::{Alpn, CaCertificate, CertificateAuthority, Leaves, Trust, offering},
    upstream::{Dialer, TlsConfigs, Upstream},
};
use crate::{
    sanitize::Intake,
    telemetry::{Telemetry, TraceContext, name},
};

/// How many hosts' certificates are kept.
const LEAVES: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

/// What goes back to the client: the upstream's body, or one of our own.
type Answer = Response<Either<Tee<Incoming>, Full<Bytes>>>;

/// What a mutex holds, also where somebody has panicked with it.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// One proxy, shared by all its connections.
#[derive(Debug)]
pub(crate) struct Proxy {
    options: CaptureOptions,
    admission: Admission,
    upstream: Upstream,
    /// With which TLS is looked into.
    leaves: Option<Leaves>,
    /// Connections end with the exchange that is under way.
    closing: CancellationToken,
    /// Ends everything that is still open when the time to drain is over.
    cut: CancellationToken,
    sequence: AtomicU64,
    intake: Intake,
    telemetry: Telemetry,
}

/// A request whose head has come.
struct Begun {
    request: Request<Incoming>,
    route: Result<Route, Failure>,
    becomes: Becomes,
    recorder: Recorder,
}

/// What TLS needs, on both sides of the proxy.
#[derive(Debug)]
pub(crate) struct Tls {
    upstream: TlsConfigs,
    /// Without the operator's certificate: for who is not the proxy's client.
    anonymous: Arc<ClientConfig>,
    leaves: Option<Leaves>,
}

impl Tls {
    /// Reads the files; makes the CA if there is none yet.
    pub(crate) fn load(options: &CaptureOptions) -> Result<Self, TlsError> {
        let ca = match &options.ca {
            Some(Ca::InDir(dir)) => Some(CertificateAuthority::open_or_create(dir)?),
            Some(Ca::OfThisRun) => Some(CertificateAuthority::of_this_run()?),
            None => None,
        };
        Self::with(ca, options)
    }

    /// Reads the files, but for the CA's, which may not be there yet.
    pub(crate) fn check(options: &CaptureOptions) -> Result<(), TlsError> {
        Self::with(None, options).map(drop)
    }

    fn with(ca: Option<CertificateAuthority>, options: &CaptureOptions) -> Result<Self, TlsError> {
        let leaves = ca.map(|ca| Leaves::new(ca, LEAVES)).transpose()?;
        let trust = Trust::load_with(options.upstream.ca.as_deref(), &options.upstream.more)?;
        let anonymous = Arc::new(offering(&trust.config(None)?, &[Alpn::Http2, Alpn::Http1]));
        Ok(Self { upstream: TlsConfigs::of(&trust, &options.upstream)?, anonymous, leaves })
    }

    /// What clients are to trust, if TLS is looked into.
    pub(crate) fn authority(&self) -> Option<CaCertificate> {
        self.leaves.as_ref().map(|leaves| leaves.authority().certificate().clone())
    }

    /// How upstreams are spoken to that are not to see the operator's certificate.
    pub(crate) fn anonymous(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.anonymous)
    }
}

/// Why TLS is not to be had.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// The CA can't be used, or made.
    #[error("--ca-dir: {0}")]
    Ca(#[from] CaError),
    /// The system gives no key for hosts' certificates.
    #[error("--ca-dir: {0}")]
    Leaf(#[from] LeafError),
    /// A certificate can't be read.
    #[error("--upstream-ca, --client-cert: {0}")]
    File(#[from] TlsFileError),
}

impl Proxy {
    /// `own`: where glyphd itself listens, which nobody reaches through it.
    pub(crate) fn new(
        options: CaptureOptions,
        tls: Tls,
        own: Vec<SocketAddr>,
        intake: Intake,
        telemetry: Telemetry,
    ) -> Self {
        let (cut, closing) = (CancellationToken::new(), CancellationToken::new());
        let admission = Admission::new(options.proxy_auth.as_ref());
        let dialer = Dialer::new(own, options.upstream.proxy.clone(), admission.via(), options.limits);
        Self {
            admission,
            upstream: Upstream::new(dialer, tls.upstream, options.limits),
            leaves: tls.leaves,
            closing,
            cut,
            sequence: AtomicU64::new(0),
            options,
            intake,
            telemetry,
        }
    }

    /// Notes that a request has come: at once, since its client may be gone before anything else is done.
    fn begin(self: &Arc<Self>, request: Request<Incoming>, conn: &Conn) -> Begun {
        let route = route(conn.entry(&self.options.mode), request.method(), request.uri(), request.headers());
        let becomes = match self.in_scope(&request, &route) {
            true if self.intake.is_wanted() => Becomes::Flow,
            true => Becomes::Unseen,
            false => Becomes::Count,
        };
        let span = self.telemetry.span(name::CAPTURE_FLOW).server();
        let mut span = match becomes {
            Becomes::Count => span.unrecorded(),
            _ => span.parent(TraceContext::of_headers(request.headers())),
        }
        .start();
        let mut draft =
            Draft::new(self.next(), &conn.client_text, &request, becomes, route.is_err(), span.started());
        span.set_with("glyph.flow.id", || draft.id());
        span.set_with("http.request.method", || request.method().as_str().to_owned());
        span.set_with("client.address", || conn.client.ip().to_string());
        if let Ok(route) = &route {
            span.set_with("url.full", || self.intake.without_secrets(&route.url()));
            span.set_with("server.address", || route.address().0.to_owned());
            span.set_with("server.port", || route.address().1);
        }
        if let Ok(route) = &route {
            draft.leads(route, &mut span);
        }
        let recorder = Recorder::start(draft, span, self, conn.seat());
        Begun { request, route, becomes, recorder }
    }

    /// From a request's head to the head of its answer. Its bodies are on their way by then.
    async fn answer(self: Arc<Self>, begun: Begun, conn: Arc<Conn>) -> Answer {
        let Begun { request, route, becomes, recorder } = begun;
        if becomes == Becomes::Flow {
            self.intake.ready().await;
        }
        let answer = match self.admit(&request, &conn).and(route) {
            Ok(Route::Forward(to)) => self.forward(request, to, becomes, &conn, &recorder).await,
            // Boxed, so that what is moved about for other requests is small.
            Ok(Route::Connect(to)) => Box::pin(self.connect(request, to, &conn, &recorder)).await,
            Err(failure) => Err(failure),
        };
        answer.unwrap_or_else(|failure| self.refuse(&failure, &recorder))
    }

    fn admit(&self, request: &Request<Incoming>, conn: &Conn) -> Result<(), Failure> {
        head_fits(request, self.options.limits.header_bytes)?;
        match conn.place {
            Place::Outside => self.admission.admit(request.headers(), &self.options.mode)?,
            Place::Within { .. } => self.admission.admit_within(request.headers())?,
        }
        framing::of_request(request.headers())
    }

    fn in_scope(&self, request: &Request<Incoming>, route: &Result<Route, Failure>) -> bool {
        let scope = &self.options.scope;
        match route {
            _ if scope.is_everything() => true,
            Ok(Route::Forward(to)) => scope.judge(request.method(), to.host(), to.uri.path()),
            Ok(Route::Connect(to)) => scope.judge_host(&to.host) == HostScope::In,
            Err(_) => true,
        }
    }

    fn next(&self) -> u64 {
        self.sequence.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Answers for an exchange that failed before the upstream answered. The answer is ours: the flow has the
    /// error, and no response.
    fn refuse(&self, failure: &Failure, recorder: &Recorder) -> Answer {
        recorder.failed(failure);
        let answer = failure.answer();
        recorder.answered(answer.status());
        answer.map(|text| Either::Right(Full::new(text)))
    }

    /// Something came in that is no request.
    fn unreadable(self: &Arc<Self>, failure: &Failure, conn: &Conn, version: Version) {
        let mut span = self.telemetry.span(name::CAPTURE_FLOW).server().start();
        let mut draft = Draft::unreadable(self.next(), &conn.client_text, version, span.started());
        span.set_with("glyph.flow.id", || draft.id());
        span.set_with("client.address", || conn.client.ip().to_string());
        // Where it was to go, if nothing else can be said of it.
        let entry = conn.entry(&self.options.mode);
        if let Ok(route) = route(entry, &Method::GET, &Uri::from_static("/"), &HeaderMap::new()) {
            draft.leads(&route, &mut span);
        }
        let recorder = Recorder::start(draft, span, self, conn.seat());
        recorder.failed(failure);
        // What hyper answers by itself, where it does.
        if version != Version::HTTP_2 {
            recorder.answered(failure.answer().status());
        }
    }
}
