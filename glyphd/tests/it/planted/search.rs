//! Looks for planted secrets in whatever Glyph wrote: as it stands there, and as anyone could read it.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashSet},
    io::Read,
};

use aho_corasick::AhoCorasick;
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use serde_json::Value;

use super::plants::Plant;

/// How many layers of Base64, JSON and percent-encoding are taken off.
const DEPTH: usize = 5;
/// The shortest run of letters that is tried as Base64.
const RUN: usize = 12;

/// All that must not be found.
pub(super) struct Search {
    words: AhoCorasick,
    /// The plant of each word.
    owners: Vec<String>,
}

/// Where something was found: plant, file and line, and what stands there.
pub(super) type Leaks = BTreeMap<(String, String), String>;

impl Search {
    pub(super) fn of<'a>(plants: impl IntoIterator<Item = &'a Plant>) -> Self {
        let pairs = plants.into_iter().flat_map(|plant| {
            let secret = &plant.secret;
            secret.parts.iter().chain([&secret.text]).map(|part| (part.clone(), plant.entry.name.clone()))
        });
        Self::words(pairs)
    }

    /// Words, each with what it is a part of.
    pub(super) fn words(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        let (words, owners): (Vec<_>, Vec<_>) = pairs.into_iter().unzip();
        Self { words: AhoCorasick::new(words).unwrap(), owners }
    }

    /// Every plant that can be read in these bytes, by plant and line.
    pub(super) fn find(&self, what: &str, bytes: &[u8], leaks: &mut Leaks) {
        for (n, line) in bytes.split(|b| *b == b'\n').enumerate() {
            for (reading, how) in readings(line) {
                for found in self.words.find_overlapping_iter(&reading) {
                    let start = found.start().saturating_sub(50);
                    let end = reading.len().min(found.end() + 20);
                    let text = String::from_utf8_lossy(&reading[start..end]).into_owned();
                    let place = format!("{what}:{}", n + 1);
                    let owner = self.owners[found.pattern().as_usize()].clone();
                    leaks.entry((owner, place)).or_insert_with(|| format!("{how}…{text}…"));
                }
            }
        }
    }
}

/// The line, and what it may be read as.
fn readings(line: &[u8]) -> Vec<(Vec<u8>, String)> {
    let mut seen = HashSet::new();
    let mut all = Vec::new();
    let mut next = vec![(line.to_vec(), String::new())];
    for _ in 0..DEPTH {
        for (bytes, how) in std::mem::take(&mut next) {
            if bytes.is_empty() || !seen.insert(bytes.clone()) {
                continue;
            }
            let layers = layers(&bytes).into_iter();
            next.extend(layers.map(|(reading, layer)| (reading, format!("{how}{layer}: "))));
            all.push((bytes, how));
        }
    }
    all
}

/// What is left when one layer is taken off.
fn layers(bytes: &[u8]) -> Vec<(Vec<u8>, &'static str)> {
    let mut layers = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut content = Vec::new();
        // As much of it as can be read.
        drop(flate2::read::MultiGzDecoder::new(bytes).read_to_end(&mut content));
        layers.push((content, "gzip"));
    }
    if bytes.contains(&0) {
        layers.push((bytes.iter().copied().filter(|b| *b != 0).collect(), "UTF-16"));
    }
    let text = String::from_utf8_lossy(bytes);
    match serde_json::from_str::<Value>(&text) {
        Ok(value @ (Value::Object(_) | Value::Array(_) | Value::String(_))) => {
            let mut strings = Vec::new();
            strings_of(&value, &mut strings);
            layers.extend(strings.into_iter().map(|s| (s.into_bytes(), "JSON")));
        }
        _ if text.contains('\\') => layers.push((unescaped(&text).into_bytes(), "escaped")),
        _ => {}
    }
    if let Cow::Owned(decoded) = percent_decoded(bytes) {
        layers.push((decoded, "percent-encoded"));
    }
    for run in bytes.split(|b| !(b.is_ascii_alphanumeric() || b"+/-_".contains(b))) {
        if run.len() >= RUN {
            let run: Vec<u8> = run
                .iter()
                .map(|b| *b"+/".get(usize::from(*b == b'_')).filter(|_| b"-_".contains(b)).unwrap_or(b))
                .collect();
            let whole = run.len() - usize::from(run.len() % 4 == 1);
            // The bits that are left over at the end of a torn one are nobody's.
            let lax = base64::engine::GeneralPurposeConfig::new()
                .with_decode_allow_trailing_bits(true)
                .with_encode_padding(false)
                .with_decode_padding_mode(base64::engine::DecodePaddingMode::RequireNone);
            let engine = base64::engine::GeneralPurpose::new(&base64::alphabet::STANDARD, lax);
            if let Ok(decoded) = engine.decode(&run[..whole]) {
                layers.push((decoded, "Base64"));
            }
        }
    }
    layers
}

