//! Finds secrets in a text, and replaces them.
//!
//! Each kind of document has a finder that notes ranges; [`Hits::replace`] then writes the text anew in one go. Every
//! finder goes over the text once, and what it does at a place is bounded, so that time is linear in the length whatever
//! the text is. A text that stands in another (JSON in a string of JSON, a URL in a query) is decoded, treated by itself,
//! and encoded again; not deeper than [`DEPTH`].

mod bits;
mod text;
mod url;
mod json;
mod form;
mod multipart;
mod codec;

use std::{borrow::Cow, ops::Range};

pub(super) use codec::Codec;
pub(super) use multipart::parts as multipart_parts;

use super::{found::Found, rules::Rules, tokens::Token};

/// How many texts may stand in one another.
const DEPTH: usize = 4;
/// Bytes by which texts mostly grow.
const SPARE: usize = 64;

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Document<'a> {
    /// Prose, log lines, values of headers: what follows a secret's name and `=` is taken for one.
    Text,
    /// HTML, scripts and the like, where names stand for other things, too: the value has to look like a secret.
    Markup,
    Json,
    Form,
    /// With its boundary.
    Multipart(&'a str),
    Url,
}

/// What stands in place of a hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Instead {
    Token,
    /// A number, since there was one.
    Number,
    /// The same text, with what is found in it replaced.
    Nested(Codec),
}

#[derive(Debug)]
struct Hit {
    range: Range<usize>,
    kind: Cow<'static, str>,
    /// None: where the text stands.
    place: Option<String>,
    instead: Instead,
}

/// What is written in its place.
enum With {
    Token(Token),
    Text(String),
}

/// Where a text stands: `body`, or a header by its name. Put into words only where something is found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    kind: &'a str,
    name: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn header(name: &'a str) -> Self {
        Self { kind: "headers.", name }
    }

    /// To be put together.
    fn parts(self) -> [&'a str; 2] {
        [self.kind, self.name]
    }

    /// Where a field of what stands there is.
    fn of_field(self, name: &str) -> String {
        [self.kind, self.name, "/", name].concat()
    }
}

impl<'a> From<&'a str> for Place<'a> {
    fn from(kind: &'a str) -> Self {
        Self { kind, name: "" }
    }
}

/// What was found in a text.
#[derive(Debug, Default)]
struct Hits {
    hits: Vec<Hit>,
}

impl Hits {
    fn add(
        &mut self,
        range: Range<usize>,
        kind: impl Into<Cow<'static, str>>,
        place: Option<String>,
        instead: Instead,
    ) {
        self.hits.push(Hit { range, kind: kind.into(), place, instead });
    }

    /// The text without what was found, up to `limit`; a hit across the limit is replaced whole. None if nothing was
    /// replaced; the text is then the caller's to cut.
    fn replace(
        mut self,
        text: &str,
        limit: usize,
        place: Place<'_>,
        found: &mut Found<'_>,
    ) -> Option<String> {
        if self.hits.is_empty() {
            return None;
        }
        // Of those that begin together the widest first; what lies within another is a part of it.
        self.hits.sort_by(|a, b| a.range.start.cmp(&b.range.start).then(b.range.end.cmp(&a.range.end)));
        let (mut clean, mut copied, mut replaced) = (String::new(), 0, false);
        for hit in self.hits {
            let Range { start, end } = hit.range.clone();
            if start < copied || start >= limit {
                continue;
            }
            let secret = &text[start..end];
            let place = hit.place.as_deref().map_or(place, Place::from);
            let with = match hit.instead {
                _ if found.sanitizer.rules.allows(secret) => continue,
                Instead::Token => With::Token(found.token(secret)),
                Instead::Number => With::Token(found.number(secret)),
                Instead::Nested(codec) => match nested(secret, codec, place, found) {
                    Some(text) => With::Text(text),
                    None => continue,
                },
            };
            if !replaced {
                clean.reserve(text.len().min(limit) + SPARE);
            }
            clean.push_str(&text[copied..start]);
            match with {
                With::Text(text) => clean.push_str(&text),
                With::Token(token) => {
                    found.add(hit.kind, &place.parts());
                    token.push_to(&mut clean);
                }
            }
            copied = end;
            replaced = true;
        }
        if !replaced {
            return None;
        }
        if copied < limit {
            clean.push_str(&text[copied..text.floor_char_boundary(limit)]);
        }
        Some(clean)
    }
}

