//! Which addresses are of the public internet.
//!
//! The sources are IANA's registries of special-purpose addresses (IPv4 and IPv6, as of 2025), of multicast addresses and
//! of IPv6 unicast allocations; beside them stand the metadata service that a cloud has at a public address, and what
//! was withdrawn (site-local, IPv4-compatible). Of a special block all is refused, exceptions within it too.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Why an address is not of the public internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Special {
    Unspecified,
    Loopback,
    Private,
    Shared,
    LinkLocal,
    SiteLocal,
    UniqueLocal,
    Metadata,
    Multicast,
    Broadcast,
    Documentation,
    Benchmarking,
    Protocol,
    Discard,
    Tunnel,
    Translated,
    Reserved,
}

impl Special {
    /// In words.
    pub(crate) fn what(self) -> &'static str {
        match self {
            Self::Unspecified => "an unspecified address",
            Self::Loopback => "a loopback address",
            Self::Private => "a private address",
            Self::Shared => "an address of carriers (100.64.0.0/10)",
            Self::LinkLocal => "a link-local address",
            Self::SiteLocal => "a site-local address",
            Self::UniqueLocal => "a unique local address",
            Self::Metadata => "a cloud's metadata service",
            Self::Multicast => "a multicast address",
            Self::Broadcast => "the broadcast address",
            Self::Documentation => "an address for documentation",
            Self::Benchmarking => "an address for benchmarks",
            Self::Protocol => "an address for protocols",
            Self::Discard => "an address for what is discarded",
            Self::Tunnel => "an address of a tunnel (6to4, Teredo, ISATAP)",
            Self::Translated => "an address that stands for an IPv4 address",
            Self::Reserved => "a reserved address",
        }
    }
}

const IPV4: [([u8; 4], u32, Special); 17] = [
    ([0, 0, 0, 0], 8, Special::Unspecified),
    ([10, 0, 0, 0], 8, Special::Private),
    ([100, 64, 0, 0], 10, Special::Shared),
    ([127, 0, 0, 0], 8, Special::Loopback),
    ([168, 63, 129, 16], 32, Special::Metadata),
    ([169, 254, 169, 254], 32, Special::Metadata),
    ([169, 254, 0, 0], 16, Special::LinkLocal),
    ([172, 16, 0, 0], 12, Special::Private),
    ([192, 0, 0, 0], 24, Special::Protocol),
    ([192, 0, 2, 0], 24, Special::Documentation),
    ([192, 88, 99, 0], 24, Special::Tunnel),
    ([192, 168, 0, 0], 16, Special::Private),
    ([198, 18, 0, 0], 15, Special::Benchmarking),
    ([198, 51, 100, 0], 24, Special::Documentation),
    ([203, 0, 113, 0], 24, Special::Documentation),
    ([224, 0, 0, 0], 4, Special::Multicast),
    ([255, 255, 255, 255], 32, Special::Broadcast),
];

const IPV6: [([u16; 8], u32, Special); 17] = [
    ([0, 0, 0, 0, 0, 0, 0, 0], 128, Special::Unspecified),
    ([0, 0, 0, 0, 0, 0, 0, 1], 128, Special::Loopback),
    ([0, 0, 0, 0, 0, 0, 0, 0], 96, Special::Translated),
    ([0, 0, 0, 0, 0xffff, 0, 0, 0], 96, Special::Translated),
    ([0x64, 0xff9b, 1, 0, 0, 0, 0, 0], 48, Special::Translated),
    ([0x100, 0, 0, 0, 0, 0, 0, 0], 64, Special::Discard),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 32, Special::Tunnel),
    ([0x2001, 2, 0, 0, 0, 0, 0, 0], 48, Special::Benchmarking),
    ([0x2001, 0, 0, 0, 0, 0, 0, 0], 23, Special::Protocol),
    ([0x2001, 0xdb8, 0, 0, 0, 0, 0, 0], 32, Special::Documentation),
    ([0x2002, 0, 0, 0, 0, 0, 0, 0], 16, Special::Tunnel),
    ([0x3fff, 0, 0, 0, 0, 0, 0, 0], 20, Special::Documentation),
    ([0xfd00, 0xec2, 0, 0, 0, 0, 0, 0x254], 128, Special::Metadata),
    ([0xfc00, 0, 0, 0, 0, 0, 0, 0], 7, Special::UniqueLocal),
    ([0xfe80, 0, 0, 0, 0, 0, 0, 0], 10, Special::LinkLocal),
    ([0xfec0, 0, 0, 0, 0, 0, 0, 0], 10, Special::SiteLocal),
    ([0xff00, 0, 0, 0, 0, 0, 0, 0], 8, Special::Multicast),
];

/// What is special about an address; none if it is of the public internet.
pub(crate) fn special(address: IpAddr) -> Option<Special> {
    match address {
        IpAddr::V4(address) => special_ipv4(address),
        IpAddr::V6(address) => special_ipv6(address),
    }
}

