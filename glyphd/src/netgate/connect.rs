//! Makes connections, to addresses that were judged and to no others.
//!
//! In: an origin. Out: a connection, with TLS where the scheme has it. A name is resolved, *every* address that it stands
//! for is judged, and one of these is connected to: nobody is asked a second time in between.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use http::Uri;
use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{net::TcpStream, time::timeout};
use tokio_rustls::TlsConnector;
use tower_service::Service;

use super::{
    answer::{Failure, Fault},
    policy::{Denied, Origin, Policy, Scheme, Target},
    resolver::Names,
};
use crate::{listeners::Listeners, pooled::Pooled};

/// How long a connection may take, with TLS.
const CONNECT: Duration = Duration::from_secs(10);
/// How long one of several addresses may take until the next is tried.
const ADDRESS: Duration = Duration::from_secs(3);

/// Makes connections.
#[derive(Debug)]
pub(super) struct Dialer {
    pub(super) names: Names,
    pub(super) policy: Policy,
    pub(super) own: Listeners,
    pub(super) tls: Arc<ClientConfig>,
}

/// The address at the other end of a connection.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

impl Dialer {
    /// Where to connect to: every address that the host has, each of which may be connected to.
    pub(super) async fn addresses(&self, origin: &Origin) -> Result<Vec<SocketAddr>, Fault> {
        let found = match origin.address {
            Some(address) => [address].into(),
            None => self.names.addresses(&origin.host).await.map_err(|e| {
                Fault::failed(Failure::Resolve, format!("can't resolve {}: {e}", origin.host))
            })?,
        };
        let judged = found.iter().map(|ip| {
            let address = SocketAddr::new(*ip, origin.port);
            if self.own.are_at(address) {
                return Err(Denied::Own(address).into());
            }
            self.policy.judge(&origin.host, *ip)?;
            Ok(address)
        });
        judged.collect()
    }

    async fn connect(&self, origin: &Origin) -> Result<Io, Fault> {
        let (stream, peer) = self.dial(origin).await?;
        // Small writes would wait for the other side's acknowledgement.
        drop(stream.set_nodelay(true));
        if origin.scheme == Scheme::Http {
            return Ok(Io::plain(stream, false, Peer(peer)));
        }
        let failed = |e: &dyn std::fmt::Display| Fault::failed(Failure::Tls, format!("{origin}: {e}"));
        let name = ServerName::try_from(origin.host.clone()).map_err(|e| failed(&e))?;
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector.connect(name, stream).await.map_err(|e| failed(&e))?;
        Ok(Io::secured(stream, Peer(peer)))
    }

    async fn dial(&self, origin: &Origin) -> Result<(TcpStream, SocketAddr), Fault> {
        let addresses = self.addresses(origin).await?;
        let mut last = None;
        for (i, address) in addresses.iter().enumerate() {
            let limit = if i + 1 == addresses.len() { CONNECT } else { ADDRESS };
            match timeout(limit, TcpStream::connect(address)).await {
                Ok(Ok(stream)) => return Ok((stream, *address)),
                Ok(Err(e)) => last = Some(e),
                Err(_) => last = Some(io::ErrorKind::TimedOut.into()),
            }
        }
        let why = last.map(|e| e.to_string()).unwrap_or_default();
        Err(Fault::failed(Failure::Connect, format!("can't connect to {origin}: {why}")))
    }
}

/// What the pool gets its connections from.
#[derive(Debug, Clone)]
pub(super) struct Connector(pub(super) Arc<Dialer>);

impl Service<Uri> for Connector {
    type Response = Io;
    type Error = Fault;
    type Future = Pin<Box<dyn Future<Output = Result<Io, Fault>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let dialer = Arc::clone(&self.0);
        Box::pin(async move {
            let origin = Target::parse(&uri.to_string())?.origin;
            let connected = timeout(CONNECT, dialer.connect(&origin)).await;
            connected.unwrap_or_else(|_| {
                Err(Fault::failed(Failure::Connect, format!("connecting to {origin} took too long")))
            })
        })
    }
}

/// A connection, and who is at its other end.
pub(super) type Io = Pooled<TcpStream, Peer>;
