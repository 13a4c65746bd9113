//! What may follow an operand: `[…]`, `offset`, `@`.

use super::{
    super::{
        ast::{At, Expr, ExprKind, Shift, Subquery, TextRange},
        error::ParseError,
        lexer::{Token, is_of_durations},
    },
    Parser,
};

/// The longest duration in seconds; in nanoseconds, it is 2⁶³.
const LONGEST: f64 = (1u64 << 63) as f64 / 1e9;

fn fault<T>(what: impl Into<String>, range: TextRange) -> Result<T, ParseError> {
    Err(ParseError { what: what.into(), range })
}

impl Parser<'_> {
    /// An operand with what follows it.
    pub(super) fn postfixed(&mut self) -> Result<Expr, ParseError> {
        let mut expr = self.operand()?;
        loop {
            let sign = self.range();
            if self.takes("[") {
                expr = self.range_of(expr, sign)?;
            } else if self.takes_word("offset") {
                let (seconds, _) = self.duration("offset")?;
                let ms = milliseconds(seconds);
                let range = expr.range;
                let shift = shift_of(&mut expr, "offset")?;
                if shift.offset != 0 {
                    return fault("offset may not be set multiple times", range);
                }
                shift.offset = ms;
            } else if self.takes("@") {
                let at = self.at_time(expr.range)?;
                let range = expr.range;
                let shift = shift_of(&mut expr, "@")?;
                if shift.at.is_some() {
                    return fault("@ <timestamp> may not be set multiple times", range);
                }
                shift.at = Some(at);
            } else if self.is_word("anchored") || self.is_word("smoothed") {
                let word = &self.text[sign.start..sign.end];
                return Err(self.unsupported(&format!("the modifier {}", word.to_ascii_lowercase())));
            } else {
                return Ok(expr);
            }
            expr.range = expr.range.to(self.last);
        }
    }

    /// `[window]` or `[window:step]`, behind the bracket.
    fn range_of(&mut self, expr: Expr, bracket: TextRange) -> Result<Expr, ParseError> {
        let window = self.window("subquery or range selector")?;
        let range = expr.range;
        if self.takes("]") {
            return match expr.kind {
                ExprKind::Selector(selector) if selector.shift.offset != 0 => {
                    fault("no offset modifiers allowed before range", bracket.to(self.last))
                }
                ExprKind::Selector(selector) if matches!(selector.shift.at, Some(At::Time(_))) => {
                    fault("no @ modifiers allowed before range", bracket.to(self.last))
                }
                ExprKind::Selector(selector) => {
                    Ok(Expr { kind: ExprKind::Range { selector, window }, range })
                }
                _ => fault("ranges only allowed for vector selectors", bracket.to(self.last)),
            };
        }
        if *self.peek() == Token::Sign("::") {
            return Err(self.unsupported("subqueries with \"::\""));
        }
        if !self.takes(":") {
            return Err(self.unexpected_in("subquery or range", "\":\" or \"]\""));
        }
        let step = match self.peek() {
            Token::Sign("]") => None,
            _ => Some(self.window("subquery selector")?),
        };
        if !self.takes("]") {
            return Err(self.unexpected_in("subquery selector", "\"]\""));
        }
        let subquery = Subquery { expr, window, step, shift: Shift::default() };
        Ok(Expr { kind: ExprKind::Subquery(Box::new(subquery)), range })
    }

    /// A duration in brackets, in milliseconds.
    fn window(&mut self, context: &str) -> Result<i64, ParseError> {
        let (seconds, range) = self.duration(context)?;
        if let Token::Sign("+" | "-" | "*" | "/" | "%" | "^") = self.peek() {
            return Err(self.unsupported("arithmetic on durations"));
        }
        match milliseconds(seconds) {
            _ if seconds <= 0.0 => fault("duration must be greater than 0", range),
            0 => fault("unsupported: durations under a millisecond", range),
            ms => Ok(ms),
        }
    }

    /// A duration, or a number of seconds, with its signs; in seconds.
    fn duration(&mut self, context: &str) -> Result<(f64, TextRange), ParseError> {
        let start = self.range();
        let mut sign = 1.0;
        while let Token::Sign(s @ ("+" | "-")) = *self.peek() {
            self.take();
            sign = if s == "-" { -sign } else { sign };
        }
        let seconds = match *self.peek() {
            Token::Duration(ms) => ms as f64 / 1e3,
            Token::Number(seconds) => seconds,
            Token::Sign("(") => return Err(self.unsupported("arithmetic on durations")),
            Token::Word(word) if self.calls() && is_of_durations(word) => {
                return Err(self.unsupported(&format!("{}() as a duration", word.to_ascii_lowercase())));
            }
            _ if context == "subquery selector" => {
                return Err(self.unexpected_in(context, "number, duration or \"]\""));
            }
            _ => return Err(self.unexpected_in(context, "number or duration")),
        };
        if seconds.is_nan() || seconds > LONGEST {
            return Err(self.fault("duration out of range"));
        }
        self.take();
        Ok((sign * seconds, start.to(self.last)))
    }

    /// What stands behind `@`.
    fn at_time(&mut self, of: TextRange) -> Result<At, ParseError> {
        for (word, at) in [("start", At::Start), ("end", At::End)] {
            if self.takes_word(word) {
                return match self.takes("(") && self.takes(")") {
                    true => Ok(at),
                    false => Err(self.unexpected_in("@", "timestamp")),
                };
            }
        }
        let negative = self.takes("-");
        if !negative {
            self.takes("+");
        }
        let seconds = match *self.peek() {
            Token::Number(seconds) => seconds,
            Token::Duration(ms) => ms as f64 / 1e3,
            _ => return Err(self.unexpected_in("@", "timestamp")),
        };
        self.take();
        let seconds = if negative { -seconds } else { seconds };
        let ms = (seconds * 1e3).round();
        if ms.is_nan() || ms.abs() >= i64::MAX as f64 {
            let written = if seconds.is_finite() {
                format!("{seconds:.6}")
            } else {
                super::super::value::number(seconds)
            };
            return fault(format!("timestamp out of bounds for @ modifier: {written}"), of);
        }
        Ok(At::Time(ms as i64))
    }
}

/// Whole milliseconds of as many nanoseconds, as Prometheus counts.
fn milliseconds(seconds: f64) -> i64 {
    ((seconds * 1e9).round() / 1e6) as i64
}

fn shift_of<'a>(expr: &'a mut Expr, what: &str) -> Result<&'a mut Shift, ParseError> {
    match &mut expr.kind {
        ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => Ok(&mut selector.shift),
        ExprKind::Subquery(subquery) => Ok(&mut subquery.shift),
        _ => fault(
            format!(
                "{what} modifier must be preceded by an instant vector selector or range vector selector or a subquery"
            ),
            expr.range,
        ),
    }
}
