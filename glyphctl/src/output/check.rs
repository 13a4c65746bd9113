//! The verdict on a recording, in each format.

use std::{
    io::{self, Write},
    path::Path,
};

use clap::ValueEnum;
use console::Style;
use glyph_analysis::{
    gate::{Check, Figure, Judgement, Section, State},
    text::visible,
};

use super::{
    json,
    junit::{self, Case, Fault, Outcome, Suite},
    pointers::pointers,
    table::{Head, Table, code_span},
};

/// How a verdict is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people.
    Table,
    /// For programs: exact, documented, stable.
    Json,
    /// For pull requests.
    Markdown,
    /// For CI services: JUnit's XML.
    Junit,
}

/// Writes it. `recording` is what the user called it.
pub(crate) fn write(
    judgement: &Judgement,
    recording: &Path,
    format: CheckFormat,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        CheckFormat::Json => json::write(judgement, out),
        CheckFormat::Junit => junit::write("glyphctl check", &suites(judgement, recording), out),
        CheckFormat::Markdown => {
            writeln!(out, "**{}**\n", judgement.told())?;
            table(judgement).write_markdown(out)?;
            writeln!(out)?;
            for check in judgement.faults() {
                writeln!(
                    out,
                    "- {} {}: {}",
                    mark(check.state),
                    check.section.as_str(),
                    code_span(&said(check))
                )?;
                for line in pointers(check, recording) {
                    writeln!(out, "  - {}", code_span(&line))?;
                }
            }
            Ok(())
        }
        CheckFormat::Table => {
            writeln!(out, "{}\n", painted(judgement.verdict, &judgement.told()))?;
            table(judgement).write_text(out)?;
            for check in judgement.faults() {
                let head = painted(check.state, &format!("{} {}", mark(check.state), check.section.as_str()));
                writeln!(out, "\n{head}: {}", visible(&said(check)))?;
                for line in pointers(check, recording) {
                    writeln!(out, "    {}", visible(&line))?;
                }
            }
            Ok(())
        }
    }
}

/// A suite for each section, a case for each check.
fn suites(judgement: &Judgement, recording: &Path) -> Vec<Suite> {
    let case = |check: &Check| {
        let fault = || Fault { message: check.message.clone(), lines: pointers(check, recording) };
        Case {
            name: check.name.clone(),
            class: format!("glyph.{}", check.section.as_str()),
            seconds: None,
            outcome: match check.state {
                State::Pass => Outcome::Passed,
                State::Fail => Outcome::Failure(fault()),
                State::Undecided if check.tolerated => Outcome::Skipped(fault()),
                State::Undecided => Outcome::Error(fault()),
            },
        }
    };
    let suite = |section: Section| Suite {
        name: section.as_str().to_owned(),
        cases: judgement.checks.iter().filter(|check| check.section == section).map(case).collect(),
    };
    Section::ALL.into_iter().map(suite).collect()
}

fn table(judgement: &Judgement) -> Table {
    let heads = [
        ("", false),
        ("section", false),
        ("check", false),
        ("value", true),
        ("limit", true),
        ("of limit", true),
    ];
    let heads = heads.map(|(title, is_number)| Head { title: title.to_owned(), is_number }).to_vec();
    Table { heads, rows: judgement.checks.iter().map(row).collect() }
}

fn row(check: &Check) -> Vec<String> {
    let figure = |figure: Option<Figure>| figure.map_or("–".to_owned(), |figure| figure.told(check.unit));
    let ratio = check.value.zip(check.limit).map(|(value, limit)| value.as_f64() / limit.as_f64());
    vec![
        mark(check.state).to_owned(),
        check.section.as_str().to_owned(),
        check.name.clone(),
        figure(check.value),
        figure(check.limit),
        ratio.filter(|r| r.is_finite()).map_or("–".to_owned(), |ratio| format!("{:.0} %", ratio * 100.0)),
    ]
}

fn mark(state: State) -> &'static str {
    match state {
        State::Pass => "✓",
        State::Fail => "✗",
        State::Undecided => "?",
    }
}

fn painted(state: State, text: &str) -> String {
    let style = match state {
        State::Pass => Style::new().green(),
        State::Fail => Style::new().red(),
        State::Undecided => Style::new().yellow(),
    };
    if super::in_colour() { style.force_styling(true).apply_to(text).to_string() } else { text.to_owned() }
}

/// Which check, and what there is to say.
fn said(check: &Check) -> String {
    format!("{}: {}", check.name, check.message)
}
