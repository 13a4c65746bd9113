//! An [`Entry`] of a flow.

use std::borrow::Cow;

use base64::{Engine, prelude::BASE64_STANDARD};

use super::{Cache, Content, Entry, Glyph, Pair, PostData, Request, Response, Target, Timings, cookies};
use crate::{
    Flow, content,
    flow::{Body, FlowKind, Request as Asked, Response as Answered},
};

type Headers = [(String, String)];

impl Entry {
    /// What HAR says of a flow; none of a tunnel, of which it knows nothing.
    pub fn of(flow: &Flow) -> Option<Self> {
        if flow.kind == FlowKind::Tunnel {
            return None;
        }
        let timings = Timings::of(flow);
        Some(Self {
            started_date_time: flow.start_time_unix_nano.to_string(),
            time: timings.sum(),
            request: request(&flow.request),
            response: flow.response.as_ref().map_or_else(no_response, response),
            cache: Cache {},
            timings,
            comment: flow.error.as_ref().map(|error| format!("{}: {}", error.kind, error.message)),
            error: flow.error.as_ref().map(|error| error.kind.clone()),
            glyph: Some(Box::new(Glyph::of(flow))),
        })
    }
}

impl Glyph {
    fn of(flow: &Flow) -> Self {
        Self {
            flow_id: flow.id.clone(),
            sequence: flow.sequence,
            trace_id: flow.trace_id,
            span_id: flow.span_id,
            sampled: flow.sampled,
            start_time_unix_nano: flow.start_time_unix_nano,
            end_time_unix_nano: flow.end_time_unix_nano,
            client: flow.client.clone(),
            timings: flow.timings,
            error: flow.error.clone(),
            redactions: flow.redactions.clone(),
            unredacted: flow.unredacted,
            target: Target::beside(&flow.request),
            websocket: flow.websocket.clone(),
            request_trailers: flow.request.trailers.clone(),
            response_trailers: flow.response.as_ref().map(|r| r.trailers.clone()).unwrap_or_default(),
            request_body: about(&flow.request.body, &flow.request.headers),
            response_body: flow.response.as_ref().map(|response| about(&response.body, &response.headers)),
        }
    }
}

/// A body of which the content is empty: it stands where HAR has it. If it is another there (decoded, or without its cut
/// end), it stands here, too.
fn about(body: &Body, headers: &Headers) -> Body {
    let is_same = content::Content::of(body, headers).is_some_and(|content| {
        content.undone.is_empty() && content.text().is_none_or(|text| text.len() == content.bytes.len())
    });
    if !is_same {
        return body.clone();
    }
    let Body { size, captured_size, complete, truncated, redacted, .. } = *body;
    Body {
        utf8: body.utf8.as_ref().map(|_| String::new()),
        base64: body.base64.as_ref().map(|_| String::new()),
        sha256: body.sha256.clone(),
        digest: body.digest.clone(),
        content_encoding: body.content_encoding.clone(),
        charset: body.charset.clone(),
        ..Body { size, captured_size, complete, truncated, redacted, ..Body::default() }
    }
}

impl Timings {
    /// Each step from the end of the one before; what comes after the last that is known belongs to the one in which the
    /// exchange ended.
    fn of(flow: &Flow) -> Self {
        let steps = &flow.timings;
        let total = flow.end_time_unix_nano.since(flow.start_time_unix_nano);
        let mut before = 0;
        let mut step = |end: Option<u64>| {
            let end = end?.clamp(before, total.max(before));
            Some(milliseconds(end - std::mem::replace(&mut before, end)))
        };
        let dns = step(steps.resolved_ns);
        // The handshake is part of connecting, and told beside it.
        let secured = steps.secured_ns.map(|end| end.saturating_sub(steps.connected_ns.unwrap_or(end)));
        let connect = step(steps.secured_ns.or(steps.connected_ns));
        let send = step(steps.request_sent_ns);
        let wait = step(steps.first_byte_ns.or_else(|| flow.response.is_none().then_some(total)));
        let receive = step(Some(total));
        Self {
            blocked: super::unknown(),
            dns: dns.unwrap_or(super::unknown()),
            connect: connect.unwrap_or(super::unknown()),
            // These three the specification wants in any case.
            send: send.unwrap_or(0.0),
            wait: wait.unwrap_or(0.0),
            receive: receive.unwrap_or(0.0),
            ssl: secured.map_or(super::unknown(), milliseconds),
        }
    }

    /// All that is known together.
    fn sum(&self) -> f64 {
        let all = [self.blocked, self.dns, self.connect, self.send, self.wait, self.receive];
        all.into_iter().filter(|ms| *ms >= 0.0).sum()
    }
}

