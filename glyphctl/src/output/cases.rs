//! Cases, and one of them closely, in each format.

use std::io::{self, Write};

use glyph_analysis::text::{counted, visible};
use glyph_formats::{Case, Cases, case::Evidence};

use super::{
    Format, json,
    table::{Head, Table, code_span},
};

/// Writes a list of them.
pub(crate) fn write(cases: &Cases, format: Format, out: &mut dyn Write) -> io::Result<()> {
    let heads =
        [("severity", false), ("risk", true), ("confidence", true), ("case", false), ("title", false)];
    let row = |case: &Case| {
        let severity = case.severity.as_str().to_owned();
        vec![
            severity,
            case.risk.to_string(),
            case.confidence.to_string(),
            case.id.clone(),
            case.title.clone(),
        ]
    };
    let table = table(&heads, cases.cases.iter().map(row).collect());
    let caption = counted(cases.cases.len() as u64, "case");
    match format {
        Format::Json => json::write(cases, out),
        Format::Csv => table.write_csv(out),
        Format::Markdown => {
            writeln!(out, "{caption}\n")?;
            table.write_markdown(out)
        }
        Format::Table => {
            writeln!(out, "{caption}\n")?;
            table.write_text(out)
        }
    }
}

/// Writes all that is told of one.
pub(crate) fn write_one(case: &Case, format: Format, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Json => json::write(case, out),
        Format::Csv => evidence(case).write_csv(out),
        Format::Markdown => {
            writeln!(out, "## {}\n\n{}\n", code_span(&case.title), summary(case, code_span))?;
            evidence(case).write_markdown(out)?;
            writeln!(out, "\nTo see it again:\n")?;
            steps(case).write_markdown(out)?;
            // Its labels have no backticks.
            writeln!(out, "\n```mermaid\n{}```", case.graph)
        }
        Format::Table => {
            writeln!(
                out,
                "{}\n{}\n",
                visible(&case.title),
                summary(case, |text| visible(text).into_owned())
            )?;
            evidence(case).write_text(out)?;
            writeln!(out, "\nTo see it again:\n")?;
            steps(case).write_text(out)?;
            writeln!(out, "\nAs a graph (mermaid.js.org):\n\n{}", case.graph.trim_end())
        }
    }
}

fn summary(case: &Case, text: impl Fn(&str) -> String) -> String {
    let Case { id, key, severity, risk, confidence, findings, claims, .. } = case;
    let (findings, claims) = (counted(*findings, "finding"), counted(*claims, "claim"));
    let severity = severity.as_str();
    format!(
        "case {id}, {}: {severity}, risk {risk}, confidence {confidence}; {findings}, {claims}",
        text(key)
    )
}

fn evidence(case: &Case) -> Table {
    let heads = [
        ("severity", false),
        ("plugin", false),
        ("type", false),
        ("target", false),
        ("times", true),
        ("message", false),
        ("evidence", false),
    ];
    let row = |claim: &Evidence| {
        let Evidence { plugin, kind, severity, target, message, evidence, times, .. } = claim.clone();
        let severity = severity.as_str().to_owned();
        vec![severity, plugin, kind, target, times.to_string(), message, evidence.unwrap_or_default()]
    };
    table(&heads, case.evidence.iter().map(row).collect())
}

fn steps(case: &Case) -> Table {
    let heads = [("", true), ("look at", false), ("for", false), ("flow", false), ("trace", false)];
    let row = |(i, step): (usize, &glyph_formats::case::Step)| {
        let flow = step.flow_id.clone().unwrap_or_default();
        let number = (i + 1).to_string();
        vec![number, step.target.clone(), step.types.join(", "), flow, step.trace_id.to_string()]
    };
    table(&heads, case.steps.iter().enumerate().map(row).collect())
}

fn table(heads: &[(&str, bool)], rows: Vec<Vec<String>>) -> Table {
    let head = |&(title, is_number): &(&str, bool)| Head { title: title.to_owned(), is_number };
    Table { heads: heads.iter().map(head).collect(), rows }
}
