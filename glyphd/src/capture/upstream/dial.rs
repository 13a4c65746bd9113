//! Makes connections: resolves a name, connects to the first of its addresses that answers, through another proxy where
//! there is one, and speaks TLS where that is wanted.

use std::{
    io,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use http::{HeaderMap, HeaderValue, Uri, header::VIA};
use hyper_util::{client::legacy::connect::proxy::Tunnel, rt::TokioIo};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tower_service::Service;

use crate::{
    capture::{
        host::{bare, with_port},
        idle::Idle,
        options::{Limits, UpstreamProxy},
    },
    listeners::Listeners,
};

/// A connection without TLS.
pub(crate) type Plain = Idle<TcpStream>;

/// When a connection was made, and with whom.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ConnectionMade {
    pub(crate) started: SystemTime,
    pub(crate) resolved: SystemTime,
    pub(crate) connected: SystemTime,
    /// When TLS was spoken.
    pub(crate) secured: Option<SystemTime>,
    pub(crate) peer: SocketAddr,
}

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    #[error("can't resolve {host}: {source}")]
    Resolve { host: String, port: u16, source: io::Error },
    #[error("can't connect to {host}:{port}: {source}")]
    Connect { host: String, port: u16, source: io::Error },
    #[error("connecting to {host}:{port} took too long")]
    TimedOut { host: String, port: u16, limit: Duration },
    #[error("{host}:{port} is glyphd's own")]
    Own { host: String, port: u16 },
    #[error("{host}:{port}: {source}")]
    Tls { host: String, port: u16, source: io::Error },
    #[error("the proxy for {host}:{port}: {cause}")]
    Proxy { host: String, port: u16, cause: String },
}

impl ConnectError {
    pub(crate) fn address(&self) -> String {
        let (Self::Resolve { host, port, .. }
        | Self::Connect { host, port, .. }
        | Self::TimedOut { host, port, .. }
        | Self::Own { host, port }
        | Self::Tls { host, port, .. }
        | Self::Proxy { host, port, .. }) = self;
        with_port(host, *port)
    }
}

/// Makes connections.
#[derive(Debug)]
pub(crate) struct Dialer {
    own: Listeners,
    proxy: Option<UpstreamProxy>,
    /// How we are known to other proxies.
    via: HeaderValue,
    limits: Limits,
}

impl Dialer {
    pub(crate) fn new(
        own: Vec<SocketAddr>,
        proxy: Option<UpstreamProxy>,
        via: HeaderValue,
        limits: Limits,
    ) -> Self {
        Self { own: Listeners::new(own), proxy, via, limits }
    }

    /// The proxy that everything goes through.
    pub(crate) fn proxy(&self) -> Option<&UpstreamProxy> {
        self.proxy.as_ref()
    }

    /// A connection to that host, through the other proxy if there is one. `host`: a name, or an address without
    /// brackets.
    pub(crate) async fn dial(
        self: &Arc<Self>,
        host: &str,
        port: u16,
    ) -> Result<(Plain, ConnectionMade), ConnectError> {
        let Some(proxy) = &self.proxy else { return self.direct(host, port).await };
        let refused = |cause: String| ConnectError::Proxy { host: host.to_owned(), port, cause };
        let (stream, made) = self.to_proxy(proxy).await.map_err(|e| match e {
            own @ ConnectError::Own { .. } => own,
            other => refused(other.to_string()),
        })?;
        let mut connect = Tunnel::new(proxy.uri.clone(), Made(Some(TokioIo::new(stream))));
        if let Some(credentials) = proxy.credentials.as_ref().and_then(|c| c.header()) {
            connect = connect.with_auth(credentials);
        }
        let uri: Uri = with_port(host, port).parse().map_err(|_| refused("no such host".to_owned()))?;
        let tunnel = connect.with_headers(HeaderMap::from_iter([(VIA, self.via.clone())])).call(uri);
        let tunnel = tokio::time::timeout(self.limits.connect_timeout, tunnel).await;
        match tunnel {
            Ok(Ok(stream)) => {
                Ok((stream.into_inner(), ConnectionMade { connected: SystemTime::now(), ..made }))
            }
            Ok(Err(e)) => Err(refused(e.to_string())),
            Err(_) => Err(self.timed_out(host, port)),
        }
    }

