//! Findings about rules, in each format.

use std::io::{self, Write};

use clap::ValueEnum;
use glyph_analysis::{
    rules::lint::{Finding, Report},
    text::{counted, visible},
};

use super::{
    github::{Annotation, Severity},
    json,
    table::{Head, Table},
};

/// How findings are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LintFormat {
    /// For people: as compilers do it.
    Table,
    /// For programs: exact, documented, stable.
    Json,
    /// For pull requests.
    Markdown,
    /// For GitHub Actions: annotations beside the rules.
    Github,
}

/// Writes them.
pub(crate) fn write(report: &Report, format: LintFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        LintFormat::Json => json::write(report, out),
        LintFormat::Github => report.findings.iter().try_for_each(|finding| annotate(finding, out)),
        LintFormat::Markdown => {
            writeln!(out, "{}", caption(report))?;
            if report.findings.is_empty() {
                return Ok(());
            }
            writeln!(out)?;
            table(report).write_markdown(out)
        }
        LintFormat::Table => {
            report.findings.iter().try_for_each(|finding| tell(finding, out))?;
            writeln!(out, "{}", caption(report))
        }
    }
}

fn caption(report: &Report) -> String {
    format!("{} in {}", counted(report.findings.len() as u64, "finding"), counted(report.rules, "rule"))
}

fn tell(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let head = format!("{}: {}: {}{}", place(finding), finding.code, of(finding), finding.what);
    writeln!(out, "{}", visible(&head))?;
    for line in finding.shown.iter().flat_map(|shown| shown.lines()) {
        writeln!(out, "    {}", seen(line))?;
    }
    finding.hint.iter().try_for_each(|hint| writeln!(out, "  hint: {}", visible(hint)))
}

/// A line of an expression. Its tabs are as wide as they are in the line of carets below.
fn seen(line: &str) -> String {
    line.split('\t').map(visible).collect::<Vec<_>>().join("\t")
}

fn place(finding: &Finding) -> String {
    let path = finding.path.display();
    if finding.line == 0 { path.to_string() } else { format!("{path}:{}", finding.line) }
}

/// `group "…", rule "…": `, or nothing.
fn of(finding: &Finding) -> String {
    let named = [("group", &finding.group), ("rule", &finding.rule)];
    let named: Vec<_> =
        named.iter().filter_map(|(kind, name)| Some(format!("{kind} {:?}", name.as_ref()?))).collect();
    if named.is_empty() { String::new() } else { format!("{}: ", named.join(", ")) }
}

fn table(report: &Report) -> Table {
    let heads = ["place", "code", "rule", "finding", "hint"];
    let heads = heads.map(|title| Head { title: title.to_owned(), is_number: false }).to_vec();
    let row = |finding: &Finding| {
        vec![
            place(finding),
            finding.code.to_string(),
            finding.rule.clone().unwrap_or_default(),
            finding.what.clone(),
            finding.hint.clone().unwrap_or_default(),
        ]
    };
    Table { heads, rows: report.findings.iter().map(row).collect() }
}

fn annotate(finding: &Finding, out: &mut dyn Write) -> io::Result<()> {
    let (file, title) = (finding.path.to_string_lossy(), finding.code.to_string());
    let lines = [Some(format!("{}{}", of(finding), finding.what)), finding.shown.clone()];
    let hint = finding.hint.iter().map(|hint| format!("hint: {hint}"));
    let message: Vec<String> = lines.into_iter().flatten().chain(hint).collect();
    let place = Some((&*file, finding.line.max(1)));
    Annotation { severity: Severity::Error, place, title: &title, message: &message.join("\n") }.write(out)
}

#[cfg(test)]
mod tests {
    use glyph_analysis::rules::lint::Code;

    use super::*;

    fn told(format: LintFormat) -> String {
        let finding = Finding {
            path: "a.yaml".into(),
            line: 7,
            group: Some("g\u{1b}[2J".to_owned()),
            rule: Some("A".to_owned()),
            code: Code::UnknownLabel,
            what: "by (x): up never has that label\n::error::x".to_owned(),
            hint: Some("the labels are job|instance".to_owned()),
            shown: Some("sum by (x) (up)\n^^^^^^^^^^^^^^^".to_owned()),
        };
        let mut out = Vec::new();
        write(&Report { rules: 3, findings: vec![finding] }, format, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn findings_are_told_as_compilers_do_it() {
        let expected = r#"a.yaml:7: unknown-label: group "g\u{1b}[2J", rule "A": by (x): up never has that label\n::error::x
    sum by (x) (up)
    ^^^^^^^^^^^^^^^
  hint: the labels are job|instance
1 finding in 3 rules
"#;
        assert_eq!(told(LintFormat::Table), expected);
    }

    #[test]
    fn no_text_becomes_markup_or_a_command() {
        let github = told(LintFormat::Github);
        assert!(github.starts_with("::error file=a.yaml,line=7,title=unknown-label::group"), "{github}");
        assert_eq!(github.lines().count(), 1, "{github}");
        let markdown = told(LintFormat::Markdown);
        assert!(markdown.starts_with("1 finding in 3 rules\n\n| place | code |"), "{markdown}");
        assert!(markdown.contains("job\\|instance"), "{markdown}");
    }
}
