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
    /// The line in which its expression begins.
    pub expr_line: u64,
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
    /// The line in which the value begins, counted from 1.
    pub line: u64,
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
