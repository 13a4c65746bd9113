//! The verdict on alerts, in each format.

mod explained;

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use clap::ValueEnum;
use glyph_analysis::{
    pivot::explain::{Explained, Explanation},
    rules::{Alert, Change, Changed, Changes, Interval, Limits, Outcome as Checked, Side, State},
    text::{counted, duration_of_seconds, short},
};

use super::{
    github::{Annotation, Severity},
    json,
    junit::{self, Case, Fault, Outcome, Suite},
    table::{Head, Table, code_span},
};

/// How a verdict is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum AlertsFormat {
    /// For people.
    Table,
    /// For programs: exact, documented, stable.
    Json,
    /// For pull requests.
    Markdown,
    /// For CI services: JUnit's XML.
    Junit,
    /// For GitHub Actions: annotations beside the rules.
    Github,
}

/// Columns of a timeline.
const TIMELINE: usize = 40;

/// Writes it.
pub(crate) fn write(
    explained: Explained<'_>,
    limits: &Limits,
    format: AlertsFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    let outcome = explained.outcome;
    let explanations = explained.explanations.unwrap_or_default();
    match format {
        AlertsFormat::Json => json::write(&explained, out),
        AlertsFormat::Junit => junit::write("glyphctl alerts check", &[suite(explained, limits)], out),
        AlertsFormat::Github => annotate(explained, limits, out),
        AlertsFormat::Markdown => {
            writeln!(out, "{}\n", caption(outcome))?;
            table(outcome).write_markdown(out)?;
            for one in explanations {
                writeln!(out)?;
                // As a list of code spans: within them nothing is markup.
                lines_of(one, outcome).iter().try_for_each(|line| {
                    let depth = line.len() - line.trim_start().len();
                    writeln!(out, "{}- {}", " ".repeat(depth), code_span(line.trim_start()))
                })?;
            }
            let Some(changes) = &outcome.changes else { return Ok(()) };
            writeln!(out, "\n{}\n", changed(changes))?;
            changes_table(changes, outcome.from).write_markdown(out)
        }
        AlertsFormat::Table => {
            writeln!(out, "{}\n", caption(outcome))?;
            table(outcome).write_text(out)?;
            writeln!(out, "\n· inactive  ░ pending  █ firing")?;
            match explained.explanations {
                None => traces(outcome, out)?,
                Some(all) => all.iter().try_for_each(|one| {
                    writeln!(out)?;
                    lines_of(one, outcome).iter().try_for_each(|line| writeln!(out, "{line}"))
                })?,
            }
            let Some(changes) = &outcome.changes else { return Ok(()) };
            writeln!(out, "\n{}\n", changed(changes))?;
            changes_table(changes, outcome.from).write_text(out)
        }
    }
}

fn lines_of(explanation: &Explanation, outcome: &Checked) -> Vec<String> {
    explained::lines(explanation, outcome.from)
}

/// The lines that explain an alert; none if it did not fire, or nobody asked.
fn lines_about(alert: &Alert, explained: Explained<'_>) -> Vec<String> {
    let mut all = explained.explanations.unwrap_or_default().iter();
    let found = all.find(|one| one.alert == alert.alert && one.labels == alert.labels);
    found.map(|one| lines_of(one, explained.outcome)).unwrap_or_default()
}

fn caption(outcome: &Checked) -> String {
    let of = |state| outcome.alerts.iter().filter(|a| a.state == state).count() as u64;
    format!(
        "{} over {}: {} fired, {} pending, {} inactive, {} undecided",
        counted(outcome.alerts.len() as u64, "alert"),
        duration_of_seconds(outcome.to - outcome.from),
        of(State::Firing),
        of(State::Pending),
        of(State::Inactive),
        of(State::Undecided),
    )
}

fn table(outcome: &Checked) -> Table {
    let heads = [
        ("alert", false),
        ("state", false),
        ("labels", false),
        ("when", false),
        ("peak", true),
        ("threshold", true),
        ("margin", true),
        ("timeline", false),
    ];
    let heads = heads.map(|(title, is_number)| Head { title: title.to_owned(), is_number }).to_vec();
    Table { heads, rows: outcome.alerts.iter().map(|alert| row(alert, outcome)).collect() }
}

