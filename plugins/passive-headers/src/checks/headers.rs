//! Headers that protect: whether they are there, and whether they do. What is asked of each follows the
//! [OWASP HTTP Headers Cheat Sheet](https://cheatsheetseries.owasp.org/cheatsheets/HTTP_Headers_Cheat_Sheet.html).
//!
//! Headers that only mean something for a page are asked of HTML alone, the one about TLS only of what came over it.

use glyph_plugin::Severity;

use crate::{Claim, Response};

/// Half a year, in seconds: the least that a browser preload list and OWASP take for a serious `max-age`.
const HSTS_LEAST: u64 = 15_768_000;

pub(super) fn check(response: &Response<'_>) -> impl Iterator<Item = Claim> {
    let transport = if response.https { transport(response) } else { None };
    let referrer = if response.is_html() { referrer(response) } else { None };
    [nosniff(response), transport, referrer].into_iter().flatten()
}

fn nosniff(response: &Response<'_>) -> Option<Claim> {
    const HEADER: &str = "x-content-type-options";
    let Some(value) = response.get(HEADER) else {
        return Claim::missing(
            HEADER,
            Severity::Low,
            "browsers may guess another content type than the one sent",
        );
    };
    if response.list(HEADER).next().is_some_and(|first| first.eq_ignore_ascii_case("nosniff")) {
        return None;
    }
    Claim::weak(HEADER, Severity::Low, "only the value nosniff has an effect", value)
}

fn transport(response: &Response<'_>) -> Option<Claim> {
    const HEADER: &str = "strict-transport-security";
    let Some(value) = response.get(HEADER) else {
        return Claim::missing(
            HEADER,
            Severity::Med,
            "the next visit may be made without TLS, and be read or changed",
        );
    };
    let max_age = value.split(';').find_map(|part| {
        let (name, seconds) = part.split_once('=')?;
        let seconds = seconds.trim().trim_matches('"');
        name.trim().eq_ignore_ascii_case("max-age").then(|| seconds.parse::<u64>().ok())?
    });
    match max_age {
        Some(seconds) if seconds >= HSTS_LEAST => None,
        Some(_) => Claim::weak(HEADER, Severity::Low, "max-age is shorter than half a year", value),
        None => Claim::weak(HEADER, Severity::Med, "without max-age the header has no effect", value),
    }
}

/// The last value that a browser knows counts; without the header browsers send the origin alone.
fn referrer(response: &Response<'_>) -> Option<Claim> {
    const HEADER: &str = "referrer-policy";
    const TELLS_ALL: [&str; 2] = ["unsafe-url", "no-referrer-when-downgrade"];
    const TELLS_LESS: [&str; 6] = [
        "no-referrer",
        "same-origin",
        "origin",
        "strict-origin",
        "origin-when-cross-origin",
        "strict-origin-when-cross-origin",
    ];
    let is = |known: &[&str], v: &str| known.iter().any(|known| v.eq_ignore_ascii_case(known));
    let last = response.list(HEADER).filter(|v| is(&TELLS_ALL, v) || is(&TELLS_LESS, v)).last()?;
    if is(&TELLS_ALL, last) {
        return Claim::weak(HEADER, Severity::Low, "other sites get the full URL of the page", last);
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use crate::{Claim, Fault, Response};

    /// The claims about headers of an HTML page that came over TLS, but for those about what is missing.
    fn weak(headers: &[(&str, &str)]) -> Vec<(&'static str, Option<String>)> {
        let headers = [&[("content-type", "text/html")], headers].concat();
        let response = Response { method: "GET", https: true, status: 200, headers: &headers, body: b"" };
        let claims = check(&response).into_iter().filter(|claim| claim.fault == Fault::Weak);
        claims.map(|claim| (claim.subject, claim.evidence)).collect()
    }

    #[test]
    fn json_over_plain_http_is_asked_for_nosniff_alone() {
        let headers = [("content-type", "application/json")];
        let response = Response { method: "GET", https: false, status: 200, headers: &headers, body: b"{}" };
        let kinds: Vec<_> = check(&response).iter().map(Claim::kind).collect();
        assert_eq!(kinds, ["passive-headers.missing.x-content-type-options"]);
    }

    #[test]
    fn weak_values_are_told_with_their_evidence() {
        for (header, value) in [
            ("x-content-type-options", "sniff"),
            ("strict-transport-security", "max-age=300"),
            ("strict-transport-security", "includeSubDomains"),
            ("content-security-policy", "img-src 'self'"),
            ("content-security-policy", "script-src 'self' 'unsafe-inline'"),
            ("content-security-policy", "default-src *"),
            ("x-frame-options", "ALLOW-FROM https://example.test"),
            ("referrer-policy", "unsafe-url"),
        ] {
            assert_eq!(weak(&[(header, value)]), [(header, Some(value.to_owned()))]);
        }
    }

    #[test]
    fn of_values_that_repeat_those_that_browsers_take_count() {
        for header in [
            ("x-content-type-options", "nosniff, nosniff"),
            ("x-frame-options", "SAMEORIGIN, sameorigin"),
            ("referrer-policy", "unsafe-url, strict-origin, some-day-perhaps"),
        ] {
            assert_eq!(weak(&[header]), [], "{header:?}");
        }
    }
}
