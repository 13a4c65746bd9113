//! The verdict on a recording, in each format.

use std::io::{self, Write};

use clap::ValueEnum;
use console::Style;
use glyph_analysis::{
    gate::{Check, Figure, Judgement, Section, Skipped, State},
    text::visible,
};

use super::{
    github::{Annotation, Severity},
    json,
    junit::{self, Case, Fault, Outcome, Suite},
    pointers::lines,
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
    /// For GitHub Actions: annotations.
    Github,
}

/// Writes it.
pub(crate) fn write(judgement: &Judgement, format: CheckFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        CheckFormat::Json => json::write(judgement, out),
        CheckFormat::Junit => junit::write("glyphctl check", &suites(judgement), out),
        CheckFormat::Github => github(judgement, out),
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
                for line in lines(check) {
                    writeln!(out, "  - {}", code_span(&line))?;
                }
            }
            for Skipped { section, reason } in &judgement.skipped {
                writeln!(out, "- {}: skipped, {}", section.as_str(), code_span(reason))?;
            }
            Ok(())
        }
        CheckFormat::Table => {
            writeln!(out, "{}\n", painted(judgement.verdict, &judgement.told()))?;
            table(judgement).write_text(out)?;
            for check in judgement.faults() {
                let colour = if check.tolerated { State::Undecided } else { check.state };
                let head = painted(colour, &format!("{} {}", mark(check.state), check.section.as_str()));
                writeln!(out, "\n{head}: {}", visible(&said(check)))?;
                for line in lines(check) {
                    writeln!(out, "    {}", visible(&line))?;
                }
            }
            Ok(())
        }
    }
}

/// A suite for each section, a case for each check, and one for a section that was skipped.
fn suites(judgement: &Judgement) -> Vec<Suite> {
    let class = |section: Section| format!("glyph.{}", section.as_str());
    let case = |check: &Check| {
        let fault = || Fault { message: message(check), lines: lines(check) };
        let outcome = match check.state {
            State::Pass => Outcome::Passed,
            // JUnit knows nothing that is wrong and no failure.
            _ if check.tolerated => Outcome::Skipped(fault()),
            State::Fail => Outcome::Failure(fault()),
            State::Undecided => Outcome::Error(fault()),
        };
        Case { name: check.name.clone(), class: class(check.section), seconds: None, outcome }
    };
    let skipped = |skipped: &Skipped| {
        let fault = Fault { message: skipped.reason.clone(), lines: Vec::new() };
        let (name, class) = (skipped.section.as_str().to_owned(), class(skipped.section));
        Case { name, class, seconds: None, outcome: Outcome::Skipped(fault) }
    };
    let suite = |section: Section| {
        let checks = judgement.checks.iter().filter(|check| check.section == section).map(case);
        let none = judgement.skipped.iter().filter(|skipped| skipped.section == section).map(skipped);
        Suite { name: section.as_str().to_owned(), cases: checks.chain(none).collect() }
    };
    Section::ALL.into_iter().map(suite).collect()
}

/// An annotation for each check that did not pass, then the verdict.
fn github(judgement: &Judgement, out: &mut dyn Write) -> io::Result<()> {
    for check in judgement.faults() {
        let severity = match check.state {
            State::Fail if !check.tolerated => Severity::Error,
            _ => Severity::Warning,
        };
        let title = format!("{}: {}", check.section.as_str(), check.name);
        let message: Vec<String> = [message(check)].into_iter().chain(lines(check)).collect();
        Annotation { severity, place: None, title: &title, message: &message.join("\n") }.write(out)?;
    }
    let message = judgement.told();
    Annotation { severity: Severity::Notice, place: None, title: "glyphctl check", message: &message }
        .write(out)
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
    format!("{}: {}", check.name, message(check))
}

/// What there is to say; of a failure that fails nothing, that it doesn't.
fn message(check: &Check) -> String {
    match check.state {
        State::Fail if check.tolerated => format!("{}; only reported", check.message),
        _ => check.message.clone(),
    }
}
