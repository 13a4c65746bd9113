//! The comparison itself: every row on both sides, then all of them together, then a verdict for each.
//!
//! In: two sides and rules. Out: a [`Diff`]. Not here: how a figure is resampled ([`super::estimate`]) and how far it has to be
//! off among so many ([`super::family`]).

use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
};

use rayon::prelude::*;

use super::{
    answer::{Diff, DiffRow, Extent, Figures, Interval},
    calls,
    estimate::Resampled,
    family::{ALPHA, Critical, Difference, Greatest},
    figure::{Figure, Unit},
    note::{clocks_differ, notes},
    pool::{Side, Together},
    rule::Rule,
    sample::SpanName,
    verdict::{Seen, judge},
    weights::RESAMPLES,
};

/// What is looked at whatever the rules say.
const ALWAYS: [Figure; 7] = [
    Figure::P50,
    Figure::P95,
    Figure::P99,
    Figure::SelfTime,
    Figure::Calls,
    Figure::Errors,
    Figure::Critical,
];

/// What two sides have to do with each other, if they have nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CompareError {
    /// The base has no span.
    #[error("the base has no span")]
    EmptyBase,
    /// The new side has no span.
    #[error("the new side has no span")]
    EmptyNew,
    /// No span of one has the service and the name of one of the other.
    #[error("the two sides have no span in common: no service and name is on both")]
    NothingInCommon,
}

/// A row on both sides, on its way to a verdict.
pub(super) struct Both {
    pub(super) name: SpanName,
    pub(super) base: Option<Together>,
    pub(super) new: Option<Together>,
    /// What was measured, with how many traces there are for it on the side with fewer.
    pub(super) figures: BTreeMap<Figure, Measured>,
}

/// A figure on both sides.
#[derive(Debug, Clone, Copy)]
pub(super) struct Measured {
    pub(super) base: f64,
    pub(super) new: f64,
    /// By how much it has changed, on the scale on which two are compared.
    change: f64,
    /// None if there are too few traces, or clocks differ.
    pub(super) difference: Option<Difference>,
}

/// Two sides and what is asked of them.
pub(super) struct Comparison<'a> {
    pub(super) base: Resampled<'a>,
    pub(super) new: Resampled<'a>,
    rules: &'a [Rule],
    clocks_differ: bool,
}

/// Compares two sides. With the same `seed`, sides and rules, it says the same.
///
/// # Errors
/// If there is nothing to compare.
pub fn compare(base: &Side, new: &Side, rules: &[Rule], seed: u64) -> Result<Diff, CompareError> {
    let names = |side: &Side| -> BTreeSet<SpanName> {
        side.runs.iter().flat_map(|run| run.rows.keys().cloned()).collect()
    };
    let (of_base, of_new) = (names(base), names(new));
    match () {
        () if base.is_empty() => return Err(CompareError::EmptyBase),
        () if new.is_empty() => return Err(CompareError::EmptyNew),
        () if of_base.is_disjoint(&of_new) => return Err(CompareError::NothingInCommon),
        () => {}
    }
    let comparison = Comparison {
        base: Resampled::of(base, seed),
        new: Resampled::of(new, seed.wrapping_add(1)),
        rules,
        clocks_differ: clocks_differ(base) || clocks_differ(new),
    };
    let all: Vec<SpanName> = of_base.union(&of_new).cloned().collect();
    let (rows, greatest) = all
        .into_par_iter()
        .map(|name| comparison.row(name))
        .fold(<(Vec<_>, Greatest)>::default, |(mut rows, greatest), (row, of_row)| {
            rows.push(row);
            (rows, greatest.join(&of_row))
        })
        .reduce(<(Vec<_>, Greatest)>::default, |(mut rows, greatest), (more, other)| {
            rows.extend(more);
            (rows, greatest.join(&other))
        });
    Ok(comparison.answer(rows, greatest.critical(), seed))
}

