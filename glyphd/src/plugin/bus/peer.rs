//! Who is at the other end of a connection to the bus.

use std::net::IpAddr;

use tonic::{
    Request,
    transport::server::{TcpConnectInfo, TlsConnectInfo, UdsConnectInfo},
};

/// What the system says of the other end. A session secret is good for the peer that bought it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peer {
    /// A process of this machine, as it was when it connected (`SO_PEERCRED`).
    Process { pid: Option<i32>, uid: u32 },
    /// A host, over TLS.
    Host(IpAddr),
    /// The system does not say.
    Unknown,
}

impl Peer {
    pub(super) fn of<T>(request: &Request<T>) -> Self {
        let extensions = request.extensions();
        if let Some(credentials) = extensions.get::<UdsConnectInfo>().and_then(|info| info.peer_cred) {
            return Self::Process { pid: credentials.pid(), uid: credentials.uid() };
        }
        let tls =
            extensions.get::<TlsConnectInfo<TcpConnectInfo>>().and_then(|info| info.get_ref().remote_addr());
        tls.map_or(Self::Unknown, |address| Self::Host(address.ip()))
    }
}

impl std::fmt::Display for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Process { pid: Some(pid), uid } => write!(f, "process {pid} of user {uid}"),
            Self::Process { pid: None, uid } => write!(f, "a process of user {uid}"),
            Self::Host(address) => address.fmt(f),
            Self::Unknown => f.write_str("unknown"),
        }
    }
}
