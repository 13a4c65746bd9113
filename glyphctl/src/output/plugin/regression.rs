//! What plugins find in a recording, held against what they found as it was made; in each format.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use console::Style;
use glyph_analysis::{
    cases::{Changed, Weight},
    text::{counted, visible},
};
use glyph_formats::Finding;
use schemars::JsonSchema;
use serde::Serialize;

use super::findings::{Refused, cells};
use crate::output::{
    check::CheckFormat,
    in_colour, json,
    junit::{self, Case, Fault, Outcome, Suite},
    table::code_span,
};

/// So many findings that came, and so many that went, are shown of each plugin.
const SHOWN: usize = 20;

/// What `replay run --through-plugins --format json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct Regression {
    /// How many flows the plugins were shown.
    pub(crate) flows: u64,
    /// The plugins, in the order of their folders.
    pub(crate) plugins: Vec<PluginRegression>,
    /// How many recorded findings were not compared, by who made them: other plugins, and the daemon itself.
    pub(crate) left_out: BTreeMap<String, u64>,
    /// The cases that are not as they were.
    pub(crate) cases: Vec<Changed>,
    /// How many cases are as they were.
    pub(crate) cases_unchanged: u64,
    /// Whether anything differs.
    pub(crate) diverged: bool,
}

/// One plugin of it.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct PluginRegression {
    /// Its name.
    pub(crate) plugin: String,
    /// Its version now.
    pub(crate) version: String,
    /// How many findings are as recorded: the same claim of the same flow, as severe.
    pub(crate) unchanged: u64,
    /// Found now, and not then.
    pub(crate) new: Vec<Finding>,
    /// Found then, and not now.
    pub(crate) gone: Vec<Finding>,
    /// Subscriptions that it wanted, and for which it has no capability.
    pub(crate) denied_subscriptions: Vec<String>,
    /// What it sent and was refused.
    pub(crate) refused: Vec<Refused>,
}

impl PluginRegression {
    /// Whether it finds something else.
    pub(crate) fn has_diverged(&self) -> bool {
        !self.new.is_empty() || !self.gone.is_empty()
    }

    fn told(&self) -> String {
        let (new, gone, same) = (self.new.len(), self.gone.len(), self.unchanged);
        format!("{} {}: {new} new, {gone} gone, {same} as recorded", self.plugin, self.version)
    }

    /// What differs, and what may be the reason; a line each, with the worst first.
    fn lines(&self) -> Vec<String> {
        let denied = self.denied_subscriptions.iter();
        let mut lines: Vec<_> =
            denied.map(|what| format!("not shown for want of a capability: {what}")).collect();
        let refused = self.refused.iter();
        lines.extend(refused.map(|r| format!("refused {}: {}", counted(r.times, "time"), r.reason)));
        for (mark, findings) in [('+', &self.new), ('-', &self.gone)] {
            let line = |finding| format!("{mark} {}", cells(finding).join("  ").trim_end());
            lines.extend(findings.iter().take(SHOWN).map(line));
            if let Some(more @ 1..) = findings.len().checked_sub(SHOWN) {
                lines.push(format!("{mark} … and {more} more: --format json has all"));
            }
        }
        lines
    }
}

impl Regression {
    fn told(&self) -> String {
        let sum = |of: fn(&PluginRegression) -> u64| self.plugins.iter().map(of).sum::<u64>();
        let (new, gone) = (sum(|p| p.new.len() as u64), sum(|p| p.gone.len() as u64));
        let all = counted(self.cases_unchanged + self.cases.len() as u64, "case");
        format!(
            "{} shown to {}: {new} new, {gone} gone, {} as recorded; {} of {all} changed",
            counted(self.flows, "flow"),
            counted(self.plugins.len() as u64, "plugin"),
            counted(sum(|p| p.unchanged), "finding"),
            self.cases.len(),
        )
    }

    /// What was not compared.
    fn asides(&self) -> Vec<String> {
        let others = self.left_out.iter();
        let mut asides: Vec<_> = others
            .map(|(plugin, n)| format!("not compared: {} of {plugin}", counted(*n, "recorded finding")))
            .collect();
        let fresh = |p: &&PluginRegression| p.unchanged == 0 && p.gone.is_empty() && !p.new.is_empty();
        let fresh = self.plugins.iter().filter(fresh);
        asides.extend(fresh.map(|p| format!("the recording has no findings of {}", p.plugin)));
        asides
    }
}

