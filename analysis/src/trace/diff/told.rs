//! A comparison in words, the same in every format: what is worse, and by how much. Text from traces is in them as it is.

use super::{
    Broken, ChangedCalls, Diff, DiffRow, Extent, Figure, Interval, NotEnough, Rule, SpanName, Unit, Verdict,
};
use crate::text::{counted, duration, grouped, short};

/// The verdict in a line.
pub fn verdict(diff: &Diff) -> String {
    let count = |verdict| diff.rows.iter().filter(|row| row.verdict == verdict).count() as u64;
    let broken = diff.rows.iter().filter(|row| !row.broken.is_empty()).count() as u64;
    let head = match (diff.failed, diff.undecided.is_empty()) {
        (true, _) => format!("{} worse", counted(broken, "row")),
        (false, true) => "no rule is broken".to_owned(),
        (false, false) => "not decided".to_owned(),
    };
    let parts = [
        (Verdict::Better, "better"),
        (Verdict::New, "new"),
        (Verdict::Gone, "gone"),
        (Verdict::Same, "the same"),
        (Verdict::NotEnough, "with too little to tell"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(verdict, _)| count(*verdict) > 0)
        .map(|(verdict, word)| format!("{} {word}", grouped(count(verdict))))
        .collect();
    format!("{head}; {}", parts.join(", ")).trim_end_matches("; ").to_owned()
}

/// How much was compared.
pub fn extents(diff: &Diff) -> String {
    let side = |side: &Extent| {
        let runs = if side.runs > 1 { format!(" in {}", counted(side.runs, "run")) } else { String::new() };
        format!("{} of {}{runs}", counted(side.traces, "trace"), counted(side.spans, "span"))
    };
    format!("base: {}; new: {}", side(&diff.base), side(&diff.new))
}

/// What a row is of.
pub fn name(row: &DiffRow) -> String {
    format!("{} {}", row.service, row.name).trim_start().to_owned()
}

/// The word for a verdict.
pub fn word_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Worse => "worse",
        Verdict::Gone => "gone",
        Verdict::New => "new",
        Verdict::Better => "better",
        Verdict::NotEnough => "not enough",
        Verdict::Same => "same",
    }
}

/// A figure's value for people.
pub fn value(figure: Figure, value: f64) -> String {
    match figure.unit() {
        Unit::Nanoseconds => duration(value.round() as u64),
        Unit::PerTrace => short(value),
        Unit::Share => format!("{}%", short(100.0 * value)),
    }
}

/// By how much it has changed.
pub fn change(figure: Figure, interval: &Interval) -> String {
    amount(figure, interval.value)
}

/// From where to where the change may be; empty if that can't be told.
pub fn range(figure: Figure, interval: &Interval) -> String {
    match (interval.low, interval.high) {
        (Some(low), Some(high)) => format!("{} to {}", amount(figure, low), amount(figure, high)),
        _ => String::new(),
    }
}

fn amount(figure: Figure, value: f64) -> String {
    match figure.unit() {
        Unit::Share => format!("{:+}pp", rounded(100.0 * value)),
        // Beyond that a factor says more.
        _ if value >= 10.0 => format!("×{}", short(value)),
        _ => format!("{:+}%", rounded(100.0 * (value - 1.0))),
    }
}

/// With a decimal where it is small.
fn rounded(value: f64) -> f64 {
    let factor = if value.abs() < 10.0 { 10.0 } else { 1.0 };
    // No sign before a zero.
    (value * factor).round() / factor + 0.0
}

/// The interval of a figure of a row.
pub fn interval(row: &DiffRow, figure: Figure) -> Option<&Interval> {
    row.ratio.get(&figure).or_else(|| row.difference.get(&figure))
}

/// A broken rule in a line.
pub fn broken(row: &DiffRow, broken: &Broken) -> String {
    let Some((figure, base, new)) =
        broken.figure.zip(broken.base).zip(broken.new).map(|((f, b), n)| (f, b, n))
    else {
        let traces = row.new.as_ref().or(row.base.as_ref()).map_or(0, |figures| figures.traces);
        return format!(
            "{}: in {} of one side and none of the other; rule: {}",
            word_of(row.verdict),
            counted(traces, "trace"),
            broken.rule
        );
    };
    let change = interval(row, figure).map(|interval| match range(figure, interval) {
        range if range.is_empty() => format!(" ({})", change(figure, interval)),
        range => format!(" ({}; {range})", change(figure, interval)),
    });
    let (base, new) = (value(figure, base), value(figure, new));
    format!("{figure} {base} → {new}{}; rule: {}", change.unwrap_or_default(), broken.rule)
}

/// Why a figure was not judged.
pub fn not_enough(less: &NotEnough) -> String {
    let figure = less.figure.map(|figure| format!("{figure}: ")).unwrap_or_default();
    if less.clocks {
        return format!("{figure}clocks differ");
    }
    format!("{figure}not enough: {}, {} wanted", counted(less.traces, "trace"), grouped(less.wanted))
}

/// Why a rule was held against no row.
pub fn undecided(diff: &Diff, rule: &Rule) -> String {
    let most = diff
        .rows
        .iter()
        .filter(|row| rule.is_of(&row.service, &row.name))
        .flat_map(|row| &row.not_enough)
        .filter(|less| less.figure == rule.figure())
        .max_by_key(|less| less.traces);
    match most {
        Some(less) => format!("{rule}: can't be judged: {}", not_enough(less)),
        None => format!("{rule}: no span that it is of is on both sides"),
    }
}

/// Changed calls in a line.
pub fn calls(calls: &ChangedCalls) -> String {
    let name = |name: &SpanName| format!("{} {}", name.service, name.name).trim_start().to_owned();
    let (who, per) = match &calls.caller {
        Some(caller) => (format!("{} → {}", name(caller), name(&calls.callee)), "a call"),
        None => (format!("{} as root", name(&calls.callee)), "a trace"),
    };
    format!("{who}: {} → {} {per}", short(calls.base), short(calls.new))
}
