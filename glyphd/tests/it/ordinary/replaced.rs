//! What was replaced: the parts of a text for which tokens stand now.

use serde_json::Value;

const TOKEN: &str = "glyph-redacted-";
const DIGITS: usize = 12;

/// What stood where tokens stand now; none if the texts differ in more than that.
pub(super) fn replaced<'a>(before: &'a str, after: &str) -> Option<Vec<&'a str>> {
    let mut kept = vec![];
    let mut rest = after;
    while let Some((text, token)) = rest.split_once(TOKEN) {
        kept.push(text);
        rest = token.get(DIGITS..)?;
    }
    kept.push(rest);
    let mut there = before.strip_prefix(kept[0])?;
    let mut found = Vec::new();
    for (n, text) in kept.iter().enumerate().skip(1) {
        let at = if n + 1 == kept.len() {
            there.len().checked_sub(text.len()).filter(|at| there.get(*at..) == Some(*text))?
        } else {
            there.find(text)?
        };
        found.push(&there[..at]);
        there = &there[at + text.len()..];
    }
    (kept.len() > 1 || there.is_empty()).then_some(found)
}

/// The scalars of a JSON text that are others now, numbers too.
pub(super) fn changed(before: &str, after: &str) -> Option<Vec<String>> {
    fn walk(before: &Value, after: &Value, changed: &mut Vec<String>) {
        match (before, after) {
            (Value::Object(a), Value::Object(b)) => {
                a.iter().zip(b).for_each(|((_, a), (_, b))| walk(a, b, changed));
            }
            (Value::Array(a), Value::Array(b)) => a.iter().zip(b).for_each(|(a, b)| walk(a, b, changed)),
            (a, b) if a != b => changed.push(a.as_str().map_or_else(|| a.to_string(), str::to_owned)),
            _ => {}
        }
    }
    let mut all = Vec::new();
    walk(&serde_json::from_str(before).ok()?, &serde_json::from_str(after).ok()?, &mut all);
    Some(all)
}

/// How many scalars a JSON text has; none if it is no JSON.
pub(super) fn scalars(text: &str) -> Option<usize> {
    fn count(value: &Value) -> usize {
        match value {
            Value::Object(object) => object.values().map(count).sum(),
            Value::Array(items) => items.iter().map(count).sum(),
            _ => 1,
        }
    }
    Some(count(&serde_json::from_str(text).ok()?))
}

#[test]
fn what_was_replaced_is_found() {
    let token = "glyph-redacted-0123456789ab";
    for (before, after, found) in [
        ("a=1&b=2", format!("a=1&b={token}"), Some(vec!["2"])),
        ("a=1&b=2&c", format!("a={token}&b={token}&c"), Some(vec!["1", "2"])),
        ("same", "same".to_owned(), Some(vec![])),
        ("one", "other".to_owned(), None),
        ("one", format!("{token} more"), None),
    ] {
        assert_eq!(replaced(before, &after), found, "{before}");
    }
    assert_eq!(changed("{\"a\":1,\"b\":[2,3]}", "{\"a\":1,\"b\":[9,3]}"), Some(vec!["2".to_owned()]));
}
