//! One `Set-Cookie` header, read the way browsers do (RFC 6265bis, section 5.6). The value is not kept.

use crate::date::{self, Moment};

/// No server sets a cookie that ended before this, unless to remove it.
const LONG_AGO: Moment = [2000, 1, 1, 0, 0, 0];

/// A cookie as a server sets it.
#[derive(Debug, Default)]
pub(crate) struct SetCookie<'a> {
    /// Empty for a cookie without one.
    pub(crate) name: &'a str,
    pub(crate) secure: bool,
    pub(crate) http_only: bool,
    pub(crate) same_site: Option<SameSite>,
    path: &'a str,
    domain: &'a str,
    max_age: Option<&'a str>,
    expires: Option<Moment>,
    has_value: bool,
}

/// The values of `SameSite` that mean something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SameSite {
    Strict,
    Lax,
    None,
}

impl<'a> SetCookie<'a> {
    /// Of an attribute that is there twice, the last one counts.
    pub(crate) fn parse(header: &'a str) -> Self {
        let mut parts = header.split(';');
        let pair = parts.next().unwrap_or_default();
        let (name, value) = pair.split_once('=').unwrap_or(("", pair));
        let mut cookie = Self { name: name.trim(), has_value: !value.trim().is_empty(), ..Self::default() };
        for attribute in parts {
            let (name, value) = attribute.split_once('=').unwrap_or((attribute, ""));
            cookie.set(name.trim(), value.trim());
        }
        cookie
    }

    fn set(&mut self, attribute: &str, value: &'a str) {
        let is = |name: &str| attribute.eq_ignore_ascii_case(name);
        if is("secure") {
            self.secure = true;
        } else if is("httponly") {
            self.http_only = true;
        } else if is("samesite") {
            self.same_site = SameSite::parse(value);
        } else if is("path") {
            self.path = value;
        } else if is("domain") {
            self.domain = value.strip_prefix('.').unwrap_or(value);
        } else if is("max-age") && is_seconds(value) {
            self.max_age = Some(value);
        } else if is("expires") {
            self.expires = date::parse(value).or(self.expires);
        }
    }

    /// Whether there is nothing to protect: the cookie has no value, or this takes it away.
    pub(crate) fn is_void(&self, now: Option<Moment>) -> bool {
        let over = match (self.max_age, self.expires) {
            (Some(seconds), _) => seconds.starts_with('-') || seconds.bytes().all(|b| b == b'0'),
            (None, Some(end)) => end < now.unwrap_or(LONG_AGO),
            (None, None) => false,
        };
        over || !self.has_value
    }

    /// What browsers ask of a cookie with that prefix in its name, and this one has not.
    pub(crate) fn broken_prefix(&self) -> Option<&'static str> {
        let host = self.starts_with("__Host-");
        let http = self.starts_with("__Http-") || self.starts_with("__Host-Http-");
        if (host || http || self.starts_with("__Secure-")) && !self.secure {
            Some("the prefix in its name asks for Secure: browsers refuse the cookie")
        } else if http && !self.http_only {
            Some("the prefix in its name asks for HttpOnly: browsers that know it refuse the cookie")
        } else if host && self.path != "/" {
            Some("the prefix in its name asks for Path=/: browsers refuse the cookie")
        } else if host && !self.domain.is_empty() {
            Some("the prefix in its name forbids Domain: browsers refuse the cookie")
        } else {
            None
        }
    }

    fn starts_with(&self, prefix: &str) -> bool {
        self.name.get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    }

    /// The name and the flags, for a reader.
    pub(crate) fn outline(&self) -> String {
        let mut text = if self.name.is_empty() { "(no name)" } else { self.name }.to_owned();
        for (is_set, flag) in [(self.secure, "; Secure"), (self.http_only, "; HttpOnly")] {
            if is_set {
                text.push_str(flag);
            }
        }
        if let Some(same_site) = self.same_site {
            text.push_str("; SameSite=");
            text.push_str(same_site.as_str());
        }
        text
    }
}

impl SameSite {
    fn parse(value: &str) -> Option<Self> {
        [Self::Strict, Self::Lax, Self::None].into_iter().find(|s| value.eq_ignore_ascii_case(s.as_str()))
    }

    const fn as_str(self) -> &'static str {
        match self {
            Self::Strict => "Strict",
            Self::Lax => "Lax",
            Self::None => "None",
        }
    }
}

/// Whether browsers take it for a `Max-Age`: they pass over any other.
fn is_seconds(value: &str) -> bool {
    let digits = value.strip_prefix('-').unwrap_or(value);
    !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attributes_are_read_in_any_case_and_the_last_one_counts() {
        let cookie = SetCookie::parse("sid = x=y ; SECURE;httponly ; SameSite=Lax; samesite=none; Path=/a");
        assert_eq!((cookie.name, cookie.secure, cookie.http_only), ("sid", true, true));
        assert_eq!((cookie.same_site, cookie.path), (Some(SameSite::None), "/a"));
        assert_eq!(cookie.outline(), "sid; Secure; HttpOnly; SameSite=None");
        assert_eq!(SetCookie::parse("a=b; SameSite=Lax; SameSite=bogus").same_site, None);
        assert_eq!(SetCookie::parse("s3cret; HttpOnly").outline(), "(no name); HttpOnly");
    }

    #[test]
    fn what_removes_a_cookie_is_void() {
        let now = date::parse("Wed, 25 Nov 2026 12:00:00 GMT");
        for header in [
            "sid=",
            "sid=x; Max-Age=0",
            "sid=x; Max-Age=-1; Expires=Wed, 25 Nov 2099 12:00:00 GMT",
            "sid=x; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "sid=x; Expires=Wed, 25 Nov 2026 11:59:59 GMT",
        ] {
            assert!(SetCookie::parse(header).is_void(now), "{header}");
        }
        assert!(SetCookie::parse("sid=x; expires=Thu, 01-Jan-1970 00:00:10 GMT").is_void(None));
        for header in [
            "sid=x",
            "sid=x; Max-Age=60; Expires=Thu, 01 Jan 1970 00:00:00 GMT",
            "sid=x; Max-Age=soon",
            "sid=x; Expires=0",
            "sid=x; Expires=Wed, 25 Nov 2026 12:00:01 GMT",
        ] {
            assert!(!SetCookie::parse(header).is_void(now), "{header}");
        }
    }

    #[test]
    fn prefixes_have_rules() {
        for header in [
            "__Secure-a=x",
            "__secure-a=x; HttpOnly",
            "__Host-a=x; Path=/",
            "__Host-a=x; Secure",
            "__Host-a=x; Secure; Path=/app",
            "__Host-a=x; Secure; Path=/; Domain=example.test",
            "__Http-a=x; Secure",
            "__Host-Http-a=x; Secure; HttpOnly",
        ] {
            assert!(SetCookie::parse(header).broken_prefix().is_some(), "{header}");
        }
        for header in [
            "a=x",
            "__Secure-a=x; Secure; Domain=example.test",
            "__Host-a=x; Secure; Path=/; Domain=",
            "__Http-a=x; Secure; HttpOnly; Path=/app",
            "__Hos\u{e9}",
        ] {
            assert_eq!(SetCookie::parse(header).broken_prefix(), None, "{header}");
        }
    }
}
