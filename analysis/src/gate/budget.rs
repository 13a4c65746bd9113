//! Budgets: limits for the durations and errors of spans.
//!
//! A budget is held against each service that has such spans, with the figures that `trace summarize` prints.

use super::{
    config::{Budget, Limit, Measure},
    judgement::{Check, Figure, Section, State, Unit},
};
use crate::{
    pivot::Suspects,
    text::{counted, grouped},
    trace::summary::{Row, Summary},
};

/// Holds the spans against their budgets.
pub fn judge(budgets: &[Budget], summary: &Summary, suspects: &Suspects<'_>) -> Vec<Check> {
    let mut checks = Vec::new();
    for budget in budgets {
        let is_meant = |row: &&Row| {
            row.name() == budget.span
                && budget.service.as_ref().is_none_or(|service| row.service() == service)
        };
        let first = checks.len();
        let mut rows: Vec<&Row> = summary.rows.iter().filter(is_meant).collect();
        rows.sort_by_key(|row| row.service());
        for row in &rows {
            checks.extend(budget.limits.iter().map(|limit| held(row, limit, suspects)));
        }
        if rows.is_empty() {
            checks.extend(budget.limits.iter().map(|limit| unknown(budget, limit)));
        }
        checks[first..].iter_mut().for_each(|check| check.tolerated = !budget.fail);
    }
    checks
}

fn held(row: &Row, limit: &Limit, suspects: &Suspects<'_>) -> Check {
    let measure = limit.measure;
    let name = format!("{} {} {}", row.service(), row.name(), measure.as_str());
    let spans = counted(row.count, "span");
    let (value, of) = match measure.duration(row) {
        Some(ns) => (Figure::Integer(ns), spans),
        None => {
            let share = row.errors as f64 / row.count.max(1) as f64;
            (Figure::Real(share), format!("{} of {spans} failed", grouped(row.errors)))
        }
    };
    let figures = (value, limit.figure, measure.unit());
    let mut check = Check::bounded(Section::Budget, name, "", figures);
    check.message.push_str(&format!("; {of}"));
    if check.state == State::Fail {
        check.name_traces(suspects, suspects.of_spans(row.service(), row.name(), measure == Measure::Errors));
    }
    check
}

/// A budget for spans that are not there.
fn unknown(budget: &Budget, limit: &Limit) -> Check {
    let service = budget.service.as_ref().map(|service| format!("{service} ")).unwrap_or_default();
    let name = format!("{service}{} {}", budget.span, limit.measure.as_str());
    let of_service = budget.service.as_ref().map(|s| format!(" of the service {s:?}")).unwrap_or_default();
    let message = format!("no span {:?}{of_service} in the recording: nothing can be judged", budget.span);
    let unit: Unit = limit.measure.unit();
    Check {
        limit: Some(limit.figure),
        unit,
        ..Check::plain(Section::Budget, name, State::Undecided, message)
    }
}
