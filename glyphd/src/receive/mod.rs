//! Spans of other programs, as OTLP over HTTP: `--otlp-addr`.
//!
//! In: connections of programs that have an SDK of OpenTelemetry, or of a collector. Out: their spans as lines of the trace
//! file, beside the daemon's own, secrets replaced; and answers as OTLP/HTTP wants them. Of each post, [`post`] decides in the
//! order of its parts: its head, its [`body`], what [`decode`] makes of that, and its [`span`]s with their [`value`]s;
//! [`answer`] has the words of the protocol.
//!
//! Not here: sampling, for whoever sends a span has chosen it; metrics and logs, which are taken and dropped, since an SDK
//! sends them to the same place unasked and would complain of each post that is refused; gRPC; sending on.

mod post;
mod body;
mod decode;
mod span;
mod value;
mod answer;
mod told;

use std::{convert::Infallible, io, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};
use tokio_util::sync::CancellationToken;

use self::told::Told;
use crate::{room::Room, sanitize::Sanitizer, telemetry::Telemetry};

/// Connections at a time; further ones wait where the system keeps them.
const CONNECTIONS: usize = 256;
/// Bytes of posts that are being read, and of lines that wait for the disk.
const ROOM: usize = 64 << 20;
/// How long a post waits for any of what it needs before its sender is asked to come again.
const PATIENCE: Duration = Duration::from_secs(1);
/// How long a sender may take for a head.
const HEAD: Duration = Duration::from_secs(10);
/// How long, in the end, those may take who have begun.
const DRAIN: Duration = Duration::from_secs(2);
/// After a refusal by the system, mostly for want of file descriptors, accepting rests for so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Whoever sends spans, is served by this.
pub(crate) struct Receiver {
    listener: TcpListener,
    shared: Arc<Shared>,
}

/// What all connections have in common.
struct Shared {
    sanitizer: Arc<Sanitizer>,
    telemetry: Telemetry,
    room: Room,
    /// One post at a time is taken apart: what becomes of its bytes may be many times as large.
    apart: Semaphore,
    told: Told,
}

impl Receiver {
    pub(crate) fn new(listener: TcpListener, sanitizer: Arc<Sanitizer>, telemetry: Telemetry) -> Self {
        telemetry.receiver_known();
        let (room, apart) = (Room::new(ROOM, PATIENCE), Semaphore::new(1));
        Self {
            listener,
            shared: Arc::new(Shared { sanitizer, telemetry, room, apart, told: Told::default() }),
        }
    }

    /// Serves until `stop`; then takes what was sent before, within a limit.
    pub(crate) async fn run(self, stop: CancellationToken) {
        let Self { listener, shared } = self;
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let mut connections = JoinSet::new();
        loop {
            let accepted = async {
                // It is closed by nobody.
                let permit = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
                Ok::<_, io::Error>((listener.accept().await?.0, permit))
            };
            tokio::select! {
                () = stop.cancelled() => break,
                Some(_) = connections.join_next() => {}
                accepted = accepted => match accepted {
                    Ok((stream, permit)) => {
                        let served = Arc::clone(&shared).serve(stream);
                        connections.spawn(async move { served.await; drop(permit) });
                    }
                    Err(error) => {
                        tracing::warn!(%error, "a connection to the address for spans could not be accepted");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
            }
        }
        // Who has ended after a last post did so before the stop, and may not have been accepted yet.
        for stream in waiting(listener) {
            connections.spawn(Arc::clone(&shared).serve(stream));
        }
        let all = async { while connections.join_next().await.is_some() {} };
        drop(timeout(DRAIN, all).await);
    }
}

/// The connections that the system has for a listener, and no others.
fn waiting(listener: TcpListener) -> Vec<TcpStream> {
    let Ok(listener) = listener.into_std() else { return Vec::new() };
    let accepted = std::iter::from_fn(|| listener.accept().ok()).take(CONNECTIONS);
    let served = accepted.filter_map(|(stream, _)| {
        stream.set_nonblocking(true).ok()?;
        TcpStream::from_std(stream).ok()
    });
    served.collect()
}

impl Shared {
    /// One connection, which ends with its first answer: so there is none that idles when the daemon is to stop, and whose
    /// next post might be lost.
    async fn serve(self: Arc<Self>, stream: TcpStream) {
        let service = service_fn(|request| {
            let shared = Arc::clone(&self);
            async move { Ok::<_, Infallible>(shared.answer(request).await) }
        });
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(HEAD)
            .keep_alive(false)
            // Who sends its last spans may be gone before they are answered.
            .half_close(true)
            .serve_connection(TokioIo::new(stream), service);
        if let Err(error) = connection.await {
            tracing::debug!(%error, "a connection to the address for spans failed");
        }
    }
}
