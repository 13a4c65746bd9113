//! A recorded response, made ready to be sent again, or the reason why it can't be.

use std::time::Duration;

use bytes::Bytes;
use glyph_formats::{
    Flow, content,
    flow::{Body, Response},
    secrets::Secrets,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};

/// Headers that concern one connection (RFC 9110, 7.6.1), and the one that is made anew.
const NOT_SENT: [HeaderName; 8] = [
    header::CONNECTION,
    header::CONTENT_LENGTH,
    header::PROXY_AUTHENTICATE,
    header::TE,
    header::TRANSFER_ENCODING,
    header::UPGRADE,
    HeaderName::from_static("keep-alive"),
    HeaderName::from_static("proxy-connection"),
];

/// What is sent.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    pub(super) trailers: Option<HeaderMap>,
    /// What a response to HEAD says of the body that it does not have.
    pub(super) length: Option<HeaderValue>,
    /// From the request to the response's head, and from there to its end.
    pub(super) first_byte: Duration,
    pub(super) rest: Duration,
}

/// Why a recorded exchange can't be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unserved {
    /// From a closed set.
    pub(super) kind: &'static str,
    pub(super) why: String,
    pub(super) flow: String,
}

/// What stands in a recording for a request.
#[derive(Debug)]
pub(super) struct Recorded {
    pub(super) method: String,
    pub(super) url: String,
    pub(super) answer: Result<Answer, Unserved>,
}

impl Recorded {
    /// Of a flow. With `partial`, bodies that are there in part are served as far as they go.
    pub(super) fn of(mut flow: Flow, secrets: Option<&Secrets>, partial: bool) -> Self {
        if let Some(secrets) = secrets {
            secrets.put_back(&mut flow);
        }
        content::modernize(&mut flow);
        let answer = answer(&flow, partial).map_err(|(kind, why)| Unserved {
            kind,
            why,
            flow: format!("{} {}", flow.sequence, flow.id),
        });
        Self { method: flow.request.method, url: flow.request.url, answer }
    }

    /// About how much memory it takes.
    pub(super) fn size(&self) -> usize {
        let of_answer = self.answer.as_ref().map_or(0, |answer| {
            let headers = answer.headers.iter();
            answer.body.len()
                + headers.map(|(name, value)| name.as_str().len() + value.len() + 64).sum::<usize>()
        });
        256 + self.url.len() + of_answer
    }
}

fn answer(flow: &Flow, partial: bool) -> Result<Answer, (&'static str, String)> {
    let Some(response) = &flow.response else {
        let why = flow.error.as_ref().map_or_else(String::new, |e| format!(": {}: {}", e.kind, e.message));
        return Err(("no_response", format!("the recorded request came to no answer{why}")));
    };
    let status = StatusCode::from_u16(response.status).ok().filter(|status| !status.is_informational());
    let Some(status) = status else {
        return Err((
            "protocol",
            format!("the recorded answer is {}, which has no body of HTTP", response.status),
        ));
    };
    if let Some(why) = missing(&response.body).filter(|_| !partial) {
        return Err(("body_not_recorded", format!("{why}; --partial serves what there is")));
    }
    let mut headers = fields(&response.headers);
    NOT_SENT.iter().for_each(|name| drop(headers.remove(name)));
    let length = length(response);
    let bodiless = status == StatusCode::NO_CONTENT || status == StatusCode::NOT_MODIFIED;
    let is_head = flow.request.method.eq_ignore_ascii_case("HEAD");
    let stored = content::stored(&response.body).filter(|_| !bodiless && !is_head);
    let body = stored.map(|bytes| Bytes::from(bytes.into_owned())).unwrap_or_default();
    let trailers = Some(fields(&response.trailers)).filter(|trailers| !trailers.is_empty());
    let took = flow.end_time_unix_nano.since(flow.start_time_unix_nano);
    let first_byte = flow.timings.first_byte_ns.unwrap_or(took);
    let rest = flow.timings.response_sent_ns.unwrap_or(took).saturating_sub(first_byte);
    Ok(Answer {
        status,
        headers,
        length: length.filter(|_| is_head),
        trailers: trailers.filter(|_| !is_head && !bodiless),
        body,
        first_byte: Duration::from_nanos(first_byte),
        rest: Duration::from_nanos(rest),
    })
}