fn special_ipv4(address: Ipv4Addr) -> Option<Special> {
    let bits = address.to_bits();
    let within = |(base, prefix, _): &&([u8; 4], u32, Special)| {
        (bits ^ u32::from_be_bytes(*base)).checked_shr(32 - prefix).unwrap_or(0) == 0
    };
    let listed = IPV4.iter().find(within).map(|(_, _, special)| *special);
    listed.or_else(|| (bits >> 28 == 0xf).then_some(Special::Reserved))
}

fn special_ipv6(address: Ipv6Addr) -> Option<Special> {
    if let Some(mapped) = address.to_ipv4_mapped() {
        return special_ipv4(mapped);
    }
    let bits = address.to_bits();
    let within = |(base, prefix, _): &&([u16; 8], u32, Special)| {
        let base = Ipv6Addr::from(*base).to_bits();
        (bits ^ base).checked_shr(128 - prefix).unwrap_or(0) == 0
    };
    if let Some((_, _, special)) = IPV6.iter().find(within) {
        return Some(*special);
    }
    let [.., a, b, c, d] = address.octets();
    let embedded = special_ipv4(Ipv4Addr::new(a, b, c, d));
    let segments = address.segments();
    // By NAT64 all of IPv4 is reached from a network without it, and there names resolve to this.
    if segments[..6] == [0x64, 0xff9b, 0, 0, 0, 0] {
        return embedded;
    }
    if segments[4] & !0x200 == 0 && segments[5] == 0x5efe {
        return embedded.map(|_| Special::Tunnel);
    }
    // Nothing else has been given to anybody.
    (bits >> 125 != 1).then_some(Special::Reserved)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_of_the_public_internet_is_special() {
        let table = [
            ("0.0.0.0 0.1.2.3 :: ::ffff:0.0.0.0", Special::Unspecified),
            ("127.0.0.1 127.255.255.255 ::1 ::ffff:127.0.0.1 64:ff9b::7f00:1", Special::Loopback),
            (
                "10.0.0.0 10.255.255.255 172.16.0.0 172.31.255.255 192.168.0.1 192.168.255.255",
                Special::Private,
            ),
            ("::ffff:10.0.0.1 64:ff9b::10.0.0.1 ::ffff:192.168.1.1", Special::Private),
            ("100.64.0.0 100.64.0.1 100.127.255.255 100.100.100.200", Special::Shared),
            ("169.254.0.0 169.254.255.255 fe80::1 febf::1 ::ffff:169.254.1.1", Special::LinkLocal),
            ("169.254.169.254 168.63.129.16 fd00:ec2::254 64:ff9b::169.254.169.254", Special::Metadata),
            ("224.0.0.1 239.255.255.255 ff02::1 ff00::", Special::Multicast),
            ("255.255.255.255", Special::Broadcast),
            ("192.0.2.1 198.51.100.1 203.0.113.1 2001:db8::1 3fff::1 3fff:fff::", Special::Documentation),
            ("198.18.0.0 198.19.255.255 2001:2::1", Special::Benchmarking),
            ("192.0.0.1 192.0.0.192 2001:10::1 2001:1ff::1", Special::Protocol),
            ("100::1", Special::Discard),
            (
                "2001::1 2002:a00:1::1 192.88.99.1 2a00::5efe:10.0.0.1 2a00::200:5efe:127.0.0.1",
                Special::Tunnel,
            ),
            ("::10.0.0.1 ::8.8.8.8 ::2 ::ffff:0:10.0.0.1 ::ffff:0:8.8.8.8 64:ff9b:1::1", Special::Translated),
            ("fc00::1 fdff:ffff::1 fd20:ce::254", Special::UniqueLocal),
            ("fec0::1 feff::1", Special::SiteLocal),
            ("240.0.0.1 255.255.255.254 4000::1 100:0:0:1::1 5f00::1 200::1 e000::1", Special::Reserved),
        ];
        for (addresses, want) in table {
            for address in addresses.split(' ') {
                assert_eq!(special(address.parse().unwrap()), Some(want), "{address}");
            }
        }
    }

    #[test]
    fn the_public_internet_is_not_special() {
        for address in [
            "1.1.1.1",
            "9.255.255.255",
            "11.0.0.0",
            "100.63.255.255",
            "100.128.0.0",
            "126.255.255.255",
            "128.0.0.0",
            "168.63.129.15",
            "169.253.255.255",
            "169.255.0.0",
            "172.15.255.255",
            "172.32.0.0",
            "192.0.1.0",
            "192.167.255.255",
            "192.169.0.0",
            "198.17.255.255",
            "198.20.0.0",
            "223.255.255.255",
            "::ffff:8.8.8.8",
            "64:ff9b::8.8.8.8",
            "2001:200::1",
            "2001:4860:4860::8888",
            "2606:4700::1111",
            "2a00::5efe:8.8.8.8",
            "3ffe::1",
        ] {
            assert_eq!(special(address.parse().unwrap()), None, "{address}");
        }
    }
}
