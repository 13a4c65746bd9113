//! What a pool gets its connections from.

use std::{
    collections::VecDeque,
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use http::{Request, Response, Uri, uri::Scheme};
use hyper::{
    body::Incoming,
    rt::{Read, ReadBufCursor, Write},
};
use hyper_util::{
    client::legacy::{
        self,
        connect::{Connected, Connection},
    },
    rt::TokioIo,
};
use rustls::ClientConfig;
use tokio_rustls::client::TlsStream;
use tokio_util::either::Either;
use tower_service::Service;

use super::{ConnectError, ConnectionMade, Dialer, KNOWN, Offer, Plain, Pool, TlsConfigs};
use crate::capture::{host::bare, tee::Tee, tls::Alpn};

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
    /// Without TLS: whether HTTP/2 is spoken there, as the client does.
    pub(crate) http2: bool,
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
    connector: Connector,
}

impl Origin {
    pub(super) fn new(pool: Pool, connector: Connector) -> Self {
        Self { pool, connector }
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
        let end = self.connector.end.as_ref()?;
        let known = *end.known();
        known.filter(|known| known.at.elapsed() < KNOWN).map(|known| known.alpn)
    }

    /// Connects, or goes on from a connection that is there already; the next request goes over it. Returns the
    /// protocol that the upstream chose.
    pub(crate) async fn connect(
        &self,
        stream: Option<(Plain, ConnectionMade)>,
    ) -> Result<(Option<Alpn>, ConnectionMade), ConnectError> {
        let Some(end) = &self.connector.end else { unreachable!("an origin has an end") };
        let io = end.connect(&self.connector.dialer, stream).await?;
        let (alpn, made) = (io.alpn(), io.made);
        let mut ready = end.ready();
        if ready.len() == READY {
            ready.pop_front();
        }
        ready.push_back((Instant::now(), io));
        Ok((alpn, made))
    }
}

/// Makes the connections of one pool.
#[derive(Debug, Clone)]
pub(crate) struct Connector {
    dialer: Arc<Dialer>,
    tls: TlsConfigs,
    /// Where to, whatever the URL says.
    end: Option<Arc<End>>,
    /// Whether HTTP/2 is spoken without TLS.
    http2: bool,
}

#[derive(Debug)]
struct End {
    target: Target,
    config: Option<Arc<ClientConfig>>,
    known: Mutex<Option<Known>>,
    ready: Mutex<VecDeque<(Instant, UpstreamIo)>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    alpn: Option<Alpn>,
    at: Instant,
}

impl Connector {
    /// To the host of each URL.
    pub(super) fn by_url(dialer: Arc<Dialer>, tls: TlsConfigs, http2: bool) -> Self {
        Self { dialer, tls, end: None, http2 }
    }

    /// To that place.
    pub(super) fn to(
        dialer: Arc<Dialer>,
        tls: TlsConfigs,
        target: Target,
        config: Option<Arc<ClientConfig>>,
    ) -> Self {
        let http2 = target.http2;
        let end = End { target, config, known: Mutex::default(), ready: Mutex::default() };
        Self { dialer, tls, end: Some(Arc::new(end)), http2 }
    }

    async fn connect(self, uri: Uri) -> Result<UpstreamIo, ConnectError> {
        if let Some(end) = &self.end {
            let ready = end.ready().pop_back().filter(|(since, _)| since.elapsed() < FRESH);
            return match ready {
                Some((_, io)) => Ok(io),
                None => end.connect(&self.dialer, None).await,
            };
        }
        let host = bare(uri.host().unwrap_or_default());
        if uri.scheme() == Some(&Scheme::HTTPS) {
            let port = uri.port_u16().unwrap_or(443);
            let stream = self.dialer.dial(host, port).await?;
            return secured(&self.dialer, stream, host, port, &self.tls.any).await;
        }
        match self.dialer.proxy() {
            // It gets the whole URL.
            Some(proxy) => {
                let stream = self.dialer.to_proxy(proxy).await?;
                Ok(UpstreamIo { to_proxy: true, ..UpstreamIo::plain(stream, self.http2) })
            }
            None => {
                let stream = self.dialer.dial(host, uri.port_u16().unwrap_or(80)).await?;
                Ok(UpstreamIo::plain(stream, self.http2))
            }
        }
    }
}

impl End {
    async fn connect(
        &self,
        dialer: &Arc<Dialer>,
        stream: Option<(Plain, ConnectionMade)>,
    ) -> Result<UpstreamIo, ConnectError> {
        let Target { host, port, tls, http2 } = &self.target;
        let stream = match stream {
            Some(stream) => stream,
            None => dialer.dial(host, *port).await?,
        };
        let io = match (tls, &self.config) {
            (Some(tls), Some(config)) => secured(dialer, stream, &tls.name, *port, config).await?,
            _ => UpstreamIo::plain(stream, *http2),
        };
        *self.known() = Some(Known { alpn: io.alpn(), at: Instant::now() });
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
) -> Result<UpstreamIo, ConnectError> {
    let stream = dialer.secure(stream, name, port, Arc::clone(config)).await?;
    let made = ConnectionMade { secured: Some(std::time::SystemTime::now()), ..made };
    let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
    Ok(UpstreamIo { stream: TokioIo::new(Either::Right(Box::new(stream))), made, http2, to_proxy: false })
}

impl Service<Uri> for Connector {
    type Response = UpstreamIo;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<UpstreamIo, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(self.clone().connect(uri))
    }
}

/// A connection that tells the pool what it is.
#[derive(Debug)]
pub(crate) struct UpstreamIo {
    stream: TokioIo<Either<Plain, Box<TlsStream<Plain>>>>,
    made: ConnectionMade,
    http2: bool,
    to_proxy: bool,
}

impl UpstreamIo {
    fn plain((stream, made): (Plain, ConnectionMade), http2: bool) -> Self {
        Self { stream: TokioIo::new(Either::Left(stream)), made, http2, to_proxy: false }
    }

    /// What was agreed on with the upstream.
    fn alpn(&self) -> Option<Alpn> {
        match self.stream.inner() {
            Either::Left(_) => None,
            Either::Right(tls) => match tls.get_ref().1.alpn_protocol()? {
                b"h2" => Some(Alpn::Http2),
                _ => Some(Alpn::Http1),
            },
        }
    }
}

impl Connection for UpstreamIo {
    fn connected(&self) -> Connected {
        let connected = Connected::new().extra(self.made).proxy(self.to_proxy);
        if self.http2 { connected.negotiated_h2() } else { connected }
    }
}

impl Read for UpstreamIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl Write for UpstreamIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}
