//! Series: a name, and conditions in braces.

use super::{
    super::{
        ast::{Selector, Shift},
        error::ParseError,
        lexer::Token,
    },
    Parser,
};
use crate::metrics::{MatchOp, Matcher, labels::NAME};

const CONTEXT: &str = "label matching";

impl Parser<'_> {
    /// `name{label="value"}`; the name, if there is one, is the next token.
    pub(super) fn selector(&mut self, name: Option<&str>) -> Result<Selector, ParseError> {
        let start = self.range();
        let mut matchers = Vec::new();
        if let Some(name) = name {
            matchers.push(self.matcher(NAME, MatchOp::Equal, name)?);
            self.take();
        }
        if self.takes("{") {
            while !self.takes("}") {
                matchers.push(self.condition()?);
                if *self.peek() != Token::Sign("}") && !self.takes(",") {
                    return Err(self.unexpected_in(CONTEXT, "\",\" or \"}\""));
                }
            }
        }
        let range = start.to(self.last);
        Ok(Selector { matchers, named: name.is_some(), shift: Shift::default(), range })
    }

    /// `label="value"`, or a name in quotes.
    fn condition(&mut self) -> Result<Matcher, ParseError> {
        let start = self.range();
        let (label, quoted) = match self.peek() {
            Token::Name(label) => ((*label).to_owned(), false),
            Token::Text(label) => (label.clone(), true),
            // After the first one, or a comma.
            _ => return Err(self.unexpected_in(CONTEXT, "identifier or \"}\"")),
        };
        self.take();
        let op = match self.peek() {
            Token::Sign("=") => MatchOp::Equal,
            Token::Sign("!=") => MatchOp::NotEqual,
            Token::Sign("=~") => MatchOp::Matches,
            Token::Sign("!~") => MatchOp::MatchesNot,
            _ if quoted => return self.matcher(NAME, MatchOp::Equal, &label),
            _ => return Err(self.unexpected_in(CONTEXT, "label matching operator")),
        };
        self.take();
        let Token::Text(value) = self.peek() else { return Err(self.unexpected_in(CONTEXT, "string")) };
        let matcher = self.matcher(&label, op, value);
        self.take();
        matcher.map_err(|e| ParseError { range: start.to(self.last), ..e })
    }

    fn matcher(&self, label: &str, op: MatchOp, value: &str) -> Result<Matcher, ParseError> {
        Matcher::new(label, op, value).map_err(|e| {
            let told = e.to_string();
            let reason = told.lines().last().unwrap_or_default().trim_start_matches("error: ");
            self.fault(format!("error parsing regexp: {reason}"))
        })
    }
}
