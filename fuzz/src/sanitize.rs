//! The sanitizer: any message, and one with a secret in it that must not be kept.

use std::{collections::BTreeMap, sync::OnceLock};

use base64::{Engine, prelude::BASE64_STANDARD};
use glyphd::sanitize::{Clean, Message, RedactionPolicy, Sanitizer};
use http::{HeaderMap, HeaderName, HeaderValue};
use rustix::time::{ClockId, clock_gettime};
use serde::Deserialize;

use crate::secrets::{Random, Secret, fill};

const PLANTS: &str = include_str!("../../testdata/flows/secrets/plants.toml");

const TYPES: [&str; 10] = [
    "text/plain",
    "text/html; charset=utf-8",
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=b",
    "application/octet-stream",
    "text/plain; charset=utf-16le",
    "text/xml; charset=shift_jis",
    "application/x-ndjson",
    "",
];
const CODINGS: [&str; 6] = ["", "gzip", "deflate", "br", "zstd", "gzip, zstd"];

/// How much longer a text is made to see how time grows, and how much of its own time that may take beyond.
const GROWTH: usize = 4;
const SLACK: f64 = 2.5;
/// What is faster is not measured.
const MEASURED: f64 = 0.004;

/// What the sanitizer looks for, whole and in parts.
pub const WORDS: [&str; 56] = [
    "password",
    "=",
    ":",
    "\"",
    "\\\"",
    "\\",
    "&",
    "?",
    "://",
    "@",
    "%",
    "%22",
    "+",
    "{",
    "}",
    "[",
    "]",
    "<",
    ">",
    ",",
    "Bearer ",
    "basic ",
    "Authorization: ",
    "token",
    "access_token=",
    "api_key",
    "\"secret\":",
    "eyJ",
    ".",
    "-----BEGIN ",
    "PRIVATE KEY-----",
    "-----END ",
    "AKIA",
    "SK",
    "sk-",
    "key-",
    ":AA",
    "123456789",
    "ghp_",
    "hvs.",
    "xoxb-",
    "AccountKey=",
    "hooks.slack.com/services/",
    ".atlasv1.",
    "--b\r\n",
    "Content-Disposition: form-data; name=\"password\"",
    "\r\n\r\n",
    "\n",
    "http://a:b@c/",
    "#",
    ";",
    "\\u0041",
    "glyph-redacted-0123456789ab",
    "value=",
    "\u{e9}",
    " ",
];

#[derive(Deserialize)]
struct File {
    secrets: BTreeMap<String, Kind>,
}

#[derive(Deserialize)]
struct Kind {
    template: String,
    #[serde(default)]
    named: bool,
}

/// The kinds: those that only a name tells, and those with a shape.
fn kinds() -> &'static [Vec<Kind>; 2] {
    static KINDS: OnceLock<[Vec<Kind>; 2]> = OnceLock::new();
    KINDS.get_or_init(|| {
        let file: File = toml::from_str(PLANTS).expect("the data file");
        // To go on beyond what is known already: kinds with commas between.
        let without = std::env::var("GLYPH_WITHOUT").unwrap_or_default();
        let wanted =
            file.secrets.into_iter().filter(|(name, _)| !without.split(',').any(|other| other == name));
        let (named, shaped) = wanted.map(|(_, kind)| kind).partition(|kind: &Kind| kind.named);
        [named, shaped]
    })
}

fn sanitizer() -> &'static Sanitizer {
    static SANITIZER: OnceLock<Sanitizer> = OnceLock::new();
    SANITIZER.get_or_init(|| Sanitizer::new(RedactionPolicy::default(), 1 << 20))
}

fn message(content_type: &str, coding: &str, body: &[u8], complete: bool) -> Message {
    let mut headers = HeaderMap::new();
    for (name, value) in [("content-type", content_type), ("content-encoding", coding)] {
        if !value.is_empty() {
            headers.insert(HeaderName::from_static(name), HeaderValue::from_str(value).expect("a value"));
        }
    }
    let content = body.to_vec().into();
    Message { headers, trailers: None, content, size: body.len() as u64, complete }
}

/// The first four bytes say what is done with the others.
pub fn sanitize(bytes: &[u8]) {
    let Some((&[kind, place, how, seed], rest)) = bytes.split_first_chunk::<4>() else { return };
    anything(how, rest);
    let text = String::from_utf8_lossy(rest);
    let at = text.floor_char_boundary(text.len() * usize::from(seed) / 256);
    planted(kind, place, u64::from(seed) ^ rest.len() as u64, text.split_at(at));
    if how % 64 == 1 {
        time_is_linear(&text, how);
    }
}