fn strings_of(value: &Value, strings: &mut Vec<String>) {
    match value {
        Value::String(text) => strings.push(text.clone()),
        Value::Array(items) => items.iter().for_each(|item| strings_of(item, strings)),
        Value::Object(object) => {
            for (name, value) in object {
                strings.push(name.clone());
                strings_of(value, strings);
            }
        }
        _ => {}
    }
}

/// Without the backslashes of JSON, or of a text that Rust has quoted.
fn unescaped(text: &str) -> String {
    let mut units = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        units.extend(rest[..at].encode_utf16());
        let escape = &rest[at + 1..];
        let unit = escape.strip_prefix('u').and_then(|hex| u16::from_str_radix(hex.get(..4)?, 16).ok());
        let Some(first) = escape.chars().next() else { break };
        let length = if let Some(unit) = unit {
            units.push(unit);
            5
        } else {
            let meant = match first {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                other => other,
            };
            units.extend(meant.encode_utf16(&mut [0; 2]).iter());
            first.len_utf8()
        };
        rest = &escape[length..];
    }
    units.extend(rest.encode_utf16());
    String::from_utf16_lossy(&units)
}

fn percent_decoded(bytes: &[u8]) -> Cow<'_, [u8]> {
    if !bytes.contains(&b'%') && !bytes.contains(&b'+') {
        return Cow::Borrowed(bytes);
    }
    let hex = |b: u8| char::from(b).to_digit(16);
    let (mut decoded, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let pair = bytes.get(at + 1).and_then(|b| hex(*b)).zip(bytes.get(at + 2).and_then(|b| hex(*b)));
        match (bytes[at], pair) {
            (b'%', Some((high, low))) => {
                decoded.push((high * 16 + low) as u8);
                at += 2;
            }
            (b'+', _) => decoded.push(b' '),
            (b, _) => decoded.push(b),
        }
        at += 1;
    }
    Cow::Owned(decoded)
}

#[test]
fn a_secret_is_found_however_it_was_written() {
    let plant = super::plants::plants(1, 8 << 10).swap_remove(0);
    let search = Search::of([&plant]);
    let secret = &plant.secret.text;
    let base64 = BASE64_STANDARD_NO_PAD.encode(format!("joe:{secret}"));
    let units: String = secret.bytes().map(|b| format!("\\u00{b:02x}")).collect();
    let percent: String = secret.bytes().map(|b| format!("%{b:02x}")).collect();
    let utf16: Vec<u8> = secret.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let half = &secret[secret.len() / 2..];
    let nested = serde_json::to_string(&format!("{{\"a\":\"{{\\\"b\\\":\\\"{secret}\\\"}}\"}}")).unwrap();
    for text in [
        format!("x{secret}y"),
        format!("Authorization: Basic {base64}"),
        format!("{{\"x\":\"{units}\"}}"),
        format!("log: \"{units}\" and more"),
        format!("GET /?a={percent}&b=1"),
        format!("{{\"base64\":{:?}}}", BASE64_STANDARD_NO_PAD.encode(&utf16)),
        format!("{{\"url\":\"http://a.test/?x={percent}\"}}"),
        format!("half of it: {half}"),
        nested,
    ] {
        let mut leaks = Leaks::new();
        search.find("text", format!("first\n{text}\n").as_bytes(), &mut leaks);
        assert!(leaks.contains_key(&(plant.entry.name.clone(), "text:2".to_owned())), "{text}: {leaks:?}");
    }
    let mut leaks = Leaks::new();
    search.find("text", b"nothing of it: glyph-redacted-0123456789ab", &mut leaks);
    assert_eq!(leaks, Leaks::new());
}
