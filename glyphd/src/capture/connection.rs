//! One client's connection: requests come out of it, over HTTP/1.1 or HTTP/2.

use std::{
    convert::Infallible,
    mem,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use http::{
    Request, Version,
    uri::{Authority, PathAndQuery},
};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::{Service, service_fn},
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::OwnedSemaphorePermit,
    time::{Sleep, sleep, timeout},
};
use tokio_util::{
    io::{InspectReader, InspectWriter},
    task::task_tracker::TaskTrackerToken,
};

use super::{
    Answer, Proxy,
    cancel::until_cancelled,
    failure::Failure,
    http2::Streams,
    idle::Heads,
    interim::{Interim, WithInterim},
    locked,
    options::Mode,
    route::Entry,
    tls::Alpn,
    upstream::{Last, Origin},
};
use crate::telemetry::Telemetry;

/// How much may be under way to us before we have taken it, in bytes, of one exchange and of all on a connection: enough for
/// a gigabit at 10 ms, and no more than a client may make us hold.
pub(super) const STREAM_WINDOW: u32 = 1 << 20;
pub(super) const CONNECTION_WINDOW: u32 = 4 << 20;

/// How long a client has, twice, to take leave of a connection on which nothing is under way.
const LEAVE: Duration = Duration::from_millis(500);

/// Who is at the other end, and where its requests are therefore to go.
#[derive(Debug)]
pub(super) struct Conn {
    pub(super) client: SocketAddr,
    /// The same as text.
    pub(super) client_text: Arc<str>,
    pub(super) place: Place,
    pub(super) interim: Arc<Interim>,
    pub(super) last: Last,
    pub(super) timer: Timer,
    seat: Arc<Seat>,
}

/// A timer that goes from one exchange to the next. Where it runs out, whoever has it looks what time it is: to set it anew for
/// each would cost more than it does to be woken once in a while for nothing.
#[derive(Debug, Default)]
pub(super) struct Timer(Mutex<Option<Pin<Box<Sleep>>>>);

impl Timer {
    /// One that runs out after at most so long.
    pub(super) fn take(&self, limit: Duration) -> Pin<Box<Sleep>> {
        locked(&self.0).take().unwrap_or_else(|| Box::pin(sleep(limit)))
    }

    pub(super) fn keep(&self, timer: Pin<Box<Sleep>>) {
        *locked(&self.0) = Some(timer);
    }
}

/// What a connection takes of what there is, until everything that came over it has ended.
#[derive(Debug)]
pub(super) struct Seat {
    pub(super) telemetry: Telemetry,
    pub(super) heads: Arc<Heads>,
    /// The server waits for these when it stops.
    pub(super) _under_way: TaskTrackerToken,
    pub(super) _permit: OwnedSemaphorePermit,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.telemetry.connection_closed();
    }
}

/// Where a connection is.
#[derive(Debug)]
pub(super) enum Place {
    /// It was accepted.
    Outside,
    /// It came out of a tunnel that leads to that host.
    Within { scheme: &'static str, host: String, port: u16, origin: Arc<Origin> },
}

impl Conn {
    /// One that was accepted.
    pub(super) fn outside(client: SocketAddr, seat: Seat) -> Self {
        Self {
            client,
            client_text: client.to_string().into(),
            place: Place::Outside,
            interim: Arc::default(),
            last: Last::default(),
            timer: Timer::default(),
            seat: Arc::new(seat),
        }
    }

    /// One that came over this one.
    pub(super) fn within(&self, place: Place) -> Self {
        Self {
            client: self.client,
            client_text: Arc::clone(&self.client_text),
            place,
            interim: Arc::default(),
            last: Last::default(),
            timer: Timer::default(),
            seat: Arc::clone(&self.seat),
        }
    }

    /// For what comes over it.
    pub(super) fn seat(&self) -> Arc<Seat> {
        Arc::clone(&self.seat)
    }

    pub(super) fn entry<'a>(&'a self, mode: &'a Mode) -> Entry<'a> {
        match (&self.place, mode) {
            (Place::Outside, Mode::Forward) => Entry::Proxy,
            (Place::Outside, Mode::Reverse(base)) => Entry::Reverse(base),
            (Place::Within { scheme, host, port, .. }, _) => Entry::Within { scheme, host, port: *port },
        }
    }
}

impl Proxy {
    /// Serves it until it ends; after `closing`, until the exchanges under way on it have ended.
    pub(super) async fn serve<S>(self: Arc<Self>, stream: S, protocol: Alpn, conn: Arc<Conn>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match protocol {
            Alpn::Http1 => self.serve_http1(stream, conn).await,
            Alpn::Http2 => self.serve_http2(stream, conn).await,
        }
    }

