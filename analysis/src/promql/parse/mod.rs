//! Tokens into a tree, by precedence climbing; then what types allow.
//!
//! The way of the text: [`binary`] operators and their modifiers, [`operand`] what stands between them, [`selector`]
//! series, [`modifier`] what follows an operand; [`check`] sees the whole tree. A fault has Prometheus' text, and says
//! what was expected where Prometheus does not. Not here: what a name means; [`super::functions`] knows its own.

mod binary;
mod operand;
mod selector;
mod modifier;
mod check;
mod describe;

use super::{
    ast::{Expr, TextRange},
    error::ParseError,
    lexer::{Lexer, Token},
};

/// Parentheses, calls and the like within each other.
const MAX_DEPTH: usize = 100;
/// Operators in one expression. Each may be one level of the tree.
const MAX_OPERATORS: usize = 500;

/// An expression and its text.
#[derive(Debug, Clone)]
pub struct Query {
    /// The text.
    pub text: String,
    /// What it says.
    pub expr: Expr,
}

impl Query {
    /// Parses an expression.
    ///
    /// # Errors
    /// If it is none, if its types don't fit, or if it needs what is not supported.
    pub fn parse(text: &str) -> Result<Self, ParseError> {
        let mut parser = Parser::new(text);
        if *parser.peek() == Token::End {
            return Err(parser.fault("no expression found in input"));
        }
        let mut expr = parser.expression(0)?;
        if *parser.peek() != Token::End {
            return Err(parser.unexpected("an operator or the end"));
        }
        check::tree(&mut expr, text)?;
        Ok(Self { text: text.to_owned(), expr })
    }
}

struct Parser<'a> {
    text: &'a str,
    lexer: Lexer<'a>,
    next: (Token<'a>, TextRange),
    second: (Token<'a>, TextRange),
    /// Where the last token stood that was taken.
    last: TextRange,
    depth: usize,
    operators: usize,
    /// Aggregations whose arguments are being read.
    aggregations: usize,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Self {
        let mut lexer = Lexer::new(text);
        let (next, second) = (lexer.next(), lexer.next());
        let last = TextRange { start: 0, end: 0 };
        Self { text, lexer, next, second, last, depth: 0, operators: 0, aggregations: 0 }
    }

    /// The next token. Behind the last there is [`Token::End`], for ever.
    fn peek(&self) -> &Token<'a> {
        &self.next.0
    }

    /// Where the next token stands.
    fn range(&self) -> TextRange {
        self.next.1
    }

    fn take(&mut self) -> Token<'a> {
        self.last = self.next.1;
        let second = std::mem::replace(&mut self.second, self.lexer.next());
        std::mem::replace(&mut self.next, second).0
    }

    fn takes(&mut self, sign: &'static str) -> bool {
        let is = *self.peek() == Token::Sign(sign);
        if is {
            self.take();
        }
        is
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(w) if w.eq_ignore_ascii_case(word))
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        if is {
            self.take();
        }
        is
    }

    /// Whether the token after the next opens a parenthesis.
    fn calls(&self) -> bool {
        self.second.0 == Token::Sign("(")
    }

    fn fault(&self, what: impl Into<String>) -> ParseError {
        ParseError { what: what.into(), range: self.range() }
    }

    fn unsupported(&self, what: &str) -> ParseError {
        self.fault(format!("unsupported: {what}"))
    }

    /// The next token can't stand here.
    fn unexpected(&self, wanted: &str) -> ParseError {
        self.unexpected_in(if self.aggregations > 0 { "aggregation" } else { "" }, wanted)
    }

    fn unexpected_in(&self, context: &str, wanted: &str) -> ParseError {
        if let Token::Fault(fault) = self.peek() {
            return fault.clone();
        }
        let found = describe::token(self.peek(), &self.text[self.range().start..self.range().end]);
        let within = if context.is_empty() { String::new() } else { format!(" in {context}") };
        self.fault(format!("unexpected {found}{within}, expected {wanted}"))
    }
}

#[cfg(test)]
mod tests;
