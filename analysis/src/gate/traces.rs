//! A comparison of traces as checks: one for each rule that holds, and one for each row that breaks one.

use super::judgement::{Check, Figure, Pointer, Section, State, Unit, Word};
use crate::{
    pivot::Suspects,
    text::counted,
    trace::diff::{self, Broken, CompareError, Diff, DiffRow, Rule, Verdict, told},
};

/// Makes checks of what came of the rules. A rule that could be held against no row is undecided.
pub fn judge(diff: &Diff, allow_undecided: bool, suspects: &Suspects<'_>) -> Vec<Check> {
    let broken = diff.rows.iter().flat_map(|row| row.broken.iter().map(move |broken| (row, broken)));
    let mut checks: Vec<Check> = broken.clone().map(|(row, broken)| failed(row, broken, suspects)).collect();
    for rule in &diff.rules {
        if diff.undecided.contains(rule) {
            let message = told::undecided(diff, rule);
            let why = message.strip_prefix(&format!("{rule}: ")).unwrap_or(&message);
            checks.push(undecided(rule.to_string(), why.to_owned(), allow_undecided));
        } else if !broken.clone().any(|(_, broken)| broken.rule == *rule) {
            checks.push(holds(rule, diff));
        }
    }
    checks
}

/// Of sides that can't be compared, nothing can be said.
pub fn incomparable(error: &CompareError, allow_undecided: bool) -> Check {
    undecided("spans".to_owned(), error.to_string(), allow_undecided)
}

fn undecided(name: String, mut message: String, allow_undecided: bool) -> Check {
    if allow_undecided {
        message.push_str("; allow-undecided lets it pass");
    }
    Check { tolerated: allow_undecided, ..Check::plain(Section::Traces, name, State::Undecided, message) }
}

fn holds(rule: &Rule, diff: &Diff) -> Check {
    let is_judged = |row: &&DiffRow| {
        let less = || row.not_enough.iter().any(|less| less.figure == rule.figure());
        rule.is_of(&row.service, &row.name) && !less()
    };
    let rows = diff.rows.iter().filter(is_judged).count() as u64;
    let message = format!("holds for {}", counted(rows, "span name"));
    Check::plain(Section::Traces, rule.to_string(), State::Pass, message)
}

fn failed(row: &DiffRow, broken: &Broken, suspects: &Suspects<'_>) -> Check {
    let what =
        broken.figure.map_or_else(|| told::word_of(row.verdict).to_owned(), |figure| figure.to_string());
    let name = format!("{} {what}", told::name(row));
    let mut check = Check::plain(Section::Traces, name, State::Fail, told::broken(row, broken));
    if let (Some(figure), Some(base), Some(new)) = (broken.figure, broken.base, broken.new) {
        let told_as = |value: f64| match figure.unit() {
            diff::Unit::Nanoseconds => (Figure::Integer(value.round() as u64), Unit::Ns),
            diff::Unit::Share => (Figure::Real(value), Unit::Ratio),
            diff::Unit::PerTrace => (Figure::Real(value), Unit::Value),
        };
        let (value, unit) = told_as(new);
        check.value = Some(value);
        check.limit = broken.rule.most(base).map(|most| told_as(most).0);
        check.unit = unit;
    }
    if row.verdict == Verdict::Gone {
        // They are where they still were.
        check.trace_ids.clone_from(&broken.traces);
        let first = broken.traces.first();
        let show =
            |id: &glyph_formats::TraceId| Pointer::within(&["trace", "show"], Word::Baseline, id.to_string());
        check.pointers.extend(first.map(show));
    } else {
        check.name_traces(suspects, broken.traces.clone());
        check.pointers.push(Pointer::of_both(&["trace", "diff"]));
    }
    check
}