fn row(alert: &Alert, outcome: &Checked) -> Vec<String> {
    let labels: Vec<_> = alert.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    let figure = |value: Option<f64>| value.map_or("–".to_owned(), short);
    vec![
        alert.alert.clone(),
        word(alert.state).to_owned(),
        labels.join(","),
        when(alert, outcome.from),
        figure(alert.peak),
        figure(alert.threshold),
        alert.margin.map_or("–".to_owned(), |margin| format!("{:.0} %", margin * 100.0)),
        timeline(&alert.intervals, outcome.from, outcome.to),
    ]
}

fn word(state: State) -> &'static str {
    match state {
        State::Inactive => "inactive",
        State::Pending => "pending",
        State::Firing => "FIRING",
        State::Undecided => "undecided",
    }
}

/// Its name and its labels, as a series is written.
fn called(name: &str, labels: &BTreeMap<String, String>) -> String {
    let labels: Vec<_> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    if labels.is_empty() { name.to_owned() } else { format!("{name}{{{}}}", labels.join(",")) }
}

/// In a sentence what became of an alert.
fn said(alert: &Alert, from: f64) -> String {
    let mut text = match alert.state {
        State::Firing => format!("fired {}", when(alert, from)),
        State::Pending => format!("pending {}", when(alert, from)),
        State::Inactive => "inactive".to_owned(),
        State::Undecided => format!("undecided: {}", alert.reason.as_deref().unwrap_or_default()),
    };
    if let (Some(peak), Some(threshold)) = (alert.peak, alert.threshold) {
        text.push_str(&format!("; peaked at {} of {}", short(peak), short(threshold)));
    }
    if let Some(margin) = alert.margin {
        text.push_str(&format!(": {:.0} %", margin * 100.0));
    }
    text
}

/// A case for each alert.
fn suite(explained: Explained<'_>, limits: &Limits) -> Suite {
    let outcome = explained.outcome;
    let violations = limits.violations(outcome);
    let case = |alert: &Alert| {
        let lines = alert.annotations.iter().map(|(name, text)| format!("{name}: {text}"));
        let traces = alert.exemplars.iter().filter_map(|e| Some(format!("trace {}", e.trace_id.as_ref()?)));
        let more = lines_about(alert, explained);
        let fault =
            || Fault { message: said(alert, outcome.from), lines: lines.chain(traces).chain(more).collect() };
        let counts = violations.iter().any(|violation| std::ptr::eq(violation.alert, alert));
        Case {
            name: called(&alert.alert, &alert.labels),
            class: alert.place.0.display().to_string(),
            seconds: None,
            outcome: match alert.state {
                _ if counts => Outcome::Failure(fault()),
                State::Undecided => Outcome::Skipped(fault()),
                _ => Outcome::Passed,
            },
        }
    };
    Suite { name: "alerts".to_owned(), cases: outcome.alerts.iter().map(case).collect() }
}

/// An annotation for each alert that counts, and a warning for each that is undecided.
fn annotate(explained: Explained<'_>, limits: &Limits, out: &mut dyn Write) -> io::Result<()> {
    let outcome = explained.outcome;
    let violations = limits.violations(outcome);
    for alert in &outcome.alerts {
        let counts = violations.iter().any(|violation| std::ptr::eq(violation.alert, alert));
        let severity = match alert.state {
            _ if counts => Severity::Error,
            State::Undecided => Severity::Warning,
            State::Firing => Severity::Notice,
            _ => continue,
        };
        let mut message = said(alert, outcome.from);
        for (name, text) in &alert.annotations {
            message.push_str(&format!("\n{name}: {text}"));
        }
        lines_about(alert, explained).iter().for_each(|line| message.push_str(&format!("\n{line}")));
        let (file, title) = (alert.place.0.to_string_lossy(), called(&alert.alert, &alert.labels));
        let place = Some((&*file, alert.place.1));
        Annotation { severity, place, title: &title, message: &message }.write(out)?;
    }
    for change in outcome.changes.iter().flat_map(|c| &c.alerts).filter(|c| c.change != Changed::Same) {
        let title = called(&change.alert, &change.labels);
        let message = format!(
            "{}: {}, was {}",
            verb(change.change),
            side(change.new, outcome.from),
            side(change.old, outcome.from)
        );
        Annotation { severity: Severity::Notice, place: None, title: &title, message: &message }
            .write(out)?;
    }
    Ok(())
}

