//! Hosts, as URLs write them and as they are.

/// Without the brackets that a URL has around an IPv6 address.
pub(super) fn bare(host: &str) -> &str {
    host.trim_start_matches('[').trim_end_matches(']')
}

/// `host:port`, with brackets where they are needed.
pub(super) fn with_port(host: &str, port: u16) -> String {
    format!("{}:{port}", bracketed(host))
}

/// As a URL has it.
pub(super) fn bracketed(host: &str) -> String {
    if host.contains(':') { format!("[{host}]") } else { host.to_owned() }
}
