//! What a pool gets its connections from.

use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use http::{Request, Response, Uri, uri::Scheme};
use hyper::body::Incoming;
use hyper_util::client::legacy;
use rustls::ClientConfig;
use tower_service::Service;

use super::{ConnectionMade, Dialer, KNOWN, Offer, Plain, Pool};
use crate::{
    capture::{failure::Failure, host::bare, tee::Tee, tls::Alpn},
    pooled::Pooled,
};

/// How many connections wait for a first request, and how long: an upstream may close what nobody uses.
const READY: usize = 16;
const FRESH: Duration = Duration::from_secs(5);

/// Where a tunnel leads, and how TLS is spoken there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Target {
    /// A name, or an address without brackets.
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) tls: Option<TlsTarget>,
    /// What is spoken there without TLS: what the client speaks.
    pub(crate) plain: Alpn,
}

/// Whom the other side has to be, and what is offered to it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct TlsTarget {
    pub(crate) name: String,
    pub(crate) offer: Offer,
}

/// The end of tunnels that lead to the same place.
#[derive(Debug)]
pub(crate) struct Origin {
    pool: Pool,
    dialer: Arc<Dialer>,
    end: Arc<End>,
}

impl Origin {
    pub(super) fn new(pool: Pool, dialer: Arc<Dialer>, end: Arc<End>) -> Self {
        Self { pool, dialer, end }
    }

    /// Sends a request there.
    pub(crate) async fn send(
        &self,
        request: Request<Tee<Incoming>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        self.pool.request(request).await
    }

    /// The protocol that it chose last, if that is not long ago.
    pub(crate) fn known(&self) -> Option<Option<Alpn>> {
        let known = *self.end.known();
        known.filter(|known| known.at.elapsed() < KNOWN).map(|known| known.protocol)
    }

    /// Connects, or goes on from a connection that is there already; the next request goes over it. Returns the
    /// protocol that the upstream chose.
    pub(crate) async fn connect(
        &self,
        stream: Option<(Plain, ConnectionMade)>,
    ) -> Result<(Option<Alpn>, ConnectionMade), Failure> {
        let io = self.end.connect(&self.dialer, stream).await?;
        let (protocol, made) = (chosen(&io), io.told);
        let mut ready = self.end.ready();
        if ready.len() == READY {
            ready.pop_front();
        }
        ready.push_back((Instant::now(), io));
        Ok((protocol, made))
    }
}

/// Makes the connections of one pool.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    pub(super) dialer: Arc<Dialer>,
    pub(super) to: To,
}

/// Where to.
#[derive(Debug, Clone)]
pub(super) enum To {
    /// To the host of each URL; what is spoken there without TLS.
    Url { tls: Arc<ClientConfig>, plain: Alpn },
    /// To where a tunnel leads, whatever the URL says.
    End(Arc<End>),
}

/// Where a tunnel leads, and what is there of connections.
#[derive(Debug)]
pub(super) struct End {
    target: Target,
    config: Option<Arc<ClientConfig>>,
    known: Mutex<Option<Known>>,
    ready: Mutex<VecDeque<(Instant, UpstreamIo)>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    protocol: Option<Alpn>,
    at: Instant,
}

impl Connector {
    async fn connect(self, uri: Uri) -> Result<UpstreamIo, Failure> {
        let (tls, plain) = match self.to {
            To::End(end) => return end.next(&self.dialer).await,
            To::Url { tls, plain } => (tls, plain),
        };
        let host = bare(uri.host().unwrap_or_default());
        if uri.scheme() == Some(&Scheme::HTTPS) {
            let port = uri.port_u16().unwrap_or(443);
            let stream = self.dialer.dial(host, port).await?;
            return secured(&self.dialer, stream, host, port, &tls).await;
        }
        match self.dialer.proxy() {
            // It gets the whole URL.
            Some(proxy) => {
                let (stream, made) = self.dialer.to_proxy(proxy).await?;
                Ok(UpstreamIo::plain(stream, plain == Alpn::Http2, made).by_proxy())
            }
            None => {
                let (stream, made) = self.dialer.dial(host, uri.port_u16().unwrap_or(80)).await?;
                Ok(UpstreamIo::plain(stream, plain == Alpn::Http2, made))
            }
        }
    }
}

impl End {
    pub(super) fn new(target: Target, config: Option<Arc<ClientConfig>>) -> Self {
        Self { target, config, known: Mutex::default(), ready: Mutex::default() }
    }

    /// A connection that has waited for a first request, or a new one.
    async fn next(&self, dialer: &Dialer) -> Result<UpstreamIo, Failure> {
        let ready = self.ready().pop_back().filter(|(since, _)| since.elapsed() < FRESH);
        match ready {
            Some((_, io)) => Ok(io),
            None => self.connect(dialer, None).await,
        }
    }

    async fn connect(
        &self,
        dialer: &Dialer,
        stream: Option<(Plain, ConnectionMade)>,
    ) -> Result<UpstreamIo, Failure> {
        let Target { host, port, tls, plain } = &self.target;
        let stream = match stream {
            Some(stream) => stream,
            None => dialer.dial(host, *port).await?,
        };
        let io = match (tls, &self.config) {
            (Some(tls), Some(config)) => secured(dialer, stream, &tls.name, *port, config).await?,
            _ => UpstreamIo::plain(stream.0, *plain == Alpn::Http2, stream.1),
        };
        *self.known() = Some(Known { protocol: chosen(&io), at: Instant::now() });
        Ok(io)
    }

    fn known(&self) -> MutexGuard<'_, Option<Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ready(&self) -> MutexGuard<'_, VecDeque<(Instant, UpstreamIo)>> {
        self.ready.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn secured(
    dialer: &Dialer,
    (stream, made): (Plain, ConnectionMade),
    name: &str,
    port: u16,
    config: &Arc<ClientConfig>,
) -> Result<UpstreamIo, Failure> {
    let stream = dialer.secure(stream, name, port, Arc::clone(config)).await?;
    let made = ConnectionMade { secured: Some(std::time::SystemTime::now()), ..made };
    Ok(UpstreamIo::secured(stream, made))
}

impl Service<Uri> for Connector {
    type Response = UpstreamIo;
    type Error = Failure;
    type Future = Pin<Box<dyn Future<Output = Result<UpstreamIo, Failure>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Failure>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

/// A connection to an upstream, and how it was made.
type UpstreamIo = Pooled<Plain, ConnectionMade>;

/// The protocol that the upstream chose in the handshake of TLS.
fn chosen(io: &UpstreamIo) -> Option<Alpn> {
    io.agreed().map(|name| if name == Alpn::Http2.name() { Alpn::Http2 } else { Alpn::Http1 })
}
