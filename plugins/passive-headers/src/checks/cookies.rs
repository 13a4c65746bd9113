//! Cookies: what they lack, each on its own. Claims name the cookie, and never tell its value.
//!
//! Whether a cookie holds a session can only be guessed from its name. It decides how bad a claim is, and `HttpOnly`
//! is asked of such cookies alone: many others are there for scripts to read, tokens against request forgery above all.

use glyph_plugin::Severity;

use crate::{
    Claim, Fault, Response,
    session::is_session,
    set_cookie::{SameSite, SetCookie},
};

pub(super) fn check(response: &Response<'_>) -> impl Iterator<Item = Claim> {
    let now = response.date();
    let https = response.https;
    response
        .all("set-cookie")
        .map(SetCookie::parse)
        .filter(move |cookie| !cookie.is_void(now))
        .flat_map(move |cookie| faults(&cookie, https))
}

fn faults(cookie: &SetCookie<'_>, https: bool) -> impl Iterator<Item = Claim> + use<> {
    let claim = |subject, severity, message| {
        Claim::new(Fault::Cookie, subject, severity, message)
            .with_evidence(&cookie.outline())
            .with_metadata("cookie", cookie.name)
    };
    let session = is_session(cookie.name);
    let prefix = cookie.broken_prefix().map(|message| claim("prefix", Severity::Low, message));
    let none = (cookie.same_site == Some(SameSite::None) && !cookie.secure)
        .then(|| claim("same-site-none", Severity::Low, "browsers refuse SameSite=None without Secure"));
    // A cookie that browsers refuse is not sent without TLS either.
    let refused = prefix.is_some() || none.is_some();
    let secure = (https && !cookie.secure && !refused).then(|| {
        let severity = if session { Severity::Med } else { Severity::Low };
        claim("no-secure", severity, "browsers also send it without TLS, where it can be read and changed")
    });
    let http_only = (session && !cookie.http_only)
        .then(|| claim("no-http-only", Severity::Med, "injected scripts can read what looks like a session"));
    let same_site = cookie.same_site.is_none().then(|| {
        let severity = if session { Severity::Low } else { Severity::Info };
        claim("no-same-site", severity, "some browsers send it with requests that other sites make")
    });
    [prefix, none, secure, http_only, same_site].into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn claims(https: bool, headers: &[(&str, &str)]) -> Vec<Claim> {
        check(&Response { method: "GET", https, status: 200, headers, body: b"" }).collect()
    }

    fn told(https: bool, set_cookie: &str) -> Vec<(&'static str, Severity)> {
        claims(https, &[("set-cookie", set_cookie)]).iter().map(|c| (c.subject, c.severity)).collect()
    }

    #[test]
    fn a_bare_session_lacks_all_three() {
        assert_eq!(
            told(true, "sid=glyph-redacted-0123456789ab; Path=/"),
            [("no-secure", Severity::Med), ("no-http-only", Severity::Med), ("no-same-site", Severity::Low)]
        );
    }

    #[test]
    fn other_cookies_are_less_bad_and_may_be_for_scripts() {
        let lacks = [("no-secure", Severity::Low), ("no-same-site", Severity::Info)];
        assert_eq!(told(true, "theme=dark"), lacks);
        assert_eq!(told(true, "XSRF-TOKEN=x"), lacks);
        assert_eq!(told(true, "dark"), lacks, "without a name");
    }

    #[test]
    fn secure_is_asked_only_where_there_is_tls() {
        assert_eq!(told(false, "theme=dark; SameSite=Lax"), []);
        assert_eq!(told(false, "sid=x; HttpOnly; SameSite=Strict"), []);
    }

    #[test]
    fn what_browsers_refuse_is_told_once() {
        let none = [("same-site-none", Severity::Low)];
        assert_eq!(told(true, "theme=dark; SameSite=None"), none);
        assert_eq!(told(false, "theme=dark; SameSite=None"), none);
        assert_eq!(told(true, "theme=dark; SameSite=None; Secure"), []);
        assert_eq!(told(true, "__Host-theme=x; SameSite=Lax"), [("prefix", Severity::Low)]);
    }

    #[test]
    fn a_value_of_same_site_that_nobody_knows_is_none() {
        assert_eq!(told(false, "theme=dark; SameSite=Sometimes"), [("no-same-site", Severity::Info)]);
    }

    #[test]
    fn cookies_that_are_removed_are_left_alone() {
        assert_eq!(told(true, "sid="), []);
        assert_eq!(told(true, "sid=deleted; expires=Thu, 01-Jan-1970 00:00:01 GMT; Max-Age=0"), []);
        let date = ("date", "Wed, 25 Nov 2026 12:00:00 GMT");
        let yesterday = ("set-cookie", "sid=x; expires=Tue, 24-Nov-2026 12:00:00 GMT");
        assert_eq!(claims(true, &[date, yesterday]), []);
    }

    #[test]
    fn each_cookie_is_named_and_no_value_told() {
        let claims = claims(
            false,
            &[("set-cookie", "a=s3cret; Path=/s3cret; x=s3cret; HttpOnly"), ("Set-Cookie", "s3cret")],
        );
        let evidence: Vec<_> = claims.iter().map(|c| c.evidence.as_deref().unwrap()).collect();
        assert_eq!(evidence, ["a; HttpOnly", "(no name)"]);
        assert_eq!(claims[0].metadata, [("cookie", "a".to_owned())]);
        assert!(!format!("{claims:?}").contains("s3cret"));
    }
}
