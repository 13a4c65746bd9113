//! Who may use the proxy, and whether a request has been here before.

use http::{
    HeaderMap, HeaderValue,
    header::{PROXY_AUTHORIZATION, VIA},
};
use subtle::ConstantTimeEq;

use super::{
    failure::Failure,
    options::{Credentials, Mode},
};

/// Decides by a request's headers.
#[derive(Debug)]
pub(super) struct Admission {
    /// What `Proxy-Authorization` has to be.
    authorization: Option<HeaderValue>,
    /// Our name in `Via`: this process's alone, since a chain of several glyphds is no loop.
    name: String,
    via: HeaderValue,
}

impl Admission {
    pub(super) fn new(credentials: Option<&Credentials>) -> Self {
        let authorization = credentials.and_then(Credentials::header);
        let name = format!("glyph-{:08x}", rand::random::<u32>());
        let via =
            HeaderValue::try_from(format!("1.1 {name}")).unwrap_or(HeaderValue::from_static("1.1 glyph"));
        Self { authorization, name, via }
    }

    /// What is added to `Via` of every request that is sent on (RFC 9110, 7.6.3).
    pub(super) fn via(&self) -> HeaderValue {
        self.via.clone()
    }

    /// A request to the proxy.
    pub(super) fn admit(&self, headers: &HeaderMap, mode: &Mode) -> Result<(), Failure> {
        if let (Some(wanted), Mode::Forward) = (&self.authorization, mode) {
            let given = headers.get(PROXY_AUTHORIZATION).map_or(&[][..], HeaderValue::as_bytes);
            if !bool::from(wanted.as_bytes().ct_eq(given)) {
                return Err(Failure::ProxyAuth);
            }
        }
        self.admit_within(headers)
    }

    /// A request within a tunnel: whoever asked for that has been admitted.
    pub(super) fn admit_within(&self, headers: &HeaderMap) -> Result<(), Failure> {
        let passed = headers.get_all(VIA).iter().filter_map(|value| value.to_str().ok());
        let by_us = |hop: &str| hop.split_ascii_whitespace().nth(1) == Some(&self.name);
        match passed.flat_map(|value| value.split(',')).any(by_us) {
            true => Err(Failure::Loop("the request has been here before (Via)".to_owned())),
            false => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_been_here_is_not_let_in_again() {
        let (ours, other) = (Admission::new(None), Admission::new(None));
        let mut headers = HeaderMap::new();
        headers.append(VIA, HeaderValue::from_static("1.0 fred, 1.1 p.example.net"));
        headers.append(VIA, other.via());
        assert_eq!(ours.admit(&headers, &Mode::Forward), Ok(()));
        headers.append(VIA, ours.via());
        assert!(matches!(ours.admit(&headers, &Mode::Forward), Err(Failure::Loop(_))));
        assert!(ours.admit_within(&headers).is_err());
    }

    #[test]
    fn a_password_is_asked_for_by_a_forward_proxy() {
        let admission = Admission::new(Some(&Credentials::of("joe:s3cr3t").unwrap()));
        let mut headers = HeaderMap::new();
        assert_eq!(admission.admit(&headers, &Mode::Forward), Err(Failure::ProxyAuth));
        headers.insert(PROXY_AUTHORIZATION, HeaderValue::from_static("Basic am9lOnMzY3IzdA=="));
        assert_eq!(admission.admit(&headers, &Mode::Forward), Ok(()));
        headers.insert(PROXY_AUTHORIZATION, HeaderValue::from_static("Basic am9lOnMzY3IzdB=="));
        assert_eq!(admission.admit(&headers, &Mode::Forward), Err(Failure::ProxyAuth));
    }
}
