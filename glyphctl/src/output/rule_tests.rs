//! What came of tests of rules: as promtool prints it, with what is different instead of all that there is.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{self, Write},
    path::Path,
};

use console::Style;
use glyph_analysis::{
    metrics::Labels,
    promql::{Sample, duration},
    rules::{
        State,
        unit::{self, Difference, Failure, Field, TestOutcome, Told, Verdict},
    },
    text::visible,
};

use super::junit::{Case, Fault, Outcome, Suite};

/// Writes what came of a file.
pub(crate) fn write(path: &Path, tests: &[TestOutcome], out: &mut dyn Write) -> io::Result<()> {
    let failed = tests.iter().any(|t| matches!(t.verdict, Verdict::Failed(_) | Verdict::Broken(_)));
    writeln!(
        out,
        "{}",
        painted(if failed { red() } else { green() }, if failed { "  FAILED:" } else { "  SUCCESS" })
    )?;
    for test in tests {
        let place = format!("{}:{}", path.display(), test.line);
        match &test.verdict {
            Verdict::Passed | Verdict::PassedClosed => {}
            Verdict::Skipped(why) => {
                writeln!(out, "    {}", visible(&format!("skipped: {}: {why}", test.name)))?
            }
            Verdict::Broken(what) => {
                writeln!(out, "    {}", visible(&format!("{place}: {}: {what}", test.name)))?
            }
            Verdict::Failed(failures) => {
                for failure in failures {
                    let head = heading(path, test, failure);
                    writeln!(out, "    {}", visible(&head))?;
                    for line in lines(failure) {
                        let style = match line.trim_start().as_bytes().first() {
                            Some(b'-') => red(),
                            Some(b'+') => green(),
                            Some(b'~') => Style::new().yellow(),
                            _ => Style::new(),
                        };
                        writeln!(out, "        {}", painted(style, &visible(&line)))?;
                    }
                    writeln!(out)?;
                }
            }
        }
    }
    Ok(())
}

/// A suite for a file, a case for each of its tests; of one that can't be run, one case that says so.
pub(crate) fn suite(path: &Path, outcome: &unit::Outcome<'_>) -> Suite {
    let name = path.display().to_string();
    let cases = match outcome {
        Ok((_, tests)) => cases(path, tests),
        Err(errors) => {
            let lines = errors.iter().map(ToString::to_string).collect();
            let fault = Fault { message: "the file can't be used".to_owned(), lines };
            vec![Case {
                name: name.clone(),
                class: name.clone(),
                seconds: None,
                outcome: Outcome::Error(fault),
            }]
        }
    };
    Suite { name, cases }
}

fn cases(path: &Path, tests: &[TestOutcome]) -> Vec<Case> {
    let case = |test: &TestOutcome| {
        let said = |message: &str| Fault { message: message.to_owned(), lines: Vec::new() };
        Case {
            name: test.name.clone(),
            class: path.display().to_string(),
            seconds: Some(test.seconds),
            outcome: match &test.verdict {
                Verdict::Passed | Verdict::PassedClosed => Outcome::Passed,
                Verdict::Skipped(why) => Outcome::Skipped(said(why)),
                Verdict::Broken(what) => Outcome::Error(said(what)),
                Verdict::Failed(failures) => {
                    let heads: Vec<String> = failures.iter().map(|f| heading(path, test, f)).collect();
                    let told = failures.iter().zip(&heads).flat_map(|(failure, head)| {
                        let lines = lines(failure).into_iter().map(|line| format!("    {line}"));
                        std::iter::once(head.clone()).chain(lines)
                    });
                    let message = heads.first().cloned().unwrap_or_default();
                    Outcome::Failure(Fault { message, lines: told.collect() })
                }
            },
        }
    };
    tests.iter().map(case).collect()
}

