//! What a page lets others do: which scripts may run in it, and who may show it in a frame.

use glyph_plugin::Severity;

use crate::{Claim, Response, policy::Policy};

/// `policies` are those of the header, `in_page` those of `meta` tags.
pub(super) fn check(
    response: &Response<'_>,
    policies: &[Policy],
    in_page: &[Policy],
) -> impl Iterator<Item = Claim> {
    let claims = if response.is_html() {
        [scripts(response, policies, in_page), framing(response, policies)]
    } else {
        [None, None]
    };
    claims.into_iter().flatten()
}

/// One policy that limits scripts is enough: browsers enforce all there are.
fn scripts(response: &Response<'_>, policies: &[Policy], in_page: &[Policy]) -> Option<Claim> {
    const HEADER: &str = "content-security-policy";
    let mut faults = policies.iter().chain(in_page).map(Policy::script_fault);
    let Some(first) = faults.next() else {
        return Claim::missing(HEADER, Severity::Med, "nothing limits which scripts the page may run");
    };
    let fault = first?;
    if faults.any(|fault| fault.is_none()) {
        return None;
    }
    let value = response.get(HEADER).or(in_page.first().map(Policy::as_str)).unwrap_or_default();
    Claim::weak(HEADER, Severity::Med, fault, value)
}

fn framing(response: &Response<'_>, policies: &[Policy]) -> Option<Claim> {
    const HEADER: &str = "x-frame-options";
    if policies.iter().any(|policy| policy.directive("frame-ancestors").is_some()) {
        return None;
    }
    let Some(value) = response.get(HEADER) else {
        return Claim::missing(HEADER, Severity::Low, "any site may show the page in a frame (clickjacking)");
    };
    // Browsers that find several different values let nobody frame the page.
    let known = |v: &str| ["deny", "sameorigin"].iter().any(|known| v.eq_ignore_ascii_case(known));
    if response.list(HEADER).any(known) {
        return None;
    }
    Claim::weak(HEADER, Severity::Low, "browsers ignore this value", value)
}

#[cfg(test)]
mod tests {
    use super::super::check;
    use crate::{Fault, Response};

    type Told = (Fault, &'static str, Option<String>);

    const HEADER: &str = "content-security-policy";
    const FRAMED: Told = (Fault::Missing, "x-frame-options", None);

    /// What is claimed of a page with those policies in its header, and the evidence.
    fn told(headers: &[&str], body: &str) -> Vec<Told> {
        let mut headers: Vec<_> = headers.iter().map(|policy| (HEADER, *policy)).collect();
        headers.extend([("content-type", "text/html"), ("x-content-type-options", "nosniff")]);
        let body = body.as_bytes();
        let response = Response { method: "GET", https: false, status: 200, headers: &headers, body };
        check(&response).into_iter().map(|claim| (claim.fault, claim.subject, claim.evidence)).collect()
    }

    fn meta(policy: &str) -> String {
        format!("<meta http-equiv=Content-Security-Policy content=\"{policy}\">")
    }

    #[test]
    fn of_several_policies_one_that_limits_scripts_is_enough() {
        assert_eq!(told(&["default-src *", "script-src 'self'"], ""), [FRAMED]);
        assert_eq!(told(&["default-src *, script-src 'self'"], ""), [FRAMED]);
        assert_eq!(told(&["default-src *"], &meta("script-src 'self'")), [FRAMED]);
        let weak = (Fault::Weak, HEADER, Some("default-src *".to_owned()));
        assert_eq!(told(&["default-src *", "img-src *"], ""), [weak, FRAMED]);
    }

    #[test]
    fn a_policy_in_the_page_is_one_but_says_nothing_about_frames() {
        assert_eq!(told(&[], &meta("default-src 'self'; frame-ancestors 'none'")), [FRAMED]);
        let weak = (Fault::Weak, HEADER, Some("img-src *".to_owned()));
        assert_eq!(told(&[], &meta("img-src *")), [weak, FRAMED]);
        assert_eq!(told(&["default-src 'self'; frame-ancestors 'none'"], ""), []);
    }
}
