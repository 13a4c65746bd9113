//! What the operator opens beside the public internet: `--netgate-allow`, and `allow` in the policy.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    str::FromStr,
};

use serde::{Deserialize, Deserializer, de};

use super::target;

/// Addresses, or a host whatever its addresses are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allow {
    /// A block of addresses: its first, and how many bits they have in common.
    Block(IpAddr, u8),
    /// A host's name.
    Host(String),
}

impl FromStr for Allow {
    type Err = String;

    /// `10.1.0.0/16`, `::1`, `build.internal`.
    fn from_str(text: &str) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let Ok(address) = address.parse::<IpAddr>() else {
            return match (target::name(text), prefix) {
                (Some(host), None) => Ok(Self::Host(host)),
                _ => Err(format!("{text:?} is neither an address, a block of addresses nor a host's name")),
            };
        };
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(prefix) => {
                let number = prefix.parse().ok().filter(|prefix| *prefix <= most);
                number.ok_or_else(|| format!("{text:?}: {prefix:?} is no length of a prefix, 0 to {most}"))?
            }
        };
        if first(address, prefix) != address {
            return Err(format!("{text:?}: a block begins at {}", first(address, prefix)));
        }
        Ok(Self::Block(address, prefix))
    }
}

impl<'de> Deserialize<'de> for Allow {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

impl Allow {
    /// Whether it opens that address to a host of that name. `address` is not IPv4 in the form of IPv6.
    pub(super) fn opens(&self, host: &str, address: IpAddr) -> bool {
        match self {
            Self::Host(name) => name == host,
            Self::Block(base, prefix) => {
                base.is_ipv4() == address.is_ipv4() && first(address, *prefix) == *base
            }
        }
    }
}

/// The first address of the block in which this one is.
fn first(address: IpAddr, prefix: u8) -> IpAddr {
    match address {
        IpAddr::V4(a) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            Ipv4Addr::from_bits(a.to_bits() & mask).into()
        }
        IpAddr::V6(a) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            Ipv6Addr::from_bits(a.to_bits() & mask).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_addresses_and_hosts_are_told_apart() {
        let opens = |allow: &str, host: &str, address: &str| {
            allow.parse::<Allow>().unwrap().opens(host, address.parse().unwrap())
        };
        assert!(opens("10.1.0.0/16", "a", "10.1.255.255") && !opens("10.1.0.0/16", "a", "10.2.0.0"));
        assert!(opens("10.1.2.3", "a", "10.1.2.3") && !opens("10.1.2.3", "a", "10.1.2.4"));
        assert!(opens("0.0.0.0/0", "a", "255.0.0.1") && !opens("0.0.0.0/0", "a", "::1"));
        assert!(opens("fd00::/8", "a", "fd12::1") && !opens("fd00::/8", "a", "fc00::1"));
        assert!(opens("Build.Internal.", "build.internal", "10.0.0.1"));
        assert!(!opens("build.internal", "a.build.internal", "10.0.0.1"));
    }

    #[test]
    fn what_is_none_of_them_is_told() {
        for (text, what) in [
            ("10.1.0.1/16", "begins at 10.1.0.0"),
            ("10.0.0.0/33", "0 to 32"),
            ("::/x", "0 to 128"),
            ("", "neither"),
            ("http://a", "neither"),
            ("a/8", "neither"),
            ("*.internal", "neither"),
            ("0x7f.1", "neither"),
        ] {
            let error = text.parse::<Allow>().unwrap_err();
            assert!(error.contains(what), "{error}");
        }
    }
}
