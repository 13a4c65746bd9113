//! The upstreams: a pool of connections to each, over HTTP/1.1 and HTTP/2.
//!
//! What a client asks the proxy for goes to the URL's host. What it sends within a tunnel goes to where the tunnel leads,
//! whatever host the requests name. Both are an `origin`, with a pool of its own: its `lines`. `dial` makes connections; `outgoing` is
//! what is sent over them, and what of that can be sent again.

mod dial;
mod lines;
mod origin;
mod outgoing;

use std::{
    num::NonZeroUsize,
    sync::{Arc, Mutex, Once, Weak},
    time::{Duration, Instant},
};

use http::{
    Uri,
    uri::{Authority, Scheme},
};
use lru::LruCache;
use rustls::ClientConfig;

pub(super) use dial::{ConnectionMade, Dialer, Plain};
pub(super) use lines::Lease;
pub(super) use origin::{Answered, Origin, Target, TlsTarget};
pub(super) use outgoing::{Outgoing, Sent};

use self::{
    lines::{Connections, Protocols},
    origin::{Means, Way},
};
use super::{
    failure::Failure,
    host::bare,
    locked,
    options::{Limits, UpstreamOptions},
    tls::{Alpn, TlsFileError, Trust, offering},
};
use crate::pooled::Pooled;

/// How often connections of the pool are looked at, and how many times one may be found without a request: a minute.
const SWEEP: Duration = Duration::from_secs(1);
const IDLE_SWEEPS: u32 = 60;
/// For so long an upstream is taken to speak what it spoke last.
const KNOWN: Duration = Duration::from_secs(60);
/// How many origins are remembered.
const ORIGINS: NonZeroUsize = NonZeroUsize::new(1_000).unwrap();

/// A connection to an upstream, and how it was made.
type UpstreamIo = Pooled<Plain, ConnectionMade>;

/// All of them.
#[derive(Debug)]
pub(super) struct Upstream {
    means: Arc<Means>,
    tls: TlsConfigs,
    origins: Arc<Origins>,
    /// The other proxy, where there is one: it gets what goes to whatever host without TLS.
    proxy: Option<Arc<Origin>>,
    /// Where TLS has been looked into, and when last.
    seen: Mutex<LruCache<(String, u16), Instant>>,
    /// Whether what waits for too long is closed.
    sweeps: Once,
}

type Origins = Mutex<LruCache<Target, Arc<Origin>>>;

/// Where the last request of a client went: its next one mostly goes there, too.
#[derive(Debug, Default)]
pub(super) struct Last(Mutex<Option<Went>>);

/// For which URL, what was wanted there, and where that is.
type Went = (Uri, Option<Alpn>, Arc<Origin>);

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
    pub(super) fn new(dialer: Dialer, tls: TlsConfigs, limits: Limits) -> Self {
        let (protocols, connections) = (Protocols::new(limits), Connections::default());
        let has_proxy = dialer.proxy().is_some();
        let means = Arc::new(Means { dialer, protocols, connections, rested: limits.rested });
        let proxy = has_proxy.then(|| Arc::new(Origin::new(Way::Proxy, Arc::clone(&means))));
        let origins = Arc::new(Mutex::new(LruCache::new(ORIGINS)));
        Self { means, tls, origins, proxy, seen: Mutex::new(LruCache::new(ORIGINS)), sweeps: Once::new() }
    }

    pub(super) fn dialer(&self) -> &Dialer {
        &self.means.dialer
    }

    /// Sends a request to the host of its URL. `wanted`: what is to be spoken there, or else what it chooses within TLS, and HTTP/1.1
    /// without; within TLS it may choose HTTP/1.1 where HTTP/2 is wanted, too.
    pub(super) async fn send(
        &self,
        request: Box<Sent>,
        wanted: Option<Alpn>,
        last: &Last,
    ) -> Result<Answered, Failure> {
        let origin = last.or(request.uri(), wanted, || self.named_by(request.uri(), wanted));
        origin.send(request).await
    }

    fn named_by(&self, uri: &Uri, wanted: Option<Alpn>) -> Arc<Origin> {
        let host = bare(uri.host().unwrap_or_default()).to_owned();
        if uri.scheme() == Some(&Scheme::HTTPS) {
            let offer = if wanted == Some(Alpn::Http1) { Offer::Http1 } else { Offer::Any };
            let tls = Some(TlsTarget { name: host.clone(), offer });
            return self.origin(Target {
                host,
                port: uri.port_u16().unwrap_or(443),
                tls,
                plain: Alpn::Http1,
            });
        }
        if let Some(proxy) = &self.proxy {
            return Arc::clone(proxy);
        }
        let plain = wanted.unwrap_or(Alpn::Http1);
        self.origin(Target { host, port: uri.port_u16().unwrap_or(80), tls: None, plain })
    }

    /// TLS has been spoken there.
    pub(super) fn seen(&self, host: &str, port: u16) {
        locked(&self.seen).put((host.to_owned(), port), Instant::now());
    }

    /// Whether TLS was spoken there not long ago.
    pub(super) fn has_been_seen(&self, host: &str, port: u16) -> bool {
        locked(&self.seen).get(&(host.to_owned(), port)).is_some_and(|at| at.elapsed() < KNOWN)
    }

    /// What a URL names, or where tunnels lead.
    pub(super) fn origin(&self, target: Target) -> Arc<Origin> {
        self.sweeps.call_once(|| {
            self.means.connections.run(sweep(Arc::downgrade(&self.origins), self.proxy.clone()))
        });
        let make = || {
            let config = target.tls.as_ref().map(|tls| Arc::clone(self.tls.offering(tls.offer)));
            Arc::new(Origin::new(Way::To(target.clone(), config), Arc::clone(&self.means)))
        };
        Arc::clone(locked(&self.origins).get_or_insert(target.clone(), make))
    }

    /// Ends all connections, whatever they are doing.
    pub(super) async fn cut(&self) {
        self.means.connections.cut().await;
    }
}

impl Last {
    fn or(&self, uri: &Uri, wanted: Option<Alpn>, find: impl FnOnce() -> Arc<Origin>) -> Arc<Origin> {
        let mut last = locked(&self.0);
        if let Some((known, spoken, origin)) = &*last
            && (*spoken, known.scheme()) == (wanted, uri.scheme())
            && known.authority().map(Authority::as_str) == uri.authority().map(Authority::as_str)
        {
            return Arc::clone(origin);
        }
        let origin = find();
        *last = Some((uri.clone(), wanted, Arc::clone(&origin)));
        origin
    }
}

/// Closes what nobody has used for long, as long as there is anybody who could.
async fn sweep(origins: Weak<Origins>, proxy: Option<Arc<Origin>>) {
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        ticks.tick().await;
        let Some(origins) = origins.upgrade() else { return };
        let all: Vec<_> = locked(&origins).iter().map(|(_, origin)| Arc::clone(origin)).collect();
        for origin in all.iter().chain(&proxy) {
            origin.sweep(IDLE_SWEEPS);
        }
    }
}
