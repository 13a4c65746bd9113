//! Accepts connections, as many as there may be, and lets them end in order.

use std::{io, net::SocketAddr, sync::Arc, time::Duration};

use tokio::{
    net::{TcpListener, TcpStream},
    sync::Semaphore,
    task::JoinSet,
    time::{Instant, timeout, timeout_at},
};
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use super::{
    Proxy,
    connection::{Conn, Seat},
    idle::Idle,
    tls::Alpn,
};

/// After a refusal by the system, mostly for want of file descriptors, accepting rests for so long, and for twice as long
/// each time that it refuses again.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);
const ACCEPT_PAUSE_MOST: Duration = Duration::from_secs(1);

/// The listening proxy.
pub(crate) struct Server {
    listener: TcpListener,
    proxy: Arc<Proxy>,
}

impl Server {
    pub(crate) fn new(listener: TcpListener, proxy: Proxy) -> Self {
        Self { listener, proxy: Arc::new(proxy) }
    }

    /// Serves until `stop`; then exchanges under way have `drain` to end. Returns whether all did. When this
    /// returns, every exchange has been handed on.
    pub(crate) async fn run(self, stop: CancellationToken, drain: Duration) -> bool {
        let Self { listener, proxy } = self;
        let (mut connections, under_way) = (JoinSet::new(), TaskTracker::new());
        // Those beyond wait where the system keeps them, as clients of a busy server do.
        let room = Arc::new(Semaphore::new(proxy.options.limits.connections.min(Semaphore::MAX_PERMITS)));
        let (mut pause, mut full) = (ACCEPT_PAUSE, false);
        loop {
            let accepted = async {
                if room.available_permits() == 0 && !std::mem::replace(&mut full, true) {
                    proxy.telemetry.connections_full(proxy.options.limits.connections);
                }
                // It is closed by nobody.
                let permit = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
                Ok((listener.accept().await?, permit))
            };
            tokio::select! {
                () = stop.cancelled() => break,
                accepted = accepted => match accepted {
                    Ok(((stream, client), permit)) => {
                        pause = ACCEPT_PAUSE;
                        full &= room.available_permits() == 0;
                        let telemetry = proxy.telemetry.clone();
                        let token = under_way.token();
                        let seat =
                            Seat { telemetry, heads: Arc::default(), _under_way: token, _permit: permit };
                        connections.spawn(Arc::clone(&proxy).accepted(stream, client, seat));
                    }
                    Err(e) => {
                        proxy.telemetry.accept_failed(&e);
                        if !is_about_one_connection(&e) {
                            tokio::time::sleep(pause).await;
                            pause = (pause * 2).min(ACCEPT_PAUSE_MOST);
                        }
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listener);
        // The connections are told when nobody can connect any more.
        proxy.closing.cancel();
        under_way.close();
        let deadline = Instant::now() + drain;
        // Not for the connections alone: what came over one can be there for a moment longer, and tells why it ends.
        let all = timeout_at(deadline, under_way.wait()).await.is_ok();
        // Before the connections, so that what breaks with them is not put down to somebody else.
        proxy.cut.cancel();
        connections.shutdown().await;
        // Behind them, so that no client is answered for what ends here. What they hold ends with them.
        proxy.upstream.cut().await;
        under_way.wait().await;
        all
    }
}

impl Proxy {
    /// One connection, until it ends.
    async fn accepted(self: Arc<Self>, stream: TcpStream, client: SocketAddr, seat: Seat) {
        // Without it small writes wait for the client's acknowledgement; a proxy adds none of that.
        drop(stream.set_nodelay(true));
        self.telemetry.connection_opened();
        let limits = self.options.limits;
        let protocol = tokio::select! {
            protocol = timeout(limits.header_timeout, protocol(&stream)) => protocol.ok().flatten(),
            () = self.closing.cancelled() => None,
        };
        if let Some(protocol) = protocol {
            let heads = Arc::clone(&seat.heads);
            let stream = Idle::with_heads(stream, limits.idle_timeout, heads, limits.header_timeout);
            self.serve(stream, protocol, Arc::new(Conn::outside(client, seat))).await;
        }
    }
}

/// What a client speaks: HTTP/2 if it begins as one does that knows that we do (RFC 9113, 3.3). None if it says nothing.
async fn protocol(stream: &TcpStream) -> Option<Alpn> {
    let mut first = [0; 4];
    match stream.peek(&mut first).await {
        Ok(0) | Err(_) => None,
        Ok(_) => Some(if first == *b"PRI " { Alpn::Http2 } else { Alpn::Http1 }),
    }
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
