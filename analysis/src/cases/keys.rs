//! What a finding is about: the keys that it may have in common with others.

use std::{collections::BTreeSet, fmt, net::IpAddr};

use glyph_formats::Finding;
use url::{Host, Url};

use super::digest::{self, Sixteen};

/// Metadata that names the case itself.
const CASE: [&str; 2] = ["case_key", "case"];
/// Metadata that names what was found to be weak.
const ASSET: [&str; 2] = ["asset", "asset_id"];
/// Metadata that joins what belongs together for another reason: this one, and all that begin so.
const CORRELATION: (&str, &str) = ("correlation_id", "correlation.");

/// A key. Of several, the first in this order names the case.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Key {
    Case(String),
    /// What somebody registered, by the public suffix list.
    Domain(String),
    Host(String),
    Asset(String),
    Correlation(String, String),
    /// What is no URL.
    Target(String),
}

impl Key {
    /// Stands for it, among very many.
    pub(super) fn digest(&self) -> Sixteen {
        digest::of(&[&self.to_string()])
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Case(name) => write!(f, "case:{name}"),
            Self::Domain(name) => write!(f, "domain:{name}"),
            Self::Host(name) => write!(f, "host:{name}"),
            Self::Asset(name) => write!(f, "asset:{name}"),
            Self::Correlation(name, value) => write!(f, "correlation:{name}={value}"),
            Self::Target(text) => write!(f, "target:{text}"),
        }
    }
}

/// The keys of a finding; it has one at least.
pub(super) fn of(finding: &Finding) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    for (name, value) in &finding.metadata.0 {
        let value = value.to_string();
        let name = name.as_ref();
        if value.trim().is_empty() {
            continue;
        }
        if CASE.contains(&name) {
            keys.insert(Key::Case(value));
        } else if ASSET.contains(&name) {
            keys.insert(Key::Asset(value));
        } else if name == CORRELATION.0 || name.starts_with(CORRELATION.1) {
            keys.insert(Key::Correlation(name.to_owned(), value));
        }
    }
    match host(&finding.target) {
        Some(host) => {
            keys.extend([domain(&host).map(Key::Domain), Some(Key::Host(host))].into_iter().flatten())
        }
        None => drop(keys.insert(Key::Target(finding.target.clone()))),
    }
    keys
}

/// The host of a URL, in lower case and without a dot behind it.
fn host(target: &str) -> Option<String> {
    let url = Url::parse(target).ok()?;
    Some(match url.host()? {
        Host::Domain(name) => name.trim_end_matches('.').to_ascii_lowercase(),
        Host::Ipv4(address) => address.to_string(),
        Host::Ipv6(address) => address.to_string(),
    })
}

/// What was registered of it; nothing of an address, a name without dots, or a public suffix itself.
fn domain(host: &str) -> Option<String> {
    if host.parse::<IpAddr>().is_ok() || !host.contains('.') {
        return None;
    }
    psl::domain_str(host).map(str::to_owned)
}
