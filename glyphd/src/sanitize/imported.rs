//! Flows that somebody else recorded, HAR for one: they take the same way as what passes, before anything is written.

use std::{
    collections::{HashMap, VecDeque},
    io,
    path::Path,
    time::Duration,
};

use bytes::Bytes;
use glyph_formats::{
    content,
    flow::{self, Body},
    jsonl::{AppenderOptions, WriterOptions},
};
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{
    Headers, Passed, Sanitizer, SecretsFile, body::Kept, clean_text, create_secrets_file, find::Document,
    found::Found,
};

/// Who imports has time: what a token stands for is not lost because the disk is slow.
const PATIENCE: Duration = Duration::from_secs(600);

impl Sanitizer {
    /// Writes what tokens stand for into a new file, which is private.
    ///
    /// # Errors
    /// If something stands there, or the file can't be made.
    pub fn writing_secrets(self, path: &Path) -> io::Result<Self> {
        let writer = create_secrets_file(path, WriterOptions::default())?;
        let options = AppenderOptions { patience: PATIENCE, ..AppenderOptions::default() };
        Ok(self.with_secrets_file(Some(SecretsFile::start_with(writer, options)?)))
    }

    /// Writes out what [`Sanitizer::writing_secrets`] has begun.
    ///
    /// # Errors
    /// If not all of it could be written.
    pub fn close_secrets(&self) -> io::Result<()> {
        self.close()
    }

    /// A flow without its secrets; its `redactions` are what was replaced just now. Tokens that stand in it stay.
    pub fn imported(&self, flow: &flow::Flow) -> flow::Flow {
        let mut found = Found::new(self, "request");
        let asked = &flow.request;
        let url = clean_text(&asked.url, Document::Url, "url", &mut found);
        let (headers, trailers, body) = side(&asked.headers, &asked.trailers, &asked.body, &mut found);
        let request = flow::Request {
            method: asked.method.clone(),
            url,
            scheme: asked.scheme.clone(),
            host: asked.host.clone(),
            port: asked.port,
            version: asked.version.clone(),
            headers,
            trailers,
            body,
        };
        found.turn_to("response");
        let response = flow.response.as_ref().map(|answered| {
            let (headers, trailers, body) =
                side(&answered.headers, &answered.trailers, &answered.body, &mut found);
            let (status, version) = (answered.status, answered.version.clone());
            flow::Response { status, version, headers, trailers, body }
        });
        let error = flow.error.clone().map(|error| flow::FlowError {
            message: clean_text(&error.message, Document::Text, "error", &mut found),
            ..error
        });
        flow::Flow {
            id: flow.id.clone(),
            client: flow.client.clone(),
            request,
            response,
            websocket: flow.websocket.clone(),
            error,
            redactions: found.redactions,
            unredacted: false,
            ..*flow
        }
    }
}

fn side(
    headers: &[(String, String)],
    trailers: &[(String, String)],
    body: &Body,
    found: &mut Found<'_>,
) -> (Headers, Headers, Body) {
    let (fields, trailing) = (map(headers), map(trailers));
    let stored = content::stored(body).map(|bytes| Bytes::from(bytes.into_owned())).unwrap_or_default();
    // Sizes are of what passed, which may have been coded. A word at the end of what was cut may be half a secret.
    let kept = Kept { bytes: &stored, size: stored.len() as u64, complete: !body.is_partial() };
    let (clean, clean_trailers, new) =
        Passed { headers: &fields, trailers: Some(&trailing), body: kept }.sanitize(found);
    let headers = in_order(headers, clean, found);
    let trailers = in_order(trailers, clean_trailers, found);
    let Body { size, captured_size, complete, truncated, .. } = *body;
    let body = Body {
        content_encoding: if new.content_encoding.is_empty() {
            body.content_encoding.clone()
        } else {
            new.content_encoding
        },
        charset: new.charset.or_else(|| body.charset.clone()),
        digest: new.digest.or_else(|| body.digest.clone()),
        truncated: truncated || new.truncated,
        redacted: new.redacted || body.redacted,
        ..Body {
            size,
            captured_size,
            complete,
            utf8: new.utf8,
            base64: new.base64,
            sha256: new.sha256,
            ..Body::default()
        }
    };
    (headers, trailers, body)
}

