//! What a file is that is no trace file, in words that help.
//!
//! In: keys of an object, or bytes that are no JSON. Out: a sentence.

use crate::text::visible;

/// What is said where nothing else is known.
pub(super) const NOTHING: &str = "there is no span in it";

/// So many keys of an object are named.
const KEYS: usize = 6;

/// Whether keys are those of another of glyph's records.
pub(super) fn is_glyphs(has: impl Fn(&str) -> bool) -> bool {
    let all = |keys: &[&str]| keys.iter().all(|key| has(key));
    let flow = ["sequence", "client", "request"];
    let audit = ["component", "event", "decision"];
    let finding = ["severity", "target", "message"];
    [flow, audit, finding].iter().any(|keys| all(keys))
}

/// What a file with an object of that key is, if that is well known and no trace.
pub(super) fn other(key: &str) -> Option<&'static str> {
    Some(match key {
        "traceEvents" => {
            "this is a Chrome trace, which is what -o writes: give the span file it was made from"
        }
        "resourceMetrics" | "resource_metrics" => "these are OTLP metrics, not traces",
        "resourceLogs" | "resource_logs" => "these are OTLP logs, not traces",
        "resourceProfiles" => "these are OTLP profiles, not traces",
        _ => return None,
    })
}

/// What an object with these keys is, which has no spans.
pub(super) fn object<'k>(keys: impl Iterator<Item = &'k str> + Clone) -> String {
    let has = |key: &str| keys.clone().any(|k| k == key);
    let all = |keys: &[&str]| keys.iter().all(|key| has(key));
    if all(&["ph", "ts"]) {
        return "this is a Chrome trace, which is what -o writes: give the span file it was made from"
            .to_owned();
    }
    if is_glyphs(has) {
        return "this is a file of glyph's flows, findings or audit: the spans are in traces.jsonl"
            .to_owned();
    }
    if all(&["log"]) && keys.clone().count() == 1 {
        return "this may be a HAR, which holds requests and no spans".to_owned();
    }
    if all(&["spans", "rows", "oddities"]) {
        return "this is a summary that trace summarize wrote: give the span file it was made from"
            .to_owned();
    }
    let named: Vec<_> = keys.clone().take(KEYS).map(|key| format!("{key:?}")).collect();
    let more = match keys.clone().count().saturating_sub(KEYS) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    match &named[..] {
        [] => "an object without any key is no span".to_owned(),
        _ => visible(&format!("an object with {}{more} is no span", named.join(", "))).into_owned(),
    }
}

/// What bytes are that begin so and can't be JSON; none if that is not known.
pub(super) fn bytes(bytes: &[u8]) -> Option<&'static str> {
    const MAGIC: [(&[u8], &str); 10] = [
        (b"\xff\xfe", "this is UTF-16: convert it (iconv -f UTF-16 -t UTF-8)"),
        (b"\xfe\xff", "this is UTF-16: convert it (iconv -f UTF-16 -t UTF-8)"),
        (b"PK\x03\x04", "this is a ZIP archive: unpack it"),
        (b"\xfd7zXZ\0", "this is compressed by xz: pipe it (xz -dc FILE | glyphctl trace … -)"),
        (b"BZh", "this is compressed by bzip2: pipe it (bzip2 -dc FILE | glyphctl trace … -)"),
        (b"PAR1", "this is Parquet, which is written but not read"),
        (b"SQLite format 3\0", "this is an SQLite database"),
        (b"\x7fELF", "this is a program"),
        (b"# HELP ", "these are metrics: glyphctl metrics reads them"),
        (b"# TYPE ", "these are metrics: glyphctl metrics reads them"),
    ];
    let known = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, what)| *what);
    known.or_else(|| {
        let head = &bytes[..bytes.len().min(1 << 10)];
        let binary = head.iter().any(|b| *b < b' ' && !b"\t\n\x0b\x0c\r\x1b".contains(b));
        let utf16 = head.len() > 3 && [0, 1].iter().any(|at| head[*at..].iter().step_by(2).all(|b| *b == 0));
        match (utf16, binary) {
            (true, _) => Some(MAGIC[0].1),
            (_, true) => Some("this is binary data"),
            _ => text(head),
        }
    })
}

/// Text that is no JSON from the beginning.
fn text(head: &[u8]) -> Option<&'static str> {
    let begin = head.trim_ascii_start();
    let is_json = begin.first().is_none_or(|b| b"{[\"-tfn".contains(b) || b.is_ascii_digit());
    if is_json || !head.is_ascii() { first_key(begin) } else { Some("it is no JSON") }
}

/// Objects whose keys have no quotes, as a console prints them.
fn first_key(begin: &[u8]) -> Option<&'static str> {
    let inner = begin.strip_prefix(b"{")?.trim_ascii_start();
    let name = inner.iter().take_while(|b| b.is_ascii_alphanumeric() || **b == b'_').count();
    (name > 0 && inner.get(name) == Some(&b':')).then_some(
        "its keys have no quotes, so it is no JSON but what JavaScript prints: let it write OTLP, or JSON.stringify it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_well_known_has_its_name() {
        for (begin, says) in [
            (&b"\xff\xfe{\0"[..], "UTF-16"),
            (b"{\0\"\0a\0", "UTF-16"),
            (b"\0{\0\"\0a", "UTF-16"),
            (b"\0\x01\x02\x03\x04", "binary"),
            (b"{\n  traceId: 'f3b2'", "JavaScript"),
            (b"PK\x03\x04", "ZIP"),
            (b"hello", "no JSON"),
        ] {
            assert!(bytes(begin).unwrap_or_default().contains(says), "{begin:?}: {:?}", bytes(begin));
        }
        assert_eq!([bytes(b""), bytes(b"{\"a\":1}"), bytes(b"\xc3")], [None; 3]);
    }

    #[test]
    fn an_object_is_known_by_its_keys() {
        assert_eq!(
            object(["name", "version", "a\u{1b}"].into_iter()),
            "an object with \"name\", \"version\", \"a\\u{1b}\" is no span"
        );
        let many = ["a"; 9];
        assert!(object(many.into_iter()).ends_with(" and 3 more is no span"));
        assert!(object(["name", "ph", "ts"].into_iter()).contains("Chrome trace"));
    }
}
