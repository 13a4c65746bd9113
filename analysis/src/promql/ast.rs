//! The syntax tree. Every node knows which part of the text it is.

use super::{functions::Function, value::ValueType};
use crate::metrics::Matcher;

/// A part of an expression's text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct TextRange {
    /// Where it begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
}

impl TextRange {
    /// From the beginning of one part to the end of another.
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start, end: other.end }
    }
}

/// An expression.
#[derive(Debug, Clone)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// Where it stands.
    pub range: TextRange,
}

/// What an expression is.
#[derive(Debug, Clone)]
pub enum ExprKind {
    /// A number.
    Number(f64),
    /// A number that is written as a duration, in seconds.
    Duration(f64),
    /// A text.
    Text(String),
    /// Series now.
    Selector(Selector),
    /// Series over a time that ends now.
    Range {
        /// Which series.
        selector: Selector,
        /// How long, in milliseconds.
        window: i64,
    },
    /// An expression at regular times.
    Subquery(Box<Subquery>),
    /// Many elements made few.
    Aggregate(Box<Aggregate>),
    /// A function.
    Call(Call),
    /// Two expressions and what stands between them.
    Binary(Box<Binary>),
    /// A minus before an expression.
    Negate(Box<Expr>),
    /// A plus before an expression, which changes nothing.
    Plus(Box<Expr>),
    /// Parentheses.
    Paren(Box<Expr>),
}

/// Which series, and when.
#[derive(Debug, Clone)]
pub struct Selector {
    /// What their labels, the name among them, have to meet.
    pub matchers: Vec<Matcher>,
    /// Whether the first of these is the name before the braces.
    pub named: bool,
    /// Another time than now.
    pub shift: Shift,
    /// Where name and braces stand.
    pub range: TextRange,
}

/// `offset` and `@`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Shift {
    /// How far back, in milliseconds.
    pub offset: i64,
    /// A time instead of now.
    pub at: Option<At>,
}

impl Shift {
    /// The time that this makes of another, in a query from `start` to `end`; milliseconds since the epoch.
    pub fn of(self, time: i64, start: i64, end: i64) -> i64 {
        let base = match self.at {
            None => time,
            Some(At::Time(at)) => at,
            Some(At::Start) => start,
            Some(At::End) => end,
        };
        base.saturating_sub(self.offset)
    }
}

/// What `@` names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum At {
    /// Milliseconds since the epoch.
    Time(i64),
    /// The first step of the query.
    Start,
    /// The last.
    End,
}

/// `expr[window:step]`
#[derive(Debug, Clone)]
pub struct Subquery {
    /// What is evaluated.
    pub expr: Expr,
    /// Over how long, in milliseconds.
    pub window: i64,
    /// How often; by default every minute.
    pub step: Option<i64>,
    /// Another time than now.
    pub shift: Shift,
}

/// `by` or `without`, and labels.
#[derive(Debug, Clone, PartialEq)]
pub struct Grouping {
    /// Whether these labels are left out, not kept.
    pub without: bool,
    /// The labels.
    pub labels: Vec<String>,
}

/// How many elements become few.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are Prometheus' own names")]
pub enum AggregateOp {
    Sum,
    Avg,
    Min,
    Max,
    Count,
    Group,
    Stddev,
    Stdvar,
    Topk,
    Bottomk,
    CountValues,
    Quantile,
    Limitk,
    LimitRatio,
}

impl AggregateOp {
    const ALL: [(&str, Self); 14] = [
        ("sum", Self::Sum),
        ("avg", Self::Avg),
        ("min", Self::Min),
        ("max", Self::Max),
        ("count", Self::Count),
        ("group", Self::Group),
        ("stddev", Self::Stddev),
        ("stdvar", Self::Stdvar),
        ("topk", Self::Topk),
        ("bottomk", Self::Bottomk),
        ("count_values", Self::CountValues),
        ("quantile", Self::Quantile),
        ("limitk", Self::Limitk),
        ("limit_ratio", Self::LimitRatio),
    ];

    /// The aggregation of that name, in any case.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.iter().find(|(known, _)| name.eq_ignore_ascii_case(known)).map(|(_, op)| *op)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, op)| *op == self).map_or("", |(name, _)| name)
    }

    /// What its first argument is, if it has two.
    pub fn param(self) -> Option<ValueType> {
        match self {
            Self::Topk | Self::Bottomk | Self::Quantile | Self::Limitk | Self::LimitRatio => {
                Some(ValueType::Scalar)
            }
            Self::CountValues => Some(ValueType::Text),
            _ => None,
        }
    }
}

/// An aggregation.
#[derive(Debug, Clone)]
pub struct Aggregate {
    /// How.
    pub op: AggregateOp,
    /// By what.
    pub grouping: Grouping,
    /// The first argument of those that have two.
    pub param: Option<Expr>,
    /// Of what.
    pub expr: Expr,
}

/// A function and its arguments.
#[derive(Debug, Clone)]
pub struct Call {
    /// The function.
    pub function: &'static Function,
    /// What it is given.
    pub args: Vec<Expr>,
}