/// Where, which test, and what of it.
fn heading(path: &Path, test: &TestOutcome, failure: &Failure) -> String {
    let time = |ms: &i64| duration::format(*ms);
    let (line, what) = match failure {
        Failure::Alerts { line, alertname, time: at, state, .. } => {
            let pending = if *state == State::Pending { ", state: pending" } else { "" };
            (*line, format!("alertname: {alertname}, time: {}{pending}", time(at)))
        }
        Failure::Present { line, alertname, time: at, .. } => {
            (*line, format!("alertname: {alertname}, time: {}", time(at)))
        }
        Failure::Samples { line, expr, time: at, .. } | Failure::Expr { line, expr, time: at, .. } => {
            (*line, format!("expr: {:?}, time: {}", expr.trim(), time(at)))
        }
        Failure::Rule { rule, time: at, .. } => (test.line, format!("rule: {rule}, time: {}", time(at))),
    };
    let name = if test.is_named { format!("name: {}, ", test.name) } else { String::new() };
    format!("{}:{line}: {name}{what}", path.display())
}

/// What is different.
fn lines(failure: &Failure) -> Vec<String> {
    match failure {
        Failure::Alerts { differences, state, .. } => {
            differences.iter().flat_map(|difference| of_alerts(difference, *state)).collect()
        }
        Failure::Present { labels, state, got, .. } => {
            let mut lines = vec![format!(
                "+ {} {}, but no alert may have {}",
                braces(&got.labels),
                word(*state),
                braces(labels)
            )];
            lines.extend(annotations(got));
            lines
        }
        Failure::Samples { expected, got, .. } => of_samples(expected, got),
        Failure::Expr { what, .. } | Failure::Rule { what, .. } => vec![format!("err: {what}")],
    }
}

fn of_alerts(difference: &Difference, state: State) -> Vec<String> {
    match difference {
        Difference::Missing { alert, was, since } => {
            let since = since.map_or(String::new(), |ms| format!(" since {}", duration::format(ms)));
            let instead = match was {
                State::Inactive => "no such alert".to_owned(),
                was => format!("{}{since}", word(*was)),
            };
            let mut lines = vec![format!("- {} should be {}: {instead}", braces(&alert.labels), word(state))];
            lines.extend(annotations(alert));
            lines
        }
        Difference::Unexpected(alert) => {
            let mut lines = vec![format!("+ {} is {}, and not expected", braces(&alert.labels), word(state))];
            lines.extend(annotations(alert));
            lines
        }
        Difference::Changed { expected, fields } => {
            let mut lines = vec![format!("~ {}", braces(&expected.labels))];
            for Field { kind, name, expected, got } in fields {
                let told =
                    |value: &Option<String>| value.as_ref().map_or("–".to_owned(), |v| format!("{v:?}"));
                lines.push(format!("    {kind} {name}"));
                lines.push(format!("      - exp: {}", told(expected)));
                lines.push(format!("      + got: {}", told(got)));
            }
            lines
        }
    }
}

fn annotations(alert: &Told) -> impl Iterator<Item = String> {
    alert.annotations.iter().map(|(name, value)| format!("    {name}: {value:?}"))
}

fn of_samples(expected: &[Sample], got: &[Sample]) -> Vec<String> {
    let told = |sample: &Sample| format!("{} {}", sample.labels, sample.value);
    let value =
        |samples: &[Sample], labels: &Labels| samples.iter().find(|s| s.labels == *labels).map(|s| s.value);
    let mut lines = Vec::new();
    for sample in expected {
        match value(got, &sample.labels) {
            Some(value) if value == sample.value || (value.is_nan() && sample.value.is_nan()) => {}
            Some(value) => lines.push(format!("~ {} exp: {}, got: {value}", sample.labels, sample.value)),
            None => lines.push(format!("- {}", told(sample))),
        }
    }
    let unexpected = got.iter().filter(|sample| value(expected, &sample.labels).is_none());
    lines.extend(unexpected.map(|sample| format!("+ {}", told(sample))));
    lines
}

fn braces(labels: &BTreeMap<String, String>) -> String {
    let mut text = String::from("{");
    for (i, (name, value)) in labels.iter().enumerate() {
        let between = if i == 0 { "" } else { ", " };
        // Writing to a text can't fail.
        let _written = write!(text, "{between}{name}={value:?}");
    }
    text.push('}');
    text
}

fn word(state: State) -> &'static str {
    match state {
        State::Inactive => "inactive",
        State::Pending => "pending",
        State::Firing => "firing",
        State::Undecided => "undecided",
    }
}

fn red() -> Style {
    Style::new().red()
}

fn green() -> Style {
    Style::new().green()
}

fn painted(style: Style, text: &str) -> String {
    if super::in_colour() { style.force_styling(true).apply_to(text).to_string() } else { text.to_owned() }
}
