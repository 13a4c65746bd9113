//! What the TLS library says of an upstream, in words, and with what to do about it.

use std::{
    io,
    time::{Duration, UNIX_EPOCH},
};

use glyph_formats::UnixNanos;
use rustls::{CertificateError, pki_types::UnixTime};

/// The flag that names certificates of upstreams.
const UPSTREAM_CA: &str = "--upstream-ca";

/// Why TLS with an upstream came to nothing, and what could be done about it. The TLS library's word is in parentheses.
pub(in crate::capture) fn told(error: &io::Error) -> String {
    match error.get_ref().and_then(|e| e.downcast_ref::<rustls::Error>()) {
        Some(error) => of_library(error, UPSTREAM_CA),
        None => error.to_string(),
    }
}

/// The same of what the library says; `flag` is the one that would add a certificate.
pub(crate) fn of_library(error: &rustls::Error, flag: &str) -> String {
    match error {
        rustls::Error::InvalidCertificate(why) => format!("its certificate {}", disbelief(why, flag)),
        _ => error.to_string(),
    }
}

/// What is wrong with a certificate.
fn disbelief(why: &CertificateError, flag: &str) -> String {
    let day = |time: &UnixTime| UnixNanos::from(UNIX_EPOCH + Duration::from_secs(time.as_secs()));
    match why {
        CertificateError::UnknownIssuer => {
            format!("is signed by nobody we trust (UnknownIssuer); {flag} FILE adds certificates")
        }
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("was valid until {} (Expired)", day(not_after))
        }
        CertificateError::NotValidYetContext { not_before, .. } => {
            format!("is not valid before {} (NotValidYet); is the clock right?", day(not_before))
        }
        CertificateError::NotValidForNameContext { expected, presented } => {
            let names: Vec<_> = presented.iter().map(|name| bare(name)).collect();
            let names = if names.is_empty() { "no name".to_owned() } else { names.join(", ") };
            format!("is not valid for name {:?}, but for {names} (NotValidForName)", expected.to_str())
        }
        other => match format!("{other:?}") {
            word if word.contains("CaUsedAsEndEntity") => {
                format!(
                    "says that it is a CA's (CaUsedAsEndEntity); if it is the server's own, {flag} FILE takes it"
                )
            }
            word => format!("does not hold ({word})"),
        },
    }
}

/// A name of a certificate, which the TLS library gives with its kind: `DnsName("a.test")`.
fn bare(name: &str) -> &str {
    let inner = name.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
    inner.unwrap_or(name).trim_matches('"')
}