/// What stands between two expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "they are Prometheus' own names")]
pub enum BinaryOp {
    Add,
    Sub,
    Mul,
    Div,
    Mod,
    Pow,
    Atan2,
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    And,
    Or,
    Unless,
}

impl BinaryOp {
    /// Whether it compares.
    pub fn compares(self) -> bool {
        use BinaryOp::{Equal, Greater, GreaterEqual, Less, LessEqual, NotEqual};
        matches!(self, Equal | NotEqual | Greater | Less | GreaterEqual | LessEqual)
    }

    /// Whether it works on sets of series.
    pub fn is_set(self) -> bool {
        matches!(self, Self::And | Self::Or | Self::Unless)
    }

    /// Whether it computes.
    pub fn computes(self) -> bool {
        !self.compares() && !self.is_set()
    }
}

/// Which side may have many elements for one of the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// Neither.
    Neither,
    /// The left: `group_left`.
    Left,
    /// The right: `group_right`.
    Right,
}

/// How elements of two vectors find each other.
#[derive(Debug, Clone, PartialEq)]
pub struct Matching {
    /// Whether `labels` are those that count, not those that don't.
    pub on: bool,
    /// The labels of `on` or `ignoring`.
    pub labels: Vec<String>,
    /// Which side may have many.
    pub many: Side,
    /// Labels taken over from the other.
    pub include: Vec<String>,
}

impl Matching {
    /// All labels count.
    pub const ALL: Self = Self { on: false, labels: Vec::new(), many: Side::Neither, include: Vec::new() };
}

/// Two expressions and what stands between them.
#[derive(Debug, Clone)]
pub struct Binary {
    /// What stands there.
    pub op: BinaryOp,
    /// On its left.
    pub lhs: Expr,
    /// On its right.
    pub rhs: Expr,
    /// Whether a comparison says 0 or 1, instead of leaving elements out.
    pub is_bool: bool,
    /// How elements find each other.
    pub matching: Matching,
}

impl Expr {
    /// What it gives.
    pub fn value_type(&self) -> ValueType {
        match &self.kind {
            ExprKind::Number(_) | ExprKind::Duration(_) => ValueType::Scalar,
            ExprKind::Text(_) => ValueType::Text,
            ExprKind::Selector(_) | ExprKind::Aggregate(_) => ValueType::Vector,
            ExprKind::Range { .. } | ExprKind::Subquery(_) => ValueType::Range,
            ExprKind::Call(call) => call.function.returns,
            ExprKind::Negate(inner) | ExprKind::Plus(inner) | ExprKind::Paren(inner) => inner.value_type(),
            ExprKind::Binary(b) => match (b.lhs.value_type(), b.rhs.value_type()) {
                (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
                _ => ValueType::Vector,
            },
        }
    }

    /// Without parentheses around it.
    pub fn bare(&self) -> &Self {
        match &self.kind {
            ExprKind::Paren(inner) => inner.bare(),
            _ => self,
        }
    }

    /// The expressions in it, one level down.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::Number(_)
            | ExprKind::Duration(_)
            | ExprKind::Text(_)
            | ExprKind::Selector(_)
            | ExprKind::Range { .. } => Vec::new(),
            ExprKind::Subquery(s) => vec![&s.expr],
            ExprKind::Aggregate(a) => a.param.iter().chain([&a.expr]).collect(),
            ExprKind::Call(call) => call.args.iter().collect(),
            ExprKind::Binary(b) => vec![&b.lhs, &b.rhs],
            ExprKind::Negate(inner) | ExprKind::Plus(inner) | ExprKind::Paren(inner) => vec![inner],
        }
    }

    /// Changes every duration in it: windows, steps and offsets.
    pub fn map_durations(&mut self, change: &impl Fn(i64) -> i64) {
        match &mut self.kind {
            ExprKind::Number(_) | ExprKind::Duration(_) | ExprKind::Text(_) => {}
            ExprKind::Selector(selector) => selector.shift.offset = change(selector.shift.offset),
            ExprKind::Range { selector, window } => {
                selector.shift.offset = change(selector.shift.offset);
                *window = change(*window);
            }
            ExprKind::Subquery(s) => {
                s.shift.offset = change(s.shift.offset);
                s.window = change(s.window);
                s.step = s.step.map(change);
                s.expr.map_durations(change);
            }
            ExprKind::Aggregate(a) => {
                a.expr.map_durations(change);
                if let Some(param) = &mut a.param {
                    param.map_durations(change);
                }
            }
            ExprKind::Call(call) => call.args.iter_mut().for_each(|arg| arg.map_durations(change)),
            ExprKind::Binary(b) => {
                b.lhs.map_durations(change);
                b.rhs.map_durations(change);
            }
            ExprKind::Negate(inner) | ExprKind::Plus(inner) | ExprKind::Paren(inner) => {
                inner.map_durations(change)
            }
        }
    }
}
