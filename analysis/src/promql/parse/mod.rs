//! Tokens into a tree, by precedence climbing.
//!
//! [`selector`] has series and what follows them, [`operand`] calls and aggregations, [`check`] what types allow.

mod check;
mod operand;
mod selector;

use super::{
    ast::{Binary, BinaryOp, Expr, ExprKind, Matching, Side, TextRange},
    error::ParseError,
    lexer::{self, Token},
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
        let tokens = lexer::tokens(text)?;
        let mut parser = Parser { tokens, at: 0, depth: 0, operators: 0 };
        if parser.peek() == &Token::End {
            return parser.fault("no expression found in input");
        }
        let expr = parser.expression(0)?;
        if parser.peek() != &Token::End {
            return parser.unexpected("an operator or the end");
        }
        Ok(Self { text: text.to_owned(), expr })
    }
}

struct Parser {
    tokens: Vec<(Token, TextRange)>,
    at: usize,
    depth: usize,
    operators: usize,
}

/// How strongly `^` binds; more than a sign before an operand, which binds more than `*`.
const POWER: u8 = 6;

impl Parser {
    /// The next token. Behind the last there is [`Token::End`], for ever.
    fn peek(&self) -> &Token {
        &self.tokens[self.at.min(self.tokens.len() - 1)].0
    }

    fn peek_second(&self) -> &Token {
        &self.tokens[(self.at + 1).min(self.tokens.len() - 1)].0
    }

    fn range(&self) -> TextRange {
        self.tokens[self.at.min(self.tokens.len() - 1)].1
    }

    fn last_range(&self) -> TextRange {
        self.tokens[self.at.saturating_sub(1).min(self.tokens.len() - 1)].1
    }

    fn take(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn takes(&mut self, sign: &'static str) -> bool {
        let is = *self.peek() == Token::Sign(sign);
        self.at += usize::from(is);
        is
    }

    fn is_word(&self, word: &str) -> bool {
        matches!(self.peek(), Token::Word(w) if w.eq_ignore_ascii_case(word))
    }

    fn takes_word(&mut self, word: &str) -> bool {
        let is = self.is_word(word);
        self.at += usize::from(is);
        is
    }

    fn expect(&mut self, sign: &'static str, wanted: &str) -> Result<(), ParseError> {
        if self.takes(sign) { Ok(()) } else { self.unexpected(wanted) }
    }

    fn fault<T>(&self, what: impl Into<String>) -> Result<T, ParseError> {
        Err(ParseError { what: what.into(), range: self.range() })
    }

    fn unexpected<T>(&self, wanted: &str) -> Result<T, ParseError> {
        let found = match self.peek() {
            Token::Word(word) => format!("{word:?}"),
            Token::Text(text) => format!("the text {text:?}"),
            Token::Number(number) => format!("the number {number}"),
            Token::Duration(_) => "a duration".to_owned(),
            Token::Sign(sign) => format!("{sign:?}"),
            Token::End => "the end".to_owned(),
        };
        self.fault(format!("unexpected {found}, expected {wanted}"))
    }

    fn unsupported<T>(&self, what: &str) -> Result<T, ParseError> {
        self.fault(format!("unsupported: {what}"))
    }

    /// An expression of operators that bind at least so strongly.
    fn expression(&mut self, least: u8) -> Result<Expr, ParseError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fault(format!("the expression is nested more than {MAX_DEPTH} levels deep"));
        }
        let mut lhs = self.signed()?;
        while let Some((op, strength)) = self.operator().filter(|(_, strength)| *strength >= least) {
            self.operators += 1;
            if self.operators > MAX_OPERATORS {
                return self.fault(format!("the expression has more than {MAX_OPERATORS} operators"));
            }
            let sign = self.range();
            self.at += 1;
            let is_bool = self.takes_word("bool");
            let (matching, named) = self.matching()?;
            let rhs = self.expression(if op == BinaryOp::Pow { strength } else { strength + 1 })?;
            let binary = Binary { op, lhs, rhs, is_bool, matching };
            check::binary(&binary, named, sign)?;
            let range = binary.lhs.range.to(binary.rhs.range);
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

    /// `on`, `ignoring`, `group_left`, `group_right`; and whether any of them stands there.
    fn matching(&mut self) -> Result<(Matching, bool), ParseError> {
        let mut matching = Matching::ALL;
        matching.on = self.is_word("on");
        if !matching.on && !self.is_word("ignoring") {
            self.no_fill()?;
            return Ok((matching, false));
        }
        self.at += 1;
        matching.labels = self.label_names()?;
        for (word, many) in [("group_left", Side::Left), ("group_right", Side::Right)] {
            if self.takes_word(word) {
                matching.many = many;
                if *self.peek() == Token::Sign("(") {
                    matching.include = self.label_names()?;
                }
                break;
            }
        }
        self.no_fill()?;
        Ok((matching, true))
    }

    fn no_fill(&self) -> Result<(), ParseError> {
        for word in ["fill", "fill_left", "fill_right"] {
            if self.is_word(word) && *self.peek_second() == Token::Sign("(") {
                return self.unsupported(word);
            }
        }
        Ok(())
    }

    /// An operand with signs before it.
    fn signed(&mut self) -> Result<Expr, ParseError> {
        let start = self.range();
        let negative = match self.peek() {
            Token::Sign("-") => true,
            Token::Sign("+") => false,
            _ => return self.postfixed(),
        };
        self.at += 1;
        let mut inner = self.expression(POWER)?;
        check::signed(&inner)?;
        let range = start.to(inner.range);
        if !negative {
            inner.range = range;
            return Ok(inner);
        }
        let kind = match inner.kind {
            ExprKind::Number(number) => ExprKind::Number(-number),
            _ => ExprKind::Negate(Box::new(inner)),
        };
        Ok(Expr { kind, range })
    }
}

#[cfg(test)]
mod tests;
