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
    ConnectionMade, Connections, Dialer, KNOWN, Lease, Offer, Plain, SWEEP, UpstreamIo,
    lines::{Had, Line, Lines, Protocols, Refused},
    outgoing::{Copy, Sent},
};
use crate::{
    capture::{failure::Failure, locked, tls::Alpn},
    causes::REFUSALS,
};

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
    /// After so long an upstream may close a connection as a request is on its way.
    pub(super) rested: Duration,
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
    /// How often the request had to be sent again.
    pub(crate) resent: u32,
    /// To be ended with the body.
    pub(crate) lease: Option<Lease>,
}

impl Origin {
    pub(super) fn new(way: Way, means: Arc<Means>) -> Self {
        let (known, ready) = (Mutex::default(), Mutex::default());
        Self { way, means, known, ready, lines: Lines::default(), making: tokio::sync::Mutex::default() }
    }

    /// Sends a request there. A connection that has been used the upstream may have closed meanwhile: what has not been begun
    /// is sent again on another, and what the upstream may not have seen, if that does no harm (RFC 9110, 9.2.2), once more on a
    /// new one. What it says it has not looked at is sent again a few times, as long as little of its body has passed.
    pub(crate) async fn send(self: &Arc<Self>, mut request: Box<Sent>) -> Result<Answered, Failure> {
        let (mut resent, mut anew) = (0, false);
        loop {
            let waiting = if anew { None } else { self.lines.take() };
            let (mut line, waited, is_new) = match waiting {
                Some((line, waited)) => (line, waited, false),
                None => {
                    // Boxed: it is seldom, and large.
                    let (line, is_new) = Box::pin(self.open()).await?;
                    (line, None, is_new)
                }
            };
            let has_rested = waited.is_some_and(|sweeps| SWEEP * sweeps >= self.means.rested);
            let does_no_harm = has_rested && request.method().is_safe();
            let again = match line.is_exclusive() {
                true if does_no_harm => Copy::of(&request),
                true => None,
                false => Some(Copy::lending(&mut request)),
            };
            let Refused { failure, had } = match line.send(request).await {
                Ok(response) => {
                    let (made, is_exclusive) = (line.made, line.is_exclusive());
                    let lease = is_exclusive.then(|| Lease::new(Arc::clone(self), line));
                    return Ok(Answered { response, made, resent, lease });
                }
                Err(refused) => refused,
            };
            if had.is_last() {
                self.lines.forget(&line);
            }
            let may_again = match had {
                Had::Nothing(unsent) if !is_new => {
                    request = unsent;
                    continue;
                }
                Had::Unseen(_) => resent < REFUSALS,
                Had::Something => does_no_harm && matches!(failure, Failure::UpstreamClosed(_)),
                Had::Nothing(_) => false,
            };
            let Some(again) = again.filter(|_| may_again) else { return Err(failure) };
            request = again.request().await.ok_or(failure)?;
            (resent, anew) = (resent + 1, matches!(had, Had::Something));
        }
    }

    /// A new connection, or one that somebody else has made; and whether it is new.
    async fn open(&self) -> Result<(Box<Line>, bool), Failure> {
        if !self.speaks_http2() {
            return Ok((self.make().await?, true));
        }
        let since = Instant::now();
        let mut failed = self.making.lock().await;
        if let Some((line, _)) = self.lines.take() {
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
