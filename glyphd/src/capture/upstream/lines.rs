//! Connections to one place, over which requests can be sent, and which of them wait for their next one: the pool.
//!
//! hyper-util's pools are not used: its older client looks a connection up by hashing the host three times, races each request
//! against a connection of its own, and starts a task to give each connection back, a tenth of the instructions of an exchange;
//! its newer ones keep neither a limit nor a time. Here the body of an answer gives its connection back.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    mem,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    task::Poll,
};

use http::{
    HeaderValue, Response, Uri,
    header::{CONNECTION, HOST},
};
use hyper::{
    body::Incoming,
    client::conn::{TrySendError, http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::task::JoinSet;

use super::{
    ConnectionMade, Origin, UpstreamIo,
    outgoing::{Outgoing, Sent},
};
use crate::{
    capture::{
        connection::{CONNECTION_WINDOW, STREAM_WINDOW},
        failure::Failure,
        locked,
        options::Limits,
    },
    causes::Unseen,
};

/// How many connections to one place wait for a request.
const IDLE: usize = 64;

/// A connection to an origin. Over HTTP/2 it is one of many handles to the same.
pub(super) struct Line {
    sender: Sender,
    pub(super) made: ConnectionMade,
    /// Whether requests on it name the whole URL.
    to_proxy: bool,
}

enum Sender {
    Http1(http1::SendRequest<Outgoing>),
    Http2(http2::SendRequest<Outgoing>),
}

impl fmt::Debug for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Line").field("made", &self.made).finish_non_exhaustive()
    }
}

impl Line {
    /// Whether a request can be sent now.
    fn is_ready(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_ready(),
            Sender::Http2(sender) => sender.is_ready(),
        }
    }

    fn is_closed(&self) -> bool {
        match &self.sender {
            Sender::Http1(sender) => sender.is_closed(),
            Sender::Http2(sender) => sender.is_closed(),
        }
    }

    /// Another handle to the same connection, where there can be one.
    fn share(&self) -> Option<Self> {
        match &self.sender {
            Sender::Http1(_) => None,
            Sender::Http2(sender) => {
                Some(Self { sender: Sender::Http2(sender.clone()), made: self.made, to_proxy: self.to_proxy })
            }
        }
    }

    /// Whether it is one request's alone, until the answer's body has ended.
    pub(super) fn is_exclusive(&self) -> bool {
        matches!(self.sender, Sender::Http1(_))
    }

    /// Sends a request and waits for the head of its answer.
    pub(super) async fn send(&mut self, mut request: Box<Sent>) -> Result<Response<Incoming>, Refused> {
        let sender = match &mut self.sender {
            Sender::Http2(sender) => {
                // It is named already, in `:authority` (RFC 9113, 8.3.1): some refuse what names it twice. And `TE: trailers`,
                // which gRPC insists on, is a connection's own over HTTP/1.1 only (8.2.2).
                request.headers_mut().remove(HOST);
                request.headers_mut().remove(CONNECTION);
                return sender.try_send_request(*request).await.map_err(Refused::from);
            }
            Sender::Http1(sender) => sender,
        };
        name_host(&mut request);
        if self.to_proxy {
            return sender.try_send_request(*request).await.map_err(Refused::from);
        }
        let path = request.uri().path_and_query().cloned().map(Uri::from).unwrap_or_default();
        let whole = mem::replace(request.uri_mut(), path);
        sender.try_send_request(*request).await.map_err(|error| {
            let mut refused = Refused::from(error);
            if let Had::Nothing(unsent) = &mut refused.had {
                *unsent.uri_mut() = whole;
            }
            refused
        })
    }
}

/// Why there is no answer.
pub(super) struct Refused {
    pub(super) failure: Failure,
    pub(super) had: Had,
}

/// What the upstream had of a request.
pub(super) enum Had {
    /// Here it is: nothing has been sent.
    Nothing(Box<Sent>),
    /// It has not looked at it.
    Unseen(Unseen),
    /// Some of it, or all: nobody knows.
    Something,
}

impl Had {
    /// Whether it is no use to send another request over the same connection.
    pub(super) fn is_last(&self) -> bool {
        matches!(self, Self::Nothing(_) | Self::Unseen(Unseen::Goes))
    }
}

impl From<TrySendError<Sent>> for Refused {
    fn from(mut error: TrySendError<Sent>) -> Self {
        let unsent = error.take_message();
        let error = error.into_error();
        let had = match (unsent, Unseen::of(&error)) {
            (Some(unsent), _) => Had::Nothing(Box::new(unsent)),
            (None, Some(unseen)) => Had::Unseen(unseen),
            (None, None) => Had::Something,
        };
        Self { failure: Failure::of_hyper(&error), had }
    }
}

/// What came over HTTP/2 names its host in the URL.
fn name_host(request: &mut Sent) {
    if request.headers().contains_key(HOST) {
        return;
    }
    let uri = request.uri();
    let is_default =
        matches!((uri.scheme_str(), uri.port_u16()), (Some("http"), Some(80)) | (Some("https"), Some(443)));
    let named = uri.authority().map(|authority| {
        let whole = authority.as_str();
        let host = whole.rsplit_once('@').map_or(whole, |(_, host)| host);
        if is_default { host.rsplit_once(':').map_or(host, |(host, _)| host) } else { host }
    });
    if let Some(host) = named.and_then(|host| HeaderValue::from_str(host).ok()) {
        request.headers_mut().insert(HOST, host);
    }
}

/// How HTTP is spoken with upstreams.
#[derive(Debug)]
pub(super) struct Protocols {
    http1: http1::Builder,
    http2: http2::Builder<TokioExecutor>,
}