fn changed(changes: &Changes) -> String {
    let (all, changed) = (changes.alerts.len() as u64, changes.changed);
    format!("{changed} of {} changed", counted(all, "alert"))
}

fn changes_table(changes: &Changes, from: f64) -> Table {
    let heads = ["alert", "labels", "change", "old", "new"];
    let heads = heads.map(|title| Head { title: title.to_owned(), is_number: false }).to_vec();
    let row = |change: &Change| {
        let labels: Vec<_> = change.labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
        vec![
            change.alert.clone(),
            labels.join(","),
            verb(change.change).to_owned(),
            side(change.old, from),
            side(change.new, from),
        ]
    };
    Table { heads, rows: changes.alerts.iter().map(row).collect() }
}

fn verb(change: Changed) -> &'static str {
    match change {
        Changed::FiresNow => "fires now",
        Changed::FiresNoMore => "fires no more",
        Changed::FiresEarlier => "fires earlier",
        Changed::FiresLater => "fires later",
        Changed::FiresLonger => "fires longer",
        Changed::FiresShorter => "fires shorter",
        Changed::OtherState => "other state",
        Changed::Added => "added",
        Changed::Removed => "removed",
        Changed::Same => "same",
    }
}

fn side(side: Option<Side>, from: f64) -> String {
    let Some(side) = side else { return "–".to_owned() };
    match side.first_firing {
        Some(first) => {
            let (first, lasted) =
                (duration_of_seconds(first - from), duration_of_seconds(side.firing_seconds));
            format!("fires at {first}, for {lasted}")
        }
        None => word(side.state).to_owned(),
    }
}

/// The first time in the alert's furthest state, and how often more.
fn when(alert: &Alert, from: f64) -> String {
    let furthest = alert.intervals.iter().map(|i| i.state).max();
    let mut those = alert.intervals.iter().filter(|i| Some(i.state) == furthest);
    let Some(first) = those.next() else { return "–".to_owned() };
    let (start, length) =
        (duration_of_seconds(first.start - from), duration_of_seconds(first.end - first.start));
    match those.count() {
        0 => format!("at {start} for {length}"),
        more => format!("at {start} for {length}, {more} more"),
    }
}

/// What an alert was, from left to right; of a column the furthest.
fn timeline(intervals: &[Interval], from: f64, to: f64) -> String {
    let width = (to - from) / TIMELINE as f64;
    let of = |column: usize| {
        let (start, end) = (from + width * column as f64, from + width * (column + 1) as f64);
        let there = |i: &&Interval| i.start < end && (i.end > start || (i.end == i.start && i.end >= start));
        match intervals.iter().filter(there).map(|i| i.state).max() {
            Some(State::Firing) => '█',
            Some(State::Pending) => '░',
            _ => '·',
        }
    };
    (0..TIMELINE).map(of).collect()
}

/// Where to look on: the exemplar of each alert that fired with the greatest value.
fn traces(outcome: &Checked, out: &mut dyn Write) -> io::Result<()> {
    for alert in outcome.alerts.iter().filter(|a| a.state == State::Firing) {
        let found = alert.exemplars.iter().find_map(|e| e.trace_id.as_ref().map(|id| (e, id)));
        if let Some((exemplar, id)) = found {
            let text = format!("{}: {} in trace {id}", alert.alert, short(exemplar.value));
            writeln!(out, "{}", glyph_analysis::text::visible(&text))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timelines_show_the_furthest_state_of_a_column() {
        let interval = Interval::new;
        let intervals = [
            interval(State::Pending, 10.0, 20.0),
            interval(State::Firing, 20.0, 30.0),
            interval(State::Pending, 35.5, 35.5),
        ];
        let line = timeline(&intervals, 0.0, 40.0);
        assert_eq!(line, "··········░░░░░░░░░░██████████·····░····");
    }
}
