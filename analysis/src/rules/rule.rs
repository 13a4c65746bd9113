//! Rules as they were loaded.

use std::path::PathBuf;

use super::{scale::Scale, template::Template};
use crate::promql::{Expr, ExprKind, Query, TextRange};

/// How often a group without an interval is evaluated, in milliseconds: Prometheus' default.
pub const DEFAULT_INTERVAL: i64 = 60_000;

/// A file of rules.
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// Where it was read.
    pub path: PathBuf,
    /// Its groups, in order.
    pub groups: Vec<Group>,
}

/// Rules that are evaluated together, in order.
#[derive(Debug, Clone)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// The line in which it begins, counted from 1.
    pub line: u64,
    /// How often, in milliseconds.
    pub interval: i64,
    /// Whether the file says so; if not, it is Prometheus' default, which its configuration can change.
    pub has_interval: bool,
    /// How far back in time, in milliseconds.
    pub query_offset: i64,
    /// The most series that a rule of it may give; 0 is no limit.
    pub limit: usize,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// The alert's name, or the series'.
    pub name: String,
    /// The line in which it begins, counted from 1.
    pub line: u64,
    /// Where its expression stands.
    pub expr_lines: Lines,
    /// The expression.
    pub query: Query,
    /// Labels that it sets, its group's among them, sorted by name.
    pub labels: Vec<Text>,
    /// What kind of rule it is.
    pub kind: Kind,
}

/// A label or an annotation of a rule.
#[derive(Debug, Clone)]
pub struct Text {
    /// Its name.
    pub name: String,
    /// Its value, which may have actions in it.
    pub template: Template,
    /// Where the value stands.
    pub lines: Lines,
}

/// Where a text of a file stands, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lines {
    /// The line in which it begins.
    pub first: u64,
    /// Whether each of its lines is one of the file's; in YAML's other styles they are folded, or written `\\n`.
    pub is_literal: bool,
}

impl Lines {
    /// The line of a place in the text.
    pub fn of(self, text: &str, at: usize) -> u64 {
        let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
        self.nth(before.iter().filter(|byte| **byte == b'\n').count() as u64)
    }

    /// The line of the file that is the text's line after so many others.
    pub fn nth(self, after: u64) -> u64 {
        self.first + if self.is_literal { after } else { 0 }
    }
}

/// What a rule does.
#[derive(Debug, Clone)]
pub enum Kind {
    /// It records series.
    Recording,
    /// It raises alerts.
    Alerting {
        /// How long a result has to be there before it fires, in milliseconds.
        hold: i64,
        /// How long it goes on firing without, in milliseconds.
        keep_firing: i64,
        /// What it tells people.
        annotations: Vec<Text>,
    },
}

impl Rule {
    /// Whether it raises alerts.
    pub fn is_alert(&self) -> bool {
        matches!(self.kind, Kind::Alerting { .. })
    }

    /// Replaces the expression by a number.
    pub(super) fn set(&mut self, value: f64) {
        let text = value.to_string();
        let range = TextRange { start: 0, end: text.len() };
        // A number is what `vector(number)` is too, for who selects the series.
        self.query = Query { expr: Expr { kind: ExprKind::Number(value), range }, text };
    }
}

impl RuleFile {
    /// Shrinks or stretches every duration in it.
    pub fn rescale(&mut self, scale: Scale) {
        for group in &mut self.groups {
            group.interval = scale.of(group.interval);
            group.query_offset = scale.of(group.query_offset);
            for rule in &mut group.rules {
                rule.query.expr.map_durations(&|ms| scale.of(ms));
                if let Kind::Alerting { hold, keep_firing, .. } = &mut rule.kind {
                    *hold = scale.of(*hold);
                    *keep_firing = scale.of(*keep_firing);
                }
            }
        }
    }

    /// Sets the recording rule of that name to a number, as often as it stands here.
    pub fn set(&mut self, name: &str, value: f64) -> usize {
        let named = |rule: &&mut Rule| !rule.is_alert() && rule.name == name;
        let rules = self.groups.iter_mut().flat_map(|g| &mut g.rules).filter(named);
        rules.map(|rule| rule.set(value)).count()
    }
}
