//! What is to be thought of a row: the rules held against it.

use std::collections::BTreeSet;

use glyph_formats::TraceId;

use super::{
    answer::{Broken, NotEnough, Verdict},
    compare::{Both, Comparison},
    family::{ALPHA, Critical},
    figure::Figure,
    pool::{Side, Together, rank},
    rule::{Rule, What},
};

/// So many traces are named for each broken rule.
const EXAMPLES: usize = 3;

/// What is to be thought of a row, and why.
pub(super) struct Seen {
    pub(super) verdict: Verdict,
    pub(super) broken: Vec<Broken>,
    pub(super) not_enough: Vec<NotEnough>,
}

impl Seen {
    /// Whether the rule could not be held against the row.
    pub(super) fn leaves_open(&self, rule: &Rule) -> bool {
        match rule.figure() {
            Some(figure) => {
                let is_there = !matches!(self.verdict, Verdict::New | Verdict::Gone);
                !is_there || self.not_enough.iter().any(|less| less.figure.is_none_or(|of| of == figure))
            }
            None => self.not_enough.iter().any(|less| less.figure.is_none()),
        }
    }
}

/// Holds the rules against a row. `rows` says how many there are.
pub(super) fn judge(comparison: &Comparison<'_>, row: &Both, critical: Critical, rows: usize) -> Seen {
    let mut seen = Seen { verdict: Verdict::Same, broken: Vec::new(), not_enough: Vec::new() };
    match (&row.base, &row.new) {
        (Some(base), Some(new)) => on_both(comparison, row, (base, new), critical, &mut seen),
        (Some(base), None) => on_one(comparison, row, base, What::Gone, rows, &mut seen),
        (None, Some(new)) => on_one(comparison, row, new, What::New, rows, &mut seen),
        (None, None) => {}
    }
    seen
}

fn on_both(
    comparison: &Comparison<'_>,
    row: &Both,
    (base, new): (&Together, &Together),
    critical: Critical,
    seen: &mut Seen,
) {
    let mut is_better = false;
    let mut open = BTreeSet::new();
    for rule in comparison.rules_of(&row.name) {
        let What::Grown(figure, growth) = rule.what else { continue };
        let Some(measured) = row.figures.get(&figure) else { continue };
        let Some(difference) = measured.difference else {
            open.insert(figure);
            continue;
        };
        let (low, high) = difference.interval(critical);
        if low > 0.0 && growth.is_passed(measured.base, measured.new) {
            seen.broken.push(Broken {
                rule: rule.clone(),
                figure: Some(figure),
                base: Some(measured.base),
                new: Some(measured.new),
                traces: examples(comparison.new.side, row, new, figure),
            });
        }
        is_better |= high < 0.0 && growth.is_passed(measured.new, measured.base);
    }
    seen.not_enough = open
        .into_iter()
        .map(|figure| NotEnough {
            figure: Some(figure),
            traces: comparison.traces(figure, base, new),
            wanted: figure.traces_wanted().into(),
            clocks: comparison.has_bad_clocks(figure),
        })
        .collect();
    seen.verdict = match () {
        () if !seen.broken.is_empty() => Verdict::Worse,
        () if !seen.not_enough.is_empty() => Verdict::NotEnough,
        () if is_better => Verdict::Better,
        () => Verdict::Same,
    };
}

/// A row of one side alone. Were it as frequent on the other, each of its traces would be there with the probability of any
/// trace; how many it takes for none to be there by chance goes by that, and by how many rows there are (Bonferroni).
fn on_one(
    comparison: &Comparison<'_>,
    row: &Both,
    there: &Together,
    what: What,
    rows: usize,
    seen: &mut Seen,
) {
    let (base, new) = (comparison.base.side, comparison.new.side);
    let (own, verdict, other) = match what {
        What::New => (new, Verdict::New, base),
        _ => (base, Verdict::Gone, new),
    };
    let traces = u64::from(there.sums.traces);
    let wanted = wanted_alone(own.traces(), other.traces(), rows);
    if traces < wanted {
        seen.verdict = Verdict::NotEnough;
        seen.not_enough = vec![NotEnough { figure: None, traces, wanted, clocks: false }];
        return;
    }
    seen.verdict = verdict;
    let broken = comparison.rules_of(&row.name).filter(|rule| rule.what == what).map(|rule| Broken {
        rule: rule.clone(),
        figure: None,
        base: None,
        new: None,
        traces: nearest(own, there, 500),
    });
    seen.broken = broken.collect();
}

/// How many traces with such a span it takes on one side for its absence on the other to be no chance.
pub(super) fn wanted_alone(own: u64, other: u64, rows: usize) -> u64 {
    let on_own = own as f64 / (own + other) as f64;
    ((ALPHA / rows as f64).ln() / on_own.ln()).ceil() as u64
}

/// Traces that show how a figure is now.
fn examples(side: &Side, row: &Both, new: &Together, figure: Figure) -> Vec<TraceId> {
    match figure {
        Figure::Errors => {
            let failed: BTreeSet<TraceId> =
                side.rows(&row.name).flatten().flat_map(|row| row.failed.iter().copied()).collect();
            failed.into_iter().take(EXAMPLES).collect()
        }
        Figure::Percentile(thousandths) => nearest(side, new, thousandths),
        _ => nearest(side, new, 950),
    }
}

/// Different traces with spans that last as long as that percentile, or a little longer; then a little less.
fn nearest(side: &Side, row: &Together, thousandths: u16) -> Vec<TraceId> {
    let at = rank(row.spans.len(), thousandths) - 1;
    let mut traces: Vec<TraceId> = Vec::new();
    for span in row.spans[at..].iter().chain(row.spans[..at].iter().rev()) {
        let id = side.trace(span);
        if !traces.contains(&id) {
            traces.push(id);
        }
        if traces.len() == EXAMPLES {
            break;
        }
    }
    traces
}
