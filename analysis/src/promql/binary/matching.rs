//! Two vectors: which element meets which, and what the result is called.

use rustc_hash::FxHashSet;

use super::{
    super::{
        ast::{Binary, Side, TextRange},
        column::Column,
        error::{EvalError, EvalErrorKind},
        grid::Grid,
        row::{Row, without_metric},
        scope::Scope,
    },
    left_over,
    signature::{self, Signatures},
};
use crate::metrics::Labels;
use crate::metrics::quote::{label_name, quoted};

/// The labels of a result: those of the side that may have many, with what is taken over from the other.
pub(crate) fn matched_labels(many: &Labels, one: &Labels, b: &Binary) -> Labels {
    let matching = &b.matching;
    let mut labels = if b.op.computes() { without_metric(many) } else { many.clone() };
    if matching.many == Side::Neither {
        let named = |name: &str| matching.labels.iter().any(|l| l == name);
        labels = labels.filtered(|name| named(name) == matching.on);
    }
    for name in &matching.include {
        labels = labels.with(name, one.get(name));
    }
    labels
}

/// The rows of both sides: the one that may have many elements of a signature, and the one that may not.
struct Sides<'r> {
    many: &'r [Row],
    one: &'r [Row],
    /// Whether the side that may have many is the right.
    swapped: bool,
    /// The rows of each signature.
    many_of: Vec<Vec<usize>>,
    one_of: Vec<Vec<usize>>,
    /// The signature of each row of `many`.
    signatures: Vec<usize>,
}

pub(super) fn evaluate(
    scope: &Scope<'_>,
    b: &Binary,
    lhs: &[Row],
    rhs: &[Row],
    grid: Grid,
    range: TextRange,
) -> Result<Vec<Row>, EvalError> {
    let swapped = b.matching.many == Side::Right;
    let (many, one) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
    if many.is_empty() || one.is_empty() {
        return Ok(Vec::new());
    }
    let signatures = Signatures::new(many, one, &b.matching);
    let sides = Sides {
        many_of: signatures.members(&signatures.left),
        one_of: signatures.members(&signatures.right),
        signatures: signatures.left,
        many,
        one,
        swapped,
    };
    sides.check(b, grid).map_err(|e| e.at(range))?;
    let rows = sides.pairs(b, scope.settings.delayed_name_removal);
    scope.joined(rows, grid, range)
}

impl Sides<'_> {
    /// Whether elements meet as they may, at the first step at which they don't.
    fn check(&self, b: &Binary, grid: Grid) -> Result<(), EvalErrorKind> {
        let crowded = self.one_of.iter().any(|rows| rows.len() > 1);
        let meets = |(many, one): &(&Vec<usize>, &Vec<usize>)| many.len() > 1 && !one.is_empty();
        let contested: Vec<_> = self.many_of.iter().zip(&self.one_of).filter(meets).collect();
        if !crowded && contested.is_empty() {
            return Ok(());
        }
        for step in 0..grid.count {
            if crowded && self.many.iter().any(|row| row.column.at(step).is_some()) {
                self.one_of.iter().try_for_each(|rows| self.check_one(rows, b, step))?;
            }
            contested.iter().try_for_each(|(many, one)| self.check_many(many, one, b, step))?;
        }
        Ok(())
    }

    fn check_one(&self, rows: &[usize], b: &Binary, step: usize) -> Result<(), EvalErrorKind> {
        let mut there = rows.iter().filter(|i| self.one[**i].column.at(step).is_some());
        let (Some(first), Some(second)) = (there.next(), there.next()) else { return Ok(()) };
        let side = if self.swapped { "left" } else { "right" };
        let group = braces(&signature::of(&self.one[*first].labels, &b.matching));
        let [one, other] = [first, second].map(|i| braces(&self.one[*i].labels));
        Err(EvalErrorKind::ManyToMany { group, side, one, other })
    }

    fn check_many(
        &self,
        many: &[usize],
        one: &[usize],
        b: &Binary,
        step: usize,
    ) -> Result<(), EvalErrorKind> {
        let Some(one) = one.iter().map(|i| &self.one[*i]).find(|row| row.column.at(step).is_some()) else {
            return Ok(());
        };
        let mut there = many.iter().map(|i| &self.many[*i]).filter(|row| row.column.at(step).is_some());
        if b.matching.many == Side::Neither {
            return if there.nth(1).is_some() { Err(EvalErrorKind::ManyToOne) } else { Ok(()) };
        }
        let mut seen = FxHashSet::default();
        let all_new = there.all(|row| seen.insert(matched_labels(&row.labels, &one.labels, b)));
        if all_new { Ok(()) } else { Err(EvalErrorKind::AmbiguousGroup) }
    }

    /// A row for each two that meet.
    fn pairs(&self, b: &Binary, delayed: bool) -> Vec<Row> {
        let mut rows = Vec::with_capacity(self.many.len());
        for (element, signature) in self.many.iter().zip(&self.signatures) {
            for other in self.one_of[*signature].iter().map(|i| &self.one[*i]) {
                let column = self.meeting(&element.column, &other.column, b);
                if column.is_empty() {
                    continue;
                }
                let labels = matched_labels(&element.labels, &other.labels, b);
                let labels = if b.is_bool && !delayed { without_metric(&labels) } else { labels };
                rows.push(Row { labels, nameless: b.is_bool, column });
            }
        }
        rows
    }

    fn meeting(&self, many: &Column, one: &Column, b: &Binary) -> Column {
        many.filter_map(|step, value| {
            let other = one.at(step)?;
            let (l, r) = if self.swapped { (other, value) } else { (value, other) };
            left_over(b, l, r, l)
        })
    }
}

/// All labels in braces, the name too.
fn braces(labels: &Labels) -> String {
    let pairs = labels.pairs().iter().map(|(name, value)| format!("{}={}", label_name(name), quoted(value)));
    format!("{{{}}}", pairs.collect::<Vec<_>>().join(", "))
}
