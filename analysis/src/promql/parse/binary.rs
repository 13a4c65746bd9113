//! Operators, signs before an operand, and `bool`, `on`, `ignoring`, `group_left`, `group_right`.

use super::{
    super::{
        ast::{Binary, BinaryOp, Expr, ExprKind, Matching, Side},
        error::ParseError,
        lexer::Token,
    },
    MAX_DEPTH, MAX_OPERATORS, Parser,
};

/// How strongly `^` binds; more than a sign before an operand, which binds like `*`.
const POWER: u8 = 6;

impl Parser<'_> {
    /// An expression of operators that bind at least so strongly.
    pub(super) fn expression(&mut self, least: u8) -> Result<Expr, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.fault(format!("the expression is nested more than {MAX_DEPTH} levels deep")));
        }
        let mut lhs = self.signed()?;
        while let Some((op, strength)) = self.operator().filter(|(_, strength)| *strength >= least) {
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                return Err(self.fault(format!("the expression has more than {MAX_OPERATORS} operators")));
            }
            self.take();
            let is_bool = self.takes_word("bool");
            let matching = self.matching()?;
            let rhs = self.expression(if op == BinaryOp::Pow { strength } else { strength + 1 })?;
            let range = lhs.range.to(rhs.range);
            let binary = Binary { op, lhs, rhs, is_bool, matching };
            lhs = Expr { kind: ExprKind::Binary(Box::new(binary)), range };
        }
        self.depth -= 1;
        Ok(lhs)
    }

    /// The operator that comes next, and how strongly it binds.
    fn operator(&self) -> Option<(BinaryOp, u8)> {
        use BinaryOp as B;
        Some(match self.peek() {
            Token::Sign(sign) => match *sign {
                "+" => (B::Add, 4),
                "-" => (B::Sub, 4),
                "*" => (B::Mul, 5),
                "/" => (B::Div, 5),
                "%" => (B::Mod, 5),
                "^" => (B::Pow, POWER),
                "==" => (B::Equal, 3),
                "!=" => (B::NotEqual, 3),
                ">" => (B::Greater, 3),
                "<" => (B::Less, 3),
                ">=" => (B::GreaterEqual, 3),
                "<=" => (B::LessEqual, 3),
                _ => return None,
            },
            Token::Word(word) => match word.to_ascii_lowercase().as_str() {
                "or" => (B::Or, 1),
                "and" => (B::And, 2),
                "unless" => (B::Unless, 2),
                "atan2" => (B::Atan2, 5),
                _ => return None,
            },
            _ => return None,
        })
    }

    fn matching(&mut self) -> Result<Matching, ParseError> {
        let mut matching = Matching::ALL;
        matching.on = self.is_word("on");
        if matching.on || self.is_word("ignoring") {
            self.take();
            matching.labels = self.label_names()?;
            for (word, many) in [("group_left", Side::Left), ("group_right", Side::Right)] {
                if matching.many == Side::Neither && self.takes_word(word) {
                    matching.many = many;
                    if *self.peek() == Token::Sign("(") {
                        matching.include = self.label_names()?;
                    }
                }
            }
        }
        for word in ["fill", "fill_left", "fill_right"] {
            if self.is_word(word) && self.calls() {
                return Err(self.unsupported(&format!("the modifier {word}")));
            }
        }
        Ok(matching)
    }

    /// An operand with signs before it. A sign is part of a number.
    fn signed(&mut self) -> Result<Expr, ParseError> {
        let start = self.range();
        let negative = match self.peek() {
            Token::Sign("-") => true,
            Token::Sign("+") => false,
            _ => return self.postfixed(),
        };
        self.take();
        let inner = self.expression(POWER)?;
        let range = start.to(inner.range);
        let kind = match (inner.kind, negative) {
            (ExprKind::Number(number), true) => ExprKind::Number(-number),
            (ExprKind::Duration(seconds), true) => ExprKind::Duration(-seconds),
            (kind @ (ExprKind::Number(_) | ExprKind::Duration(_)), false) => kind,
            (kind, true) => ExprKind::Negate(Box::new(Expr { kind, ..inner })),
            (kind, false) => ExprKind::Plus(Box::new(Expr { kind, ..inner })),
        };
        Ok(Expr { kind, range })
    }
}
