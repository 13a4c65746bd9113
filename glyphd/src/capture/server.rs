//! Accepts connections, and lets them end in order.

use std::{convert::Infallible, io, net::SocketAddr, pin::pin, sync::Arc, time::Duration};

use hyper::{server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
    time::{Instant, timeout_at},
};
use tokio_util::sync::CancellationToken;

use super::Proxy;

/// How long a client may take for the head of a request.
const HEADER_TIMEOUT: Duration = Duration::from_secs(30);
/// After a refusal by the system, mostly for want of file descriptors, accepting rests for so long.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
        // The connections are told when nobody can connect any more.
        let closing = CancellationToken::new();
        let mut connections = JoinSet::new();
        loop {
            tokio::select! {
                () = stop.cancelled() => break,
                accepted = listener.accept() => match accepted {
                    Ok((stream, client)) => {
                        connections.spawn(serve(stream, client, Arc::clone(&proxy), closing.clone()));
                    }
                    Err(e) => {
                        proxy.telemetry.accept_failed(&e);
                        if !is_about_one_connection(&e) {
                            tokio::time::sleep(ACCEPT_PAUSE).await;
                        }
                    }
                },
                Some(_) = connections.join_next() => {}
            }
        }
        drop(listener);
        closing.cancel();
        proxy.tunnels.close();
        let deadline = Instant::now() + drain;
        let ended = async {
            while connections.join_next().await.is_some() {}
            proxy.tunnels.wait().await;
        };
        let all = timeout_at(deadline, ended).await.is_ok();
        // Before the connections, so that what breaks with them is not put down to somebody else.
        proxy.cut.cancel();
        connections.shutdown().await;
        proxy.tunnels.wait().await;
        all
    }
}

/// One connection, until it ends; after `stop`, until the exchange under way on it has ended.
async fn serve(stream: TcpStream, client: SocketAddr, proxy: Arc<Proxy>, stop: CancellationToken) {
    // Without it small writes wait for the client's acknowledgement; a proxy adds none of that.
    drop(stream.set_nodelay(true));
    let telemetry = proxy.telemetry.clone();
    telemetry.connection_opened();
    let service = service_fn(move |request| {
        let proxy = Arc::clone(&proxy);
        async move { Ok::<_, Infallible>(proxy.handle(request, client).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADER_TIMEOUT)
        .preserve_header_case(true)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut connection = pin!(connection);
    let ended = tokio::select! {
        ended = connection.as_mut() => ended,
        () = stop.cancelled() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(e) = ended {
        telemetry.connection_failed(client, &e);
    }
    telemetry.connection_closed();
}

fn is_about_one_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}
