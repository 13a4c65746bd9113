//! What operators stand between: numbers, texts, parentheses, calls, aggregations.

use super::{
    super::{
        ast::{Aggregate, AggregateOp, Call, Expr, ExprKind, Grouping},
        error::ParseError,
        functions,
        lexer::Token,
    },
    Parser,
};
use crate::metrics::quote::quoted;

/// Words that no metric is called.
const RESERVED: [&str; 6] = ["on", "ignoring", "group_left", "group_right", "bool", "atan2"];
/// A modifier only with parentheses behind it.
const FILLS: [&str; 3] = ["fill", "fill_left", "fill_right"];

impl Parser<'_> {
    /// An operand without what may follow it.
    pub(super) fn operand(&mut self) -> Result<Expr, ParseError> {
        let start = self.range();
        let kind = match *self.peek() {
            Token::Number(number) => {
                self.take();
                ExprKind::Number(number)
            }
            Token::Duration(ms) => {
                self.take();
                ExprKind::Duration(ms as f64 / 1e3)
            }
            Token::Text(_) => match self.take() {
                Token::Text(text) => ExprKind::Text(text),
                _ => return Err(self.unexpected("a text")),
            },
            Token::Sign("(") => {
                self.take();
                let inner = self.expression(0)?;
                if !self.takes(")") {
                    return Err(self.unexpected("an operator or \")\""));
                }
                ExprKind::Paren(Box::new(inner))
            }
            Token::Sign("{") => ExprKind::Selector(self.selector(None)?),
            Token::Word(word) if !is_one_of(word, &RESERVED) => self.word(word)?,
            _ => return Err(self.unexpected("an expression")),
        };
        Ok(Expr { kind, range: start.to(self.last) })
    }

    /// Whether an expression can begin with the next token.
    fn begins(&self) -> bool {
        match self.peek() {
            Token::Number(_) | Token::Duration(_) | Token::Text(_) | Token::Sign("(" | "{" | "+" | "-") => {
                true
            }
            Token::Word(word) => !is_one_of(word, &RESERVED),
            _ => false,
        }
    }

    fn word(&mut self, word: &str) -> Result<ExprKind, ParseError> {
        let is_grouping = |word: &str| is_one_of(word, &["by", "without"]);
        let is_grouped = matches!(self.second.0, Token::Word(next) if is_grouping(next));
        match AggregateOp::of(word) {
            Some(op) if self.calls() || is_grouped => self.aggregate(op),
            // These are metrics whatever stands behind them.
            None if self.calls() && !word.contains(':') && !is_metric_only(word) => self.call(word),
            _ => Ok(ExprKind::Selector(self.selector(Some(word))?)),
        }
    }

    fn call(&mut self, name: &str) -> Result<ExprKind, ParseError> {
        if is_one_of(name, &FILLS) {
            return Err(self.unsupported(&format!("the modifier {name}")));
        }
        let unknown = ParseError {
            what: format!("unknown function with name {}{}", quoted(name), now_called(name)),
            range: self.range(),
        };
        let unsupported = self.unsupported(&format!("the function {name}"));
        self.take();
        let args = self.arguments()?;
        match functions::find(name) {
            Some(function) => Ok(ExprKind::Call(Call { function, args })),
            None if functions::is_unsupported(name) && now_called(name).is_empty() => Err(unsupported),
            None => Err(unknown),
        }
    }

    /// `(a, b)`
    fn arguments(&mut self) -> Result<Vec<Expr>, ParseError> {
        if !self.takes("(") {
            return Err(self.unexpected("\"(\""));
        }
        let mut args = Vec::new();
        if self.takes(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expression(0)?);
            let comma = self.range();
            if self.takes(")") {
                return Ok(args);
            }
            if !self.takes(",") {
                return Err(self.unexpected("an operator, \",\" or \")\""));
            }
            if !self.begins() && !matches!(self.peek(), Token::Fault(_)) {
                let what = "trailing commas not allowed in function call args".to_owned();
                return Err(ParseError { what, range: comma });
            }
        }
    }

    fn aggregate(&mut self, op: AggregateOp) -> Result<ExprKind, ParseError> {
        let start = self.range();
        self.take();
        self.aggregations += 1;
        let mut grouping = self.grouping()?;
        let mut args = self.arguments()?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        self.aggregations -= 1;
        let wanted = if op.param().is_some() { 2 } else { 1 };
        if args.len() != wanted {
            let what = match args.len() {
                0 => "no arguments for aggregate expression provided".to_owned(),
                found => format!(
                    "wrong number of arguments for aggregate expression provided, expected {wanted}, got {found}"
                ),
            };
            return Err(ParseError { what, range: start.to(self.last) });
        }
        let Some(expr) = args.pop() else { return Err(self.unexpected("an expression")) };
        let grouping = grouping.unwrap_or(Grouping { without: false, labels: Vec::new() });
        Ok(ExprKind::Aggregate(Box::new(Aggregate { op, grouping, param: args.pop(), expr })))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, ParseError> {
        let without = self.is_word("without");
        if !without && !self.is_word("by") {
            return Ok(None);
        }
        self.take();
        Ok(Some(Grouping { without, labels: self.label_names()? }))
    }

    /// `(a, b)`
    pub(super) fn label_names(&mut self) -> Result<Vec<String>, ParseError> {
        const CONTEXT: &str = "grouping opts";
        if !self.takes("(") {
            return Err(self.unexpected_in(CONTEXT, "\"(\""));
        }
        let mut names = Vec::new();
        while !self.takes(")") {
            match self.peek() {
                // Every other keyword may be a label, Prometheus says.
                Token::Word(name) if !name.eq_ignore_ascii_case("without") => names.push((*name).to_owned()),
                Token::Text(name) if name.is_empty() => {
                    return Err(self.fault("invalid label name for grouping: \"\""));
                }
                Token::Text(name) => names.push(name.clone()),
                _ => return Err(self.unexpected_in(CONTEXT, "label")),
            }
            self.take();
            if *self.peek() != Token::Sign(")") && !self.takes(",") {
                return Err(self.unexpected_in(CONTEXT, "\",\" or \")\""));
            }
        }
        Ok(names)
    }
}

fn is_one_of(word: &str, known: &[&str]) -> bool {
    known.iter().any(|known| word.eq_ignore_ascii_case(known))
}

/// Keywords that are a metric's name where an operand stands.
fn is_metric_only(word: &str) -> bool {
    is_one_of(word, &["by", "without", "and", "or", "unless", "offset", "anchored", "smoothed"])
}

/// What a function that was renamed is called now.
fn now_called(name: &str) -> &'static str {
    match name {
        "holt_winters" => "; it is called double_exponential_smoothing since Prometheus 3",
        _ => "",
    }
}
