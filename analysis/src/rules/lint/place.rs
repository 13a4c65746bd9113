//! The rule that is looked at, and how a fault in it is told.

use super::{Code, Finding, world::World};
use crate::{
    promql::{Expr, TextRange, caret},
    rules::rule::{Group, Rule, RuleFile},
};

/// A rule in its group and file.
#[derive(Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) file: &'a RuleFile,
    pub(super) group: &'a Group,
    pub(super) rule: &'a Rule,
    pub(super) world: &'a World<'a>,
}

impl<'a> Place<'a> {
    /// The expression.
    pub(super) fn expr(&self) -> &'a Expr {
        &self.rule.query.expr
    }

    /// A part of the expression as it is written.
    pub(super) fn part(&self, range: TextRange) -> &'a str {
        self.rule.query.text.get(range.start..range.end).unwrap_or_default()
    }

    /// A fault in a part of the expression.
    pub(super) fn at(&self, range: TextRange, code: Code, what: impl Into<String>) -> Finding {
        let text = &self.rule.query.text;
        let finding = self.in_line(self.rule.expr_lines.of(text, range.start), code, what);
        Finding { shown: Some(caret(text, range)), ..finding }
    }

    /// A fault in a line of the file.
    pub(super) fn in_line(&self, line: u64, code: Code, what: impl Into<String>) -> Finding {
        Finding {
            path: self.file.path.clone(),
            line,
            group: Some(self.group.name.clone()),
            rule: Some(self.rule.name.clone()),
            code,
            what: what.into(),
            hint: None,
            shown: None,
        }
    }
}

impl Finding {
    /// With what to do about it.
    pub(super) fn hinted(self, hint: impl Into<Option<String>>) -> Self {
        Self { hint: hint.into(), ..self }
    }
}

/// Calls `see` with an expression and all in it, from the outside in.
pub(super) fn walk<'e>(expr: &'e Expr, see: &mut impl FnMut(&'e Expr)) {
    see(expr);
    expr.children().into_iter().for_each(|child| walk(child, see));
}
