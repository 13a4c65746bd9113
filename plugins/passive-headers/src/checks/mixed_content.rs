//! Mixed content: what a page that came over TLS loads, or sends, without.
//!
//! What is found counts; that nothing is found means little, as the body may be cut, and scripts and style sheets
//! load things too.

use glyph_plugin::Severity;

use crate::{
    Claim, Fault, Response,
    page::{Kind, Page},
    policy::Policy,
};

pub(super) fn check(response: &Response<'_>, policies: &[Policy], page: &Page) -> Vec<Claim> {
    if !response.https || policies.iter().any(Policy::upgrades) {
        return Vec::new();
    }
    Kind::ALL.into_iter().filter_map(|kind| claim(kind, page)).collect()
}

fn claim(kind: Kind, page: &Page) -> Option<Claim> {
    let insecure = page.insecure(kind);
    if insecure.count == 0 {
        return None;
    }
    let (subject, severity, message) = match kind {
        Kind::Active => (
            "active",
            Severity::High,
            "who sits on the wire can run scripts in the page, where a browser loads this at all",
        ),
        Kind::Passive => {
            ("passive", Severity::Low, "who sits on the wire sees what is loaded, and can replace it")
        }
        Kind::Form => ("form", Severity::Med, "what the user fills in is sent without TLS"),
    };
    let claim = Claim::new(Fault::MixedContent, subject, severity, message);
    Some(claim.with_evidence(&insecure.urls.join(", ")).with_metadata("count", &insecure.count.to_string()))
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use super::*;

    const PAGE: &str = "<script src=http://a.test/1.js></script><script src=http://a.test/2.js?v=2></script>\
                        <img src=http://a.test/x.png><form action=http://a.test/login>";

    fn mixed(https: bool, headers: &[(&str, &str)], body: &[u8]) -> Vec<Claim> {
        let claims = check(&Response { method: "GET", https, status: 200, headers, body });
        claims.into_iter().filter(|claim| claim.fault == Fault::MixedContent).collect()
    }

    #[test]
    fn there_is_one_claim_a_kind() {
        let claims = mixed(true, &[("content-type", "text/html")], PAGE.as_bytes());
        let told: Vec<_> = claims.iter().map(|c| (c.kind(), c.severity)).collect();
        assert_eq!(
            told,
            [
                ("passive-headers.mixed-content.active".to_owned(), Severity::High),
                ("passive-headers.mixed-content.passive".to_owned(), Severity::Low),
                ("passive-headers.mixed-content.form".to_owned(), Severity::Med),
            ]
        );
        assert_eq!(claims[0].evidence.as_deref(), Some("http://a.test/1.js, http://a.test/2.js?\u{2026}"));
        assert_eq!(claims[0].metadata, [("count", "2".to_owned())]);
    }

    #[test]
    fn a_page_without_tls_mixes_nothing() {
        assert_eq!(mixed(false, &[("content-type", "text/html")], PAGE.as_bytes()), []);
    }

    #[test]
    fn a_policy_that_upgrades_takes_all_of_it_away() {
        let policy = ("content-security-policy", "default-src https:; upgrade-insecure-requests");
        assert_eq!(mixed(true, &[("content-type", "text/html"), policy], PAGE.as_bytes()), []);
        let report = ("content-security-policy-report-only", policy.1);
        assert_eq!(mixed(true, &[("content-type", "text/html"), report], PAGE.as_bytes()).len(), 3);
    }

    #[test]
    fn only_readable_html_is_read() {
        for headers in [
            &[("content-type", "text/plain")][..],
            &[("content-type", "text/html; charset=UTF-16LE")],
            &[("content-type", "text/html"), ("content-encoding", "gzip")],
        ] {
            assert_eq!(mixed(true, headers, PAGE.as_bytes()), [], "{headers:?}");
        }
        let identity = [("content-type", "text/html"), ("content-encoding", "identity")];
        assert_eq!(mixed(true, &identity, PAGE.as_bytes()).len(), 3);
        let wide: Vec<u8> = b"\xff\xfe".iter().copied().chain(PAGE.bytes()).collect();
        assert_eq!(mixed(true, &[("content-type", "text/html")], &wide), []);
    }

    #[test]
    fn what_was_found_before_a_cut_counts() {
        let cut = &PAGE.as_bytes()[..PAGE.len() - 20];
        assert_eq!(mixed(true, &[("content-type", "text/html")], cut).len(), 2);
    }
}
