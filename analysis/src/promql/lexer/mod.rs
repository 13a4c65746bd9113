//! An expression's text as tokens, one at a time.
//!
//! What a letter or a colon means depends on where it stands: in braces every word is a name, in brackets there are only
//! durations. [`number`] reads numbers and durations, [`text`] what stands in quotes. Not here: which word is a keyword.
//! Faults have Prometheus' texts.

mod number;
mod text;

use super::{ast::TextRange, error::ParseError};

/// What a token is.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token<'a> {
    /// A word, keywords among them.
    Word(&'a str),
    /// A word in braces, which is never a keyword.
    Name(&'a str),
    /// A number, `Inf` and `NaN` among them.
    Number(f64),
    /// In milliseconds.
    Duration(i64),
    Text(String),
    /// An operator or a bracket.
    Sign(&'static str),
    End,
    /// What is no token. Nothing comes behind it.
    Fault(ParseError),
}

/// Where the next character stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Open,
    Braces,
    /// Behind a bracket, before any duration.
    Bracket,
    /// Behind the duration in a bracket; and whether behind a colon, too.
    Window(bool),
}

#[derive(Debug, Clone)]
pub(super) struct Lexer<'a> {
    text: &'a str,
    at: usize,
    place: Place,
    /// Where the open parentheses stand.
    open: Vec<usize>,
    ended: bool,
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Whether a word, with parentheses behind it, stands for a duration.
pub(super) fn is_of_durations(word: &str) -> bool {
    ["step", "range", "min", "max"].iter().any(|known| word.eq_ignore_ascii_case(known))
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, place: Place::Open, open: Vec::new(), ended: false }
    }

    /// The next token and where it stands. Behind the last there is [`Token::End`], for ever.
    pub(super) fn next(&mut self) -> (Token<'a>, TextRange) {
        self.skip_blanks();
        let start = self.at;
        if self.ended {
            return (Token::End, TextRange { start, end: start });
        }
        let token = self.token().unwrap_or_else(Token::Fault);
        let range = match &token {
            Token::Fault(fault) => fault.range,
            _ => TextRange { start, end: self.at },
        };
        self.ended = matches!(token, Token::Fault(_) | Token::End);
        (token, range)
    }

    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// Blanks and comments.
    fn skip_blanks(&mut self) {
        loop {
            let rest = self.rest().trim_start_matches([' ', '\t', '\n', '\r']);
            self.at = self.text.len() - rest.len();
            if !rest.starts_with('#') || self.place == Place::Bracket {
                return;
            }
            self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
        }
    }

    fn fault<T>(&self, what: impl Into<String>, start: usize, end: usize) -> Result<T, ParseError> {
        Err(ParseError { what: what.into(), range: TextRange { start, end } })
    }

    fn token(&mut self) -> Result<Token<'a>, ParseError> {
        let mut chars = self.rest().chars();
        let Some(first) = chars.next() else { return self.end() };
        let second = chars.next();
        match first {
            '"' | '\'' | '`' if self.place != Place::Bracket => return self.quoted(first),
            '0'..='9' if self.place != Place::Braces => return self.number(),
            '.' if self.place != Place::Braces && second.is_some_and(|c| c.is_ascii_digit()) => {
                return self.number();
            }
            ':' if matches!(self.place, Place::Window(_)) => return self.colon(),
            ':' if self.place == Place::Open => return Ok(self.word()),
            c if is_word(c) && !c.is_ascii_digit() && self.may_be_word() => return Ok(self.word()),
            _ => {}
        }
        self.sign(first, second)
    }

    /// In brackets, only the words with which arithmetic on durations begins.
    fn may_be_word(&self) -> bool {
        let rest = self.rest();
        let word = &rest[..rest.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(rest.len())];
        matches!(self.place, Place::Open | Place::Braces) || is_of_durations(word)
    }

    fn word(&mut self) -> Token<'a> {
        let in_word = |c| is_word(c) || (c == ':' && self.place == Place::Open);
        let rest = self.rest();
        let word = &rest[..rest.find(|c| !in_word(c)).unwrap_or(rest.len())];
        self.at += word.len();
        match self.place {
            Place::Braces => Token::Name(word),
            _ if word.eq_ignore_ascii_case("inf") => Token::Number(f64::INFINITY),
            _ if word.eq_ignore_ascii_case("nan") => Token::Number(f64::NAN),
            _ => Token::Word(word),
        }
    }

    fn colon(&mut self) -> Result<Token<'a>, ParseError> {
        if self.place == Place::Window(true) {
            return self.fault("unexpected colon ':'", self.at, self.at + 1);
        }
        self.place = Place::Window(true);
        let sign = if self.rest().starts_with("::") { "::" } else { ":" };
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }

    fn end(&self) -> Result<Token<'a>, ParseError> {
        let at = self.text.len();
        match (self.place, self.open.last()) {
            (Place::Braces, _) => self.fault("unexpected end of input inside braces, expected \"}\"", at, at),
            (Place::Bracket, _) => self.fault("unexpected end of input in duration expression", at, at),
            (_, Some(open)) => self.fault("unclosed left parenthesis, expected \")\"", *open, open + 1),
            (Place::Window(_), _) => self.fault("unclosed left bracket, expected \"]\"", at, at),
            (Place::Open, None) => Ok(Token::End),
        }
    }

    fn sign(&mut self, first: char, second: Option<char>) -> Result<Token<'a>, ParseError> {
        let sign = match (first, second) {
            (':', _) if self.place == Place::Bracket => {
                let what = "unexpected colon before duration in duration expression";
                return self.fault(what, self.at, self.at + 1);
            }
            (c, _) if self.place == Place::Bracket && !"()+-*/%^,]".contains(c) => {
                return self.odd("unexpected character in duration expression:", Some(c));
            }
            ('=', Some('~')) if self.place == Place::Braces => "=~",
            ('!', Some('~')) if self.place == Place::Braces => "!~",
            ('=', Some('~')) => return self.odd("unexpected character after '='", second),
            ('!', Some('=')) => "!=",
            ('!', _) => return self.odd("unexpected character after '!'", second),
            ('=', Some('=')) if self.place != Place::Braces => "==",
            ('=', _) => "=",
            (',', _) => ",",
            ('}', _) if self.place == Place::Braces => "}",
            (c, _) if self.place == Place::Braces => {
                let what =
                    if c == '{' { "unexpected left brace" } else { "unexpected character inside braces:" };
                return self.odd(what, Some(c));
            }
            ('>', Some('=')) => ">=",
            ('<', Some('=')) => "<=",
            ('[', _) if self.place != Place::Open => return self.odd("unexpected left bracket", Some('[')),
            (']', _) if self.place == Place::Open => return self.odd("unexpected right bracket", Some(']')),
            (')', _) if self.open.is_empty() => return self.odd("unexpected right parenthesis", Some(')')),
            (c, _) => match ["(", ")", "{", "[", "]", "+", "-", "*", "/", "%", "^", ">", "<", "@"]
                .into_iter()
                .find(|sign| sign.starts_with(c))
            {
                Some(sign) => sign,
                None => return self.odd("unexpected character:", Some(c)),
            },
        };
        match sign {
            "(" => self.open.push(self.at),
            ")" => drop(self.open.pop()),
            "{" => self.place = Place::Braces,
            "[" => self.place = Place::Bracket,
            "}" | "]" => self.place = Place::Open,
            _ => {}
        }
        self.at += sign.len();
        Ok(Token::Sign(sign))
    }

    /// A fault at the next character, or at the one behind it, which `found` is.
    fn odd<T>(&self, what: &str, found: Option<char>) -> Result<T, ParseError> {
        let is_window = matches!(self.place, Place::Window(_));
        let wanted = if is_window && what.ends_with("character:") { ", expected ':'" } else { "" };
        let wide = self.rest().chars().next().map_or(0, char::len_utf8);
        let found = found.map_or("the end".to_owned(), |c| format!("{c:?}"));
        let separator = if what.ends_with('\'') { ": " } else { " " };
        self.fault(format!("{what}{separator}{found}{wanted}"), self.at, self.at + wide)
    }
}

#[cfg(test)]
mod tests;
