//! What stands in quotes, with Go's escapes.

use std::str::Chars;

use super::{super::error::ParseError, Lexer, Token};

impl<'a> Lexer<'a> {
    pub(super) fn quoted(&mut self, quote: char) -> Result<Token<'a>, ParseError> {
        let start = self.at;
        let mut value = Vec::new();
        let mut chars = self.text[start + 1..].chars();
        let place = |chars: &Chars<'_>| self.text.len() - chars.as_str().len();
        loop {
            let at = place(&chars);
            match chars.next() {
                Some(c) if c == quote => {
                    self.at = place(&chars);
                    return match String::from_utf8(value) {
                        Ok(text) => Ok(Token::Text(text)),
                        Err(_) => self.fault("unsupported: a text that is not UTF-8", start, self.at),
                    };
                }
                Some('\\') if quote != '`' => match escape(&mut chars, quote) {
                    Ok(bytes) => value.extend(bytes),
                    Err(what) => return self.fault(what, at, place(&chars)),
                },
                None if quote == '`' => {
                    return self.fault("unterminated raw string", start, self.text.len());
                }
                Some('\n') if quote != '`' => return self.fault("unterminated quoted string", start, at),
                None => return self.fault("unterminated quoted string", start, self.text.len()),
                Some(c) => value.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
    }
}

/// What a backslash and the following stand for.
fn escape(chars: &mut Chars<'_>, quote: char) -> Result<Vec<u8>, String> {
    let invalid = || "escape sequence is an invalid Unicode code point".to_owned();
    if chars.as_str().starts_with(|c| matches!(c, '0'..='7')) {
        return Ok(vec![u8::try_from(digits(chars, 3, 8)?).map_err(|_| invalid())?]);
    }
    let byte = match chars.next() {
        Some('a') => 7,
        Some('b') => 8,
        Some('f') => 12,
        Some('n') => b'\n',
        Some('r') => b'\r',
        Some('t') => b'\t',
        Some('v') => 11,
        Some('\\') => b'\\',
        Some(c) if c == quote => c as u8,
        Some('x') => digits(chars, 2, 16)? as u8,
        Some(c @ ('u' | 'U')) => {
            let number = digits(chars, if c == 'u' { 4 } else { 8 }, 16)?;
            let c = char::from_u32(number).ok_or_else(invalid)?;
            return Ok(c.to_string().into_bytes());
        }
        Some(c) => return Err(format!("unknown escape sequence {}", code_point(c))),
        None => return Err(UNFINISHED.to_owned()),
    };
    Ok(vec![byte])
}

const UNFINISHED: &str = "escape sequence not terminated";

/// A number of so many digits; of at most eight, so that it is no more than 32 bits.
fn digits(chars: &mut Chars<'_>, count: usize, radix: u32) -> Result<u32, String> {
    (0..count).try_fold(0, |value: u32, _| {
        let c = chars.next().ok_or(UNFINISHED)?;
        let digit = c.to_digit(radix);
        let illegal = || format!("illegal character {} in escape sequence", code_point(c));
        Ok(value * radix + digit.ok_or_else(illegal)?)
    })
}

/// `U+0041 'A'`
fn code_point(c: char) -> String {
    let seen = if c.is_control() { String::new() } else { format!(" '{c}'") };
    format!("U+{:04X}{seen}", u32::from(c))
}
