//! Cookies out of headers. In: the values of `Cookie` and `Set-Cookie`. Out: what HAR says of each.

use time::{OffsetDateTime, format_description::well_known::Rfc2822};

use super::Cookie;
use crate::UnixNanos;

/// The cookies of a `Cookie` header.
pub(super) fn sent(value: &str) -> impl Iterator<Item = Cookie> {
    value.split(';').map(str::trim).filter(|pair| !pair.is_empty()).map(named)
}

/// The cookie of a `Set-Cookie` header.
pub(super) fn set(value: &str) -> Cookie {
    let mut parts = value.split(';');
    let mut cookie = named(parts.next().unwrap_or_default().trim());
    (cookie.http_only, cookie.secure) = (Some(false), Some(false));
    for part in parts {
        let (name, value) = part.split_once('=').map_or((part, ""), |(name, value)| (name, value.trim()));
        match name.trim().to_ascii_lowercase().as_str() {
            "path" => cookie.path = Some(value.to_owned()),
            "domain" => cookie.domain = Some(value.to_owned()),
            "expires" => cookie.expires = instant(value),
            "httponly" => cookie.http_only = Some(true),
            "secure" => cookie.secure = Some(true),
            _ => {}
        }
    }
    cookie
}

fn named(pair: &str) -> Cookie {
    let (name, value) = pair.split_once('=').unwrap_or(("", pair));
    Cookie { name: name.to_owned(), value: value.to_owned(), ..Cookie::default() }
}

/// An HTTP date in ISO 8601; none if it is written in another way, or is not of our time.
fn instant(date: &str) -> Option<String> {
    let time = OffsetDateTime::parse(date, &Rfc2822).ok()?;
    let nanos = u64::try_from(time.unix_timestamp_nanos()).ok()?;
    Some(UnixNanos(nanos).to_string())
}
