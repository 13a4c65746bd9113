//! What two requests must have in common to be the same: method, path and query, and whatever else the user names. In: a
//! request, recorded or new. Out: a number that is the same for the same requests.
//!
//! Where a recording has a token in place of a secret, a new request has the secret. So tokens count as one whatever they
//! are, and a new request that fits nothing is looked up once more as it would have been recorded.

use std::{
    borrow::Cow,
    collections::BTreeSet,
    hash::{DefaultHasher, Hash, Hasher},
    str::FromStr,
};

use bytes::Bytes;
use glyph_formats::{
    glance::Glance,
    secrets::{Secrets, TOKEN_PREFIX, alike},
};
use glyphd::sanitize::{Message, Sanitizer};
use http::{HeaderMap, HeaderName, request};

/// One part of a request that counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// Path and query, which count unless only the path is to.
    Url,
    Path,
    Body,
    Header(HeaderName),
}

impl FromStr for Part {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "url" => Ok(Self::Url),
            "path" => Ok(Self::Path),
            "body" => Ok(Self::Body),
            _ => text
                .strip_prefix("header:")
                .and_then(|name| name.parse().ok())
                .map(Self::Header)
                .ok_or_else(|| "expected url, path, body or header:NAME".to_owned()),
        }
    }
}

/// What counts, beside the method.
#[derive(Debug, Default)]
pub(super) struct Likeness {
    path_only: bool,
    body: bool,
    /// Sorted by name.
    headers: BTreeSet<String>,
}

/// A request of which the head has come, and the body, if it counts.
pub(super) struct Asked<'a> {
    pub(super) head: &'a request::Parts,
    pub(super) body: &'a Bytes,
}

impl Likeness {
    pub(super) fn of(parts: &[Part]) -> Self {
        let mut likeness = Self::default();
        for part in parts {
            match part {
                Part::Url => {}
                Part::Path => likeness.path_only = true,
                Part::Body => likeness.body = true,
                Part::Header(name) => drop(likeness.headers.insert(name.as_str().to_owned())),
            }
        }
        likeness
    }

    /// Whether a request's body has to be there.
    pub(super) fn needs_body(&self) -> bool {
        self.body
    }

    /// The number of a recorded request, and whether a token is in what counts of it.
    pub(super) fn recorded(&self, flow: &Glance<'_>, secrets: Option<&Secrets>) -> (u64, bool) {
        let mut key = Key::new(&flow.request.method);
        let restore = |text: &str| secrets.map_or_else(|| text.to_owned(), |s| s.restore(text).into_owned());
        key.text(self.part_of(&restore(target(&flow.request.url))));
        if self.body {
            let content = flow.request.body.content(&flow.request.headers);
            let is_whole = !flow.request.body.is_partial();
            match content.filter(|_| is_whole).map(|content| content.bytes) {
                Some(bytes) => match std::str::from_utf8(&bytes) {
                    Ok(text) => key.text(&restore(text)),
                    Err(_) => key.bytes(&bytes),
                },
                None if is_whole => key.text(""),
                // It could be any.
                None => key.unknown(),
            }
        }
        if !self.headers.is_empty() {
            let pairs = flow.request.headers.pairs();
            for name in &self.headers {
                let values = pairs.iter().filter(|(n, _)| n.eq_ignore_ascii_case(name));
                let values: Vec<_> = values.map(|(_, value)| restore(value)).collect();
                key.text(&values.join(", "));
            }
        }
        key.finish()
    }

    /// The numbers under which a new request may have been recorded, the likeliest first.
    pub(super) fn asked(&self, method: &str, asked: &Asked<'_>, sanitizer: Option<&Sanitizer>) -> Vec<u64> {
        let whole = asked.head.uri.path_and_query().map_or("/", |target| target.as_str());
        let plain = self.key(method, whole, &asked.head.headers, Some(asked.body));
        let mut keys = vec![plain];
        if let Some(sanitizer) = sanitizer {
            let (headers, body) = match self.body || !self.headers.is_empty() {
                true => recorded_as(asked, sanitizer),
                false => (HeaderMap::new(), Bytes::new()),
            };
            keys.push(self.key(method, &sanitizer.url(whole), &headers, Some(&body)));
        }
        if self.body {
            keys.push(self.key(method, whole, &asked.head.headers, None));
        }
        keys.dedup();
        keys
    }

    fn key(&self, method: &str, target: &str, headers: &HeaderMap, body: Option<&Bytes>) -> u64 {
        let mut key = Key::new(method);
        key.text(self.part_of(target));
        if self.body {
            match body.map(|bytes| (std::str::from_utf8(bytes), bytes)) {
                Some((Ok(text), _)) => key.text(text),
                Some((Err(_), bytes)) => key.bytes(bytes),
                None => key.unknown(),
            }
        }
        for name in &self.headers {
            let values = headers.get_all(name).into_iter();
            let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
            key.text(&values.join(", "));
        }
        key.finish().0
    }

    /// What counts of a path and a query.
    fn part_of<'t>(&self, target: &'t str) -> &'t str {
        if self.path_only { target.split('?').next().unwrap_or_default() } else { target }
    }
}