/// What the recorded response says of its length.
fn length(response: &Response) -> Option<HeaderValue> {
    let (_, value) = response.headers.iter().find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    value.parse().ok()
}

/// What of a body is not in the recording.
fn missing(body: &Body) -> Option<String> {
    let Body { size, captured_size, .. } = body;
    if body.digest.is_some() {
        return Some(format!(
            "its body ({size} bytes, no text) was recorded by its digest only; binary_bodies = \"full\" in the policy of \
             glyphd keeps such bodies"
        ));
    }
    if captured_size < size {
        return Some(format!("of its body {captured_size} of {size} bytes were recorded"));
    }
    match (body.truncated, body.complete) {
        (true, _) => Some("its body was cut where it was decoded".to_owned()),
        (_, false) => Some("its body did not come to its end when it was recorded".to_owned()),
        _ => None,
    }
}

/// Those that are headers of HTTP.
fn fields(pairs: &[(String, String)]) -> HeaderMap {
    let fields = pairs.iter().filter_map(|(name, value)| {
        Some((name.parse::<HeaderName>().ok()?, HeaderValue::from_bytes(value.as_bytes()).ok()?))
    });
    fields.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flow(method: &str, response: &str) -> Flow {
        let text = format!(
            r#"{{"format":1,"id":"F","sequence":7,"trace_id":"{}","span_id":"{}","sampled":true,
            "start_time_unix_nano":0,"end_time_unix_nano":10000000,"kind":"http","client":"c",
            "request":{{"method":"{method}","url":"http://a.test/","scheme":"http","host":"a.test","port":80,
            "version":"HTTP/1.1","headers":[],"body":{{"size":0,"captured_size":0,"complete":true}}}},
            "timings":{{"first_byte_ns":4000000,"response_sent_ns":9000000}}{response}}}"#,
            "1".repeat(32),
            "2".repeat(16),
        );
        serde_json::from_str(&text).unwrap()
    }

    fn response(status: u16, headers: &str, body: &str) -> String {
        format!(r#","response":{{"status":{status},"version":"HTTP/2","headers":[{headers}],"body":{body}}}"#)
    }

    const HI: &str =
        r#"{"size":9,"captured_size":9,"utf8":"hi","complete":true,"content_encoding":["gzip"]}"#;

    #[test]
    fn it_is_what_was_recorded_for_another_connection() {
        let headers = r#"["Connection","close"],["Content-Length","2"],["Set-Cookie","a"],["set-cookie","b"],["x","1"]"#;
        let answer = Recorded::of(flow("GET", &response(201, headers, HI)), None, false).answer.unwrap();
        assert_eq!((answer.status.as_u16(), &*answer.body), (201, &b"hi"[..]));
        assert_eq!(answer.headers.get_all("set-cookie").iter().count(), 2);
        assert!(answer.headers.len() == 3 && answer.length.is_none());
        assert_eq!((answer.first_byte.as_millis(), answer.rest.as_millis()), (4, 5));
        let empty = r#"{"size":0,"captured_size":0,"complete":true}"#;
        let head = Recorded::of(flow("HEAD", &response(200, headers, empty)), None, false).answer.unwrap();
        assert_eq!(head.length.unwrap(), "2");
    }

    #[test]
    fn what_can_not_be_served_says_why() {
        let unserved = |response: &str, partial| {
            let unserved = Recorded::of(flow("GET", response), None, partial).answer.unwrap_err();
            assert_eq!(unserved.flow, "7 F");
            (unserved.kind, unserved.why)
        };
        let cut = response(200, "", r#"{"size":9,"captured_size":2,"utf8":"hi","complete":true}"#);
        let (kind, why) = unserved(&cut, false);
        assert_eq!(
            (kind, why.as_str()),
            ("body_not_recorded", "of its body 2 of 9 bytes were recorded; --partial serves what there is")
        );
        assert_eq!(&*Recorded::of(flow("GET", &cut), None, true).answer.unwrap().body, b"hi");
        let digest = r#"{"size":9,"captured_size":9,"digest":"glyph-hmac-sha256-00","complete":true}"#;
        assert!(unserved(&response(200, "", digest), false).1.contains("digest only"));
        let error = r#","error":{"kind":"connect_refused","origin":"upstream","message":"nobody"}"#;
        assert!(unserved(error, true).1.ends_with("no answer: connect_refused: nobody"));
        assert_eq!(unserved(&response(101, "", HI), true).0, "protocol");
    }
}