    /// A connection to the other proxy.
    pub(crate) async fn to_proxy(
        &self,
        proxy: &UpstreamProxy,
    ) -> Result<(Plain, ConnectionMade), ConnectError> {
        self.direct(bare(proxy.uri.host().unwrap_or_default()), proxy.port()).await
    }

    async fn direct(&self, host: &str, port: u16) -> Result<(Plain, ConnectionMade), ConnectError> {
        let started = SystemTime::now();
        let attempt = async {
            let resolve = |source| ConnectError::Resolve { host: host.to_owned(), port, source };
            let addresses: Vec<_> = lookup_host((host, port)).await.map_err(resolve)?.collect();
            let resolved = SystemTime::now();
            let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            for address in addresses {
                // Looked at after resolution: a name may stand for any address.
                if self.own.are_at(address) {
                    return Err(ConnectError::Own { host: host.to_owned(), port });
                }
                match TcpStream::connect(address).await {
                    Ok(stream) => {
                        // Without it small writes wait for the other side's acknowledgement; a proxy adds none of that.
                        drop(stream.set_nodelay(true));
                        let connected = SystemTime::now();
                        let made =
                            ConnectionMade { started, resolved, connected, secured: None, peer: address };
                        return Ok((Idle::new(stream, self.limits.idle_timeout), made));
                    }
                    Err(e) => last = e,
                }
            }
            Err(ConnectError::Connect { host: host.to_owned(), port, source: last })
        };
        let limit = self.limits.connect_timeout;
        tokio::time::timeout(limit, attempt).await.unwrap_or_else(|_| Err(self.timed_out(host, port)))
    }

    /// Speaks TLS. `name`: whom the other side has to be.
    pub(crate) async fn secure(
        &self,
        stream: Plain,
        name: &str,
        port: u16,
        config: Arc<ClientConfig>,
    ) -> Result<TlsStream<Plain>, ConnectError> {
        let failed = |source| ConnectError::Tls { host: name.to_owned(), port, source };
        let server = ServerName::try_from(name.to_owned())
            .map_err(|e| failed(io::Error::new(io::ErrorKind::InvalidInput, e)))?;
        let handshake = TlsConnector::from(config).connect(server, stream);
        match tokio::time::timeout(self.limits.connect_timeout, handshake).await {
            Ok(done) => done.map_err(failed),
            Err(_) => Err(self.timed_out(name, port)),
        }
    }

    fn timed_out(&self, host: &str, port: u16) -> ConnectError {
        ConnectError::TimedOut { host: host.to_owned(), port, limit: self.limits.connect_timeout }
    }
}

/// A connection that is there already, for who wants to make one.
struct Made(Option<TokioIo<Plain>>);

impl Service<Uri> for Made {
    type Response = TokioIo<Plain>;
    type Error = io::Error;
    type Future = std::future::Ready<io::Result<TokioIo<Plain>>>;

    fn poll_ready(&mut self, _: &mut std::task::Context<'_>) -> std::task::Poll<io::Result<()>> {
        std::task::Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        std::future::ready(self.0.take().ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nobody_is_connected_to_where_glyphd_listens() {
        let own = vec![
            "127.0.0.1:9464".parse().unwrap(),
            "0.0.0.0:8080".parse().unwrap(),
            "[::]:8081".parse().unwrap(),
        ];
        let dialer = Arc::new(Dialer::new(own, None, HeaderValue::from_static("1.1 us"), Limits::default()));
        for (host, port) in [
            ("127.0.0.1", 9464),
            ("localhost", 9464),
            ("127.0.0.1", 8080),
            ("127.9.9.9", 8080),
            ("::1", 8081),
            ("0.0.0.0", 8080),
            ("0.0.0.0", 9464),
        ] {
            let error = dialer.dial(host, port).await.unwrap_err();
            assert!(matches!(error, ConnectError::Own { .. }), "{host}:{port}: {error}");
        }
    }
}
