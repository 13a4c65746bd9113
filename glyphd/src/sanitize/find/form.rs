//! Pairs of names and values with `&` between them: forms, and the queries and fragments of URLs.

use std::borrow::Cow;

use super::{Codec, Hits, Instead, Place, codec::percent_decoded};
use crate::sanitize::rules::{In, Rules};

/// A form: the body of `application/x-www-form-urlencoded`.
pub(super) fn find(text: &str, place: Place<'_>, rules: &Rules, hits: &mut Hits) {
    pairs(text, 0, In::Field, "form", place, rules, hits);
}

/// The pairs in a part of a text that begins at `base`.
pub(super) fn pairs(
    text: &str,
    base: usize,
    within: In,
    kind: &'static str,
    place: Place<'_>,
    rules: &Rules,
    hits: &mut Hits,
) {
    let mut start = base;
    for part in text.split('&') {
        if let Some((name, value)) = part.split_once('=') {
            let at = start + name.len() + 1;
            pair(name, value, at, within, kind, place, rules, hits);
        }
        start += part.len() + 1;
    }
}

#[expect(clippy::too_many_arguments, reason = "what a pair is, and where it stands")]
fn pair(
    name: &str,
    value: &str,
    at: usize,
    within: In,
    kind: &'static str,
    place: Place<'_>,
    rules: &Rules,
    hits: &mut Hits,
) {
    let encoded = |b: u8| matches!(b, b'%' | b'+');
    let range = at..at + value.len();
    // In HTML `&` is written `&amp;`.
    let name = percent_decoded(name.strip_prefix("amp;").unwrap_or(name));
    let meant = if value.bytes().any(encoded) { percent_decoded(value) } else { Cow::Borrowed(value) };
    let separator = if kind == "query" { '.' } else { '/' };
    let place = |name: &str| match kind {
        "query" => format!("query{separator}{name}"),
        _ => format!("{place}{separator}{name}"),
    };
    if rules.is_secret(&name, &meant, within) {
        hits.add(range, kind, place(&name), Instead::Token);
    } else if matches!(meant, Cow::Owned(_)) {
        hits.add(range, kind, place(&name), Instead::Nested(Codec::Percent));
    }
}

#[cfg(test)]
mod tests {
    use crate::sanitize::find::{Document, tests::clean};

    #[test]
    fn fields_go_by_name_and_the_rest_stays_to_the_byte() {
        let (text, places) = clean(
            "user=joe+b&pass%77ord=s3cr%2Bt&note=a%20b&password=&next=https%3A%2F%2Fa.test%2F%3Ftoken%3Ds3cr3t",
            Document::Form,
        );
        assert!(text.starts_with("user=joe+b&pass%77ord=glyph-redacted-"), "{text}");
        assert!(
            text.contains("&note=a%20b&password=&next=https%3A%2F%2Fa.test%2F%3Ftoken%3Dglyph-redacted-"),
            "{text}"
        );
        assert_eq!(places, ["body/password", "query.token"]);
    }
}
