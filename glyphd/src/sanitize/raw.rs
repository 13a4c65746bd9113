//! An exchange as it passed, for the plugins that may see it: with every secret in it, beside the flow, by the same
//! road.

use std::sync::Arc;

use bytes::Bytes;
use http::HeaderMap;

use crate::capture::{Exchange, exchange::RawBody};

/// What passed. Cheap to clone. It is written nowhere.
#[derive(Debug, Clone)]
pub struct Raw {
    inner: Arc<Passed>,
}

#[derive(Debug)]
struct Passed {
    url: String,
    request: Message,
    response: Option<Message>,
}

/// One side of it.
#[derive(Debug)]
pub struct Message {
    /// Names and values in their order.
    pub headers: HeaderMap,
    /// Trailers, if there were any.
    pub trailers: Option<HeaderMap>,
    /// What was kept of the body.
    pub content: Bytes,
    /// How many bytes of it passed.
    pub size: u64,
    /// Whether it came to its end.
    pub complete: bool,
}

impl Raw {
    /// Bodies are shared, headers copied. Of a body so many bytes are shown.
    pub(super) fn of(exchange: &Exchange, limit: usize) -> Self {
        let message = |headers: &HeaderMap, body: &RawBody| Message {
            headers: headers.clone(),
            trailers: body.trailers.as_deref().cloned(),
            content: body.kept.slice(..body.kept.len().min(limit)),
            size: body.size,
            complete: body.complete,
        };
        let passed = Passed {
            url: exchange.target.url.clone(),
            request: message(&exchange.request.headers, &exchange.request.body),
            response: exchange.response.as_ref().map(|r| message(&r.headers, &r.body)),
        };
        Self { inner: Arc::new(passed) }
    }

    /// The URL that was asked for.
    pub fn url(&self) -> &str {
        &self.inner.url
    }

    /// The request.
    pub fn request(&self) -> &Message {
        &self.inner.request
    }

    /// The response; none if there was none.
    pub fn response(&self) -> Option<&Message> {
        self.inner.response.as_ref()
    }
}
