//! What makes two requests the same. In: a request at a glance. Out: a key in whose upper bits stand the method and the URL, and
//! in whose lower ones the body, and whether all of the answer is wanted, so that what differs in these alone stands together.

use std::hash::{DefaultHasher, Hash, Hasher};

use glyph_formats::{Flow, glance::Glance, secrets::alike};

/// How many bits tell bodies from each other.
pub(super) const BODY_BITS: u32 = 24;

/// Which hosts are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Origins {
    /// All.
    Ignored,
    /// The first of each recording.
    First,
    /// Those that are called the same; this one has the place of a first.
    Named(String),
}

impl Origins {
    /// Whether an origin is the one that goes without its name. `first` is the recording's first.
    fn is_plain(&self, origin: &str, first: &str) -> bool {
        match self {
            Self::Ignored => true,
            Self::First => origin == first,
            Self::Named(named) => origin == named,
        }
    }
}

/// The key of a request; `first` is the first origin of its recording.
pub(super) fn key(flow: &Glance<'_>, origins: &Origins, first: &str) -> u64 {
    let request = hashed(|hasher| {
        let (origin, target) = parts(&flow.request.url);
        flow.request.method.hash(hasher);
        without_tokens(target, false, hasher);
        if !origins.is_plain(origin, first) {
            origin.hash(hasher);
        }
    });
    let body = match (flow.request.body.size, wanted(flow)) {
        (0, wanted) if wanted.is_empty() => 0,
        (size, wanted) => hashed(|hasher| {
            wanted.hash(hasher);
            match flow.request.body.content(&flow.request.headers) {
                Some(content) => match content.text() {
                    Some(text) => without_tokens(text, flow.is_redacted(), hasher),
                    None => content.bytes.hash(hasher),
                },
                // Of what is not stored there may be a digest, with a key of its recording.
                None => size.hash(hasher),
            }
        }),
    };
    request >> BODY_BITS << BODY_BITS | body >> (u64::BITS - BODY_BITS)
}

/// What the request says of a part that it wants, or of what it has already: another answer is meant then (RFC 9110, sections
/// 13.1 and 14.2).
fn wanted(flow: &Glance<'_>) -> Vec<(String, String)> {
    let pairs = flow.request.headers.pairs().into_iter();
    let pairs = pairs.map(|(name, value)| (name.to_ascii_lowercase(), value.into_owned()));
    pairs.filter(|(name, _)| name == "range" || name.starts_with("if-")).collect()
}

/// Whether the requests are the same, but for their bodies: hashes can be equal by chance.
pub(super) fn are_same(recorded: &Flow, new: &Flow) -> bool {
    target(recorded) == target(new)
}

/// Method and target of a request; hosts are told by the key alone.
pub(super) fn target(flow: &Flow) -> (String, String) {
    let (_, target) = parts(&flow.request.url);
    let mut plain = String::with_capacity(target.len());
    alike(target, false, |piece| plain.push_str(piece));
    (flow.request.method.clone(), plain)
}

/// `http://a.test:81` and what follows.
pub(super) fn parts(url: &str) -> (&str, &str) {
    let authority = url.find("://").map_or(0, |at| at + 3);
    let end = url[authority..].find(['/', '?', '#']).map_or(url.len(), |at| authority + at);
    url.split_at(end)
}

fn hashed(hash: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut hasher = DefaultHasher::new();
    hash(&mut hasher);
    hasher.finish()
}

fn without_tokens(text: &str, numbers: bool, hasher: &mut DefaultHasher) {
    alike(text, numbers, |piece| hasher.write(piece.as_bytes()));
    hasher.write_u8(0xff);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_has_an_origin_and_a_target() {
        assert_eq!(parts("http://a.test:81/x?y"), ("http://a.test:81", "/x?y"));
        assert_eq!(parts("http://a.test?y"), ("http://a.test", "?y"));
        assert_eq!(parts("https://a.test"), ("https://a.test", ""));
        assert_eq!(parts("/x"), ("", "/x"));
    }
}
