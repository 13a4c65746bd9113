//! TLS on both sides of the proxy. In: a directory with a CA, hosts' names, PEM files. Out: rustls configurations for
//! connections from clients and to upstreams.
//!
//! Not here: connections. A handshake is for whoever has the socket.

mod pem;
mod certificate;
mod authority;
mod leaves;
mod listed;
mod roots;
pub(crate) mod disbelief;
#[cfg(test)]
mod handshake;

use rustls::{
    CipherSuite, SupportedCipherSuite,
    crypto::{CryptoProvider, ring},
};

/// A protocol that is offered by ALPN.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Alpn {
    /// `http/1.1`
    Http1,
    /// `h2`
    Http2,
}

impl Alpn {
    /// As it stands in the handshake.
    pub fn name(self) -> &'static [u8] {
        match self {
            Self::Http1 => b"http/1.1",
            Self::Http2 => b"h2",
        }
    }
}

/// What encrypts. AES with keys of 128 bits comes first, as with browsers: it takes ten rounds a block where 256 take
/// fourteen, and neither is broken.
fn provider() -> CryptoProvider {
    let mut provider = ring::default_provider();
    let rank = |suite: &SupportedCipherSuite| match suite.suite() {
        CipherSuite::TLS13_AES_128_GCM_SHA256
        | CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        | CipherSuite::TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 => 0,
        _ => 1,
    };
    provider.cipher_suites.sort_by_key(|suite| (suite.tls13().is_none(), rank(suite)));
    provider
}

pub use self::{
    authority::CertificateAuthority,
    certificate::{CaCertificate, CaError},
    leaves::{LeafError, Leaves},
    pem::PemFileError,
    roots::{TlsFileError, Trust, machine_roots, offering},
};