/// Whatever it is, it is taken, and what comes out holds together.
fn anything(how: u8, bytes: &[u8]) {
    let (content_type, coding) =
        (TYPES[usize::from(how) % TYPES.len()], CODINGS[usize::from(how) / 16 % CODINGS.len()]);
    let mut message = message(content_type, coding, bytes, how % 3 != 0);
    if let Ok(value) = HeaderValue::from_bytes(bytes) {
        for name in ["x-note", "cookie", "set-cookie", "authorization", "location"] {
            message.headers.append(HeaderName::from_static(name), value.clone());
        }
    }
    let clean = sanitizer().message("request", &message);
    let body = &clean.body;
    assert!(body.size == bytes.len() as u64 && body.captured_size <= body.size);
    assert!(!(body.utf8.is_some() && (body.base64.is_some() || body.digest.is_some())));
    if let Some(length) = clean.headers.iter().find(|(name, _)| name == "content-length")
        && let Some(text) = body.utf8.as_ref().filter(|_| !body.is_partial())
    {
        assert_eq!(length.1, text.len().to_string());
    }
    for redaction in &clean.redactions {
        assert!(redaction.count > 0 && !redaction.kind.is_empty() && redaction.place.starts_with("request."));
    }
    let text = String::from_utf8_lossy(bytes);
    let once = sanitizer().text(&text);
    let url = sanitizer().url(&text);
    assert!(once.len() <= text.len() * 30 + 30 && url.len() <= text.len() * 30 + 30);
}

/// A secret between the two texts.
fn planted(kind: u8, place: u8, seed: u64, (before, after): (&str, &str)) {
    let is_named = place % 8 >= 4;
    let kinds = &kinds()[usize::from(!is_named)];
    let kind = &kinds[usize::from(kind) % kinds.len()];
    let secret = fill(kind.template.trim_start(), &mut Random::new(seed));
    // By chance it would be there before.
    if secret.parts.iter().any(|part| before.contains(part.as_str()) || after.contains(part.as_str())) {
        return;
    }
    let text = &secret.text;
    let encoded = |text: &str| -> String { url::form_urlencoded::byte_serialize(text.as_bytes()).collect() };
    let (content_type, body) = match place % 8 {
        0 => ("text/plain", format!("{before} {text}\n{after}")),
        1 => ("text/html", format!("{before}<p>{text}</p>{after}")),
        2 => (
            "application/json",
            format!("{before}\n{{\"note\":{}}}\n{after}", serde_json::Value::from(text.as_str())),
        ),
        3 => ("application/json", serde_json::json!({ "a": before, "note": text, "z": [after] }).to_string()),
        4 => (
            "application/json",
            serde_json::json!({ "a": before, "in": [{ "password": text }], "z": after }).to_string(),
        ),
        5 => {
            let inner = serde_json::json!({ "a": after, "client_secret": text }).to_string();
            ("application/json", serde_json::json!({ "a": before, "payload": inner }).to_string())
        }
        6 => ("application/x-www-form-urlencoded", format!("{before}&password={}&{after}", encoded(text))),
        _ => {
            let url = format!(
                "http://a.test/?{}&access_token={}&{}",
                encoded(before),
                encoded(text),
                encoded(after)
            );
            let clean = sanitizer().url(&url);
            holds_none(&secret, &clean, &url);
            return;
        }
    };
    let clean = sanitizer().message("response", &message(content_type, "", body.as_bytes(), true));
    let kept: &Clean = &clean;
    let stored = kept.body.utf8.as_deref().unwrap_or_default();
    holds_none(&secret, stored, &body);
    if let Some(base64) = &kept.body.base64 {
        let stored = BASE64_STANDARD.decode(base64).expect("Base64");
        holds_none(&secret, &String::from_utf8_lossy(&stored), &body);
    }
    for redaction in &kept.redactions {
        holds_none(&secret, &redaction.place, &body);
    }
}

fn holds_none(secret: &Secret, kept: &str, sent: &str) {
    for part in &secret.parts {
        assert!(!kept.contains(part.as_str()), "{part:?} of {:?} is kept: {kept:?} of {sent:?}", secret.text);
    }
}

/// Four times the text takes about four times as long.
fn time_is_linear(unit: &str, how: u8) {
    if unit.is_empty() {
        return;
    }
    let content_type = TYPES[usize::from(how) / 16 % TYPES.len()];
    let cpu = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
    };
    let took = |size: usize| {
        let text = unit.repeat(size / unit.len() + 1);
        let message = message(content_type, "", text.as_bytes(), true);
        let start = cpu();
        drop(sanitizer().message("request", &message));
        cpu() - start
    };
    let (short, long) = (1 << 16, GROWTH << 16);
    // What else runs disturbs one measurement, hardly each of several.
    let grows = || {
        let (first, second) = (took(short), took(long));
        second > MEASURED && second > first * GROWTH as f64 * SLACK
    };
    assert!(!(0..6).all(|_| grows()), "time grows faster than the text: {unit:?} as {content_type:?}");
}