/// Writes it.
pub(crate) fn write(regression: &Regression, format: CheckFormat, out: &mut dyn Write) -> io::Result<()> {
    match format {
        CheckFormat::Json => json::write(regression, out),
        CheckFormat::Junit => junit::write("glyphctl replay run --through-plugins", &suites(regression), out),
        CheckFormat::Markdown => markdown(regression, out),
        CheckFormat::Table => text(regression, out),
    }
}

fn text(regression: &Regression, out: &mut dyn Write) -> io::Result<()> {
    let (mark, style) = match regression.diverged {
        true => ("✗", Style::new().red()),
        false => ("✓", Style::new().green()),
    };
    let verdict = format!("{mark} {}", regression.told());
    let verdict = if in_colour() { style.force_styling(true).apply_to(verdict).to_string() } else { verdict };
    writeln!(out, "{verdict}")?;
    for plugin in regression.plugins.iter().filter(|p| p.has_diverged() || !p.lines().is_empty()) {
        writeln!(out, "\n{}", visible(&plugin.told()))?;
        for line in plugin.lines() {
            writeln!(out, "  {}", visible(&line))?;
        }
    }
    if !regression.cases.is_empty() {
        writeln!(out, "\ncases")?;
    }
    for case in &regression.cases {
        writeln!(out, "  {}", visible(&told(case)))?;
    }
    let asides = regression.asides();
    if !asides.is_empty() {
        writeln!(out)?;
    }
    asides.iter().try_for_each(|aside| writeln!(out, "{}", visible(aside)))
}

fn markdown(regression: &Regression, out: &mut dyn Write) -> io::Result<()> {
    let mark = if regression.diverged { "✗" } else { "✓" };
    writeln!(out, "**{mark} {}**", regression.told())?;
    let lists = regression.plugins.iter().map(|plugin| (plugin.told(), plugin.lines()));
    let cases = regression.cases.iter().map(told).collect::<Vec<_>>();
    let cases = (!cases.is_empty()).then(|| ("cases".to_owned(), cases));
    for (head, lines) in lists.chain(cases) {
        writeln!(out, "\n{}\n", code_span(&head))?;
        lines.iter().try_for_each(|line| writeln!(out, "- {}", code_span(line)))?;
    }
    let asides = regression.asides();
    if !asides.is_empty() {
        writeln!(out)?;
    }
    asides.iter().try_for_each(|aside| writeln!(out, "- {}", code_span(aside)))
}

/// A case for each plugin, and for each case that changed; the others are one.
fn suites(regression: &Regression) -> Vec<Suite> {
    let case = |name: &str, class: &str, fault: Option<Fault>| Case {
        name: name.to_owned(),
        class: format!("glyph.{class}"),
        seconds: None,
        outcome: fault.map_or(Outcome::Passed, Outcome::Failure),
    };
    let plugins = regression.plugins.iter().map(|plugin| {
        let fault = || Fault { message: plugin.told(), lines: plugin.lines() };
        case(&plugin.plugin, "findings", plugin.has_diverged().then(fault))
    });
    let changed = regression.cases.iter().map(|changed| {
        case(&changed.key, "cases", Some(Fault { message: told(changed), lines: Vec::new() }))
    });
    let same = (regression.cases_unchanged > 0).then(|| {
        case(&format!("{} as recorded", counted(regression.cases_unchanged, "case")), "cases", None)
    });
    vec![
        Suite { name: "findings".to_owned(), cases: plugins.collect() },
        Suite { name: "cases".to_owned(), cases: changed.chain(same).collect() },
    ]
}

/// What became of a case, in a line.
fn told(changed: &Changed) -> String {
    let weight = |weight: &Weight| {
        let Weight { severity, risk, confidence, claims } = weight;
        let claims = counted(*claims, "claim");
        format!("{} (risk {risk}, confidence {confidence}, {claims})", severity.as_str())
    };
    let key = &changed.key;
    match (&changed.recorded, &changed.new) {
        (Some(then), Some(now)) => format!("{key}: {} → {}", weight(then), weight(now)),
        (Some(then), None) => format!("{key}: gone, was {}", weight(then)),
        (None, Some(now)) => format!("{key}: new, {}", weight(now)),
        (None, None) => key.clone(),
    }
}
