//! Shared caches: whether one may keep a cookie and hand it to the next user.
//!
//! A cache does not look at `Set-Cookie` (RFC 9111, section 7.3), so that what the response says about caching
//! decides. Claimed is only what follows from that: a response to GET or HEAD that is public in so many words, and
//! that a cache may use without asking again.

use glyph_plugin::Severity;

use crate::{Claim, Fault, Response, date, session::is_session, set_cookie::SetCookie};

pub(super) fn check(response: &Response<'_>) -> Option<Claim> {
    if !["GET", "HEAD"].contains(&response.method) || !is_public(response) {
        return None;
    }
    let now = response.date();
    let cookies =
        || response.all("set-cookie").map(SetCookie::parse).filter(move |cookie| !cookie.is_void(now));
    let cookie = cookies().find(|cookie| is_session(cookie.name)).or_else(|| cookies().next())?;
    let severity = if is_session(cookie.name) { Severity::Med } else { Severity::Low };
    let message = "a shared cache may keep the response and give this cookie to other users";
    let header = response.all("cache-control").collect::<Vec<_>>().join(", ");
    let claim = Claim::new(Fault::Cache, "set-cookie", severity, message);
    Some(claim.with_evidence(&format!("cache-control: {header}")).with_metadata("cookie", cookie.name))
}

fn is_public(response: &Response<'_>) -> bool {
    let directive = |wanted: &str| {
        response.list("cache-control").find_map(|directive| {
            let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
            name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().trim_matches('"'))
        })
    };
    let forbidden = ["private", "no-store", "no-cache"].iter().any(|name| directive(name).is_some());
    let lifetime = directive("s-maxage").or_else(|| directive("max-age"));
    let stale = match lifetime {
        Some(seconds) => !seconds.bytes().any(|b| (b'1'..=b'9').contains(&b)),
        None => response.get("expires").is_some_and(|end| date::parse(end) <= response.date()),
    };
    let never_matches = response.list("vary").any(|name| name == "*");
    directive("public").is_some() && !forbidden && !stale && !never_matches
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(method: &str, cache_control: &str, set_cookie: &str) -> Option<Severity> {
        let headers = [("cache-control", cache_control), ("set-cookie", set_cookie)];
        let response = Response { method, https: true, status: 200, headers: &headers, body: b"" };
        check(&response).map(|claim| claim.severity)
    }

    #[test]
    fn a_public_response_has_no_cookies() {
        assert_eq!(told("GET", "Public, max-age=600", "sid=x"), Some(Severity::Med));
        assert_eq!(told("HEAD", "public", "theme=x"), Some(Severity::Low));
        assert_eq!(told("GET", "public, max-age=0, s-maxage=60", "theme=x"), Some(Severity::Low));
    }

    #[test]
    fn what_no_shared_cache_uses_again_is_fine() {
        for cache_control in [
            "max-age=600",
            "private, max-age=600",
            "public, no-store",
            "public, no-cache=\"set-cookie\"",
            "public, max-age=0",
            "public, max-age=600, s-maxage=0",
            "public, max-age=soon",
        ] {
            assert_eq!(told("GET", cache_control, "sid=x"), None, "{cache_control}");
        }
        let past = [
            ("cache-control", "public"),
            ("date", "Wed, 25 Nov 2026 12:00:00 GMT"),
            ("expires", "Thu, 19 Nov 1981 08:52:00 GMT"),
            ("set-cookie", "sid=x"),
        ];
        let response = Response { method: "GET", https: true, status: 200, headers: &past, body: b"" };
        assert_eq!(check(&response), None);
        assert_eq!(told("POST", "public, max-age=600", "sid=x"), None);
        assert_eq!(told("GET", "public, max-age=600", "sid=; Max-Age=0"), None);
    }

    #[test]
    fn the_worst_cookie_is_named() {
        let headers = [("cache-control", "public"), ("set-cookie", "a=s3cret"), ("set-cookie", "sid=s3cret")];
        let response = Response { method: "GET", https: true, status: 200, headers: &headers, body: b"" };
        let claim = check(&response).unwrap();
        assert_eq!(claim.metadata, [("cookie", "sid".to_owned())]);
        assert!(!format!("{claim:?}").contains("s3cret"));
    }
}
