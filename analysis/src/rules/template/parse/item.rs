//! The items that a template's text falls into.

use std::{borrow::Cow, fmt};

use crate::metrics::quote::quoted;

/// What an item is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Error,
    Eof,
    Text,
    LeftDelim,
    RightDelim,
    Space,
    Bool,
    /// Any other character.
    Char,
    CharConstant,
    Complex,
    Number,
    RawString,
    String,
    Assign,
    Declare,
    Pipe,
    LeftParen,
    RightParen,
    Field,
    Identifier,
    Variable,
    Keyword(Keyword),
}

/// Words with a meaning of their own, and the dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keyword {
    Block,
    Break,
    Continue,
    Define,
    Dot,
    Else,
    End,
    If,
    Nil,
    Range,
    Template,
    With,
}

impl Keyword {
    pub(super) fn of(word: &str) -> Option<Self> {
        Some(match word {
            "block" => Self::Block,
            "break" => Self::Break,
            "continue" => Self::Continue,
            "define" => Self::Define,
            "else" => Self::Else,
            "end" => Self::End,
            "if" => Self::If,
            "nil" => Self::Nil,
            "range" => Self::Range,
            "template" => Self::Template,
            "with" => Self::With,
            _ => return None,
        })
    }
}

/// An item, and where it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Item<'a> {
    pub(super) kind: Kind,
    pub(super) pos: usize,
    /// From 1.
    pub(super) line: u32,
    /// As written, or what is wrong.
    pub(super) text: Cow<'a, str>,
}

/// As Go names it when it did not expect it.
impl fmt::Display for Item<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            Kind::Eof => f.write_str("EOF"),
            Kind::Error => f.write_str(&self.text),
            Kind::Keyword(_) => write!(f, "<{}>", self.text),
            _ if self.text.len() > 10 => {
                let beginning: String = self.text.chars().take(10).collect();
                write!(f, "{}...", quoted(&beginning))
            }
            _ => f.write_str(&quoted(&self.text)),
        }
    }
}
