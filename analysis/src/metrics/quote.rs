//! Text in quotes as Go writes it, which series, matchers, messages and printed expressions of Prometheus do.

use std::{borrow::Cow, fmt::Write};

/// The text in double quotes, with everything escaped that can't be seen.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        let code = u32::from(c);
        // Writing into a String does not fail.
        let _written = match c {
            '"' | '\\' => write!(out, "\\{c}"),
            '\u{7}' => write!(out, "\\a"),
            '\u{8}' => write!(out, "\\b"),
            '\u{c}' => write!(out, "\\f"),
            '\n' => write!(out, "\\n"),
            '\r' => write!(out, "\\r"),
            '\t' => write!(out, "\\t"),
            '\u{b}' => write!(out, "\\v"),
            c if is_printable(c) => write!(out, "{c}"),
            _ if code < 0x80 => write!(out, "\\x{code:02x}"),
            _ if code < 0x10000 => write!(out, "\\u{code:04x}"),
            _ => write!(out, "\\U{code:08x}"),
        };
    }
    out.push('"');
    out
}

/// Only an ASCII blank is printable among the blanks; combining marks are.
fn is_printable(c: char) -> bool {
    // A combining mark is escaped only where a text begins.
    c.is_ascii_graphic() || c == ' ' || (!c.is_whitespace() && format!("a{c}").escape_debug().count() == 2)
}

/// Whether a name can do without quotes: letters, digits and underscores, and the characters in `also`.
pub(crate) fn is_plain(name: &str, also: &str) -> bool {
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || also.contains(c);
    !name.is_empty() && name.chars().all(fits) && !name.starts_with(|c: char| c.is_ascii_digit())
}

/// A label's name, in quotes if it can't stand without.
pub(crate) fn label_name(name: &str) -> Cow<'_, str> {
    if is_plain(name, "") { name.into() } else { quoted(name).into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_stays() {
        let table = [
            ("a'b", "\"a'b\""),
            ("\"\\", "\"\\\"\\\\\""),
            ("\u{7}\u{8}\u{c}\n\r\t\u{b}\u{0}\u{7f}", "\"\\a\\b\\f\\n\\r\\t\\v\\x00\\x7f\""),
            ("é e\u{301} \u{a0}\u{200b}\u{e000}", "\"é e\u{301} \\u00a0\\u200b\\ue000\""),
            ("😀\u{10ffff}", "\"😀\\U0010ffff\""),
        ];
        for (text, expected) in table {
            assert_eq!(quoted(text), expected);
        }
    }

    #[test]
    fn names_are_quoted_where_they_must_be() {
        for (name, expected) in [("a_1", "a_1"), ("1a", "\"1a\""), ("a.b", "\"a.b\""), ("", "\"\"")] {
            assert_eq!(label_name(name), expected);
        }
    }
}
