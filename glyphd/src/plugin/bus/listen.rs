//! Where the bus is served: on a Unix socket, or over TCP with TLS. Without TLS there is no TCP: a token would be
//! there for everybody to read.

use std::{fmt, net::SocketAddr, path::PathBuf, str::FromStr};

use glyph_plugin::server::{NetgateServer, PluginBusServer};
use tokio::net::{TcpListener, UnixListener};
use tokio_stream::wrappers::{TcpListenerStream, UnixListenerStream};
use tokio_util::sync::CancellationToken;
use tonic::transport::{Error, Server, ServerTlsConfig};

use super::Bus;

/// Where the plugin bus is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusAddress {
    /// A Unix socket.
    Unix(PathBuf),
    /// A TCP address, over TLS.
    Tcp(SocketAddr),
}

impl FromStr for BusAddress {
    type Err = String;

    /// `tcp:ADDR:PORT`, or a path, with `unix:` before it or not.
    fn from_str(text: &str) -> Result<Self, String> {
        if let Some(address) = text.strip_prefix("tcp:") {
            let address = address.trim_start_matches("//");
            let parsed = address.parse().map(Self::Tcp);
            return parsed.map_err(|_| {
                format!("{address:?} is no IP address and port, for example tcp:127.0.0.1:9465")
            });
        }
        let path = text.strip_prefix("unix:").unwrap_or(text);
        if path.is_empty() { Err("the path is empty".to_owned()) } else { Ok(Self::Unix(path.into())) }
    }
}

impl fmt::Display for BusAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix:{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp:{address}"),
        }
    }
}

/// What is listened on.
#[derive(Debug)]
pub(crate) enum Listener {
    Unix(UnixListener),
    Tcp(TcpListener, Box<ServerTlsConfig>),
}

impl Listener {
    pub(super) async fn serve(
        self,
        mut server: Server,
        (bus, netgate): (PluginBusServer<Bus>, NetgateServer<Bus>),
        stop: CancellationToken,
    ) -> Result<(), Error> {
        match self {
            Self::Unix(listener) => {
                let router = server.add_service(bus).add_service(netgate);
                router.serve_with_incoming_shutdown(UnixListenerStream::new(listener), stop.cancelled()).await
            }
            Self::Tcp(listener, tls) => {
                let router = server.tls_config(*tls)?.add_service(bus).add_service(netgate);
                router.serve_with_incoming_shutdown(TcpListenerStream::new(listener), stop.cancelled()).await
            }
        }
    }
}
