//! Which other origins may read the response, where that is wrong whatever the request was.
//!
//! Not here: whether a server lets in every origin that asks. One response does not tell.

use glyph_plugin::Severity;
use url::Url;

use crate::{Claim, Fault, Response, insecure::is_insecure};

const ORIGIN: &str = "access-control-allow-origin";

pub(super) fn check(response: &Response<'_>) -> Option<Claim> {
    let mut origins = response.all(ORIGIN);
    // Browsers let nobody in when the header is there twice.
    let (Some(origin), None) = (origins.next(), origins.next()) else { return None };
    let credentials = response.get("access-control-allow-credentials") == Some("true");
    let (subject, severity, message) = match origin {
        "*" if credentials => (
            "wildcard-credentials",
            Severity::Low,
            "browsers refuse * together with credentials: no page gets what this is meant to allow",
        ),
        "null" => (
            "null-origin",
            if credentials { Severity::Med } else { Severity::Low },
            "every site can have the origin null, by way of a sandboxed frame",
        ),
        _ if credentials && response.https && Url::parse(origin).is_ok_and(|url| is_insecure(&url)) => (
            "http-origin",
            Severity::Low,
            "who can change a page that comes without TLS can read this response with the user's credentials",
        ),
        _ => return None,
    };
    let evidence = format!("{ORIGIN}: {origin}{}", if credentials { ", with credentials" } else { "" });
    Some(Claim::new(Fault::Cors, subject, severity, message).with_evidence(&evidence))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(origin: &str, credentials: Option<&str>) -> Option<(&'static str, Severity)> {
        let mut headers = vec![(ORIGIN, origin)];
        headers.extend(credentials.map(|value| ("access-control-allow-credentials", value)));
        let response = Response { method: "GET", https: true, status: 200, headers: &headers, body: b"" };
        check(&response).map(|claim| (claim.subject, claim.severity))
    }

    #[test]
    fn everybody_and_credentials_do_not_go_together() {
        assert_eq!(told("*", Some("true")), Some(("wildcard-credentials", Severity::Low)));
        assert_eq!(told("*", None), None);
        assert_eq!(told("*", Some("TRUE")), None, "browsers take no other spelling");
    }

    #[test]
    fn the_origin_null_is_anybody() {
        assert_eq!(told("null", None), Some(("null-origin", Severity::Low)));
        assert_eq!(told("null", Some("true")), Some(("null-origin", Severity::Med)));
    }

    #[test]
    fn an_origin_without_tls_gets_no_credentials() {
        assert_eq!(told("http://app.test", Some("true")), Some(("http-origin", Severity::Low)));
        for origin in ["https://app.test", "http://localhost:3000", "http://127.0.0.1:3000"] {
            assert_eq!(told(origin, Some("true")), None, "{origin}");
        }
        assert_eq!(told("http://app.test", None), None);
    }
}
