//! The rules, as one pure function of a response's head.

use glyph_plugin::Severity;

/// Half a year, in seconds: the least that a browser preload list and OWASP take for a serious `max-age`.
const HSTS_LEAST: u64 = 15_768_000;

/// The head of a response.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    /// Whether it came over TLS.
    pub https: bool,
    /// The status code.
    pub status: u16,
    /// Names and values in their order.
    pub headers: &'a [(&'a str, &'a str)],
}

/// What is wrong with one header.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// `missing` or `weak`.
    pub fault: &'static str,
    /// The header, in lower case.
    pub header: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Why it matters.
    pub message: &'static str,
    /// The value that is weak.
    pub evidence: Option<String>,
}

impl Claim {
    /// The finding's type, for example `passive-headers.missing.content-security-policy`.
    pub fn kind(&self) -> String {
        format!("passive-headers.{}.{}", self.fault, self.header)
    }
}

/// What is missing or weak in that response. Redirects and errors of the kind 1xx and 304 carry no page and
/// are left alone; headers that only mean something for a page are asked of HTML alone.
pub fn check(response: &Response<'_>) -> Vec<Claim> {
    if response.status < 200 || (300..400).contains(&response.status) {
        return Vec::new();
    }
    let mut claims = Vec::new();
    let html = response.get("content-type").is_some_and(|t| t.to_ascii_lowercase().contains("text/html"));
    claims.extend(nosniff(response));
    if response.https {
        claims.extend(transport(response));
    }
    if html {
        claims.extend(policy(response));
        claims.extend(framing(response));
        claims.extend(referrer(response));
    }
    claims
}

impl<'a> Response<'a> {
    fn get(&self, name: &str) -> Option<&'a str> {
        self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }
}

fn missing(header: &'static str, severity: Severity, message: &'static str) -> Option<Claim> {
    Some(Claim { fault: "missing", header, severity, message, evidence: None })
}

fn weak(header: &'static str, severity: Severity, message: &'static str, value: &str) -> Option<Claim> {
    Some(Claim { fault: "weak", header, severity, message, evidence: Some(value.to_owned()) })
}

fn nosniff(response: &Response<'_>) -> Option<Claim> {
    const HEADER: &str = "x-content-type-options";
    match response.get(HEADER) {
        None => missing(HEADER, Severity::Low, "browsers may guess another content type than the one sent"),
        Some(value) if !value.eq_ignore_ascii_case("nosniff") => {
            weak(HEADER, Severity::Low, "only the value nosniff has an effect", value)
        }
        Some(_) => None,
    }
}

