//! A place that requests go to, and the connections there are to it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, Instant, SystemTime},
};

use http::Response;
use hyper::body::Incoming;
use rustls::ClientConfig;

use super::{
    ConnectionMade, Connections, Dialer, KNOWN, Lease, Offer, Plain, UpstreamIo,
    lines::{Line, Lines, Protocols, Refused, Sent, locked},
};
use crate::capture::{failure::Failure, tls::Alpn};

/// How many connections wait for a first request, and how long: an upstream may close what nobody uses.
const READY: usize = 16;
const FRESH: Duration = Duration::from_secs(5);

/// A place, and how TLS is spoken there.
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

/// How it is reached.
#[derive(Debug)]
pub(super) enum Way {
    /// What a URL names, or where tunnels lead.
    To(Target, Option<Arc<ClientConfig>>),
    /// Another proxy, which gets whole URLs.
    Proxy,
}

/// What all origins have in common.
#[derive(Debug)]
pub(super) struct Means {
    pub(super) dialer: Dialer,
    pub(super) protocols: Protocols,
    pub(super) connections: Connections,
}

/// A place that requests go to.
#[derive(Debug)]
pub(crate) struct Origin {
    way: Way,
    means: Arc<Means>,
    known: Mutex<Option<Known>>,
    /// Connections on which no HTTP has been spoken.
    ready: Mutex<VecDeque<(Instant, UpstreamIo)>>,
    pub(super) lines: Lines,
    /// Held by who makes a connection that many can use: the others wait for that, and share what became of it.
    making: tokio::sync::Mutex<Option<(Instant, Failure)>>,
}

#[derive(Debug, Clone, Copy)]
struct Known {
    protocol: Option<Alpn>,
    at: Instant,
}

/// An answer whose body is on its way.
pub(crate) struct Answered {
    pub(crate) response: Response<Incoming>,
    pub(crate) made: ConnectionMade,
    /// To be ended with the body.
    pub(crate) lease: Option<Lease>,
}

impl Origin {
    pub(super) fn new(way: Way, means: Arc<Means>) -> Self {
        let (known, ready) = (Mutex::default(), Mutex::default());
        Self { way, means, known, ready, lines: Lines::default(), making: tokio::sync::Mutex::default() }
    }

    /// Sends a request there. On a connection that has been used, the upstream may have closed it meanwhile: what has not
    /// been begun is sent again on another.
    pub(crate) async fn send(self: &Arc<Self>, mut request: Sent) -> Result<Answered, Failure> {
        loop {
            let (mut line, is_new) = match self.lines.take() {
                Some(line) => (line, false),
                // Boxed: it is seldom, and large.
                None => Box::pin(self.open()).await?,
            };
            match line.send(request).await {
                Ok(response) => {
                    let (made, is_exclusive) = (line.made, line.is_exclusive());
                    let lease = is_exclusive.then(|| Lease::new(Arc::clone(self), line));
                    return Ok(Answered { response, made, lease });
                }
                Err(Refused { unsent: Some(unsent), .. }) if !is_new => {
                    if !line.is_exclusive() {
                        self.lines.forget_shared();
                    }
                    request = *unsent;
                }
                Err(Refused { failure, .. }) => return Err(failure),
            }
        }
    }

    /// A new connection, or one that somebody else has made; and whether it is new.
    async fn open(&self) -> Result<(Box<Line>, bool), Failure> {
        if !self.speaks_http2() {
            return Ok((self.make().await?, true));
        }
        let since = Instant::now();
        let mut failed = self.making.lock().await;
        if let Some(line) = self.lines.take() {
            return Ok((line, false));
        }
        // What kept the other from a connection meanwhile would keep this one, too, and for as long.
        if let Some((_, failure)) = failed.as_ref().filter(|(at, _)| *at >= since) {
            return Err(failure.clone());
        }
        let made = self.make().await;
        *failed = made.as_ref().err().map(|failure| (Instant::now(), failure.clone()));
        Ok((made?, true))
    }

    async fn make(&self) -> Result<Box<Line>, Failure> {
        let fresh = locked(&self.ready).pop_back().filter(|(since, _)| since.elapsed() < FRESH);
        let io = match fresh {
            Some((_, io)) => io,
            None => self.dial(None).await?,
        };
        let line = self.means.protocols.begin(io, &self.means.connections).await?;
        Ok(Box::new(self.lines.share(line)))
    }

    fn speaks_http2(&self) -> bool {
        match (&self.way, *locked(&self.known)) {
            (Way::To(_, Some(_)), Some(known)) => known.protocol == Some(Alpn::Http2),
            (Way::To(Target { plain, .. }, None), _) => *plain == Alpn::Http2,
            _ => false,
        }
    }

    /// The protocol that it chose last, if that is not long ago.
    pub(crate) fn known(&self) -> Option<Option<Alpn>> {
        let known = *locked(&self.known);
        known.filter(|known| known.at.elapsed() < KNOWN).map(|known| known.protocol)
    }

    /// Connects, or goes on from a connection that is there already; the next request goes over it. Returns the
    /// protocol that the upstream chose.
    pub(crate) async fn connect(
        &self,
        stream: Option<(Plain, ConnectionMade)>,
    ) -> Result<(Option<Alpn>, ConnectionMade), Failure> {
        let io = self.dial(stream).await?;
        let (protocol, made) = (chosen(&io), io.told);
        let mut ready = locked(&self.ready);
        if ready.len() == READY {
            ready.pop_front();
        }
        ready.push_back((Instant::now(), io));
        Ok((protocol, made))
    }

    async fn dial(&self, stream: Option<(Plain, ConnectionMade)>) -> Result<UpstreamIo, Failure> {
        let dialer = &self.means.dialer;
        let (target, config) = match &self.way {
            Way::To(target, config) => (target, config),
            Way::Proxy => {
                let (stream, made) = dialer.to_proxy().await?;
                return Ok(UpstreamIo::plain(stream, false, made).by_proxy());
            }
        };
        let Target { host, port, tls, plain } = target;
        let (stream, made) = match stream {
            Some(stream) => stream,
            None => dialer.dial(host, *port).await?,
        };
        let io = match (tls, config) {
            (Some(tls), Some(config)) => {
                let stream = dialer.secure(stream, &tls.name, *port, Arc::clone(config)).await?;
                UpstreamIo::secured(stream, ConnectionMade { secured: Some(SystemTime::now()), ..made })
            }
            _ => UpstreamIo::plain(stream, *plain == Alpn::Http2, made),
        };
        *locked(&self.known) = Some(Known { protocol: chosen(&io), at: Instant::now() });
        Ok(io)
    }

    /// Closes what has not been used for so many sweeps.
    pub(super) fn sweep(&self, limit: u32) {
        self.lines.sweep(limit);
        let stale: Vec<_> = {
            let mut ready = locked(&self.ready);
            let count = ready.iter().take_while(|(since, _)| since.elapsed() > FRESH).count();
            ready.drain(..count).collect()
        };
        drop(stale);
    }
}

/// The protocol that the upstream chose in the handshake of TLS.
fn chosen(io: &UpstreamIo) -> Option<Alpn> {
    io.agreed().map(|name| if name == Alpn::Http2.name() { Alpn::Http2 } else { Alpn::Http1 })
}
