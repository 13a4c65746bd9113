//! Numbers (`1.5e3`, `0x1f`, `1_000`) and durations (`1h30m`).

use super::{
    super::{duration, error::ParseError},
    Lexer, Place, Token, is_word,
};

impl<'a> Lexer<'a> {
    /// Digits, and what belongs to them.
    pub(super) fn number(&mut self) -> Result<Token<'a>, ParseError> {
        let (rest, start) = (self.rest(), self.at);
        if self.place == Place::Bracket {
            self.place = Place::Window(false);
        }
        let wide = number_length(rest);
        if let Some(wide) = wide {
            self.at += wide;
            return match value_of(&rest[..wide]) {
                Ok(number) => Ok(Token::Number(number)),
                Err(why) => {
                    let word = &rest[..wide];
                    let what = format!("error parsing number: strconv.ParseFloat: parsing {word:?}: {why}");
                    self.fault(what, start, self.at)
                }
            };
        }
        let wide = rest.find(|c| !(is_word(c) || c == '.')).unwrap_or(rest.len());
        let word = &rest[..wide];
        self.at += wide;
        match duration::read(word) {
            Ok(ms) => Ok(Token::Duration(ms)),
            Err(e) if looks_like_duration(word) => self.fault(e.to_string(), start, self.at),
            Err(_) => self.fault(format!("bad number or duration syntax: {word:?}"), start, self.at),
        }
    }
}

/// How many bytes of the beginning are a number, if what follows them is no part of a word.
fn number_length(text: &str) -> Option<usize> {
    let bytes = text.as_bytes();
    let byte = |at: usize| bytes.get(at).copied();
    let is_hex = matches!(bytes, [b'0', b'x' | b'X', ..]);
    let is_digit = |b: u8| if is_hex { b.is_ascii_hexdigit() } else { b.is_ascii_digit() };
    let (mut dotted, mut raised) = (false, false);
    let mut at = if is_hex { 2 } else { 0 };
    while let Some(b) = byte(at) {
        match b {
            b if is_digit(b) => {}
            b'.' if !dotted && !is_hex && !matches!(byte(at + 1), Some(b'.' | b'_')) => dotted = true,
            b'e' | b'E' if !raised => {
                raised = true;
                at += usize::from(matches!(byte(at + 1), Some(b'+' | b'-')));
                if matches!(byte(at + 1), None | Some(b'.' | b'_' | b'e' | b'E')) {
                    return None;
                }
            }
            b'_' if !matches!(byte(at + 1), None | Some(b'.' | b'_' | b'e' | b'E')) => {}
            b'.' => return None,
            b if is_word(char::from(b)) => return None,
            _ => break,
        }
        at += 1;
    }
    Some(at)
}

/// What a number is, read as Go reads it: digits behind a zero are octal, if they can be.
fn value_of(word: &str) -> Result<f64, &'static str> {
    const SYNTAX: &str = "invalid syntax";
    let plain = word.replace('_', "");
    if let Some(hex) = plain.strip_prefix("0x").or_else(|| plain.strip_prefix("0X")) {
        return i64::from_str_radix(hex, 16).map(|n| n as f64).map_err(|_| SYNTAX);
    }
    let octal = plain.strip_prefix('0').and_then(|rest| i64::from_str_radix(rest, 8).ok());
    if let Some(number) = octal {
        return Ok(number as f64);
    }
    if word.len() != plain.len() && plain.parse::<i64>().is_err() {
        return Err(SYNTAX);
    }
    match plain.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) => Err("value out of range"),
        Err(_) => Err(SYNTAX),
    }
}

/// Whether it is a number, a unit, and more of both: what is refused for what its units are, and not for its letters.
fn looks_like_duration(word: &str) -> bool {
    let mut rest = word;
    while !rest.is_empty() {
        let behind = rest.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
        let Some(unit) = behind.strip_prefix(['s', 'm', 'h', 'd', 'w', 'y']).filter(|_| behind != rest)
        else {
            return false;
        };
        rest = unit.strip_prefix('s').unwrap_or(unit);
    }
    true
}
