//! Quoted text and characters, as `strconv.Unquote` reads them.
//!
//! A Go string is bytes: `"\xff"` is one of them, and no text.

/// What a text in double quotes or backquotes says; nothing if it is not well written.
pub(super) fn unquote(quoted: &str) -> Option<Vec<u8>> {
    if let Some(raw) = quoted.strip_prefix('`') {
        return Some(raw.strip_suffix('`')?.replace('\r', "").into_bytes());
    }
    let mut rest = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let mut out = Vec::with_capacity(rest.len());
    while !rest.is_empty() {
        let (unit, after) = unit(rest, '"')?;
        match unit {
            Unit::Byte(byte) => out.push(byte),
            Unit::Char(c) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        }
        rest = after;
    }
    Some(out)
}

/// The code of a character in single quotes, or what Go says is wrong.
pub(super) fn character(quoted: &str) -> Result<u32, String> {
    let syntax = || "invalid syntax".to_owned();
    let (unit, tail) = quoted.strip_prefix('\'').and_then(|rest| unit(rest, '\'')).ok_or_else(syntax)?;
    if tail != "'" {
        return Err(format!("malformed character constant: {quoted}"));
    }
    Ok(match unit {
        Unit::Byte(byte) => u32::from(byte),
        Unit::Char(c) => u32::from(c),
    })
}

enum Unit {
    Byte(u8),
    Char(char),
}

/// One character, escaped or not, and what follows it.
fn unit(text: &str, quote: char) -> Option<(Unit, &str)> {
    let mut chars = text.chars();
    match chars.next()? {
        c if c == quote || c == '\n' => return None,
        '\\' => {}
        c => return Some((Unit::Char(c), chars.as_str())),
    }
    let escape = chars.next()?;
    let rest = chars.as_str();
    let simple = match escape {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' => '\\',
        c @ ('"' | '\'') if c == quote => c,
        'x' => return digits(rest, 2, 16).and_then(|(n, rest)| Some((Unit::Byte(n.try_into().ok()?), rest))),
        'u' => return digits(rest, 4, 16).and_then(|(n, rest)| Some((Unit::Char(char::from_u32(n)?), rest))),
        'U' => return digits(rest, 8, 16).and_then(|(n, rest)| Some((Unit::Char(char::from_u32(n)?), rest))),
        '0'..='7' => {
            let (n, rest) = digits(&text[1..], 3, 8)?;
            return Some((Unit::Byte(n.try_into().ok()?), rest));
        }
        _ => return None,
    };
    Some((Unit::Char(simple), rest))
}

fn digits(text: &str, count: usize, radix: u32) -> Option<(u32, &str)> {
    let head = text.get(..count).filter(|head| head.chars().all(|c| c.is_digit(radix)))?;
    Some((u32::from_str_radix(head, radix).ok()?, &text[count..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_unquoted() {
        let table: [(&str, Option<&[u8]>); 12] = [
            (r#""a\n\t\"\\b""#, Some(b"a\n\t\"\\b")),
            (r#""\x41\101\u00e9\U0001F600""#, Some("AAé😀".as_bytes())),
            (r#""\xff""#, Some(b"\xff")),
            ("`a\\n\r\"`", Some(b"a\\n\"")),
            (r#""""#, Some(b"")),
            (r#""\'""#, None),
            (r#""\q""#, None),
            (r#""\x4""#, None),
            (r#""\400""#, None),
            (r#""\ud800""#, None),
            (r#""\"#, None),
            (r#""a"#, None),
        ];
        for (quoted, expected) in table {
            assert_eq!(unquote(quoted).as_deref(), expected, "{quoted}");
        }
        assert_eq!(character("'a'"), Ok(97));
        assert_eq!(character(r"'\''"), Ok(39));
        assert_eq!(character("''"), Err("invalid syntax".into()));
        assert_eq!(character("'ab'"), Err("malformed character constant: 'ab'".into()));
    }
}
