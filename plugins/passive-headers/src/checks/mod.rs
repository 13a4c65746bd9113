//! The rules: pure functions of a response, a family of them in a file.

mod headers;
mod policies;
mod cookies;
mod versions;
mod cors;
mod cache;
mod mixed_content;

use crate::{Claim, Response, page::Page, policy::Policy};

/// What is wrong with that response.
///
/// Redirects and 304 carry no page, so that they are not asked for what protects one; but they do set cookies.
pub fn check(response: &Response<'_>) -> Vec<Claim> {
    let mut claims = Vec::new();
    if response.status < 200 {
        return claims;
    }
    if !(300..400).contains(&response.status) {
        let page = response.html().map(|html| Page::read(html, response.https)).unwrap_or_default();
        let policies: Vec<_> = response.all("content-security-policy").flat_map(Policy::list).collect();
        claims.extend(headers::check(response));
        claims.extend(policies::check(response, &policies, &page.policies));
        claims.extend(mixed_content::check(response, &policies, &page));
    }
    claims.extend(cookies::check(response));
    claims.extend(versions::check(response));
    claims.extend(cors::check(response));
    claims.extend(cache::check(response));
    claims
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(https: bool, status: u16, headers: &[(&str, &str)]) -> Vec<String> {
        check(&Response { method: "GET", https, status, headers, body: b"" })
            .iter()
            .map(Claim::kind)
            .collect()
    }

    #[test]
    fn a_bare_page_lacks_everything_that_matters() {
        let lacks = [
            "passive-headers.missing.x-content-type-options",
            "passive-headers.missing.content-security-policy",
            "passive-headers.missing.x-frame-options",
        ];
        let html = [("Content-Type", "text/html; charset=utf-8")];
        assert_eq!(kinds(false, 200, &html), lacks);
        let [nosniff, rest @ ..] = lacks;
        let mut over_tls = vec![nosniff, "passive-headers.missing.strict-transport-security"];
        over_tls.extend(rest);
        assert_eq!(kinds(true, 200, &html), over_tls);
    }

    #[test]
    fn a_well_kept_page_has_no_findings() {
        let headers = [
            ("content-type", "text/html"),
            ("x-content-type-options", "nosniff"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("content-security-policy", "default-src 'self'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer, strict-origin-when-cross-origin"),
            ("set-cookie", "__Host-sid=glyph-redacted-0123456789ab; Secure; HttpOnly; Path=/; SameSite=Lax"),
            ("cache-control", "no-store"),
            ("server", "nginx"),
            ("access-control-allow-origin", "https://app.example.test"),
            ("access-control-allow-credentials", "true"),
        ];
        assert_eq!(kinds(true, 200, &headers), [""; 0]);
    }

    #[test]
    fn a_redirect_is_asked_for_no_page_but_for_its_cookies() {
        assert_eq!(kinds(false, 302, &[]), [""; 0]);
        let headers = [("content-type", "text/html"), ("set-cookie", "theme=x; SameSite=Lax")];
        assert_eq!(kinds(true, 302, &headers), ["passive-headers.cookie.no-secure"]);
        assert_eq!(kinds(true, 103, &headers), [""; 0]);
    }
}
