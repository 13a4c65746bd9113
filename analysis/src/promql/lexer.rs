//! An expression's text as tokens.

use super::{ast::TextRange, duration, error::ParseError};

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A word, keywords among them.
    Word(String),
    Number(f64),
    /// In milliseconds.
    Duration(i64),
    Text(String),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
}

/// Longer ones first.
const SIGNS: [&str; 24] = [
    "=~", "!~", "==", "!=", ">=", "<=", "(", ")", "{", "}", "[", "]", ",", "+", "-", "*", "/", "%", "^", "=",
    ">", "<", "@", ":",
];

/// All tokens and where they stand; the last is [`Token::End`].
pub(super) fn tokens(text: &str) -> Result<Vec<(Token, TextRange)>, ParseError> {
    let mut lexer = Lexer { text, at: 0, brackets: 0 };
    let mut tokens = Vec::new();
    loop {
        lexer.skip_blanks();
        let start = lexer.at;
        let token = lexer.next()?;
        let is_end = token == Token::End;
        tokens.push((token, TextRange { start, end: lexer.at }));
        if is_end {
            return Ok(tokens);
        }
    }
}

struct Lexer<'a> {
    text: &'a str,
    at: usize,
    brackets: usize,
}

impl<'a> Lexer<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest().trim_start();
            self.at = self.text.len() - rest.len();
            if !rest.starts_with('#') {
                return;
            }
            self.at += rest.find('\n').unwrap_or(rest.len());
        }
    }

    fn fault<T>(&self, what: impl Into<String>, start: usize, end: usize) -> Result<T, ParseError> {
        Err(ParseError { what: what.into(), range: TextRange { start, end } })
    }

    fn next(&mut self) -> Result<Token, ParseError> {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else { return Ok(Token::End) };
        let second = rest.as_bytes().get(1).copied().unwrap_or_default();
        if first.is_ascii_digit() || (first == '.' && second.is_ascii_digit()) {
            return self.number();
        }
        let in_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || (c == ':' && self.brackets == 0);
        if in_word(first) {
            let word = &rest[..rest.find(|c| !in_word(c)).unwrap_or(rest.len())];
            self.at += word.len();
            return Ok(Token::Word(word.to_owned()));
        }
        if matches!(first, '"' | '\'' | '`') {
            return self.quoted(first);
        }
        let Some(sign) = SIGNS.into_iter().find(|sign| rest.starts_with(sign)) else {
            return self.fault(
                format!("unexpected character {first:?}"),
                self.at,
                self.at + first.len_utf8(),
            );
        };
        match sign {
            "[" => self.brackets += 1,
            "]" => self.brackets = self.brackets.saturating_sub(1),
            _ => {}
        }
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }

    /// Digits, and what belongs to them: `1.5e3`, `0x1f`, `1_000`, `1h30m`.
    fn number(&mut self) -> Result<Token, ParseError> {
        let rest = self.rest().as_bytes();
        let is_hex = rest.starts_with(b"0x") || rest.starts_with(b"0X");
        let mut end = 0;
        while let Some(b) = rest.get(end) {
            let signed =
                matches!(b, b'+' | b'-') && !is_hex && end > 0 && matches!(rest[end - 1], b'e' | b'E');
            if !(b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_') || signed) {
                break;
            }
            end += 1;
        }
        let word = &self.rest()[..end];
        let start = self.at;
        self.at += end;
        if !word.contains('.')
            && let Some(ms) = duration::parse(word).filter(|_| word != "0")
        {
            return Ok(Token::Duration(ms));
        }
        let lone_underscore =
            word.ends_with('_') || word.contains("__") || word.contains("_.") || word.contains("._");
        let digits = word.replace('_', "");
        let number = match digits.strip_prefix("0x").or_else(|| digits.strip_prefix("0X")) {
            Some(hex) => u64::from_str_radix(hex, 16).ok().map(|n| n as f64),
            None => octal(&digits).or_else(|| digits.parse().ok()),
        };
        match number {
            Some(number) if !lone_underscore => Ok(Token::Number(number)),
            _ => self.fault(format!("bad number or duration syntax: {word:?}"), start, self.at),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Token, ParseError> {
        let start = self.at;
        let mut value = Vec::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((i, c)) = chars.next() {
            match c {
                c if c == quote => {
                    self.at = start + i + 1;
                    return match String::from_utf8(value) {
                        Ok(text) => Ok(Token::Text(text)),
                        Err(_) => self.fault("the text is not UTF-8", start, self.at),
                    };
                }
                '\\' if quote != '`' => match escape(&mut chars, quote) {
                    Some(bytes) => value.extend(bytes),
                    None => {
                        let end = (start + i + 2).min(self.text.len());
                        return self.fault("unknown escape sequence", start + i, end);
                    }
                },
                '\n' if quote != '`' => break,
                c => value.extend(c.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        self.fault("unterminated quoted string", start, self.text.len())
    }
}

/// Digits after a zero, as Go reads them.
fn octal(digits: &str) -> Option<f64> {
    let rest = digits.strip_prefix('0').filter(|rest| !rest.is_empty())?;
    u64::from_str_radix(rest, 8).ok().map(|n| n as f64)
}

/// What a backslash and the following stand for, as in Go.
fn escape(chars: &mut impl Iterator<Item = (usize, char)>, quote: char) -> Option<Vec<u8>> {
    let (_, c) = chars.next()?;
    let mut digits = |first: Option<char>, count: usize, radix: u32| {
        let mut value = first.map_or(Some(0), |c| c.to_digit(radix))?;
        for _ in 0..count {
            value = value * radix + chars.next()?.1.to_digit(radix)?;
        }
        Some(value)
    };
    let byte = match c {
        'a' => 7,
        'b' => 8,
        'f' => 12,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 11,
        '\\' => b'\\',
        c if c == quote => c as u8,
        'x' => digits(None, 2, 16)? as u8,
        '0'..='7' => u8::try_from(digits(Some(c), 2, 8)?).ok()?,
        'u' | 'U' => {
            let c = char::from_u32(digits(None, if c == 'u' { 4 } else { 8 }, 16)?)?;
            return Some(c.to_string().into_bytes());
        }
        _ => return None,
    };
    Some(vec![byte])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str) -> Vec<Token> {
        tokens(text).unwrap().into_iter().map(|(token, _)| token).collect()
    }

    #[test]
    fn numbers_and_durations() {
        let table = [
            ("1", Token::Number(1.0)),
            (".5", Token::Number(0.5)),
            ("1e-3", Token::Number(0.001)),
            ("0x1F", Token::Number(31.0)),
            ("1_000.5", Token::Number(1000.5)),
            ("010", Token::Number(8.0)),
            ("5m", Token::Duration(300_000)),
            ("1h30m", Token::Duration(5_400_000)),
        ];
        for (text, expected) in table {
            assert_eq!(all(text), [expected, Token::End], "{text}");
        }
        for text in ["1x", "1m1h", "0xg", "1__0", "1_"] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }

    #[test]
    fn colons_belong_to_words_outside_brackets() {
        assert_eq!(all("a:b[5m:1m]")[..2], [Token::Word("a:b".into()), Token::Sign("[")]);
        assert_eq!(all("a[5m:1m]")[3..5], [Token::Sign(":"), Token::Duration(60_000)]);
    }

    #[test]
    fn texts_are_unescaped() {
        assert_eq!(all(r#""a\"\n\x41\u00e9""#)[0], Token::Text("a\"\nAé".into()));
        assert_eq!(all(r"`a\n`")[0], Token::Text(r"a\n".into()));
        assert_eq!(all("'a' # \"")[..], [Token::Text("a".into()), Token::End]);
        for text in ["\"a", "\"\\q\"", "\"a\nb\"", "\"\\xff\"", "a ? b"] {
            assert!(tokens(text).is_err(), "{text}");
        }
    }
}
