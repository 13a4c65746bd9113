//! Makes connections: resolves a name, connects to the first of its addresses that answers, through another proxy where
//! there is one, and speaks TLS where that is wanted.

use std::{io, net::SocketAddr, sync::Arc, time::SystemTime};

use http::{HeaderMap, HeaderValue, Uri, header::VIA};
use hyper_util::{client::legacy::connect::proxy::Tunnel, rt::TokioIo};
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::net::{TcpStream, lookup_host};
use tokio_rustls::{TlsConnector, client::TlsStream};
use tower_service::Service;

use crate::{
    capture::{
        failure::Failure,
        host::{bare, with_port},
        idle::Idle,
        options::{Limits, UpstreamProxy},
        tls::disbelief,
    },
    listeners::Listeners,
};

/// A connection without TLS.
pub(crate) type Plain = Idle<TcpStream>;

/// When a connection was made, and with whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ConnectionMade {
    pub(crate) started: SystemTime,
    pub(crate) resolved: SystemTime,
    pub(crate) connected: SystemTime,
    /// When TLS was spoken.
    pub(crate) secured: Option<SystemTime>,
    pub(crate) peer: SocketAddr,
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
    pub(crate) async fn dial(&self, host: &str, port: u16) -> Result<(Plain, ConnectionMade), Failure> {
        let Some(proxy) = &self.proxy else { return self.direct(host, port).await };
        let refused = |cause: String| Failure::UpstreamProxy { address: with_port(host, port), cause };
        let (stream, made) = self.to_proxy().await.map_err(|failure| match failure {
            own @ Failure::Loop(_) => own,
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
    pub(crate) async fn to_proxy(&self) -> Result<(Plain, ConnectionMade), Failure> {
        let (host, port) =
            self.proxy.as_ref().map_or(("", 0), |proxy| (proxy.uri.host().unwrap_or_default(), proxy.port()));
        self.direct(bare(host), port).await
    }

    async fn direct(&self, host: &str, port: u16) -> Result<(Plain, ConnectionMade), Failure> {
        let started = SystemTime::now();
        let attempt = async {
            let resolve =
                |source: io::Error| Failure::Resolve { host: host.to_owned(), cause: source.to_string() };
            let addresses: Vec<_> = lookup_host((host, port)).await.map_err(resolve)?.collect();
            let resolved = SystemTime::now();
            let mut last = io::Error::new(io::ErrorKind::NotFound, "the name has no address");
            for address in addresses {
                // Looked at after resolution: a name may stand for any address.
                if self.own.are_at(address) {
                    let address = with_port(host, port);
                    let what = format!("{address} is glyphd's own, which is not for clients of the proxy");
                    return Err(Failure::Loop(what));
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
            let address = with_port(host, port);
            Err(match last.kind() {
                io::ErrorKind::ConnectionRefused => Failure::ConnectRefused { address },
                _ => Failure::Connect { address, cause: last.to_string() },
            })
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
    ) -> Result<TlsStream<Plain>, Failure> {
        let failed = |cause| Failure::UpstreamTls { address: with_port(name, port), cause };
        let server = ServerName::try_from(name.to_owned()).map_err(|e| failed(e.to_string()))?;
        let handshake = TlsConnector::from(config).connect(server, stream);
        match tokio::time::timeout(self.limits.connect_timeout, handshake).await {
            Ok(done) => done.map_err(|e| failed(disbelief::told(&e))),
            Err(_) => Err(self.timed_out(name, port)),
        }
    }

    fn timed_out(&self, host: &str, port: u16) -> Failure {
        let seconds = self.limits.connect_timeout.as_secs();
        Failure::ConnectTimeout { address: with_port(host, port), seconds }
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
        let dialer = Dialer::new(own, None, HeaderValue::from_static("1.1 us"), Limits::default());
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
            assert!(matches!(error, Failure::Loop(_)), "{host}:{port}: {error}");
        }
    }
}
