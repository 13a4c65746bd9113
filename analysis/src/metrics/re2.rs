//! Go's regular expressions (RE2) as those of the regex crate, where the two differ.
//!
//! In: a pattern as Prometheus takes it. Out: one that matches the same. Braces that are no repetition stand for
//! themselves, classes like `\d` know ASCII only, a bracket in a class is one, `\Q…\E` quotes. Not here: octal escapes
//! and `\C`, which are errors.

use std::{borrow::Cow, iter::Peekable, str::Chars};

/// The pattern in the other syntax.
pub(super) fn translated(pattern: &str) -> Cow<'_, str> {
    if !pattern.contains(['\\', '{', '[']) {
        return pattern.into();
    }
    let mut out = String::with_capacity(pattern.len() + 16);
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let behind = &rest[c.len_utf8()..];
        rest = match c {
            '\\' => escape(behind, &mut out),
            '[' => class(behind, &mut out),
            '{' if !is_repetition(behind) => {
                out.push_str("\\{");
                behind
            }
            c => {
                out.push(c);
                behind
            }
        };
    }
    out.into()
}

/// Whether `n}`, `n,}` or `n,m}` follows.
fn is_repetition(text: &str) -> bool {
    let Some((inner, _)) = text.split_once('}') else { return false };
    let (least, most) = inner.split_once(',').unwrap_or((inner, ""));
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    !least.is_empty() && digits(least) && digits(most)
}

/// What a class is called, without brackets.
fn ascii(name: char) -> Option<&'static str> {
    Some(match name.to_ascii_lowercase() {
        'd' => "0-9",
        'w' => "0-9A-Za-z_",
        's' => "\\t\\n\\f\\r ",
        _ => return None,
    })
}

/// Behind a backslash.
fn escape<'a>(text: &'a str, out: &mut String) -> &'a str {
    let Some(c) = text.chars().next() else {
        out.push('\\');
        return text;
    };
    let behind = &text[c.len_utf8()..];
    match (c, ascii(c)) {
        ('Q', _) => {
            let (quoted, behind) = behind.split_once("\\E").unwrap_or((behind, ""));
            out.push_str(&regex::escape(quoted));
            return behind;
        }
        ('b', _) => out.push_str("(?-u:\\b)"),
        // Elsewhere these are the edges of words.
        ('<' | '>', _) => out.push(c),
        (_, Some(members)) => out.extend([if c.is_uppercase() { "[^" } else { "[" }, members, "]"]),
        _ => out.extend(['\\', c]),
    }
    behind
}

/// Behind an opening bracket, up to what closes the class.
fn class<'a>(text: &'a str, out: &mut String) -> &'a str {
    out.push('[');
    let mut chars = text.chars().peekable();
    if chars.next_if_eq(&'^').is_some() {
        out.push('^');
    }
    if chars.next_if_eq(&']').is_some() {
        out.push_str("\\]");
    }
    let mut last = '[';
    while let Some(c) = chars.next() {
        match c {
            ']' => {
                out.push(']');
                break;
            }
            '[' if chars.peek() == Some(&':') => named(&mut chars, out),
            '\\' => match chars.next() {
                Some(name) => match ascii(name) {
                    Some(members) if name.is_uppercase() => out.extend(["[^", members, "]"]),
                    Some(members) => out.push_str(members),
                    None => out.extend(['\\', name]),
                },
                None => out.push('\\'),
            },
            // Elsewhere these begin a class in a class, or stand between two.
            '[' => out.push_str("\\["),
            '&' | '~' | '-' if c == last => out.extend(['\\', c]),
            c => out.push(c),
        }
        last = c;
    }
    let left: usize = chars.map(char::len_utf8).sum();
    &text[text.len() - left..]
}

/// `[:alpha:]`
fn named(chars: &mut Peekable<Chars<'_>>, out: &mut String) {
    out.push('[');
    for c in chars.by_ref() {
        out.push(c);
        if c == ']' {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::metrics::matcher::anchored;

    #[test]
    fn patterns_match_what_they_match_in_go() {
        let table = [
            ("/api/{id}", "/api/{id}", true),
            ("a{2}b{1,}c{,2}", "aabbc{,2}", true),
            ("a{", "a{", true),
            ("\\d+", "12", true),
            ("\\d", "٣", false),
            ("\\w", "é", false),
            ("\\W", "é", true),
            ("[\\d.]+", "1.2", true),
            ("[^\\D]", "1", true),
            ("\\Qa.b\\E.", "a.bc", true),
            ("\\Qa.b", "axb", false),
            ("[[a]", "[", true),
            ("[]a]", "]", true),
            ("[a&&b]", "&", true),
            ("[[:alpha:]_]+", "a_b", true),
            ("\\<a\\>", "<a>", true),
            ("a\\bé", "aé", true),
            ("\\.\\{\\[", ".{[", true),
        ];
        for (pattern, text, expected) in table {
            let regex = anchored(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert_eq!(regex.is_match(text), expected, "{pattern} {text}");
        }
        for pattern in ["(", "[a", "*", "a\\", "[\\"] {
            assert!(anchored(pattern).is_err(), "{pattern}");
        }
    }
}
