//! A random secret in a random place of a random message: it is not in what is kept, and what is kept has its form.

use std::collections::BTreeMap;

use glyphd::sanitize::{Clean, Message, RedactionPolicy, Sanitizer};
use http::{HeaderMap, HeaderName, HeaderValue};
use proptest::prelude::*;
use serde_json::Value;

use super::{
    message::coded,
    plants,
    search::{Leaks, Search},
    template::{Random, Secret, fill},
};

/// Names under which a value is a secret, whatever it is.
const NAMES: [&str; 14] = [
    "password",
    "Passwd",
    "user_password",
    "newPassword",
    "passphrase",
    "api_key",
    "x-api-key",
    "access_token",
    "refreshToken",
    "id_token",
    "client_secret",
    "SECRET",
    "csrf_token",
    "private_key",
];

/// Where a secret is.
#[derive(Debug, Clone)]
enum Place {
    /// Under a name in JSON, so many levels deep, in a string of JSON if `quoted`.
    Json {
        around: Vec<(bool, Value)>,
        quoted: usize,
        pretty: bool,
    },
    Form {
        fields: Vec<(String, String)>,
        at: usize,
    },
    Multipart {
        fields: Vec<(String, String)>,
        at: usize,
    },
    Header,
    Query {
        fields: Vec<(String, String)>,
        at: usize,
    },
    /// In a text: between two others.
    Text {
        before: String,
        after: String,
        html: bool,
    },
}

#[derive(Debug, Clone)]
struct Case {
    kind: String,
    named: bool,
    secret: Secret,
    name: &'static str,
    place: Place,
    coding: Option<&'static str>,
    utf16: bool,
    /// How much of the body is kept, in thousandths of it and a bit.
    limit: Option<usize>,
}

/// What a request or response is that holds it.
struct Sent {
    url: String,
    message: Message,
    json: Option<Value>,
    limit: usize,
}

fn words() -> impl Strategy<Value = String> {
    "[a-z]{1,9}([ =:,./\n\"'(){}<>&-][a-zA-Z0-9]{0,12}){0,12}"
}

fn fields() -> impl Strategy<Value = Vec<(String, String)>> {
    prop::collection::vec(("[a-z]{1,8}", "[ -~é€]{0,20}"), 0..6)
}

fn json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i32>().prop_map(Value::from),
        "[ -~é€\n\t\"\\\\]{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::btree_map("[a-z_]{1,8}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn place(named: bool) -> BoxedStrategy<Place> {
    let around = prop::collection::vec((any::<bool>(), json()), 0..6);
    let quoted = (around, 0..3_usize, any::<bool>()).prop_map(|(around, quoted, pretty)| Place::Json {
        around,
        quoted,
        pretty,
    });
    let form = (fields(), 0..6_usize).prop_map(|(fields, at)| Place::Form { fields, at });
    let multipart = (fields(), 0..6_usize).prop_map(|(fields, at)| Place::Multipart { fields, at });
    let query = (fields(), 0..6_usize).prop_map(|(fields, at)| Place::Query { fields, at });
    let text = (words(), words(), any::<bool>()).prop_map(|(before, after, html)| Place::Text {
        before,
        after,
        html,
    });
    if named {
        prop_oneof![3 => quoted, 1 => form, 1 => multipart, 1 => query, 1 => Just(Place::Header)].boxed()
    } else {
        prop_oneof![3 => quoted, 1 => form, 1 => multipart, 1 => query, 1 => Just(Place::Header), 3 => text]
            .boxed()
    }
}

fn no_words(text: &str) -> bool {
    !text.contains(' ') || text.contains(|c: char| c.is_ascii_digit())
}

fn case() -> impl Strategy<Value = Case> {
    // To go on beyond what is known already: kinds with commas between.
    let without = std::env::var("GLYPH_WITHOUT").unwrap_or_default();
    let kinds =
        plants::kinds().into_iter().filter(|(name, _)| !without.split(',').any(|other| other == name));
    let kinds: Vec<_> = kinds.collect();
    let secret = prop_oneof![
        3 => (prop::sample::select(kinds), any::<u64>()).prop_map(|((name, kind), seed)| {
            (name, kind.named, fill(kind.template.trim_start(), &mut Random::new(seed)))
        }),
        // Anything that can be typed, but words: under `api_key` a document of translations has "API key".
        1 => "[!-~][ -~]{10,40}[!-~]".prop_filter("words", |text| no_words(text)).prop_map(|text| {
            ("typed".to_owned(), true, Secret { parts: vec![text.clone()], text })
        }),
    ];
    let message = |(kind, named, secret): (String, bool, Secret)| {
        let name = prop::sample::select(&NAMES[..]);
        let coding =
            prop::sample::select(&[None, None, Some("gzip"), Some("deflate"), Some("br"), Some("zstd")][..]);
        let limit = prop::option::weighted(0.3, 0..1_200_usize);
        (Just((kind, named, secret)), name, place(named), coding, prop::bool::weighted(0.1), limit)
    };
    secret.prop_flat_map(message).prop_map(|((kind, named, secret), name, place, coding, utf16, limit)| {
        Case { kind, named, secret, name, place, coding, utf16, limit }
    })
}

