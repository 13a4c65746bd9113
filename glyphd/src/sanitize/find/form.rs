//! Pairs of names and values with `&` between them: forms, and the queries and fragments of URLs.

use std::borrow::Cow;

use memchr::{memchr, memchr_iter};

use super::{
    Codec, Hits, Instead, Place,
    codec::{is_plain, percent_decoded},
};
use crate::sanitize::rules::{In, Rules};

/// A form: the body of `application/x-www-form-urlencoded`.
pub(super) fn find(text: &str, place: Place<'_>, rules: &Rules, hits: &mut Hits) {
    Pairs { base: 0, within: In::Form, place: Some(place), rules }.find(text, hits);
}

/// How pairs are to be taken.
pub(super) struct Pairs<'a> {
    /// Where in the whole text the part with the pairs begins.
    pub(super) base: usize,
    pub(super) within: In,
    /// Where the form stands; none for a part of a URL.
    pub(super) place: Option<Place<'a>>,
    pub(super) rules: &'a Rules,
}

impl Pairs<'_> {
    /// Takes the pairs of a part of the text.
    pub(super) fn find(&self, text: &str, hits: &mut Hits) {
        // Most have nothing that is encoded.
        let decoded: fn(&str) -> Cow<'_, str> =
            if is_plain(text) { |part| Cow::Borrowed(part) } else { percent_decoded };
        let mut start = 0;
        let ends = memchr_iter(b'&', text.as_bytes()).chain([text.len()]);
        for end in ends {
            let part = &text[start..end];
            if let Some(equals) = memchr(b'=', part.as_bytes()) {
                let at = self.base + start + equals + 1;
                self.pair(&part[..equals], &part[equals + 1..], at, decoded, hits);
            }
            start = end + 1;
        }
    }

    fn pair(&self, name: &str, value: &str, at: usize, decoded: fn(&str) -> Cow<'_, str>, hits: &mut Hits) {
        // In HTML `&` is written `&amp;`.
        let name = decoded(name.strip_prefix("amp;").unwrap_or(name));
        let meant = decoded(value);
        let instead = if self.rules.is_secret(&name, &meant, self.within) {
            Instead::Token
        } else if matches!(meant, Cow::Owned(_)) {
            Instead::Nested(Codec::Percent)
        } else {
            return;
        };
        let range = at..at + value.len();
        match self.place {
            Some(place) => hits.add(range, "form", Some(place.of_field(&name)), instead),
            None => hits.add(range, "query", Some(["query.", &*name].concat()), instead),
        }
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
        let (text, _) = clean("password==%73=s3cr3t&x==%20", Document::Form);
        assert!(!text.contains("s3cr3t") && text.ends_with("&x==%20"), "{text}");
    }
}
