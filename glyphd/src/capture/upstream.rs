//! Connections to upstreams: a pool of them, each knowing when it was made.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::{Duration, SystemTime},
};

use http::{Request, Response, Uri};
use hyper::{
    body::Incoming,
    rt::{Executor, Read, ReadBufCursor, Write},
};
use hyper_util::{
    client::legacy::{
        self, Client,
        connect::{Connected, Connection},
    },
    rt::{TokioIo, TokioTimer},
};
use tokio::net::{TcpStream, lookup_host};
use tokio_util::sync::CancellationToken;
use tower_service::Service;

use super::tee::Tee;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const IDLE_TIMEOUT: Duration = Duration::from_secs(60);
const IDLE_PER_HOST: usize = 64;

/// The pool.
#[derive(Debug, Clone)]
pub(super) struct Upstream {
    client: Client<Connector, Tee<Incoming>>,
}

impl Upstream {
    /// A pool whose connections end with `cut`, whatever they are doing.
    pub(super) fn new(cut: CancellationToken) -> Self {
        let client = Client::builder(UntilCut(cut))
            .pool_timer(TokioTimer::new())
            .pool_idle_timeout(IDLE_TIMEOUT)
            .pool_max_idle_per_host(IDLE_PER_HOST)
            .http1_preserve_header_case(true)
            .build(Connector);
        Self { client }
    }

    /// Sends a request; the response's extensions hold [`ConnectionMade`].
    pub(super) async fn send(
        &self,
        request: Request<Tee<Incoming>>,
    ) -> Result<Response<Incoming>, legacy::Error> {
        self.client.request(request).await
    }
}

/// Runs connections. One whose upstream takes no more bytes would otherwise hold its exchange for ever.
#[derive(Debug, Clone)]
struct UntilCut(CancellationToken);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for UntilCut {
    fn execute(&self, connection: F) {
        tokio::spawn(self.0.clone().run_until_cancelled_owned(connection));
    }
}

/// When the connection was made that a response came over, and with whom.
#[derive(Debug, Clone, Copy)]
pub(super) struct ConnectionMade {
    pub(super) started: SystemTime,
    pub(super) resolved: SystemTime,
    pub(super) connected: SystemTime,
    pub(super) peer: SocketAddr,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(super) enum ConnectError {
    #[error("can't resolve {host}: {source}")]
    Resolve { host: String, port: u16, source: io::Error },
    #[error("can't connect to {host}:{port}: {source}")]
    Connect { host: String, port: u16, source: io::Error },
    #[error("connecting to {host}:{port} took too long")]
    TimedOut { host: String, port: u16, limit: Duration },
}

impl ConnectError {
    pub(super) fn address(&self) -> String {
        let (Self::Resolve { host, port, .. }
        | Self::Connect { host, port, .. }
        | Self::TimedOut { host, port, .. }) = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

/// Resolves a name and connects to the first of its addresses that answers.
pub(super) async fn connect(host: &str, port: u16) -> Result<(TcpStream, ConnectionMade), ConnectError> {
    let started = SystemTime::now();
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let attempt = async {
        let resolve = |source| ConnectError::Resolve { host: host.to_owned(), port, source };
        let addresses: Vec<_> = lookup_host((host, port)).await.map_err(resolve)?.collect();
        let resolved = SystemTime::now();
        let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
        for address in addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Without it small writes wait for the other side's acknowledgement; a proxy adds none of that.
                    drop(stream.set_nodelay(true));
                    let connected = SystemTime::now();
                    return Ok((stream, ConnectionMade { started, resolved, connected, peer: address }));
                }
                Err(e) => last = e,
            }
        }
        Err(ConnectError::Connect { host: host.to_owned(), port, source: last })
    };
    let timed_out = || ConnectError::TimedOut { host: host.to_owned(), port, limit: CONNECT_TIMEOUT };
    tokio::time::timeout(CONNECT_TIMEOUT, attempt).await.unwrap_or_else(|_| Err(timed_out()))
}

/// [`connect`] as the pool wants it.
#[derive(Debug, Clone, Copy)]
struct Connector;

impl Service<Uri> for Connector {
    type Response = UpstreamIo;
    type Error = ConnectError;
    type Future = Pin<Box<dyn Future<Output = Result<UpstreamIo, ConnectError>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), ConnectError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        Box::pin(async move {
            let host = uri.host().unwrap_or_default();
            let (stream, made) = connect(host, uri.port_u16().unwrap_or(80)).await?;
            Ok(UpstreamIo { stream: TokioIo::new(stream), made })
        })
    }
}

/// A connection that tells the pool when it was made.
#[derive(Debug)]
struct UpstreamIo {
    stream: TokioIo<TcpStream>,
    made: ConnectionMade,
}

impl Connection for UpstreamIo {
    fn connected(&self) -> Connected {
        Connected::new().extra(self.made)
    }
}

impl Read for UpstreamIo {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl Write for UpstreamIo {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}
