//! Where an answer leads, and what is sent there: pure decisions, as the Fetch standard has them.
//!
//! In: a request and its answer. Out: the next request, if there is to be one. Whether that may be sent is judged like any
//! other's.

use http::{
    HeaderMap, HeaderName, Method, StatusCode,
    header::{
        AUTHORIZATION, CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE, COOKIE, LOCATION,
        PROXY_AUTHORIZATION,
    },
};

use super::policy::{Denied, Target};

/// What is for one origin alone.
const CREDENTIALS: [HeaderName; 3] = [AUTHORIZATION, COOKIE, PROXY_AUTHORIZATION];
/// What is about a body.
const ABOUT_BODY: [HeaderName; 4] = [CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LOCATION, CONTENT_TYPE];

/// The next request.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Redirect {
    pub(crate) target: Target,
    pub(crate) method: Method,
    /// Whether the body is left out.
    pub(crate) without_body: bool,
}

/// Where that answer leads; none if it is no redirect.
pub(crate) fn of_answer(
    status: StatusCode,
    headers: &HeaderMap,
    method: &Method,
    from: &Target,
) -> Option<Result<Redirect, Denied>> {
    if ![301, 302, 303, 307, 308].contains(&status.as_u16()) {
        return None;
    }
    let location = headers.get(LOCATION)?;
    let location = match str::from_utf8(location.as_bytes()) {
        Ok(location) => location,
        Err(_) => return Some(Err(Denied::Url("a redirect that is no text".to_owned()))),
    };
    let reads = [Method::GET, Method::HEAD].contains(method);
    let without_body = match status.as_u16() {
        301 | 302 => *method == Method::POST,
        303 => !reads,
        _ => false,
    };
    let method = if without_body { Method::GET } else { method.clone() };
    Some(from.join(location).map(|target| Redirect { target, method, without_body }))
}

impl Redirect {
    /// Takes out of the headers what is not for where this leads.
    pub(crate) fn strip(&self, headers: &mut HeaderMap, from: &Target) {
        let remove = |headers: &mut HeaderMap, names: &[HeaderName]| {
            for name in names {
                headers.remove(name);
            }
        };
        if self.target.origin != from.origin {
            remove(headers, &CREDENTIALS);
        }
        if self.without_body {
            remove(headers, &ABOUT_BODY);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redirect(status: u16, method: &Method, location: &str) -> Option<Result<Redirect, Denied>> {
        let headers = HeaderMap::from_iter([(LOCATION, location.parse().unwrap())]);
        let from = Target::parse("https://a.example/b").unwrap();
        of_answer(StatusCode::from_u16(status).unwrap(), &headers, method, &from)
    }

    #[test]
    fn the_method_changes_as_browsers_do_it() {
        let put = Method::PUT;
        for (status, method, then) in [
            (301, Method::POST, Method::GET),
            (302, Method::POST, Method::GET),
            (301, put.clone(), put.clone()),
            (302, Method::HEAD, Method::HEAD),
            (303, Method::POST, Method::GET),
            (303, put.clone(), Method::GET),
            (303, Method::HEAD, Method::HEAD),
            (307, Method::POST, Method::POST),
            (308, Method::POST, Method::POST),
        ] {
            let redirect = redirect(status, &method, "/c").unwrap().unwrap();
            assert_eq!(redirect.method, then, "{status} {method}");
            assert_eq!(redirect.without_body, then != method);
            assert_eq!(redirect.target.to_string(), "https://a.example/c");
        }
    }

    #[test]
    fn an_answer_that_leads_nowhere_is_an_answer() {
        for status in [200, 300, 304, 305, 306, 404] {
            assert_eq!(redirect(status, &Method::GET, "/c"), None, "{status}");
        }
        let from = Target::parse("https://a.example/b").unwrap();
        assert_eq!(of_answer(StatusCode::FOUND, &HeaderMap::new(), &Method::GET, &from), None);
        let denied = redirect(302, &Method::GET, "file:///etc/passwd").unwrap().unwrap_err();
        assert_eq!(denied.reason(), "scheme");
    }

    #[test]
    fn credentials_stay_with_their_origin() {
        let from = Target::parse("https://a.example/b").unwrap();
        let all: HeaderMap = ["authorization", "cookie", "proxy-authorization", "content-type", "accept"]
            .into_iter()
            .map(|name| (HeaderName::from_static(name), "x".parse().unwrap()))
            .collect();
        for (location, left) in [
            ("/c", 5),
            ("https://a.example:443/c", 5),
            ("https://a.example:444/c", 2),
            ("http://a.example/c", 2),
            ("https://b.a.example/c", 2),
        ] {
            let mut headers = all.clone();
            redirect(307, &Method::GET, location).unwrap().unwrap().strip(&mut headers, &from);
            assert_eq!(headers.len(), left, "{location}");
        }
        let mut headers = all.clone();
        redirect(303, &Method::POST, "/c").unwrap().unwrap().strip(&mut headers, &from);
        assert_eq!(headers.len(), 4);
    }
}
