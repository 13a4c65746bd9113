//! From text to items, as Go's lexer cuts it.
//!
//! In: a template's text. Out: one item after another, the last of them the end or an error. Trim markers and comments
//! are dealt with here: no one behind sees them.

use std::{borrow::Cow, sync::LazyLock};

use regex::Regex;

use super::item::{Item, Keyword, Kind};
use crate::rules::template::fmt::quote::with_code_point;

const SPACES: [char; 4] = [' ', '\t', '\r', '\n'];

pub(super) struct Lexer<'a> {
    input: &'a str,
    /// Where the next item begins.
    start: usize,
    /// How far it has been read.
    pos: usize,
    /// The line of `start`.
    line: u32,
    inside: bool,
    /// Whether the blanks that follow are left out.
    trims: bool,
    open_parens: usize,
    failed: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(input: &'a str) -> Self {
        Self { input, start: 0, pos: 0, line: 1, inside: false, trims: false, open_parens: 0, failed: false }
    }

    /// The next item.
    pub(super) fn next_item(&mut self) -> Item<'a> {
        if self.failed {
            return Item { kind: Kind::Eof, pos: self.pos, line: self.line, text: Cow::Borrowed("") };
        }
        if std::mem::take(&mut self.trims) {
            self.accept_run(|c| SPACES.contains(&c));
            self.ignore();
        }
        loop {
            let step = if self.inside { self.action() } else { self.text() };
            match step {
                Ok(Some(kind)) => return self.emit(kind),
                Ok(None) => {}
                Err(what) => {
                    self.failed = true;
                    return Item { kind: Kind::Error, pos: self.start, line: self.line, text: what.into() };
                }
            }
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.input[self.pos..]
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.pos += c.len_utf8();
        Some(c)
    }

    pub(super) fn accept(&mut self, is: impl Fn(char) -> bool) -> bool {
        let fits = self.peek().is_some_and(is);
        if fits {
            self.next();
        }
        fits
    }

    pub(super) fn accept_run(&mut self, is: impl Fn(char) -> bool) {
        while self.accept(&is) {}
    }

    /// What has been read of the item.
    pub(super) fn word(&self) -> &'a str {
        &self.input[self.start..self.pos]
    }

    fn emit(&mut self, kind: Kind) -> Item<'a> {
        let item = Item { kind, pos: self.start, line: self.line, text: Cow::Borrowed(self.word()) };
        self.ignore();
        item
    }

    fn ignore(&mut self) {
        let newlines = self.word().matches('\n').count();
        self.line = self.line.saturating_add(u32::try_from(newlines).unwrap_or(u32::MAX));
        self.start = self.pos;
    }

    /// Outside of actions. Nothing is emitted if what was there is left out.
    fn text(&mut self) -> Result<Option<Kind>, Cow<'static, str>> {
        let Some(length) = self.rest().find("{{") else {
            self.pos = self.input.len();
            return Ok(Some(if self.pos > self.start { Kind::Text } else { Kind::Eof }));
        };
        if length > 0 {
            let trims = marks_left(&self.rest()[length + 2..]);
            let text = &self.rest()[..length];
            let kept = if trims { text.trim_end_matches(SPACES).len() } else { length };
            self.pos += if kept > 0 { kept } else { length };
            if kept > 0 {
                return Ok(Some(Kind::Text));
            }
            self.ignore();
        }
        self.left_delim()
    }

    fn left_delim(&mut self) -> Result<Option<Kind>, Cow<'static, str>> {
        let marker = if marks_left(&self.rest()[2..]) { 2 } else { 0 };
        if self.rest()[2 + marker..].starts_with("/*") {
            self.pos += 2 + marker;
            self.ignore();
            return self.comment();
        }
        self.pos += 2;
        self.inside = true;
        self.open_parens = 0;
        Ok(Some(Kind::LeftDelim))
    }

    fn comment(&mut self) -> Result<Option<Kind>, Cow<'static, str>> {
        let end = self.rest()[2..].find("*/").ok_or("unclosed comment")?;
        self.pos += end + 4;
        let trims = self.at_right_delim().ok_or("comment ends before closing delimiter")?;
        self.pos += 2 + usize::from(trims) * 2;
        if trims {
            self.accept_run(|c| SPACES.contains(&c));
        }
        self.ignore();
        Ok(None)
    }

    /// Whether an action ends here, and if so whether it trims what follows.
    fn at_right_delim(&self) -> Option<bool> {
        let rest = self.rest();
        let marked = rest.strip_prefix(SPACES).is_some_and(|rest| rest.starts_with("-}}"));
        if marked {
            return Some(true);
        }
        rest.starts_with("}}").then_some(false)
    }

    fn action(&mut self) -> Result<Option<Kind>, Cow<'static, str>> {
        // Spaces between an action and a text are no item.
        if self.start == self.pos && self.just_opened() && marks_left(self.rest()) {
            self.pos += 2;
            self.ignore();
        }
        if let Some(trims) = self.at_right_delim() {
            if self.open_parens > 0 {
                return Err("unclosed left paren".into());
            }
            return Ok(Some(self.right_delim(trims)));
        }
        let Some(c) = self.next() else { return Err("unclosed action".into()) };
        Ok(Some(match c {
            c if SPACES.contains(&c) => return Ok(self.space()),
            '=' => Kind::Assign,
            ':' if self.accept(|c| c == '=') => Kind::Declare,
            ':' => return Err("expected :=".into()),
            '|' => Kind::Pipe,
            '"' => self.quoted('"', Kind::String, "unterminated quoted string")?,
            '\'' => self.quoted('\'', Kind::CharConstant, "unterminated character constant")?,
            '`' => {
                let end = self.rest().find('`').ok_or("unterminated raw quoted string")?;
                self.pos += end + 1;
                Kind::RawString
            }
            '$' => self.name(Kind::Variable)?,
            '.' if !self.rest().starts_with(|c: char| c.is_ascii_digit()) && !self.rest().is_empty() => {
                self.name(Kind::Field)?
            }
            '.' | '+' | '-' | '0'..='9' => {
                self.pos = self.start;
                self.number()?
            }
            c if is_alphanumeric(c) => self.identifier()?,
            '(' => {
                self.open_parens += 1;
                Kind::LeftParen
            }
            ')' => {
                self.open_parens = self.open_parens.checked_sub(1).ok_or("unexpected right paren")?;
                Kind::RightParen
            }
            c if c.is_ascii_graphic() => Kind::Char,
            c => return Err(format!("unrecognized character in action: {}", with_code_point(c)).into()),
        }))
    }

    fn just_opened(&self) -> bool {
        self.input[..self.pos].ends_with("{{")
    }

    fn right_delim(&mut self, trims: bool) -> Kind {
        if trims {
            self.pos += 2;
            self.ignore();
        }
        self.pos += 2;
        self.inside = false;
        self.trims = trims;
        Kind::RightDelim
    }

    /// A run of blanks, of which one has been read. The last belongs to a trim marker if one follows.
    fn space(&mut self) -> Option<Kind> {
        self.accept_run(|c| SPACES.contains(&c));
        if self.rest().starts_with("-}}") {
            self.pos -= 1;
            if self.pos == self.start {
                return None;
            }
        }
        Some(Kind::Space)
    }

    fn quoted(
        &mut self,
        quote: char,
        kind: Kind,
        unterminated: &'static str,
    ) -> Result<Kind, Cow<'static, str>> {
        loop {
            match self.next() {
                Some('\\') => match self.next() {
                    None | Some('\n') => return Err(unterminated.into()),
                    Some(_) => {}
                },
                None | Some('\n') => return Err(unterminated.into()),
                Some(c) if c == quote => return Ok(kind),
                Some(_) => {}
            }
        }
    }

    fn identifier(&mut self) -> Result<Kind, Cow<'static, str>> {
        self.accept_run(is_alphanumeric);
        self.terminated()?;
        let word = self.word();
        Ok(match word {
            "true" | "false" => Kind::Bool,
            word => Keyword::of(word).map_or(Kind::Identifier, Kind::Keyword),
        })
    }

    /// What follows a dot or a dollar sign.
    fn name(&mut self, kind: Kind) -> Result<Kind, Cow<'static, str>> {
        if self.at_terminator() {
            return Ok(if kind == Kind::Field { Kind::Keyword(Keyword::Dot) } else { kind });
        }
        self.accept_run(is_alphanumeric);
        self.terminated()?;
        Ok(kind)
    }

    fn terminated(&self) -> Result<(), Cow<'static, str>> {
        match self.peek() {
            Some(c) if !self.at_terminator() => Err(format!("bad character {}", with_code_point(c)).into()),
            _ => Ok(()),
        }
    }

    fn at_terminator(&self) -> bool {
        self.rest().starts_with("}}")
            || self
                .peek()
                .is_none_or(|c| SPACES.contains(&c) || matches!(c, '.' | ',' | '|' | ':' | ')' | '('))
    }

    /// A number; what is none is often taken too, and found out when it is read.
    fn number(&mut self) -> Result<Kind, Cow<'static, str>> {
        let wrong = |lexer: &Self| -> Cow<'static, str> {
            format!("bad number syntax: {}", crate::metrics::quote::quoted(lexer.word())).into()
        };
        if !self.scan_number() {
            return Err(wrong(self));
        }
        if !self.rest().starts_with(['+', '-']) {
            return Ok(Kind::Number);
        }
        if !self.scan_number() || !self.word().ends_with('i') {
            return Err(wrong(self));
        }
        Ok(Kind::Complex)
    }

    fn scan_number(&mut self) -> bool {
        self.accept(|c| matches!(c, '+' | '-'));
        let mut radix = 10;
        if self.accept(|c| c == '0') {
            radix = match self.peek() {
                Some('x' | 'X') => 16,
                Some('o' | 'O') => 8,
                Some('b' | 'B') => 2,
                _ => 10,
            };
            if radix != 10 {
                self.next();
            }
        }
        let is_digit = move |c: char| c == '_' || c.is_digit(radix);
        self.accept_run(is_digit);
        if self.accept(|c| c == '.') {
            self.accept_run(is_digit);
        }
        let has_exponent = match radix {
            10 => self.accept(|c| matches!(c, 'e' | 'E')),
            16 => self.accept(|c| matches!(c, 'p' | 'P')),
            _ => false,
        };
        if has_exponent {
            self.accept(|c| matches!(c, '+' | '-'));
            self.accept_run(|c| c == '_' || c.is_ascii_digit());
        }
        self.accept(|c| c == 'i');
        !self.accept(is_alphanumeric)
    }
}

fn marks_left(rest: &str) -> bool {
    rest.strip_prefix('-').is_some_and(|rest| rest.starts_with(SPACES))
}

fn is_alphanumeric(c: char) -> bool {
    static LETTER: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^[\pL\p{Nd}]$").ok());
    if c.is_ascii() {
        return c == '_' || c.is_ascii_alphanumeric();
    }
    let mut buffer = [0; 4];
    LETTER.as_ref().is_some_and(|regex| regex.is_match(c.encode_utf8(&mut buffer)))
}
