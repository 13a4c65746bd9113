//! A comparison for CI services: JUnit's XML, and annotations of GitHub Actions.

use std::io::{self, Write};

use glyph_analysis::trace::diff::{Diff, DiffRow};

use super::{Names, told};
use crate::output::{
    github::{Annotation, Severity},
    junit::{self, Case, Fault, Outcome, Suite},
};

/// A case for each row, and one for each rule that could be held against none.
pub(super) fn junit(diff: &Diff, names: Names<'_>, out: &mut dyn Write) -> io::Result<()> {
    let case =
        |name: String, class: &str, outcome| Case { name, class: class.to_owned(), seconds: None, outcome };
    let rows = diff.rows.iter().map(|row| case(told::name(row), "glyph.trace.diff", outcome(row, names)));
    let rules = diff.undecided.iter().map(|rule| {
        let fault = Fault { message: told::undecided(diff, rule), lines: Vec::new() };
        case(rule.to_string(), "glyph.trace.diff.rules", Outcome::Error(fault))
    });
    let suites = [
        Suite { name: "spans".to_owned(), cases: rows.collect() },
        Suite { name: "rules".to_owned(), cases: rules.collect() },
    ];
    junit::write("glyphctl trace diff", &suites, out)
}

fn outcome(row: &DiffRow, names: Names<'_>) -> Outcome {
    let lines: Vec<String> = row.broken.iter().map(|broken| told::broken(row, broken)).collect();
    if let Some(first) = lines.first() {
        let commands = row.broken.iter().filter_map(|broken| told::command(row, broken, names));
        let message = first.clone();
        return Outcome::Failure(Fault { message, lines: lines.into_iter().chain(commands).collect() });
    }
    let less: Vec<String> = row.not_enough.iter().map(told::not_enough).collect();
    match less.is_empty() {
        true => Outcome::Passed,
        false => Outcome::Skipped(Fault { message: less.join("; "), lines: Vec::new() }),
    }
}

/// An error for each broken rule, a warning for each that could be held against no row, then the verdict.
pub(super) fn github(diff: &Diff, names: Names<'_>, out: &mut dyn Write) -> io::Result<()> {
    for row in &diff.rows {
        for broken in &row.broken {
            let mut message = told::broken(row, broken);
            if let Some(command) = told::command(row, broken, names) {
                message.push_str(&format!("\n{command}"));
            }
            annotate(Severity::Error, &told::name(row), &message, out)?;
        }
    }
    for rule in &diff.undecided {
        annotate(Severity::Warning, "not decided", &told::undecided(diff, rule), out)?;
    }
    let message = format!("{}; {}", told::verdict(diff), told::extents(diff));
    annotate(Severity::Notice, "glyphctl trace diff", &message, out)
}

fn annotate(severity: Severity, title: &str, message: &str, out: &mut dyn Write) -> io::Result<()> {
    Annotation { severity, place: None, title, message }.write(out)
}
