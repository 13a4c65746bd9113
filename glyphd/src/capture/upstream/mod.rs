//! The upstreams: a pool of connections to each, over HTTP/1.1 and HTTP/2.
//!
//! What a client asks the proxy for is reached by the URL's host. What it sends within a tunnel goes to where the tunnel
//! leads, whatever host the requests name: an [`Origin`] each, with a pool of its own. `dial` makes connections.

mod dial;
mod connector;

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use http::{Request, Response, uri::Scheme};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{self, Client},
    rt::TokioTimer,
};
use lru::LruCache;
use rustls::ClientConfig;
use tokio_util::sync::CancellationToken;

pub(super) use connector::{Connector, Origin, Target, TlsTarget};
pub(super) use dial::{ConnectionMade, Dialer, Plain};

use self::connector::{End, To};

use super::{
    connection::{CONNECTION_WINDOW, STREAM_WINDOW},
    options::{Limits, UpstreamOptions},
    tee::Tee,
    tls::{Alpn, TlsFileError, Trust, offering},
};
use crate::pooled::UntilCut;

/// How long a connection of the pool waits for its next request.
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const IDLE_PER_HOST: usize = 64;
/// For so long an upstream is taken to speak what it spoke last.
const KNOWN: Duration = Duration::from_secs(60);
/// How many tunnels' ends are remembered.
const ORIGINS: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

pub(super) type Pool = Client<Connector, Tee<Incoming>>;

/// All of them.
#[derive(Debug)]
pub(super) struct Upstream {
    dialer: Arc<Dialer>,
    tls: TlsConfigs,
    /// To whatever host a URL names.
    pool: Pool,
    /// The same, for HTTP/2 without TLS.
    pool_http2: Pool,
    /// To where tunnels lead.
    origins: Mutex<LruCache<Target, Arc<Origin>>>,
    /// Where TLS has been looked into, and when last.
    seen: Mutex<LruCache<(String, u16), Instant>>,
    limits: Limits,
    cut: CancellationToken,
}

/// How TLS is spoken, by what a client could go on with.
#[derive(Debug, Clone)]
pub(super) struct TlsConfigs {
    any: Arc<ClientConfig>,
    http1: Arc<ClientConfig>,
    http2: Arc<ClientConfig>,
    none: Arc<ClientConfig>,
}

impl TlsConfigs {
    pub(super) fn of(trust: &Trust, options: &UpstreamOptions) -> Result<Self, TlsFileError> {
        let cert = options.client_cert.as_ref().map(|(cert, key)| (cert.as_path(), key.as_path()));
        let config = trust.config(cert)?;
        let with = |alpn: &[Alpn]| Arc::new(offering(&config, alpn));
        Ok(Self {
            any: with(&[Alpn::Http2, Alpn::Http1]),
            http1: with(&[Alpn::Http1]),
            http2: with(&[Alpn::Http2]),
            none: with(&[]),
        })
    }

    fn offering(&self, alpn: Offer) -> &Arc<ClientConfig> {
        match alpn {
            Offer::Any => &self.any,
            Offer::Http1 => &self.http1,
            Offer::Http2 => &self.http2,
            Offer::Nothing => &self.none,
        }
    }
}

/// What is offered to an upstream in the TLS handshake (ALPN): what the client offers, of what we know.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Offer {
    Any,
    Http1,
    Http2,
    Nothing,
}

impl Offer {
    /// What a client would go on with if there were no upstream.
    pub(super) fn first(self) -> Option<Alpn> {
        match self {
            Self::Any | Self::Http1 => Some(Alpn::Http1),
            Self::Http2 => Some(Alpn::Http2),
            Self::Nothing => None,
        }
    }

    /// Of what a client offers.
    pub(super) fn of(protocols: impl Iterator<Item = impl AsRef<[u8]>>) -> Self {
        let (mut http1, mut http2) = (false, false);
        for protocol in protocols {
            http1 |= protocol.as_ref() == b"http/1.1";
            http2 |= protocol.as_ref() == b"h2";
        }
        match (http1, http2) {
            (true, true) => Self::Any,
            (true, false) => Self::Http1,
            (false, true) => Self::Http2,
            (false, false) => Self::Nothing,
        }
    }
}

impl Upstream {
    /// Pools whose connections end with `cut`, whatever they are doing.
    pub(super) fn new(dialer: Dialer, tls: TlsConfigs, limits: Limits, cut: CancellationToken) -> Self {
        let dialer = Arc::new(dialer);
        let by_url = |plain| {
            let to = To::Url { tls: Arc::clone(&tls.any), plain };
            pool(Connector { dialer: Arc::clone(&dialer), to }, limits, &cut)
        };
        let (pool, pool_http2) = (by_url(Alpn::Http1), by_url(Alpn::Http2));
        let (origins, seen) = (Mutex::new(LruCache::new(ORIGINS)), Mutex::new(LruCache::new(ORIGINS)));
        Self { dialer, tls, pool, pool_http2, origins, seen, limits, cut }
    }

    pub(super) fn dialer(&self) -> &Arc<Dialer> {
        &self.dialer
    }

    /// Sends a request to the host of its URL; where that says nothing of a protocol, in the one that the client speaks.
    pub(super) async fn send(
        &self,
        request: Request<Tee<Incoming>>,
        http2: bool,
    ) -> Result<Response<Incoming>, legacy::Error> {
        let plain = request.uri().scheme() == Some(&Scheme::HTTP) && self.dialer.proxy().is_none();
        let pool = if http2 && plain { &self.pool_http2 } else { &self.pool };
        pool.request(request).await
    }

    /// TLS has been spoken there.
    pub(super) fn seen(&self, host: &str, port: u16) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.put((host.to_owned(), port), Instant::now());
    }

    /// Whether TLS was spoken there not long ago.
    pub(super) fn has_been_seen(&self, host: &str, port: u16) -> bool {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get(&(host.to_owned(), port)).is_some_and(|at| at.elapsed() < KNOWN)
    }

    /// Where a tunnel leads.
    pub(super) fn origin(&self, target: Target) -> Arc<Origin> {
        let mut origins = self.origins.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let config = target.tls.as_ref().map(|tls| Arc::clone(self.tls.offering(tls.offer)));
            let (dialer, end) = (Arc::clone(&self.dialer), Arc::new(End::new(target.clone(), config)));
            let connector = Connector { dialer: Arc::clone(&dialer), to: To::End(Arc::clone(&end)) };
            Arc::new(Origin::new(pool(connector, self.limits, &self.cut), dialer, end))
        };
        Arc::clone(origins.get_or_insert(target.clone(), make))
    }
}

fn pool(connector: Connector, limits: Limits, cut: &CancellationToken) -> Pool {
    let header_bytes = u32::try_from(limits.header_bytes).unwrap_or(u32::MAX);
    Client::builder(UntilCut(cut.clone()))
        .timer(TokioTimer::new())
        .pool_timer(TokioTimer::new())
        .pool_idle_timeout(IDLE_TIMEOUT)
        .pool_max_idle_per_host(IDLE_PER_HOST)
        .http1_preserve_header_case(true)
        // At least what the parser begins with.
        .http1_max_buf_size(limits.header_bytes.max(8 << 10))
        .http2_max_header_list_size(header_bytes)
        .http2_initial_stream_window_size(STREAM_WINDOW)
        .http2_initial_connection_window_size(CONNECTION_WINDOW)
        .build(connector)
}
