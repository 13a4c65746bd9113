//! Series, and what may follow an operand: `[…]`, `offset`, `@`.

use super::{
    super::{
        ast::{At, Expr, ExprKind, Selector, Shift, Subquery, TextRange},
        error::ParseError,
        lexer::Token,
        value::ValueType,
    },
    Parser,
};
use crate::metrics::{MatchOp, Matcher, labels::NAME};

impl Parser {
    /// `name{label="value"}`; the name, if there is one, is the next token.
    pub(super) fn selector(&mut self, name: Option<&str>) -> Result<Selector, ParseError> {
        let start = self.range();
        let mut matchers = Vec::new();
        if let Some(name) = name {
            self.at += 1;
            matchers.push(self.matcher(NAME, MatchOp::Equal, name)?);
        }
        if self.takes("{") {
            while !self.takes("}") {
                let at = self.range();
                let more = self.condition()?;
                if *more.name == *NAME && name.is_some() {
                    return Err(ParseError {
                        what: "metric name must not be set twice".to_owned(),
                        range: at,
                    });
                }
                matchers.push(more);
                if *self.peek() != Token::Sign("}") {
                    self.expect(",", "\",\" or \"}\"")?;
                }
            }
        }
        let range = start.to(self.last_range());
        if matchers.iter().all(|m| m.accepts("")) {
            let what = "vector selector must contain at least one non-empty matcher".to_owned();
            return Err(ParseError { what, range });
        }
        Ok(Selector { matchers, shift: Shift::default(), range })
    }

    /// `label="value"`, or a name in quotes.
    fn condition(&mut self) -> Result<Matcher, ParseError> {
        let (label, quoted) = match self.take() {
            Token::Word(label) if !label.contains(':') => (label, false),
            Token::Text(label) => (label, true),
            _ => {
                self.at -= 1;
                return self.unexpected("a label name or \"}\"");
            }
        };
        let op = match self.peek() {
            Token::Sign("=") => MatchOp::Equal,
            Token::Sign("!=") => MatchOp::NotEqual,
            Token::Sign("=~") => MatchOp::Matches,
            Token::Sign("!~") => MatchOp::MatchesNot,
            _ if quoted => return self.matcher(NAME, MatchOp::Equal, &label),
            _ => return self.unexpected("one of =, !=, =~, !~"),
        };
        self.at += 1;
        let Token::Text(value) = self.peek().clone() else { return self.unexpected("a text in quotes") };
        let matcher = self.matcher(&label, op, &value)?;
        self.at += 1;
        Ok(matcher)
    }

    fn matcher(&self, label: &str, op: MatchOp, value: &str) -> Result<Matcher, ParseError> {
        Matcher::new(label, op, value).or_else(|e| {
            let told = e.to_string();
            let reason = told.lines().last().unwrap_or_default().trim_start_matches("error: ");
            self.fault(format!("not a regular expression: {reason}"))
        })
    }

    /// An operand with what follows it.
    pub(super) fn postfixed(&mut self) -> Result<Expr, ParseError> {
        let mut expr = self.operand()?;
        let (mut has_offset, mut has_at) = (false, false);
        loop {
            let sign = self.range();
            if self.takes("[") {
                expr = self.range_of(expr)?;
                (has_offset, has_at) = (false, false);
            } else if self.takes_word("offset") {
                let ms = self.signed_duration()?;
                let shift = shift_of(&mut expr, "offset", sign)?;
                if std::mem::replace(&mut has_offset, true) {
                    return Err(ParseError {
                        what: "offset may not be set multiple times".to_owned(),
                        range: sign,
                    });
                }
                shift.offset = ms;
            } else if self.takes("@") {
                let at = self.at_time()?;
                let shift = shift_of(&mut expr, "@", sign)?;
                if std::mem::replace(&mut has_at, true) {
                    return Err(ParseError {
                        what: "@ <timestamp> may not be set multiple times".to_owned(),
                        range: sign,
                    });
                }
                shift.at = Some(at);
            } else if self.is_word("anchored") || self.is_word("smoothed") {
                return self.unsupported("the modifiers anchored and smoothed");
            } else {
                return Ok(expr);
            }
            expr.range = expr.range.to(self.last_range());
        }
    }

