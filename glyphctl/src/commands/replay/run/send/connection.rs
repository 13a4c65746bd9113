//! A sender's connection: over HTTP/1.1 its own, over HTTP/2 the one of all senders of its thread.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Instant,
};

use bytes::Bytes;
use glyphd::causes::{REFUSALS, Unseen};
use http::{Request, Response, Uri, header, uri};
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use tokio::sync::Mutex;

use super::{
    super::plan::Prepared,
    failure::{Failure, Kind},
    road::{Connected, Road},
};

type Body = Full<Bytes>;
/// What an HTTP/2 connection may be sent without being asked for more.
const WINDOW: u32 = 4 << 20;

/// What senders of a thread share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    http2: Mutex<Option<http2::SendRequest<Body>>>,
    /// Whether the server was asked for HTTP/2, and has none.
    refused: AtomicBool,
}

/// How one sender sends.
pub(super) struct Connection {
    road: Arc<Road>,
    shared: Arc<Shared>,
    http1: Option<http1::SendRequest<Body>>,
}

/// The head of an answer, and when its request was sent.
pub(super) struct Answered {
    pub(super) response: Response<Incoming>,
    pub(super) sent: Instant,
    /// Whether that was over HTTP/2.
    pub(super) http2: bool,
}

/// What to do about a request that came to no answer.
enum Broken {
    /// It was not sent, or the server has not looked at it.
    Unseen(Failure),
    /// It may be sent twice, over a connection that the server had closed meanwhile.
    Again,
    For(Failure),
}

impl Connection {
    pub(super) fn new(road: Arc<Road>, shared: Arc<Shared>) -> Self {
        Self { road, shared, http1: None }
    }

    /// Sends a request, and waits for the head of its answer.
    pub(super) async fn send(&mut self, request: &Prepared) -> Result<Answered, Failure> {
        // A server may close a connection at any time while nothing is under way: that is nobody's fault, once. Over HTTP/2 it may
        // say so of what is under way, too.
        let (mut closed, mut refused) = (0, 0);
        loop {
            match self.try_send(request).await {
                Err(Broken::Again) if closed == 0 => closed += 1,
                Err(Broken::Unseen(_)) if refused < REFUSALS => refused += 1,
                done => return done.map_err(Broken::failure),
            }
        }
    }

    /// Gives up the connection, as something is still under way on it.
    pub(super) fn abandon(&mut self) {
        self.http1 = None;
    }

    async fn try_send(&mut self, request: &Prepared) -> Result<Answered, Broken> {
        if self.road.wants_http2(request) && !self.shared.refused.load(Ordering::Relaxed) {
            match self.http2().await? {
                Some((sender, fresh)) => return self.send_http2(sender, request, fresh).await,
                None => self.shared.refused.store(true, Ordering::Relaxed),
            }
        }
        self.send_http1(request).await
    }

    async fn send_http1(&mut self, request: &Prepared) -> Result<Answered, Broken> {
        let usable = match &mut self.http1 {
            Some(sender) => sender.is_ready() || sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            self.http1 = None;
        }
        let fresh = self.http1.is_none();
        let sender = match &mut self.http1 {
            Some(sender) => sender,
            none => none.insert(handshake(self.road.connect(false).await?).await?),
        };
        let message = message(request, &self.road, false);
        let sent = Instant::now();
        match sender.try_send_request(message).await {
            Ok(response) => Ok(Answered { response, sent, http2: false }),
            Err(mut error) => {
                self.http1 = None;
                let unsent = error.take_message().is_some();
                Err(broken(request, error.error(), unsent, fresh))
            }
        }
    }

    async fn send_http2(
        &self,
        mut sender: http2::SendRequest<Body>,
        request: &Prepared,
        fresh: bool,
    ) -> Result<Answered, Broken> {
        let message = message(request, &self.road, true);
        if let Err(error) = sender.ready().await {
            *self.shared.http2.lock().await = None;
            return Err(broken(request, &error, true, fresh));
        }
        let sent = Instant::now();
        match sender.try_send_request(message).await {
            Ok(response) => Ok(Answered { response, sent, http2: true }),
            Err(mut error) => {
                let unsent = error.take_message().is_some();
                Err(broken(request, error.error(), unsent, fresh))
            }
        }
    }

    /// The thread's connection over HTTP/2, and whether it is new; none if the server does not offer it: the connection is
    /// then this sender's own.
    async fn http2(&mut self) -> Result<Option<(http2::SendRequest<Body>, bool)>, Failure> {
        let mut shared = self.shared.http2.lock().await;
        if let Some(sender) = shared.as_ref().filter(|sender| !sender.is_closed()) {
            return Ok(Some((sender.clone(), false)));
        }
        if self.shared.refused.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let connected = self.road.connect(true).await?;
        if !connected.http2 {
            self.http1 = Some(handshake(connected).await?);
            return Ok(None);
        }
        let (sender, connection) = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .initial_stream_window_size(WINDOW)
            .initial_connection_window_size(WINDOW)
            .handshake(connected.io)
            .await
            .map_err(|error| Failure::of_http(&error))?;
        tokio::spawn(async move { drop(connection.await) });
        *shared = Some(sender.clone());
        Ok(Some((sender, true)))
    }
}

impl Broken {
    fn failure(self) -> Failure {
        match self {
            Self::Again => {
                Failure::new(Kind::Closed, "the server closed the connection twice, without an answer")
            }
            Self::Unseen(failure) | Self::For(failure) => failure,
        }
    }
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::For(failure)
    }
}

async fn handshake(connected: Connected) -> Result<http1::SendRequest<Body>, Failure> {
    let (sender, connection) =
        http1::Builder::new().handshake(connected.io).await.map_err(|error| Failure::of_http(&error))?;
    // What became of it is told to who waits for an answer.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

fn broken(request: &Prepared, error: &hyper::Error, unsent: bool, fresh: bool) -> Broken {
    let may_be_closed = !error.is_parse() && !error.is_timeout();
    if unsent || Unseen::of(error).is_some() {
        Broken::Unseen(Failure::of_http(error))
    } else if !fresh && may_be_closed && request.is_idempotent() {
        Broken::Again
    } else {
        Broken::For(Failure::of_http(error))
    }
}

fn message(request: &Prepared, road: &Road, http2: bool) -> Request<Body> {
    let mut message = Request::new(Full::new(request.body.clone()));
    *message.method_mut() = request.method.clone();
    *message.headers_mut() = request.headers.clone();
    *message.version_mut() = Prepared::version(http2);
    if http2 {
        let mut parts = uri::Parts::default();
        parts.scheme = Some(road.scheme.clone());
        parts.authority = Some(request.authority.clone());
        parts.path_and_query = Some(request.path.clone());
        // It is of parts that go together.
        *message.uri_mut() = Uri::from_parts(parts).unwrap_or_default();
        message.headers_mut().remove(header::HOST);
    } else {
        *message.uri_mut() = Uri::from(request.path.clone());
    }
    message
}
