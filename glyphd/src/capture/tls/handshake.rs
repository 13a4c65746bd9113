//! Handshakes in memory, for tests.

use std::sync::Arc;

use rustls::{
    ClientConfig, ClientConnection, Error, HandshakeKind, RootCertStore, ServerConfig, ServerConnection,
    SupportedProtocolVersion, crypto::ring,
};

use super::{Alpn, CaCertificate};

/// What both sides came to.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) kind: HandshakeKind,
    pub(super) alpn: Option<Vec<u8>>,
    /// The server's certificate.
    pub(super) certificate: Option<Vec<u8>>,
    /// Whether the client has shown one.
    pub(super) is_client_known: bool,
}

/// A client that trusts that CA and nobody else.
pub(super) fn client(
    ca: &CaCertificate,
    alpn: &[Alpn],
    versions: &[&'static SupportedProtocolVersion],
) -> Arc<ClientConfig> {
    let mut roots = RootCertStore::empty();
    roots.add(ca.der().clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|alpn| alpn.name().to_vec()).collect();
    Arc::new(config)
}

/// A connection from its first byte until both sides have nothing to say any more.
pub(super) fn handshake(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    name: &str,
) -> Result<Done, Error> {
    let mut client = ClientConnection::new(Arc::clone(client), name.to_owned().try_into().unwrap())?;
    let mut server = ServerConnection::new(Arc::clone(server))?;
    let mut bytes = Vec::new();
    while client.wants_write() || server.wants_write() {
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        read(&bytes, |rest| server.read_tls(rest));
        bytes.clear();
        server.process_new_packets()?;
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        read(&bytes, |rest| client.read_tls(rest));
        bytes.clear();
        client.process_new_packets()?;
    }
    Ok(Done {
        kind: client.handshake_kind().unwrap(),
        alpn: client.alpn_protocol().map(<[u8]>::to_vec),
        certificate: client.peer_certificates().map(|chain| chain[0].to_vec()),
        is_client_known: server.peer_certificates().is_some(),
    })
}

fn read(mut bytes: &[u8], mut into: impl FnMut(&mut dyn std::io::Read) -> std::io::Result<usize>) {
    while !bytes.is_empty() {
        into(&mut bytes).unwrap();
    }
}
