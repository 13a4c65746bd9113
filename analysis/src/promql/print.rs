//! A tree as text, the way Prometheus' `String()` prints it.
//!
//! What is printed parses to the same tree, up to where its parts stand. Parentheses are printed where they were
//! written and nowhere else, so a tree that was put together by hand needs its own. Not here: line breaks.

use std::fmt::{self, Display, Formatter};

use super::{
    ast::{
        Aggregate, AggregateOp, At, Binary, BinaryOp, Call, Expr, ExprKind, Grouping, Matching, Selector,
        Shift, Side, Subquery,
    },
    duration,
    value::number,
};
use crate::metrics::Matcher;
use crate::metrics::quote::{label_name, quoted};

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ExprKind::Number(value) => f.write_str(&number(*value)),
            ExprKind::Duration(seconds) => f.write_str(&duration::format((seconds * 1e3).round() as i64)),
            ExprKind::Text(text) => f.write_str(&quoted(text)),
            ExprKind::Selector(selector) => write!(f, "{selector}{}", selector.shift),
            ExprKind::Range { selector, window } => {
                write!(f, "{selector}[{}]{}", duration::format(*window), selector.shift)
            }
            ExprKind::Subquery(subquery) => write!(f, "{subquery}"),
            ExprKind::Aggregate(aggregate) => write!(f, "{aggregate}"),
            ExprKind::Call(call) => write!(f, "{call}"),
            ExprKind::Binary(binary) => write!(f, "{binary}"),
            ExprKind::Negate(inner) => write!(f, "-{inner}"),
            ExprKind::Plus(inner) => write!(f, "+{inner}"),
            ExprKind::Paren(inner) => write!(f, "({inner})"),
        }
    }
}

/// Name and braces; not another time than now, which stands behind a window.
impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (name, rest) = self.matchers.split_at(usize::from(self.named).min(self.matchers.len()));
        name.iter().try_for_each(|m| f.write_str(&m.value))?;
        let mut conditions: Vec<String> = rest.iter().map(Matcher::to_string).collect();
        conditions.sort_unstable();
        if conditions.is_empty() && self.named {
            return Ok(());
        }
        write!(f, "{{{}}}", conditions.join(","))
    }
}

/// With a blank before each part.
impl Display for Shift {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self.at {
            Some(At::Time(ms)) => write!(f, " @ {}", seconds(ms))?,
            Some(At::Start) => f.write_str(" @ start()")?,
            Some(At::End) => f.write_str(" @ end()")?,
            None => {}
        }
        if self.offset == 0 {
            return Ok(());
        }
        write!(f, " offset {}", duration::format(self.offset))
    }
}

/// Milliseconds as seconds with three decimals.
fn seconds(ms: i64) -> String {
    let sign = if ms < 0 { "-" } else { "" };
    format!("{sign}{}.{:03}", ms.unsigned_abs() / 1000, ms.unsigned_abs() % 1000)
}

impl Display for Subquery {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let step = self.step.map(duration::format).unwrap_or_default();
        write!(f, "{}[{}:{step}]{}", self.expr, duration::format(self.window), self.shift)
    }
}

impl Display for AggregateOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl Display for Aggregate {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}(", self.op, self.grouping)?;
        if let Some(param) = &self.param {
            write!(f, "{param}, ")?;
        }
        write!(f, "{})", self.expr)
    }
}

/// With a blank before and behind; nothing if all elements are one group.
impl Display for Grouping {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match (self.without, self.labels.is_empty()) {
            (true, _) => write!(f, " without ({}) ", names(&self.labels)),
            (false, false) => write!(f, " by ({}) ", names(&self.labels)),
            (false, true) => Ok(()),
        }
    }
}

fn names(labels: &[String]) -> String {
    labels.iter().map(|name| label_name(name)).collect::<Vec<_>>().join(", ")
}

impl Display for Call {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let args: Vec<String> = self.args.iter().map(Expr::to_string).collect();
        write!(f, "{}({})", self.function.name, args.join(", "))
    }
}

impl Display for BinaryOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Add => "+",
            Self::Sub => "-",
            Self::Mul => "*",
            Self::Div => "/",
            Self::Mod => "%",
            Self::Pow => "^",
            Self::Atan2 => "atan2",
            Self::Equal => "==",
            Self::NotEqual => "!=",
            Self::Greater => ">",
            Self::Less => "<",
            Self::GreaterEqual => ">=",
            Self::LessEqual => "<=",
            Self::And => "and",
            Self::Or => "or",
            Self::Unless => "unless",
        })
    }
}

impl Display for Binary {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let is_bool = if self.is_bool { " bool" } else { "" };
        // A sign before it would be one before the power.
        match self.lhs.kind {
            ExprKind::Number(f64::INFINITY) if self.op == BinaryOp::Pow => f.write_str("Inf")?,
            _ => write!(f, "{}", self.lhs)?,
        }
        write!(f, " {}{is_bool}{} {}", self.op, self.matching, self.rhs)
    }
}

/// With a blank before each part; nothing if all labels count.
impl Display for Matching {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if self.on || !self.labels.is_empty() || self.many != Side::Neither {
            write!(f, " {} ({})", if self.on { "on" } else { "ignoring" }, names(&self.labels))?;
        }
        match self.many {
            Side::Neither => Ok(()),
            Side::Left => write!(f, " group_left ({})", names(&self.include)),
            Side::Right => write!(f, " group_right ({})", names(&self.include)),
        }
    }
}
