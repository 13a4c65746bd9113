//! What the checks look at.

use crate::date::{self, Moment};

/// A response, and what of its request it takes to judge it.
#[derive(Debug, Clone, Copy)]
pub struct Response<'a> {
    /// The method of the request.
    pub method: &'a str,
    /// Whether it came over TLS.
    pub https: bool,
    /// The status code.
    pub status: u16,
    /// Names and values in their order.
    pub headers: &'a [(&'a str, &'a str)],
    /// What was kept of the body: maybe only its start, maybe nothing.
    pub body: &'a [u8],
}

impl<'a> Response<'a> {
    /// The values of all header fields of that name.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers.iter().filter(move |(n, _)| n.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// The first of them.
    pub(crate) fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// The elements of a header that is a list, over all its fields.
    pub(crate) fn list(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.all(name).flat_map(|value| value.split(',')).map(str::trim).filter(|element| !element.is_empty())
    }

    /// When the server says that it made the response.
    pub(crate) fn date(&self) -> Option<Moment> {
        self.get("date").and_then(date::parse)
    }

    pub(crate) fn is_html(&self) -> bool {
        self.get("content-type").is_some_and(|t| t.to_ascii_lowercase().contains("text/html"))
    }

    /// The body, if it is HTML that a tokenizer for UTF-8 can make sense of: not compressed, ASCII where it matters,
    /// and from its start.
    pub(crate) fn html(&self) -> Option<&'a [u8]> {
        let encoded = self.list("content-encoding").any(|coding| !coding.eq_ignore_ascii_case("identity"));
        let wide = self.get("content-type").is_some_and(|t| t.to_ascii_lowercase().contains("utf-16"))
            || self.body.starts_with(b"\xff\xfe")
            || self.body.starts_with(b"\xfe\xff");
        let readable = self.is_html() && !encoded && !wide && self.status != 206;
        (readable && !self.body.is_empty()).then_some(self.body)
    }
}