impl Comparison<'_> {
    /// Measures a row; what rules ask of it is among the many comparisons.
    fn row(&self, name: SpanName) -> (Both, Greatest) {
        let (base, new) = (self.base.side.row(&name), self.new.side.row(&name));
        let asked: BTreeSet<Figure> = self
            .rules
            .iter()
            .filter(|rule| rule.is_of(&name.service, &name.name))
            .filter_map(Rule::figure)
            .collect();
        let (mut greatest, mut figures) = (Greatest::default(), BTreeMap::new());
        if let (Some(base), Some(new)) = (&base, &new) {
            let counts = (self.base.counts(base), self.new.counts(new));
            for figure in ALWAYS.into_iter().chain(asked.iter().copied()).collect::<BTreeSet<_>>() {
                let of_base = self.base.estimate(figure, &name, base, &counts.0);
                let of_new = self.new.estimate(figure, &name, new, &counts.1);
                let difference = Difference::between(&of_base, &of_new);
                let is_enough = self.traces(figure, base, new) >= figure.traces_wanted().into();
                let is_judged = is_enough && !self.has_bad_clocks(figure);
                if is_judged && asked.contains(&figure) {
                    greatest.add(&of_base, &of_new, &difference, false);
                }
                let measured = Measured {
                    base: of_base.value,
                    new: of_new.value,
                    change: difference.value,
                    difference: is_judged.then_some(difference),
                };
                figures.insert(figure, measured);
            }
        }
        (Both { name, base, new, figures }, greatest)
    }

    /// How many traces the side with fewer has for it.
    pub(super) fn traces(&self, figure: Figure, base: &Together, new: &Together) -> u64 {
        if figure.is_of_all_traces() {
            return self.base.side.traces().min(self.new.side.traces());
        }
        base.sums.traces.min(new.sums.traces).into()
    }

    /// Whether the clocks differ, and it matters.
    pub(super) fn has_bad_clocks(&self, figure: Figure) -> bool {
        self.clocks_differ && matches!(figure, Figure::SelfTime | Figure::Critical)
    }

    /// The rules for that row.
    pub(super) fn rules_of<'b>(&'b self, name: &'b SpanName) -> impl Iterator<Item = &'b Rule> {
        self.rules.iter().filter(|rule| rule.is_of(&name.service, &name.name))
    }

    fn answer(self, rows: Vec<Both>, critical: Critical, seed: u64) -> Diff {
        let of_rows = rows.len();
        let mut held = vec![false; self.rules.len()];
        let mut rows: Vec<DiffRow> = rows
            .into_iter()
            .map(|row| {
                let seen = judge(&self, &row, critical, of_rows);
                for (held, rule) in held.iter_mut().zip(self.rules) {
                    *held |= rule.is_of(&row.name.service, &row.name.name) && !seen.leaves_open(rule);
                }
                self.told(row, seen, critical)
            })
            .collect();
        rows.sort_by(|a, b| {
            let share =
                |row: &DiffRow| row.new.as_ref().or(row.base.as_ref()).map_or(0.0, |f| f.critical_path_share);
            (a.verdict.cmp(&b.verdict)).then(share(b).partial_cmp(&share(a)).unwrap_or(Ordering::Equal))
        });
        let undecided =
            self.rules.iter().zip(held).filter(|(_, held)| !held).map(|(rule, _)| rule.clone()).collect();
        Diff {
            base: extent(self.base.side),
            new: extent(self.new.side),
            rules: self.rules.to_vec(),
            confidence: 1.0 - ALPHA,
            resamples: RESAMPLES as u64,
            seed,
            failed: rows.iter().any(|row| !row.broken.is_empty()),
            rows,
            calls: calls::changed(&self.base, &self.new),
            notes: notes(self.base.side, self.new.side),
            undecided,
        }
    }

    fn told(&self, row: Both, seen: Seen, critical: Critical) -> DiffRow {
        let (mut ratio, mut difference) = (BTreeMap::new(), BTreeMap::new());
        for (figure, measured) in &row.figures {
            let bounds = measured.difference.map(|difference| difference.interval(critical));
            let (value, low, high) = (measured.change, bounds.map(|b| b.0), bounds.map(|b| b.1));
            match figure.unit() {
                Unit::Share => {
                    difference.insert(*figure, Interval { value, low, high });
                }
                Unit::Nanoseconds | Unit::PerTrace => {
                    let (value, low, high) = (value.exp(), low.map(f64::exp), high.map(f64::exp));
                    ratio.insert(*figure, Interval { value, low, high });
                }
            }
        }
        DiffRow {
            base: row.base.as_ref().map(|base| figures(base, self.base.side)),
            new: row.new.as_ref().map(|new| figures(new, self.new.side)),
            service: row.name.service,
            name: row.name.name,
            ratio,
            difference,
            verdict: seen.verdict,
            broken: seen.broken,
            not_enough: seen.not_enough,
        }
    }
}

fn figures(row: &Together, side: &Side) -> Figures {
    let sums = row.sums;
    Figures {
        traces: sums.traces.into(),
        count: sums.spans.into(),
        errors: sums.errors.into(),
        p50_ns: row.percentile_ns(500),
        p90_ns: row.percentile_ns(900),
        p95_ns: row.percentile_ns(950),
        p99_ns: row.percentile_ns(990),
        max_ns: row.percentile_ns(1_000),
        total_ns: sums.total_ns,
        self_ns: sums.self_ns,
        critical_path_ns: sums.critical_ns,
        critical_path_share: sums.critical_ns as f64 / side.all.critical_ns.max(1) as f64,
    }
}

fn extent(side: &Side) -> Extent {
    Extent {
        runs: side.runs.len() as u64,
        traces: side.traces(),
        spans: side.spans(),
        lasts_ns: side.lasts_ns(),
        sample_ratio: side.sample_ratio,
    }
}