impl Case {
    /// The name that the secret is under: what has a shape needs none that says anything.
    fn name(&self) -> &'static str {
        if self.named { self.name } else { "note" }
    }

    fn sent(&self) -> Sent {
        let (mut url, mut headers) = ("http://a.test/".to_owned(), HeaderMap::new());
        let mut json = None;
        let secret = &self.secret.text;
        let with = |fields: &[(String, String)], at: usize| {
            let mut fields = fields.to_vec();
            fields.insert(at.min(fields.len()), (self.name().to_owned(), secret.clone()));
            fields
        };
        let form = |fields: Vec<(String, String)>| {
            url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
        };
        let (content_type, body) = match &self.place {
            Place::Json { around, quoted, pretty } => {
                let mut value = serde_json::json!({ self.name(): secret });
                for _ in 0..*quoted {
                    value = serde_json::json!({ "payload": value.to_string() });
                }
                for (in_array, other) in around {
                    value = match in_array {
                        true => serde_json::json!([other, value]),
                        false => serde_json::json!({ "a": other, "inner": value, "z": other }),
                    };
                }
                let text =
                    if *pretty { serde_json::to_string_pretty(&value).unwrap() } else { value.to_string() };
                json = Some(value);
                ("application/json", text)
            }
            Place::Form { fields, at } => ("application/x-www-form-urlencoded", form(with(fields, *at))),
            Place::Multipart { fields, at } => {
                let part = |(name, value): (String, String)| {
                    format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n")
                };
                let parts: String = with(fields, *at).into_iter().map(part).collect();
                ("multipart/form-data; boundary=b", format!("{parts}--b--\r\n"))
            }
            Place::Header => {
                // A key in PEM has no place in a header.
                if let Ok(value) = HeaderValue::from_bytes(secret.as_bytes()) {
                    let name = self.name().replace('_', "-").to_ascii_lowercase();
                    headers.insert(HeaderName::try_from(name).unwrap(), value);
                }
                ("text/plain", String::new())
            }
            Place::Query { fields, at } => {
                url = format!("{url}?{}", form(with(fields, *at)));
                ("text/plain", String::new())
            }
            Place::Text { before, after, html: false } => {
                ("text/plain", format!("{before} {secret}\n{after}"))
            }
            Place::Text { before, after, html: true } => {
                ("text/html", format!("<p>{before} {secret} {after}</p>"))
            }
        };
        headers.insert("content-type", HeaderValue::from_static(content_type));
        let multipart = matches!(self.place, Place::Multipart { .. });
        let mut bytes = body.clone().into_bytes();
        if self.utf16 && !multipart && !body.is_empty() {
            headers.insert("content-type", format!("{content_type}; charset=utf-16").parse().unwrap());
            bytes = [0xfeff].into_iter().chain(body.encode_utf16()).flat_map(u16::to_le_bytes).collect();
        }
        if let Some(coding) = self.coding {
            headers.insert("content-encoding", HeaderValue::from_static(coding));
            bytes = coded(&bytes, Some(coding));
        }
        let limit = self.limit.map_or(1 << 20, |limit| limit * body.len() / 1_000 + 1);
        let content = bytes.clone().into();
        let message = Message { headers, trailers: None, content, size: bytes.len() as u64, complete: true };
        Sent { url, message, json, limit }
    }

    fn holds(&self, what: &str, bytes: &[u8]) -> Leaks {
        let search = Search::words(self.secret.parts.iter().map(|part| (part.clone(), self.kind.clone())));
        let mut leaks = Leaks::new();
        search.find(what, bytes, &mut leaks);
        leaks
    }
}

fn written(clean: &Clean) -> Vec<u8> {
    let redactions: Vec<_> = clean.redactions.iter().map(|r| (&r.kind, &r.place)).collect();
    serde_json::to_vec(&(&clean.headers, &clean.body, redactions)).unwrap()
}

/// Whether there are the same names, the same number of everything, and values of the same kind.
fn same_shape(sent: &Value, kept: &Value) -> bool {
    match (sent, kept) {
        (Value::Object(a), Value::Object(b)) => {
            let names: BTreeMap<_, _> = b.iter().collect();
            a.len() == b.len() && a.iter().all(|(name, a)| names.get(name).is_some_and(|b| same_shape(a, b)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_shape(a, b))
        }
        (Value::String(_), Value::String(_)) | (Value::Number(_), Value::Number(_)) => true,
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_secret_is_kept_wherever_it_stood(case in case()) {
        let sent = case.sent();
        let sanitizer = Sanitizer::new(RedactionPolicy::default(), sent.limit);
        let url = sanitizer.url(&sent.url);
        prop_assert_eq!(case.holds("url", url.as_bytes()), Leaks::new());
        let clean = sanitizer.message("request", &sent.message);
        prop_assert_eq!(case.holds("message", &written(&clean)), Leaks::new());
        if let (Some(json), None) = (&sent.json, case.limit) {
            let kept: Value = serde_json::from_str(clean.body.utf8.as_ref().unwrap()).unwrap();
            prop_assert!(same_shape(json, &kept), "{kept}");
        }
        let text = format!("plugin says: {}={}", case.name, case.secret.text);
        if !case.secret.text.contains(char::is_whitespace) && case.kind != "typed" {
            prop_assert_eq!(case.holds("log", sanitizer.text(&text).as_bytes()), Leaks::new());
        }
    }
}
