//! Where glyphd itself listens: nobody gets there by way of it.

use std::net::{IpAddr, SocketAddr, UdpSocket};

/// Its addresses.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listeners(Vec<SocketAddr>);

impl Listeners {
    pub(crate) fn new(addresses: Vec<SocketAddr>) -> Self {
        Self(addresses)
    }

    /// Whether glyphd listens there: a client would get at what is not for it, or in a loop.
    pub(crate) fn are_at(&self, address: SocketAddr) -> bool {
        let ip = address.ip().to_canonical();
        self.0.iter().any(|own| {
            let at = own.ip().to_canonical();
            // Who connects to no address at all is connected to the loopback one.
            let same = at == ip || (ip.is_unspecified() && at.is_loopback());
            own.port() == address.port() && (same || (at.is_unspecified() && is_local(ip)))
        })
    }
}

/// Whether that address is one of this machine: only to such a one a socket can be bound.
fn is_local(ip: IpAddr) -> bool {
    ip.is_unspecified() || UdpSocket::bind((ip, 0)).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_glyphds_own_is_known_in_every_form() {
        let own = ["127.0.0.1:9464", "0.0.0.0:8080", "[::]:8081"].map(|address| address.parse().unwrap());
        let own = Listeners::new(own.to_vec());
        for address in [
            "127.0.0.1:9464",
            "[::ffff:127.0.0.1]:9464",
            "127.0.0.1:8080",
            "127.9.9.9:8080",
            "[::1]:8081",
            "0.0.0.0:8080",
            "0.0.0.0:9464",
        ] {
            assert!(own.are_at(address.parse().unwrap()), "{address}");
        }
        // Another machine's port of that number is none of ours.
        assert!(!own.are_at("192.0.2.1:8080".parse().unwrap()));
        assert!(!own.are_at("127.0.0.1:9465".parse().unwrap()));
    }
}
