//! The way to the server: addresses, TLS, and which version of HTTP is spoken.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use glyphd::capture::{
    TlsFileError,
    tls::{Alpn, Trust, offering},
};
use http::uri::Scheme;
use hyper_util::rt::TokioIo;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpStream, lookup_host},
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::{
    super::plan::{Prepared, Target},
    failure::{Failure, Kind},
};

/// How long a connection may take, with TLS.
const CONNECT: Duration = Duration::from_secs(10);

/// Which version of HTTP requests are sent in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in super::super) enum Versions {
    /// The one that they were recorded in, where the server offers it.
    #[default]
    Recorded,
    Http1,
    Http2,
}

/// The way.
#[derive(Debug)]
pub(in super::super) struct Road {
    /// As it is told.
    address: String,
    addresses: Vec<SocketAddr>,
    /// What requests name.
    pub(super) scheme: Scheme,
    versions: Versions,
    /// Over HTTP/2 without TLS, if it is wanted: the other end is known to take it.
    plain_http2: bool,
    tls: Option<Tls>,
    /// Whether a proxy of ours is in between.
    pub(super) is_recorded: bool,
}

#[derive(Debug)]
struct Tls {
    name: ServerName<'static>,
    http1: Arc<ClientConfig>,
    any: Arc<ClientConfig>,
}

/// What can be read and written.
pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}

/// A connection, and whether HTTP/2 is spoken there.
pub(super) struct Connected {
    pub(super) io: TokioIo<Box<dyn Io>>,
    pub(super) http2: bool,
}

impl Road {
    /// To a server.
    pub(in super::super) async fn to(
        target: &Target,
        versions: Versions,
        trust: impl FnOnce() -> Result<Trust, TlsFileError>,
    ) -> anyhow::Result<Self> {
        let (host, port) = (target.host(), target.port());
        let address = target.authority.to_string();
        let unresolved =
            |cause: String| Failure::new(Kind::Resolve, format!("can't resolve {host}: {cause}"));
        let addresses = lookup_host((host, port)).await.map_err(|e| unresolved(e.to_string()))?;
        let tls = match target.is_tls() {
            true => Some(Tls::new(host, &trust().context("--upstream-ca")?)?),
            false => None,
        };
        let plain_http2 = versions == Versions::Http2;
        let addresses: Vec<_> = addresses.collect();
        Ok(Self {
            address,
            addresses,
            scheme: target.scheme.clone(),
            versions,
            plain_http2,
            tls,
            is_recorded: false,
        })
    }

    /// To a proxy in front of it, which speaks to the server as it is spoken to.
    pub(in super::super) fn through(proxy: SocketAddr, target: &Target, versions: Versions) -> Self {
        Self {
            address: proxy.to_string(),
            addresses: vec![proxy],
            scheme: Scheme::HTTP,
            versions,
            plain_http2: target.is_tls() || versions == Versions::Http2,
            tls: None,
            is_recorded: true,
        }
    }

    /// Connects once, to see whether somebody is there.
    pub(in super::super) async fn try_out(&self) -> Result<(), Failure> {
        self.connect(self.versions == Versions::Http2).await.map(|_| ())
    }

    /// Whether that request is to be sent over HTTP/2, if there is any.
    pub(super) fn wants_http2(&self, request: &Prepared) -> bool {
        match self.versions {
            Versions::Http1 => false,
            Versions::Http2 => true,
            Versions::Recorded => request.http2 && (self.tls.is_some() || self.plain_http2),
        }
    }

    /// Connects.
    pub(super) async fn connect(&self, http2: bool) -> Result<Connected, Failure> {
        let limit = || {
            let message = format!("no connection to {} within {} s", self.address, CONNECT.as_secs());
            Failure::new(Kind::ConnectTimeout, message)
        };
        timeout(CONNECT, self.connect_slowly(http2)).await.unwrap_or_else(|_| Err(limit()))
    }

    async fn connect_slowly(&self, http2: bool) -> Result<Connected, Failure> {
        let stream = self.dial().await?;
        let Some(tls) = &self.tls else {
            return Ok(Connected { io: TokioIo::new(Box::new(stream)), http2 });
        };
        let config = if http2 { &tls.any } else { &tls.http1 };
        let secured = TlsConnector::from(Arc::clone(config)).connect(tls.name.clone(), stream).await;
        let stream =
            secured.map_err(|e| Failure::new(Kind::Tls, format!("TLS with {}: {e}", self.address)))?;
        let offered = stream.get_ref().1.alpn_protocol() == Some(Alpn::Http2.name());
        if http2 && !offered && self.versions == Versions::Http2 {
            return Err(Failure::new(Kind::NoHttp2, format!("{} does not offer HTTP/2", self.address)));
        }
        Ok(Connected { io: TokioIo::new(Box::new(stream)), http2: offered })
    }

    async fn dial(&self) -> Result<TcpStream, Failure> {
        let mut last = std::io::Error::new(std::io::ErrorKind::NotFound, "the name has no address");
        for address in &self.addresses {
            match TcpStream::connect(address).await {
                Ok(stream) => {
                    // Small writes would wait for the other side's acknowledgement.
                    drop(stream.set_nodelay(true));
                    return Ok(stream);
                }
                Err(error) => last = error,
            }
        }
        Err(Failure::of_connect(&self.address, &last))
    }
}

impl Tls {
    fn new(host: &str, trust: &Trust) -> anyhow::Result<Self> {
        let name = ServerName::try_from(host.to_owned())?;
        let config = trust.config(None)?;
        let with = |alpn: &[Alpn]| Arc::new(offering(&config, alpn));
        Ok(Self { name, http1: with(&[Alpn::Http1]), any: with(&[Alpn::Http2, Alpn::Http1]) })
    }
}
