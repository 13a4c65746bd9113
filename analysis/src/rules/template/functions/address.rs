//! Hosts, ports and paths, as Go's `net` and `net/url` take them apart.

use std::net::IpAddr;

/// `host:port` without the port.
pub(super) fn without_port(address: &str) -> &str {
    split(address).map_or(address, |(host, _)| host)
}

/// The first part of a host's name, with the port. An address of digits stays.
pub(super) fn without_domain(address: &str) -> String {
    let (host, port) = split(address).unwrap_or((address, ""));
    if host.parse::<IpAddr>().is_ok() {
        return address.to_owned();
    }
    let host = host.split('.').next().unwrap_or_default();
    match port {
        "" => host.to_owned(),
        port if host.contains(':') => format!("[{host}]:{port}"),
        port => format!("{host}:{port}"),
    }
}

/// Host and port, if there is just one colon, or brackets.
fn split(address: &str) -> Option<(&str, &str)> {
    let (before, port) = address.rsplit_once(':')?;
    let host = match before.strip_prefix('[') {
        Some(inner) => inner.strip_suffix(']').filter(|host| !host.contains(']'))?,
        None if before.contains(':') => return None,
        None => before,
    };
    let is_bare = |text: &str| !text.contains(['[', ']']);
    (is_bare(host) && is_bare(port)).then_some((host, port))
}

/// The path of a URL.
pub(super) fn path(url: &str) -> String {
    let rest = url.split(['?', '#']).next().unwrap_or_default();
    let rest = rest.split_once("://").map_or(rest, |(_, rest)| rest.find('/').map_or("", |at| &rest[at..]));
    let mut out = Vec::with_capacity(rest.len());
    let mut bytes = rest.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        let code = rest.get(at + 1..at + 3).filter(|_| byte == b'%');
        match code.and_then(|code| u8::from_str_radix(code, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                bytes.nth(1);
            }
            None => out.push(byte),
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_stripped() {
        let table = [
            ("a.b.c:80", "a.b.c", "a:80"),
            ("a.b.c", "a.b.c", "a"),
            ("1.2.3.4:80", "1.2.3.4", "1.2.3.4:80"),
            ("1.2.3.4", "1.2.3.4", "1.2.3.4"),
            ("[::1]:80", "::1", "[::1]:80"),
            ("[::1]", "[::1]", "[::1]"),
            ("::1", "::1", "::1"),
            ("a:b:c", "a:b:c", "a:b:c"),
            ("[a.b]:80", "a.b", "a:80"),
            ("a.b:", "a.b", "a"),
            ("", "", ""),
        ];
        for (address, port, domain) in table {
            assert_eq!((without_port(address), &*without_domain(address)), (port, domain), "{address}");
        }
    }

    #[test]
    fn a_path_is_what_follows_the_host() {
        let table = [
            ("http://a:9090", ""),
            ("http://a/", "/"),
            ("https://a/b%20c/d?e#f", "/b c/d"),
            ("/x/y", "/x/y"),
            ("", ""),
        ];
        for (url, expected) in table {
            assert_eq!(path(url), expected);
        }
    }
}