/// Headers and body as they would have been recorded.
fn recorded_as(asked: &Asked<'_>, sanitizer: &Sanitizer) -> (HeaderMap, Bytes) {
    let message = Message {
        headers: asked.head.headers.clone(),
        trailers: None,
        content: asked.body.clone(),
        size: asked.body.len() as u64,
        complete: true,
    };
    let clean = sanitizer.message("request", &message);
    let fields = clean.headers.into_iter();
    let headers = fields.filter_map(|(name, value)| {
        Some((name.parse::<HeaderName>().ok()?, http::HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    let body = clean.body.utf8.map_or_else(|| asked.body.clone(), Bytes::from);
    (headers.collect(), body)
}

/// Path and query of an absolute URL.
pub(super) fn target(url: &str) -> &str {
    let url = url.split('#').next().unwrap_or_default();
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.find('/').map_or("/", |at| &rest[at..])
}

/// A number in the making. It is the same in every process.
struct Key {
    hasher: DefaultHasher,
    has_tokens: bool,
}

impl Key {
    fn new(method: &str) -> Self {
        let mut key = Self { hasher: DefaultHasher::new(), has_tokens: false };
        method.to_ascii_uppercase().hash(&mut key.hasher);
        key
    }

    fn text(&mut self, text: &str) {
        let masked = masked(text);
        self.has_tokens |= matches!(masked, Cow::Owned(_));
        masked.as_bytes().hash(&mut self.hasher);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        bytes.hash(&mut self.hasher);
    }

    /// No text and no bytes are hashed so.
    fn unknown(&mut self) {
        u64::MAX.hash(&mut self.hasher);
        false.hash(&mut self.hasher);
    }

    fn finish(self) -> (u64, bool) {
        (self.hasher.finish(), self.has_tokens)
    }
}

/// A text in which all tokens are alike; as it is, if it has none. Beside a token, numbers as long as numeric ones are
/// taken for these.
fn masked(text: &str) -> Cow<'_, str> {
    if !text.contains(TOKEN_PREFIX) {
        return Cow::Borrowed(text);
    }
    let mut masked = String::with_capacity(text.len());
    alike(text, true, |piece| masked.push_str(piece));
    Cow::Owned(masked)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(url: &str, headers: &str, body: &str) -> String {
        format!(
            r#"{{"id":"a","sequence":1,"trace_id":"b","start_time_unix_nano":1,"end_time_unix_nano":2,"kind":"http",
            "request":{{"method":"POST","url":"{url}","host":"a.test","port":80,"headers":[{headers}],"body":{body}}}}}"#
        )
    }

    fn same(likeness: &Likeness, flow: &str, target: &str, header: &str, body: &'static str) -> bool {
        let sanitizer = Sanitizer::default();
        let glance: Glance<'_> = serde_json::from_str(flow).unwrap();
        let (recorded, has_tokens) = likeness.recorded(&glance, None);
        let request = http::Request::builder().method("POST").uri(target).header("x-tenant", header);
        let (head, ()) = request.header("content-type", "application/json").body(()).unwrap().into_parts();
        let asked = Asked { head: &head, body: &Bytes::from_static(body.as_bytes()) };
        likeness.asked("POST", &asked, has_tokens.then_some(&sanitizer)).contains(&recorded)
    }

    const NONE: &str = r#"{"size":0,"captured_size":0,"complete":true}"#;

    #[test]
    fn what_counts_is_what_the_user_names() {
        let [url, path] = [Likeness::default(), Likeness::of(&[Part::Path])];
        let recorded = flow("http://a.test/x?page=1#top", "", NONE);
        assert!(
            same(&url, &recorded, "/x?page=1", "", "") && same(&url, &recorded, "http://b/x?page=1", "", "")
        );
        assert!(!same(&url, &recorded, "/x?page=2", "", "") && same(&path, &recorded, "/x?page=2", "", ""));
        let header = Likeness::of(&["header:X-Tenant".parse().unwrap()]);
        let recorded = flow("http://a.test", r#"["X-TENANT","7"]"#, NONE);
        assert!(same(&header, &recorded, "/", "7", "") && !same(&header, &recorded, "/", "8", ""));
        assert!("header:".parse::<Part>().is_err() && "host".parse::<Part>().is_err());
    }

    #[test]
    fn secrets_fit_the_tokens_that_stand_for_them() {
        let url = Likeness::default();
        let recorded = flow("http://a.test/x?token=glyph-redacted-0123456789ab&y=1", "", NONE);
        assert!(same(&url, &recorded, "/x?token=s3cret-v4lue&y=1", "", ""));
        assert!(!same(&url, &recorded, "/x?token=s3cret-v4lue&y=2", "", ""));
        let body = Likeness::of(&[Part::Body]);
        let text = r#"{"size":1,"captured_size":1,"utf8":"{\"password\":\"glyph-redacted-0123456789ab\",\"n\":7}",
            "complete":true}"#;
        let recorded = flow("http://a.test/", "", text);
        assert!(same(&body, &recorded, "/", "", r#"{"password":"hunter2","n":7}"#));
        assert!(!same(&body, &recorded, "/", "", r#"{"password":"hunter2","n":8}"#));
        let cut = flow("http://a.test/", "", r#"{"size":9,"captured_size":1,"utf8":"x","complete":true}"#);
        assert!(same(&body, &cut, "/", "", "whatever it was"));
    }
}
