//! Spans that other programs have made: they take the same rules as what passes, before anything is written.
//!
//! What an attribute is, its name says, by OpenTelemetry's conventions: a header, a URL, a query. Everything else is a field
//! by its name, and a text by its value.

use std::borrow::Cow;

use glyph_formats::{Attributes, Span, Value};
use http::HeaderName;

use super::{
    Sanitizer, clean_text,
    find::{self, Document},
    found::Found,
    headers::sanitize_value,
    rules::In,
};

/// Attributes that are a header's values, with its name behind this.
const HEADERS: [&str; 2] = ["http.request.header.", "http.response.header."];
/// Attributes that are a URL, or what follows the host in one. The last two had these names before 2023.
const URLS: [&str; 5] = ["url.full", "url.path", "url.original", "http.url", "http.target"];
/// What follows the question mark.
const QUERY: &str = "url.query";
/// A number with fewer digits is no secret, but counts something.
const DIGITS: usize = 4;

impl Sanitizer {
    /// Replaces the secrets of a span in all that its program has said.
    pub(crate) fn span(&self, span: &mut Span) {
        let mut found = Found::new(self, "span");
        text(&mut span.name, &mut found);
        text(&mut span.service_name, &mut found);
        if let Some(message) = &mut span.status_message {
            text(message, &mut found);
        }
        attributes(&mut span.attributes, &mut found);
        for event in &mut span.events {
            text(&mut event.name, &mut found);
            attributes(&mut event.attributes, &mut found);
        }
        for link in &mut span.links {
            attributes(&mut link.attributes, &mut found);
        }
    }
}

fn attributes(attributes: &mut Attributes, found: &mut Found<'_>) {
    for (key, value) in &mut attributes.0 {
        self::value(key, value, found);
    }
}

fn value(key: &str, value: &mut Value, found: &mut Found<'_>) {
    match value {
        Value::String(said) => attribute(key, said, found),
        Value::Array(values) => values.iter_mut().for_each(|each| self::value(key, each, found)),
        Value::Int(number) => {
            let digits = number.to_string();
            if digits.len() >= DIGITS && found.sanitizer.rules.is_secret(key, &digits, In::Field) {
                *value = found.token(&digits).to_string().into();
            }
        }
        Value::Bool(_) | Value::Double(_) | Value::Null => {}
    }
}

fn attribute(key: &str, said: &mut Cow<'static, str>, found: &mut Found<'_>) {
    if let Some(name) = HEADERS.iter().find_map(|prefix| key.strip_prefix(prefix)) {
        // Older conventions have underscores in it.
        if let Ok(name) = name.replace('_', "-").parse::<HeaderName>() {
            if let Some(clean) = sanitize_value(&name, said, found) {
                *said = clean.into();
            }
            return;
        }
    }
    if URLS.contains(&key) {
        return replace(said, Document::Url, found);
    }
    if key == QUERY {
        let clean = clean_text(&format!("?{said}"), Document::Url, "url", found);
        *said = clean.strip_prefix('?').unwrap_or(&clean).to_owned().into();
        return;
    }
    if found.sanitizer.rules.is_secret(key, said, In::Field) {
        *said = found.token(said).to_string().into();
        return;
    }
    replace(said, find::look(said), found);
}

fn text(said: &mut Cow<'static, str>, found: &mut Found<'_>) {
    replace(said, Document::Text, found);
}

fn replace(said: &mut Cow<'static, str>, document: Document<'_>, found: &mut Found<'_>) {
    // What a map is written as is JSON; whatever else is no URL is text, not markup.
    let document = if document == Document::Markup { Document::Text } else { document };
    let clean = find::replace(said, document, "span", usize::MAX, found);
    if clean.redacted {
        *said = clean.text.into_owned().into();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is left of an attribute.
    fn left(key: &str, said: impl Into<Value>) -> String {
        let mut all = Attributes::default();
        all.push(key.to_owned(), said);
        let sanitizer = Sanitizer::default();
        attributes(&mut all, &mut Found::new(&sanitizer, "span"));
        all.get(key).unwrap().to_string()
    }

    #[test]
    fn secrets_go_by_the_attributes_name_and_by_their_own_look() {
        for (key, said) in [
            ("url.full", "https://joe:hunter22x@a.test/?token=s3cr3t-s3cr3t"),
            ("http.target", "/reset?access_token=s3cr3t-s3cr3t"),
            ("url.query", "access_token=s3cr3t-s3cr3t&page=2"),
            ("http.request.header.authorization", "Bearer s3cr3t-s3cr3t"),
            ("http.request.header.x_api_key", "s3cr3t-s3cr3t"),
            ("http.response.header.set-cookie", "sid=s3cr3t-s3cr3t; Path=/"),
            ("db.password", "s3cr3t-s3cr3t"),
            ("app.settings", r#"{"password":"s3cr3t-s3cr3t","n":1}"#),
            ("db.query.text", "CONNECT postgres://joe:s3cr3t-s3cr3t@db/shop"),
            ("exception.message", "refused: password=s3cr3t-s3cr3t"),
        ] {
            let left = left(key, said.to_owned());
            assert!(left.contains("glyph-redacted-") && !left.contains("s3cr3t"), "{key}: {left}");
            assert!(!left.contains("hunter22x"), "{left}");
        }
        let several = Value::Array(vec!["Basic am9lOnMzY3IzdA==".into(), "Bearer s3cr3t-s3cr3t".into()]);
        let left_of_several = left("http.request.header.authorization", several);
        assert!(left_of_several.starts_with("Basic glyph-redacted-"), "{left_of_several}");
        assert!(!left_of_several.contains("s3cr3t"), "{left_of_several}");
        assert!(left("card.cvc_secret", 47_114_711_i64).starts_with("glyph-redacted-"));
    }

    #[test]
    fn what_is_no_secret_stays() {
        for (key, said) in [
            ("url.full", "https://a.test/orders?page=2"),
            ("url.query", "page=2"),
            ("http.request.header.accept", "text/html"),
            ("http.route", "/orders/{id}"),
            ("db.query.text", "SELECT * FROM tokens WHERE id = ?"),
            ("gen_ai.request.model", "some-model"),
            ("code.function.name", "shop.orders.place"),
        ] {
            assert_eq!(left(key, said.to_owned()), said, "{key}");
        }
        assert_eq!(left("gen_ai.usage.input_tokens", 12_345_i64), "12345");
        assert_eq!(left("http.response.status_code", 200_i64), "200");
    }
}
