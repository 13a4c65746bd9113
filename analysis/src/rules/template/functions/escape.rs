//! Text for HTML, JavaScript and URLs, as Go escapes it.

use crate::rules::template::fmt::quote::is_printable;

/// For HTML.
pub(super) fn html(text: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    for byte in text {
        match byte {
            0 => out.extend_from_slice("\u{fffd}".as_bytes()),
            b'"' => out.extend_from_slice(b"&#34;"),
            b'\'' => out.extend_from_slice(b"&#39;"),
            b'&' => out.extend_from_slice(b"&amp;"),
            b'<' => out.extend_from_slice(b"&lt;"),
            b'>' => out.extend_from_slice(b"&gt;"),
            byte => out.push(*byte),
        }
    }
    out
}

/// For a string of JavaScript.
pub(super) fn js(text: &[u8]) -> Vec<u8> {
    let mut out = String::with_capacity(text.len());
    for c in String::from_utf8_lossy(text).chars() {
        match c {
            '\\' | '\'' | '"' => out.extend(['\\', c]),
            '<' | '>' | '&' | '=' => out += &format!("\\u{:04X}", u32::from(c)),
            c if u32::from(c) < 0x20 => out += &format!("\\u{:04X}", u32::from(c)),
            c if c.is_ascii() || is_printable(c) => out.push(c),
            c => out += &format!("\\u{:04X}", u32::from(c)),
        }
    }
    out.into_bytes()
}

/// For the query of a URL: `url.QueryEscape`.
pub(super) fn query(text: &[u8]) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text {
        match byte {
            b' ' => out.push('+'),
            b'-' | b'_' | b'.' | b'~' => out.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => out.push(char::from(*byte)),
            byte => out += &format!("%{byte:02X}"),
        }
    }
    out
}

/// Where Prometheus shows an expression: as a graph on tab 0, as a table on tab 1.
pub(super) fn link(expression: &[u8], tab: u8) -> String {
    format!("/graph?g0.expr={}&g0.tab={tab}", query(expression))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_there_is_escaped() {
        assert_eq!(html(b"<a href='x'>\"&\0"), "&lt;a href=&#39;x&#39;&gt;&#34;&amp;\u{fffd}".as_bytes());
        let escaped = js("'\\\"<b>&=\n\u{e9}\u{200b}".as_bytes());
        assert_eq!(String::from_utf8(escaped).unwrap(), r#"\'\\\"\u003Cb\u003E\u0026\u003D\u000Aé\u200B"#);
        assert_eq!(query("a b+c/é~*".as_bytes()), "a+b%2Bc%2F%C3%A9~%2A");
        assert_eq!(link(b"up == 0", 1), "/graph?g0.expr=up+%3D%3D+0&g0.tab=1");
    }
}