    async fn serve_http1<S>(self: Arc<Self>, stream: S, conn: Arc<Conn>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let limits = &self.options.limits;
        let stream = WithInterim::new(stream, Arc::clone(&conn.interim));
        let mut connection = http1::Builder::new()
            // `Idle` has the clock.
            .header_read_timeout(None)
            // At least what the parser begins with.
            .max_buf_size(limits.header_bytes.max(8 << 10))
            .preserve_header_case(true)
            .serve_connection(TokioIo::new(stream), self.exchanges(&conn))
            .with_upgrades();
        let served = self.served(&mut connection, |c| c.graceful_shutdown(), || false).await;
        let Err(error) = served else { return };
        self.telemetry.connection_failed(conn.client, &error);
        // A client that is only quiet is no fault, nor one that stands still in the middle of an exchange: that is told.
        let in_head = conn.seat.heads.are_due()
            && connection.into_parts().is_some_and(|parts| !parts.read_buf.is_empty());
        if let Some(failure) = Failure::of_server(&error, limits, in_head) {
            self.unreadable(&failure, &conn, Version::HTTP_11);
        }
    }

    async fn serve_http2<S>(self: Arc<Self>, stream: S, conn: Arc<Conn>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        conn.seat.heads.are_frames();
        let header_bytes = u32::try_from(self.options.limits.header_bytes).unwrap_or(u32::MAX);
        let streams = Arc::new(Mutex::new(Streams::default()));
        let [received, sent] = [Arc::clone(&streams), Arc::clone(&streams)];
        let (proxy, of) = (Arc::clone(&self), Arc::clone(&conn));
        let stream = InspectReader::new(stream, move |bytes: &[u8]| locked(&received).received(bytes));
        let stream = InspectWriter::new(stream, move |bytes: &[u8]| {
            let count = locked(&sent).sent(bytes);
            for _ in 0..count {
                let why = "its head is none that HTTP/2 allows, and its stream was reset".to_owned();
                proxy.unreadable(&Failure::RequestInvalid(why), &of, Version::HTTP_2);
            }
        });
        let mut connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            // Of what is beyond that it tells nobody; what is below and still too large is for us to refuse.
            .max_header_list_size(header_bytes.saturating_mul(2))
            .initial_stream_window_size(STREAM_WINDOW)
            .initial_connection_window_size(CONNECTION_WINDOW)
            .serve_connection(TokioIo::new(stream), self.exchanges(&conn));
        let are_ended = || locked(&streams).are_ended();
        if let Err(error) = self.served(&mut connection, |c| c.graceful_shutdown(), are_ended).await {
            self.telemetry.connection_failed(conn.client, &error);
            if let Some(failure) = Failure::of_server(&error, &self.options.limits, false) {
                self.unreadable(&failure, &conn, Version::HTTP_2);
            }
        }
    }

    /// One for each request of a connection.
    fn exchanges(
        self: &Arc<Self>,
        conn: &Arc<Conn>,
    ) -> impl Service<Request<Incoming>, Response = Answer, Error = Infallible, Future: Send> + use<> {
        let (proxy, conn) = (Arc::clone(self), Arc::clone(conn));
        service_fn(move |request| {
            let (begun, proxy, conn) = (proxy.begin(request, &conn), Arc::clone(&proxy), Arc::clone(&conn));
            async move { Ok(proxy.answer(begun, conn).await) }
        })
    }

    /// Waits for a connection's end; with `closing` it takes no further requests. Where nothing is under way on it and the client
    /// does not take leave, as one does that looks at its connection only when it has something to ask, it is left.
    async fn served<C, E>(
        &self,
        connection: &mut C,
        close: impl FnOnce(Pin<&mut C>),
        nothing_is_under_way: impl Fn() -> bool,
    ) -> Result<(), E>
    where
        C: Future<Output = Result<(), E>> + Unpin,
    {
        let closing = self.closing.child_token();
        if let Some(ended) = until_cancelled(&closing, Pin::new(&mut *connection)).await {
            return ended;
        }
        close(Pin::new(&mut *connection));
        let mut was_quiet = false;
        loop {
            if let Ok(ended) = timeout(LEAVE, &mut *connection).await {
                return ended;
            }
            // What was sent last has had as long to leave.
            if mem::replace(&mut was_quiet, nothing_is_under_way()) && was_quiet {
                return Ok(());
            }
        }
    }
}

/// Whether a request's head is not too large. Over HTTP/1.1 it has been judged as it came.
pub(super) fn head_fits<B>(request: &Request<B>, limit: usize) -> Result<(), Failure> {
    if request.version() != Version::HTTP_2 {
        return Ok(());
    }
    // What each field is counted as (RFC 9113, 6.5.2), and those that have a name with a colon.
    const FIELD: usize = 32;
    const PSEUDO: usize = 4 * FIELD + ":method:scheme:authority:path".len();
    let uri = request.uri();
    let pseudo = [
        request.method().as_str(),
        uri.scheme_str().unwrap_or_default(),
        uri.authority().map_or("", Authority::as_str),
        uri.path_and_query().map_or("", PathAndQuery::as_str),
    ];
    let fields = request.headers().iter().map(|(name, value)| name.as_str().len() + value.len() + FIELD);
    let size = PSEUDO + pseudo.map(str::len).iter().sum::<usize>() + fields.sum::<usize>();
    if size > limit { Err(Failure::HeadTooLarge(limit)) } else { Ok(()) }
}
