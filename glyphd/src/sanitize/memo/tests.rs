//! What is known makes no difference, and does not grow.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue};
use proptest::{collection::vec, prelude::*, sample::select};

use super::*;
use crate::sanitize::{Clean, Message, Sanitizer};

fn message(headers: &[(&'static str, String)]) -> Message {
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(*name, HeaderValue::from_bytes(value.as_bytes()).unwrap());
    }
    Message { headers: map, trailers: None, content: Bytes::new(), size: 0, complete: true }
}

fn known(sanitizer: &Sanitizer) -> usize {
    sanitizer.memo.try_lock().unwrap().known.len()
}

fn value(sanitizer: &Sanitizer, name: &'static str, value: &str) -> String {
    sanitizer.message("request", &message(&[(name, value.to_owned())])).headers.remove(0).1
}

/// Values of which some are secrets, some could be guessed, and many come again.
fn header() -> impl Strategy<Value = (&'static str, String)> {
    let names = [
        "accept",
        "authorization",
        "cookie",
        "set-cookie",
        "referer",
        "x-api-key",
        "x-note",
        "sec-websocket-protocol",
    ];
    let values = [
        "*/*",
        "Bearer 4b7c9e1d5f604b7c9e1d5f60",
        "Bearer 1234",
        "sid=b7a53ed52b084f1c8a39; theme=dark",
        "sid=b7a53ed52b084f1c8a39; lang=b7a53ed52b084f1c8a39",
        "https://a.test/?page=1&token=4b7c9e1d5f604b7c",
        "https://a.test/?page=1&pin=12",
        "password=correct-horse-battery, caf\u{e9}",
        "glyph-redacted-0123456789ab",
        "access_token, GXc_bKktw2hWVmBOEqldnG03RbRGR9ao",
        "",
    ];
    let value = prop_oneof![8 => select(values.to_vec()).prop_map(str::to_owned), 1 => "[ -~]{0,40}"];
    (select(names.to_vec()), value)
}

/// The same but for tokens that are others each time.
fn fixed(clean: &Clean, weak: bool) -> String {
    let mut text = format!("{:?} {:?}", clean.headers, clean.redactions);
    if weak {
        let starts: Vec<_> =
            text.match_indices("glyph-redacted-").map(|(at, token)| at + token.len()).collect();
        starts.into_iter().for_each(|at| text.replace_range(at..at + 12, "............"));
    }
    text
}

proptest! {
    #[test]
    fn what_is_known_makes_no_difference(messages in vec(vec(header(), 0..6), 1..40)) {
        let sanitizer = Sanitizer::default();
        for headers in messages {
            let message = message(&headers);
            let with = sanitizer.message("request", &message);
            // Who finds it in use does without.
            let in_use = sanitizer.memo.lock().unwrap();
            let without = sanitizer.message("request", &message);
            drop(in_use);
            let strong = |text: &str| text.contains("4b7c") || text.contains("b7a5");
            let weak = headers.iter().any(|(_, value)| !strong(value) || value.contains("dark"));
            prop_assert_eq!(fixed(&with, weak), fixed(&without, weak));
        }
    }

    #[test]
    fn a_flow_has_the_same_secrets_either_way(headers in vec(header(), 1..6)) {
        let sanitizer = Sanitizer::default();
        let secrets = || {
            let mut found = Found::new(&sanitizer, "response");
            crate::sanitize::headers::sanitize(&message(&headers).headers, &mut found);
            found.secrets.iter().map(|(secret, _)| secret.to_owned()).collect::<Vec<_>>()
        };
        let first = secrets();
        for _ in 0..3 {
            prop_assert_eq!(&secrets(), &first);
        }
    }
}

#[test]
fn a_value_is_known_once_it_has_come_twice_on_a_side() {
    let sanitizer = Sanitizer::default();
    let first = value(&sanitizer, "authorization", "Bearer 4b7c9e1d5f604b7c9e1d5f60");
    assert_eq!(known(&sanitizer), 0);
    for _ in 0..3 {
        assert_eq!(value(&sanitizer, "authorization", "Bearer 4b7c9e1d5f604b7c9e1d5f60"), first);
        assert_eq!(known(&sanitizer), 1);
    }
    let response = message(&[("authorization", "Bearer 4b7c9e1d5f604b7c9e1d5f60".to_owned())]);
    for _ in 0..3 {
        let clean = sanitizer.message("response", &response);
        assert_eq!(
            (&clean.headers[0].1, &*clean.redactions[0].place),
            (&first, "response.headers.authorization")
        );
    }
}

#[test]
fn what_could_be_guessed_gets_another_token_each_time() {
    let sanitizer = Sanitizer::default();
    let clean: std::collections::BTreeSet<_> =
        (0..10).map(|_| value(&sanitizer, "cookie", "pin=1234; sid=b7a53ed52b084f1c8a39")).collect();
    assert_eq!((clean.len(), known(&sanitizer)), (10, 0));
}

#[test]
fn it_does_not_grow_beyond_its_bounds() {
    let sanitizer = Sanitizer::default();
    for n in 0..3 * KNOWN {
        for _ in 0..2 {
            value(&sanitizer, "x-note", &format!("note {n}"));
        }
        assert!(known(&sanitizer) <= KNOWN);
    }
    let before = known(&sanitizer);
    for _ in 0..3 {
        value(&sanitizer, "x-note", &"long ".repeat(LONGEST));
    }
    assert_eq!(known(&sanitizer), before);
}

#[test]
fn beyond_so_many_places_they_are_told_by_side() {
    let sanitizer = Sanitizer::default();
    let names: Vec<&'static str> = (0..120).map(|n| &*format!("x-{n}-token").leak()).collect();
    let headers: Vec<_> = names.iter().map(|name| (*name, "4b7c9e1d5f604b7c".to_owned())).collect();
    let clean = sanitizer.message("request", &message(&headers));
    for _ in 0..3 {
        assert_eq!(sanitizer.message("request", &message(&headers)), clean);
    }
    assert_eq!(clean.redactions.len(), 101);
}
