//! The verdict on alerts, in each format.

use std::io::{self, Write};

use clap::ValueEnum;
use glyph_analysis::{
    rules::{Alert, Interval, Outcome, State},
    text::{counted, duration_of_seconds, short},
};

use super::{
    json,
    table::{Head, Table},
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
}

/// Columns of a timeline.
const TIMELINE: usize = 40;

/// Writes it.
pub(crate) fn write(outcome: &Outcome, format: AlertsFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        AlertsFormat::Json => json::write(outcome, out),
        AlertsFormat::Markdown => {
            writeln!(out, "{}\n", caption(outcome))?;
            table(outcome).write_markdown(out)
        }
        AlertsFormat::Table => {
            writeln!(out, "{}\n", caption(outcome))?;
            table(outcome).write_text(out)?;
            writeln!(out, "\n· inactive  ░ pending  █ firing")?;
            traces(outcome, out)
        }
    }
}

fn caption(outcome: &Outcome) -> String {
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

fn table(outcome: &Outcome) -> Table {
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

fn row(alert: &Alert, outcome: &Outcome) -> Vec<String> {
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
fn traces(outcome: &Outcome, out: &mut dyn Write) -> io::Result<()> {
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
        let interval = |state, start, end| Interval { state, start, end };
        let intervals = [
            interval(State::Pending, 10.0, 20.0),
            interval(State::Firing, 20.0, 30.0),
            interval(State::Pending, 35.5, 35.5),
        ];
        let line = timeline(&intervals, 0.0, 40.0);
        assert_eq!(line, "··········░░░░░░░░░░██████████·····░····");
    }
}