fn milliseconds(ns: u64) -> f64 {
    ns as f64 / 1e6
}

fn request(asked: &Asked) -> Request {
    let cookies = values(&asked.headers, "cookie").flat_map(cookies::sent).collect();
    Request {
        method: asked.method.clone(),
        url: asked.url.split('#').next().unwrap_or_default().to_owned(),
        http_version: asked.version.clone(),
        cookies,
        headers: pairs(&asked.headers),
        query_string: query(&asked.url),
        post_data: post_data(asked),
        headers_size: -1,
        body_size: size(asked.body.size),
    }
}

fn response(answered: &Answered) -> Response {
    Response {
        status: answered.status,
        status_text: String::new(),
        http_version: answered.version.clone(),
        cookies: values(&answered.headers, "set-cookie").map(cookies::set).collect(),
        headers: pairs(&answered.headers),
        content: content(answered),
        redirect_url: values(&answered.headers, "location").next().unwrap_or_default().to_owned(),
        headers_size: -1,
        body_size: size(answered.body.size),
    }
}

/// What browsers write where none came.
fn no_response() -> Response {
    Response {
        status: 0,
        status_text: String::new(),
        http_version: String::new(),
        cookies: Vec::new(),
        headers: Vec::new(),
        content: Content {
            size: 0,
            compression: None,
            mime_type: "x-unknown".to_owned(),
            text: None,
            encoding: None,
            comment: None,
        },
        redirect_url: String::new(),
        headers_size: -1,
        body_size: -1,
    }
}

fn post_data(asked: &Asked) -> Option<PostData> {
    if asked.body.size == 0 && content::stored(&asked.body).is_none_or(|stored| stored.is_empty()) {
        return None;
    }
    let mime_type = values(&asked.headers, "content-type").next().unwrap_or_default().to_owned();
    let content = content::Content::of(&asked.body, &asked.headers);
    let (text, encoding) = content.map_or((String::new(), None), |content| written(&content));
    Some(PostData { mime_type, text, encoding })
}

fn content(answered: &Answered) -> Content {
    let Answered { headers, body, .. } = answered;
    let mime_type = values(headers, "content-type").next().unwrap_or("x-unknown").to_owned();
    let stored = content::Content::of(body, headers);
    let was_coded =
        !body.content_encoding.is_empty() || stored.as_ref().is_some_and(|c| !c.undone.is_empty());
    let is_whole = !body.is_partial() && stored.as_ref().is_some_and(|content| !content.cut);
    let length = stored.as_ref().map(|content| size(content.bytes.len() as u64));
    // Of what was cut, the size of the whole is known only where nothing was coded.
    let length = length.filter(|_| is_whole || was_coded).unwrap_or(size(body.size));
    let (text, encoding) = stored.as_ref().map(written).map_or((None, None), |(text, e)| (Some(text), e));
    Content {
        size: length,
        compression: (was_coded && is_whole).then(|| length - size(body.size)),
        mime_type,
        text,
        encoding,
        comment: missing(body).map(Cow::into_owned),
    }
}

/// What of a body is not there.
fn missing(body: &Body) -> Option<Cow<'static, str>> {
    if let Some(digest) = &body.digest {
        return Some(format!("not stored; its digest is {digest}").into());
    }
    if body.captured_size < body.size {
        return Some(format!("{} of {} bytes were captured", body.captured_size, body.size).into());
    }
    match (body.truncated, body.complete) {
        (true, _) => Some("cut where it was decoded".into()),
        (_, false) => Some("it did not come to its end".into()),
        _ => None,
    }
}

/// The content as text, and how it is encoded.
fn written(content: &content::Content<'_>) -> (String, Option<String>) {
    match content.text() {
        Some(text) => (text.to_owned(), None),
        None => (BASE64_STANDARD.encode(&content.bytes), Some("base64".to_owned())),
    }
}

fn values<'a>(headers: &'a Headers, name: &'a str) -> impl Iterator<Item = &'a str> {
    headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn pairs(headers: &Headers) -> Vec<Pair> {
    headers.iter().map(|(name, value)| Pair { name: name.clone(), value: value.clone() }).collect()
}

fn query(url: &str) -> Vec<Pair> {
    let Some((_, query)) = url.split('#').next().unwrap_or_default().split_once('?') else {
        return Vec::new();
    };
    let pairs = url::form_urlencoded::parse(query.as_bytes());
    pairs.map(|(name, value)| Pair { name: name.into_owned(), value: value.into_owned() }).collect()
}

fn size(bytes: u64) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}