    /// `[window]` or `[window:step]`, behind the bracket.
    fn range_of(&mut self, expr: Expr) -> Result<Expr, ParseError> {
        let at = self.range();
        let window = self.duration()?;
        if window <= 0 {
            return Err(ParseError { what: "duration must be greater than 0".to_owned(), range: at });
        }
        if self.takes(":") {
            let step = if *self.peek() == Token::Sign("]") { None } else { Some(self.duration()?) };
            self.expect("]", "\"]\"")?;
            if expr.value_type() != ValueType::Vector {
                let what =
                    format!("subquery is only allowed on instant vector, got {} instead", expr.value_type());
                return Err(ParseError { what, range: expr.range });
            }
            if step.is_some_and(|step| step <= 0) {
                return Err(ParseError { what: "duration must be greater than 0".to_owned(), range: at });
            }
            let range = expr.range;
            let subquery = Subquery { expr, window, step, shift: Shift::default() };
            return Ok(Expr { kind: ExprKind::Subquery(Box::new(subquery)), range });
        }
        self.expect("]", "\":\" or \"]\"")?;
        match expr.kind {
            ExprKind::Selector(selector) if selector.shift == Shift::default() => {
                Ok(Expr { kind: ExprKind::Range { selector, window }, range: expr.range })
            }
            ExprKind::Selector(_) => Err(ParseError {
                what: "no offset or @ modifiers allowed before range".to_owned(),
                range: expr.range,
            }),
            _ => Err(ParseError {
                what: "ranges only allowed for vector selectors".to_owned(),
                range: expr.range,
            }),
        }
    }

    /// A duration, or a number of seconds, in milliseconds.
    fn duration(&mut self) -> Result<i64, ParseError> {
        let ms = match *self.peek() {
            Token::Duration(ms) => ms,
            Token::Number(seconds) if (seconds * 1e3).abs() < 9e15 => (seconds * 1e3).round() as i64,
            Token::Number(_) => return self.fault("the duration is out of range"),
            Token::Word(_) | Token::Sign("(" | "+" | "-") => {
                return self.unsupported("arithmetic on durations");
            }
            _ => return self.unexpected("a duration"),
        };
        self.at += 1;
        match self.peek() {
            Token::Sign("+" | "-" | "*" | "/" | "%" | "^") if self.in_brackets() => {
                self.unsupported("arithmetic on durations")
            }
            _ => Ok(ms),
        }
    }

    /// Whether a bracket was opened and not closed again.
    fn in_brackets(&self) -> bool {
        let last = self.tokens[..self.at].iter().rev().find(|(t, _)| matches!(t, Token::Sign("[" | "]")));
        matches!(last, Some((Token::Sign("["), _)))
    }

    fn signed_duration(&mut self) -> Result<i64, ParseError> {
        let negative = self.takes("-");
        if !negative {
            self.takes("+");
        }
        let ms = self.duration()?;
        Ok(if negative { -ms } else { ms })
    }

    fn at_time(&mut self) -> Result<At, ParseError> {
        for (word, at) in [("start", At::Start), ("end", At::End)] {
            if self.is_word(word) && *self.peek_second() == Token::Sign("(") {
                self.at += 2;
                self.expect(")", "\")\"")?;
                return Ok(at);
            }
        }
        Ok(At::Time(self.signed_duration()?))
    }
}

fn shift_of<'a>(expr: &'a mut Expr, what: &str, sign: TextRange) -> Result<&'a mut Shift, ParseError> {
    match &mut expr.kind {
        ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => Ok(&mut selector.shift),
        ExprKind::Subquery(subquery) => Ok(&mut subquery.shift),
        _ => Err(ParseError {
            what: format!(
                "{what} modifier must be preceded by an instant vector selector or range vector selector or a subquery"
            ),
            range: sign,
        }),
    }
}