fn map(headers: &[(String, String)]) -> HeaderMap {
    let fields = headers.iter().filter_map(|(name, value)| field(name, value));
    fields.collect()
}

fn field(name: &str, value: &str) -> Option<(HeaderName, HeaderValue)> {
    Some((name.parse().ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
}

/// The clean values in the order, and with the letters, of the names that were there. What is no header is treated as text.
fn in_order(headers: &[(String, String)], clean: Headers, found: &mut Found<'_>) -> Headers {
    let mut values: HashMap<String, VecDeque<String>> = HashMap::new();
    for (name, value) in clean {
        values.entry(name).or_default().push_back(value);
    }
    let mut ordered = Vec::with_capacity(headers.len());
    for (name, value) in headers {
        let value = match field(name, value) {
            Some((lower, _)) => values.get_mut(lower.as_str()).and_then(VecDeque::pop_front),
            None => Some(clean_text(value, Document::Text, "headers", found)),
        };
        ordered.extend(value.map(|value| (name.clone(), value)));
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::RedactionPolicy;

    /// What an import of HAR comes to.
    fn flow(headers: &str, body: &str) -> flow::Flow {
        let text = format!(
            r#"{{"format":1,"id":"a","sequence":1,"trace_id":"{}","span_id":"{}","sampled":false,
            "start_time_unix_nano":1,"end_time_unix_nano":2,"kind":"http","client":"har","unredacted":true,
            "request":{{"method":"GET","url":"http://a.test/?token=s3cret","scheme":"http","host":"a.test","port":80,
            "version":"HTTP/1.1","headers":[{headers}],"body":{body}}}}}"#,
            "1".repeat(32),
            "2".repeat(16),
        );
        serde_json::from_str(&text).unwrap()
    }

    const NOTHING: &str = r#"{"size":0,"captured_size":0,"complete":true}"#;

    #[test]
    fn secrets_are_replaced_and_all_else_stays_in_its_order() {
        let headers = r#"["X-B","1"],["Authorization","Bearer s3cret"],["x-b","2"],["X-A","3"],["X-B","4"],["a b","s"]"#;
        let body = r#"{"size":9,"captured_size":9,"utf8":"{\"password\":\"s3cret\",\"a\":1}","complete":true,
            "content_encoding":["gzip"]}"#;
        let sanitizer = Sanitizer::new(RedactionPolicy::default(), 1 << 20);
        let clean = sanitizer.imported(&flow(headers, body));
        let text = serde_json::to_string(&clean).unwrap();
        assert!(
            !text.contains("s3cret") && clean.request.url.starts_with("http://a.test/?token=glyph-redacted-")
        );
        let names: Vec<_> = clean.request.headers.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, ["X-B", "Authorization", "x-b", "X-A", "X-B", "a b"]);
        assert_eq!(clean.request.headers[4].1, "4");
        let stored = &clean.request.body;
        assert_eq!((stored.size, stored.content_encoding.len(), stored.redacted), (9, 1, true));
        assert_eq!(clean.redactions.len(), 3);
        assert!(!clean.unredacted);

        let again = sanitizer.imported(&clean);
        assert_eq!(again, flow::Flow { redactions: Vec::new(), ..clean }, "what is clean stays as it is");
    }

    #[test]
    fn what_was_cut_may_end_in_half_a_secret() {
        let body = r#"{"size":90,"captured_size":20,"utf8":"the key is AKIA4X7Q2P","complete":true}"#;
        let clean = Sanitizer::new(RedactionPolicy::default(), 1 << 20).imported(&flow("", body));
        let stored = &clean.request.body;
        assert!(stored.utf8.as_ref().unwrap().starts_with("the key is glyph-redacted-"), "{stored:?}");
        assert_eq!((stored.size, stored.captured_size, stored.complete), (90, 20, true));
    }

    #[test]
    fn what_tokens_stand_for_is_in_a_file_of_its_own() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("secrets");
        let sanitizer = Sanitizer::new(RedactionPolicy::default(), 1 << 20).writing_secrets(&path).unwrap();
        let mut clean = sanitizer.imported(&flow("", NOTHING));
        sanitizer.close_secrets().unwrap();
        glyph_formats::secrets::Secrets::load(&path).unwrap().put_back(&mut clean);
        assert_eq!(clean.request.url, "http://a.test/?token=s3cret");
        let error = Sanitizer::default().writing_secrets(&path).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AlreadyExists);
    }
}