/// What came of a text.
#[derive(Debug)]
pub(super) struct Clean<'a> {
    pub(super) text: Cow<'a, str>,
    /// Whether something was replaced.
    pub(super) redacted: bool,
}

/// The text without its secrets, cut at `limit` bytes; what stands beyond serves to know what stands before.
pub(super) fn replace<'a, 'p>(
    text: &'a str,
    document: Document<'_>,
    place: impl Into<Place<'p>>,
    limit: usize,
    found: &mut Found<'_>,
) -> Clean<'a> {
    let mut hits = Hits::default();
    let place = place.into();
    find(text, document, place, &found.sanitizer.rules, &mut hits);
    match hits.replace(text, limit, place, found) {
        Some(clean) => Clean { text: Cow::Owned(clean), redacted: true },
        None => Clean { text: Cow::Borrowed(&text[..text.floor_char_boundary(limit)]), redacted: false },
    }
}

/// Where the first secret of a running text is.
pub(super) fn in_text(text: &str, rules: &Rules) -> Option<usize> {
    let mut hits = Hits::default();
    text::find(text, Document::Text, rules, &mut hits);
    hits.hits.first().map(|hit| hit.range.start)
}

fn find(text: &str, document: Document<'_>, place: Place<'_>, rules: &Rules, hits: &mut Hits) {
    match document {
        Document::Text | Document::Markup => {}
        Document::Json => json::find(text, place, rules, hits),
        Document::Form => form::find(text, place, rules, hits),
        Document::Multipart(boundary) => multipart::find(text, boundary, place, rules, hits),
        Document::Url => url::find(text, 0, rules, hits),
    }
    text::find(text, document, rules, hits);
}

/// What a text is that stands in another, by its look.
pub(super) fn look(text: &str) -> Document<'static> {
    match text.trim_start().as_bytes().first() {
        Some(b'{' | b'[') => Document::Json,
        _ if url::is_url(text) => Document::Url,
        _ => Document::Markup,
    }
}

fn nested(raw: &str, codec: Codec, place: Place<'_>, found: &mut Found<'_>) -> Option<String> {
    if found.depth() >= DEPTH {
        return None;
    }
    let decoded = codec.decode(raw)?;
    let clean = found.within(codec, |found| {
        let clean = replace(&decoded, look(&decoded), place, usize::MAX, found);
        clean.redacted.then(|| clean.text.into_owned())
    })?;
    Some(codec.encode(&clean))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sanitize::Sanitizer;

    /// The text without secrets, and where they stood.
    pub(super) fn clean(text: &str, document: Document<'_>) -> (String, Vec<String>) {
        let sanitizer = Sanitizer::default();
        let mut found = Found::new(&sanitizer, "request");
        let clean = replace(text, document, "body", usize::MAX, &mut found).text.into_owned();
        let places = found.redactions.into_iter();
        (clean, places.map(|r| r.place.strip_prefix("request.").unwrap().to_owned()).collect())
    }

    fn cut(text: &str, limit: usize) -> String {
        let sanitizer = Sanitizer::default();
        replace(text, Document::Text, "body", limit, &mut Found::new(&sanitizer, "")).text.into_owned()
    }

    #[test]
    fn a_secret_across_the_limit_goes_whole_and_what_is_beyond_is_not_there() {
        let text = "password=s3cr3t-s3cr3t, password=other-other";
        for limit in 10..=22 {
            let clean = cut(text, limit);
            assert!(clean.starts_with("password=glyph-redacted-") && !clean.contains("s3cr3t"), "{clean}");
            assert_eq!(clean.len(), "password=glyph-redacted-0123456789ab".len(), "{clean}");
        }
        assert_eq!(cut(text, 9), "password=");
        assert_eq!(cut("caf\u{e9}", 4), "caf");
    }

    #[test]
    fn a_text_in_a_text_in_a_text_is_looked_into() {
        let url = "http://a.test/?password=s3cr3t";
        let form: String = ::url::form_urlencoded::byte_serialize(url.as_bytes()).collect();
        let json = serde_json::json!({ "callback": format!("https://b.test/?next={form}") }).to_string();
        let outer = serde_json::json!({ "body": json }).to_string();
        let (clean, places) = clean(&outer, Document::Json);
        assert!(!clean.contains("s3cr3t"), "{clean}");
        assert_eq!(places, ["query.password"]);
    }
}
