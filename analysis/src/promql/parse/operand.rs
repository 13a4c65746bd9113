//! What operators stand between: numbers, texts, parentheses, calls, aggregations.

use super::{
    super::{
        ast::{Aggregate, AggregateOp, Call, Expr, ExprKind, Grouping},
        error::ParseError,
        functions,
        lexer::Token,
        value::ValueType,
    },
    Parser, check,
};

/// Words that no metric is called.
const RESERVED: [&str; 6] = ["on", "ignoring", "group_left", "group_right", "bool", "atan2"];

impl Parser {
    /// An operand without what may follow it.
    pub(super) fn operand(&mut self) -> Result<Expr, ParseError> {
        let start = self.range();
        let kind = match self.peek().clone() {
            Token::Number(number) => {
                self.at += 1;
                ExprKind::Number(number)
            }
            Token::Duration(ms) => {
                self.at += 1;
                ExprKind::Number(ms as f64 / 1e3)
            }
            Token::Text(text) => {
                self.at += 1;
                ExprKind::Text(text)
            }
            Token::Sign("(") => {
                self.at += 1;
                let inner = self.expression(0)?;
                self.expect(")", "\")\"")?;
                ExprKind::Paren(Box::new(inner))
            }
            Token::Sign("{") => ExprKind::Selector(self.selector(None)?),
            Token::Word(word) => self.word(&word)?,
            _ => return self.unexpected("an expression"),
        };
        Ok(Expr { kind, range: start.to(self.last_range()) })
    }

    fn word(&mut self, word: &str) -> Result<ExprKind, ParseError> {
        let lower = word.to_ascii_lowercase();
        let calls = *self.peek_second() == Token::Sign("(");
        match lower.as_str() {
            "inf" | "nan" => {
                self.at += 1;
                return Ok(ExprKind::Number(if lower == "inf" { f64::INFINITY } else { f64::NAN }));
            }
            _ if RESERVED.contains(&lower.as_str()) => return self.unexpected("an expression"),
            _ => {}
        }
        if let Some(op) = aggregate_op(&lower) {
            let grouped = matches!(self.peek_second(), Token::Word(w) if is_grouping(w));
            if calls || grouped {
                return self.aggregate(op, word);
            }
        }
        if calls {
            return self.call(word);
        }
        Ok(ExprKind::Selector(self.selector(Some(word))?))
    }

    fn call(&mut self, name: &str) -> Result<ExprKind, ParseError> {
        if functions::is_unsupported(name) {
            return self.unsupported(&format!("the function {name}"));
        }
        let Some(function) = functions::find(name) else {
            return self.fault(format!("unknown function with name {name:?}"));
        };
        let start = self.range();
        self.at += 1;
        let args = self.arguments()?;
        check::call(function, &args, start.to(self.last_range()))?;
        Ok(ExprKind::Call(Call { function, args }))
    }

    /// `(a, b)`
    fn arguments(&mut self) -> Result<Vec<Expr>, ParseError> {
        self.expect("(", "\"(\"")?;
        let mut args = Vec::new();
        if self.takes(")") {
            return Ok(args);
        }
        loop {
            args.push(self.expression(0)?);
            if self.takes(")") {
                return Ok(args);
            }
            self.expect(",", "\",\" or \")\"")?;
        }
    }

    fn aggregate(&mut self, op: AggregateOp, name: &str) -> Result<ExprKind, ParseError> {
        let start = self.range();
        if matches!(op, AggregateOp::Limitk | AggregateOp::LimitRatio) {
            return self.unsupported(&format!("the aggregation {name}"));
        }
        self.at += 1;
        let mut grouping = self.grouping()?;
        let mut args = self.arguments()?;
        if grouping.is_none() {
            grouping = self.grouping()?;
        }
        let range = start.to(self.last_range());
        let wanted = if op.has_param() { 2 } else { 1 };
        let (Some(expr), true) = (args.pop(), args.len() + 1 == wanted) else {
            let what =
                format!("wrong number of arguments for aggregate expression provided, expected {wanted}");
            return Err(ParseError { what, range });
        };
        let param = args.pop();
        check::is(&expr, ValueType::Vector, "aggregation expression")?;
        if let Some(param) = &param {
            let wanted = if op == AggregateOp::CountValues { ValueType::Text } else { ValueType::Scalar };
            check::is(param, wanted, "aggregation parameter")?;
        }
        let grouping = grouping.unwrap_or(Grouping { without: false, labels: Vec::new() });
        Ok(ExprKind::Aggregate(Box::new(Aggregate { op, grouping, param, expr })))
    }

    fn grouping(&mut self) -> Result<Option<Grouping>, ParseError> {
        let without = self.is_word("without");
        if !without && !self.is_word("by") {
            return Ok(None);
        }
        self.at += 1;
        Ok(Some(Grouping { without, labels: self.label_names()? }))
    }

    /// `(a, b)`
    pub(super) fn label_names(&mut self) -> Result<Vec<String>, ParseError> {
        self.expect("(", "\"(\"")?;
        let mut names = Vec::new();
        while !self.takes(")") {
            match self.take() {
                Token::Word(name) if !name.contains(':') => names.push(name),
                Token::Text(name) if !name.is_empty() => names.push(name),
                _ => {
                    self.at -= 1;
                    return self.unexpected("a label name");
                }
            }
            if *self.peek() != Token::Sign(")") {
                self.expect(",", "\",\" or \")\"")?;
            }
        }
        Ok(names)
    }
}

fn is_grouping(word: &str) -> bool {
    word.eq_ignore_ascii_case("by") || word.eq_ignore_ascii_case("without")
}

fn aggregate_op(word: &str) -> Option<AggregateOp> {
    use AggregateOp as A;
    Some(match word {
        "sum" => A::Sum,
        "avg" => A::Avg,
        "min" => A::Min,
        "max" => A::Max,
        "count" => A::Count,
        "group" => A::Group,
        "stddev" => A::Stddev,
        "stdvar" => A::Stdvar,
        "topk" => A::Topk,
        "bottomk" => A::Bottomk,
        "count_values" => A::CountValues,
        "quantile" => A::Quantile,
        "limitk" => A::Limitk,
        "limit_ratio" => A::LimitRatio,
        _ => return None,
    })
}

impl AggregateOp {
    fn has_param(self) -> bool {
        matches!(self, Self::Topk | Self::Bottomk | Self::CountValues | Self::Quantile)
    }
}