fn transport(response: &Response<'_>) -> Option<Claim> {
    const HEADER: &str = "strict-transport-security";
    let Some(value) = response.get(HEADER) else {
        return missing(
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
        Some(_) => weak(HEADER, Severity::Low, "max-age is shorter than half a year", value),
        None => weak(HEADER, Severity::Med, "without max-age the header has no effect", value),
    }
}

fn policy(response: &Response<'_>) -> Option<Claim> {
    const HEADER: &str = "content-security-policy";
    let Some(value) = response.get(HEADER) else {
        return missing(HEADER, Severity::Med, "nothing limits which scripts the page may run");
    };
    let lower = value.to_ascii_lowercase();
    let scripts = directive(&lower, "script-src").or_else(|| directive(&lower, "default-src"));
    // A nonce or a hash makes browsers ignore 'unsafe-inline' (CSP level 2).
    let guarded = |s: &str| {
        s.contains("'nonce-") || s.contains("'sha256-") || s.contains("'sha384-") || s.contains("'sha512-")
    };
    match scripts {
        None => weak(HEADER, Severity::Med, "neither script-src nor default-src limits scripts", value),
        Some(s) if s.contains("'unsafe-inline'") && !guarded(s) => {
            weak(HEADER, Severity::Med, "'unsafe-inline' lets injected scripts run", value)
        }
        Some(s) if s.split_ascii_whitespace().any(|source| source == "*") => {
            weak(HEADER, Severity::Med, "scripts may come from any host", value)
        }
        Some(_) => None,
    }
}

fn framing(response: &Response<'_>) -> Option<Claim> {
    const HEADER: &str = "x-frame-options";
    let ancestors = response
        .get("content-security-policy")
        .is_some_and(|p| directive(&p.to_ascii_lowercase(), "frame-ancestors").is_some());
    match response.get(HEADER) {
        _ if ancestors => None,
        None => missing(HEADER, Severity::Low, "any site may show the page in a frame (clickjacking)"),
        Some(value) if !["deny", "sameorigin"].iter().any(|v| value.eq_ignore_ascii_case(v)) => {
            weak(HEADER, Severity::Low, "browsers ignore this value", value)
        }
        Some(_) => None,
    }
}

fn referrer(response: &Response<'_>) -> Option<Claim> {
    const HEADER: &str = "referrer-policy";
    let value = response.get(HEADER)?;
    // The last value that a browser knows counts; without the header browsers send the origin alone.
    let last = value.rsplit(',').map(str::trim).find(|v| !v.is_empty())?;
    if ["unsafe-url", "no-referrer-when-downgrade"].iter().any(|v| last.eq_ignore_ascii_case(v)) {
        return weak(HEADER, Severity::Low, "other sites get the full URL of the page", value);
    }
    None
}

/// The sources of one directive of a policy that is in lower case.
fn directive<'a>(policy: &'a str, name: &str) -> Option<&'a str> {
    policy.split(';').map(str::trim).find_map(|d| {
        let rest = d.strip_prefix(name)?;
        (rest.is_empty() || rest.starts_with(char::is_whitespace)).then_some(rest)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(https: bool, status: u16, headers: &[(&str, &str)]) -> Vec<String> {
        check(&Response { https, status, headers }).iter().map(Claim::kind).collect()
    }

    #[test]
    fn a_bare_page_over_tls_lacks_everything_that_matters() {
        assert_eq!(
            kinds(true, 200, &[("Content-Type", "text/html; charset=utf-8")]),
            [
                "passive-headers.missing.x-content-type-options",
                "passive-headers.missing.strict-transport-security",
                "passive-headers.missing.content-security-policy",
                "passive-headers.missing.x-frame-options",
            ]
        );
    }

    #[test]
    fn a_well_kept_page_has_no_findings() {
        let headers = [
            ("content-type", "text/html"),
            ("x-content-type-options", "nosniff"),
            ("strict-transport-security", "max-age=31536000; includeSubDomains"),
            ("content-security-policy", "default-src 'self'; frame-ancestors 'none'"),
            ("referrer-policy", "no-referrer, strict-origin-when-cross-origin"),
        ];
        assert_eq!(kinds(true, 200, &headers), [""; 0]);
    }

    #[test]
    fn json_over_plain_http_is_asked_for_nosniff_alone() {
        assert_eq!(
            kinds(false, 200, &[("content-type", "application/json")]),
            ["passive-headers.missing.x-content-type-options"]
        );
        assert_eq!(kinds(false, 302, &[]), [""; 0]);
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
            let headers = [("content-type", "text/html"), (header, value)];
            let claims = check(&Response { https: true, status: 200, headers: &headers });
            let claim =
                claims.iter().find(|c| c.header == header).unwrap_or_else(|| panic!("{header}: {value}"));
            assert_eq!((claim.fault, claim.evidence.as_deref()), ("weak", Some(value)));
        }
    }

    #[test]
    fn inline_scripts_with_a_nonce_are_fine() {
        let policy = "script-src 'nonce-abc' 'unsafe-inline'; frame-ancestors 'self'";
        let headers = [
            ("content-type", "text/html"),
            ("x-content-type-options", "nosniff"),
            ("content-security-policy", policy),
        ];
        assert_eq!(kinds(false, 200, &headers), [""; 0]);
    }
}
