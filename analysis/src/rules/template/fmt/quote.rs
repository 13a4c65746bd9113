//! Quoted texts and characters, as `strconv` writes them.

use super::spec::first;
use crate::metrics::quote::quoted;

/// Whether a character can be seen.
pub(in crate::rules::template) fn is_printable(c: char) -> bool {
    // Quoting leaves what can be seen as it is, but for these.
    matches!(c, '"' | '\\') || quoted(c.encode_utf8(&mut [0; 4])).len() == c.len_utf8() + 2
}

/// `U+0041 'A'`.
pub(in crate::rules::template) fn with_code_point(c: char) -> String {
    let code = u32::from(c);
    if is_printable(c) { format!("U+{code:04X} '{c}'") } else { format!("U+{code:04X}") }
}

/// Bytes between quotes. With `ascii`, nothing beyond ASCII stays.
pub(super) fn text(text: &[u8], quote: char, ascii: bool) -> String {
    let mut out = String::from(quote);
    let mut rest = text;
    while !rest.is_empty() {
        let (c, length) = first(rest);
        match c {
            Some(c) => push(&mut out, c, quote, ascii),
            None => out += &format!("\\x{:02x}", rest[0]),
        }
        rest = &rest[length..];
    }
    out.push(quote);
    out
}

/// A character between single quotes.
pub(super) fn character(c: char, ascii: bool) -> String {
    let mut out = String::from('\'');
    push(&mut out, c, '\'', ascii);
    out.push('\'');
    out
}

fn push(out: &mut String, c: char, quote: char, ascii: bool) {
    if c == quote || c == '\\' {
        out.extend(['\\', c]);
    } else if c == '"' || (is_printable(c) && !(ascii && !c.is_ascii())) {
        out.push(c);
    } else if ascii && is_printable(c) {
        let code = u32::from(c);
        *out += &if code < 0x10000 { format!("\\u{code:04x}") } else { format!("\\U{code:08x}") };
    } else {
        let escaped = quoted(c.encode_utf8(&mut [0; 4]));
        out.push_str(escaped.trim_matches('"'));
    }
}

/// Whether a text can stand between backquotes.
pub(super) fn fits_backquotes(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    text.chars().all(|c| c == '\t' || (!c.is_ascii_control() && c != '`' && c != '\u{feff}'))
}

/// A text in backquotes if it fits them, else in double quotes: `%#q`, and how `regexp` names a pattern.
pub(in crate::rules::template) fn raw(bytes: &[u8]) -> String {
    if fits_backquotes(bytes) {
        return format!("`{}`", String::from_utf8_lossy(bytes));
    }
    text(bytes, '"', false)
}