impl Protocols {
    pub(super) fn new(limits: Limits) -> Self {
        let mut http1 = http1::Builder::new();
        // At least what the parser begins with.
        http1.preserve_header_case(true).max_buf_size(limits.header_bytes.max(8 << 10));
        let mut http2 = http2::Builder::new(TokioExecutor::new());
        http2
            .timer(TokioTimer::new())
            .max_header_list_size(u32::try_from(limits.header_bytes).unwrap_or(u32::MAX))
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW);
        Self { http1, http2 }
    }

    /// Begins to speak HTTP on a connection.
    pub(super) async fn begin(&self, io: UpstreamIo, connections: &Connections) -> Result<Line, Failure> {
        let (made, to_proxy) = (io.told, io.is_to_proxy());
        let failed = |error: hyper::Error| Failure::of_hyper(&error);
        let sender = if io.is_http2() {
            let (sender, connection) = self.http2.handshake(io).await.map_err(failed)?;
            connections.run(async { drop(connection.await) });
            Sender::Http2(sender)
        } else {
            let (mut sender, connection) = self.http1.handshake(io).await.map_err(failed)?;
            let mut connection = connection.with_upgrades();
            // An upstream that closes at once, or speaks first, is found out before it has a request.
            let ready = poll_fn(|cx| match Pin::new(&mut connection).poll(cx) {
                Poll::Ready(ended) => Poll::Ready(ended.map(|()| false)),
                Poll::Pending => sender.poll_ready(cx).map_ok(|()| true),
            });
            if !ready.await.map_err(failed)? {
                return Err(Failure::UpstreamClosed("it said nothing".to_owned()));
            }
            connections.run(async { drop(connection.await) });
            Sender::Http1(sender)
        };
        Ok(Line { sender, made, to_proxy })
    }
}

/// The connections under way. One whose other end takes no more bytes would otherwise be there for ever, and hold its
/// exchange.
#[derive(Debug)]
pub(super) struct Connections {
    /// None once they have been cut.
    tasks: Mutex<Option<JoinSet<()>>>,
}

impl Default for Connections {
    fn default() -> Self {
        Self { tasks: Mutex::new(Some(JoinSet::new())) }
    }
}

impl Connections {
    pub(super) fn run(&self, connection: impl Future<Output = ()> + Send + 'static) {
        if let Some(tasks) = locked(&self.tasks).as_mut() {
            while tasks.try_join_next().is_some() {}
            tasks.spawn(connection);
        }
    }

    /// Ends them all, whatever they are doing; there are none from now on.
    pub(super) async fn cut(&self) {
        let tasks = locked(&self.tasks).take();
        if let Some(mut tasks) = tasks {
            tasks.shutdown().await;
        }
    }
}

/// The connections to one place that can take a request.
#[derive(Debug, Default)]
pub(super) struct Lines {
    /// Those that wait for one, the latest last, and since which sweep.
    idle: Mutex<VecDeque<(u32, Box<Line>)>>,
    /// How many sweeps there have been: a clock that costs nothing to read.
    sweeps: AtomicU32,
    /// One that takes many at a time.
    shared: Mutex<Option<Line>>,
}

impl Lines {
    /// One that is ready, and how many sweeps it has waited for if it is one request's alone: the one that was used last, so that
    /// those that are too many are not used and can end.
    pub(super) fn take(&self) -> Option<(Box<Line>, Option<u32>)> {
        let mut idle = locked(&self.idle);
        for at in (0..idle.len()).rev() {
            if idle[at].1.is_ready() {
                let now = self.sweeps.load(Ordering::Relaxed);
                return idle.remove(at).map(|(since, line)| (line, Some(now.wrapping_sub(since))));
            }
            if idle[at].1.is_closed() {
                idle.remove(at);
            }
        }
        drop(idle);
        let shared = locked(&self.shared);
        let line = shared.as_ref().filter(|line| line.is_ready()).and_then(Line::share)?;
        Some((Box::new(line), None))
    }

    /// Gives one back that has done its work, or almost.
    fn put(&self, line: Box<Line>) {
        if line.is_closed() {
            return;
        }
        let mut idle = locked(&self.idle);
        if idle.len() == IDLE {
            idle.pop_front();
        }
        idle.push_back((self.sweeps.load(Ordering::Relaxed), line));
    }

    /// A new connection, if many can use it: for all from now on, unless there is one already, which is returned then.
    pub(super) fn share(&self, line: Line) -> Line {
        let Some(another) = line.share() else { return line };
        let mut shared = locked(&self.shared);
        if let Some(there) = shared.as_ref().filter(|there| there.is_ready()).and_then(Line::share) {
            return there;
        }
        *shared = Some(another);
        line
    }

    /// That one takes no more.
    pub(super) fn forget(&self, line: &Line) {
        locked(&self.shared).take_if(|shared| shared.made == line.made);
    }

    /// Closes those that have waited for so many sweeps.
    pub(super) fn sweep(&self, limit: u32) {
        let now = self.sweeps.fetch_add(1, Ordering::Relaxed);
        let expired: Vec<_> = {
            let mut idle = locked(&self.idle);
            let count = idle.iter().take_while(|(since, _)| now.wrapping_sub(*since) >= limit).count();
            idle.drain(..count).collect()
        };
        drop(expired);
    }
}

/// A connection that one exchange has for itself. Where it is dropped before the answer has ended, the connection ends too.
#[derive(Debug)]
pub(crate) struct Lease {
    origin: Arc<Origin>,
    line: Box<Line>,
}

impl Lease {
    pub(super) fn new(origin: Arc<Origin>, line: Box<Line>) -> Self {
        Self { origin, line }
    }

    /// The answer has ended: the next request may have it.
    pub(crate) fn end(self) {
        self.origin.lines.put(self.line);
    }
}
