//! Series of a result, and what it takes that no two of them are called the same.

use rustc_hash::FxHashMap;

use super::{
    ast::TextRange,
    column::Column,
    error::{EvalError, EvalErrorKind},
};
use crate::metrics::{Labels, labels::NAME};

/// A series over the steps of a grid.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) labels: Labels,
    /// Whether the metric's name, if still there, is to go at the end.
    pub(super) nameless: bool,
    pub(super) column: Column,
}

impl Row {
    pub(super) fn new(labels: Labels, column: Column) -> Self {
        Self { labels, nameless: false, column }
    }
}

/// Whether a label says what metric a series is of. What an operation makes of the metric is another.
fn names_metric(label: &str) -> bool {
    label == NAME || label == "__type__" || label == "__unit__"
}

/// Labels without what says which metric it is.
pub(super) fn without_metric(labels: &Labels) -> Labels {
    labels.filtered(|label| !names_metric(label))
}

/// Takes the names from rows. True if rows may be called the same now that were not before.
pub(super) fn drop_names(rows: &mut [Row]) -> bool {
    let clashes = rows.windows(2).any(|pair| pair[0].labels.name() != pair[1].labels.name());
    for row in rows {
        row.labels = without_metric(&row.labels);
        row.nameless = false;
    }
    clashes
}

/// Makes one row of those that are called the same.
///
/// # Errors
/// If two of them have a value at the same step.
pub(super) fn join(rows: Vec<Row>, range: TextRange) -> Result<Vec<Row>, EvalError> {
    if are_distinct(&rows) {
        return Ok(rows);
    }
    let mut places: FxHashMap<Labels, usize> = FxHashMap::default();
    let mut joined: Vec<Row> = Vec::new();
    for row in rows {
        match places.get(&row.labels) {
            Some(place) => {
                let there = &mut joined[*place].column;
                *there = there.join(&row.column).map_err(|_step| EvalErrorKind::DuplicateLabels.at(range))?;
            }
            None => {
                places.insert(row.labels.clone(), joined.len());
                joined.push(row);
            }
        }
    }
    Ok(joined)
}

/// Whether no two rows are called the same.
pub(super) fn are_distinct(rows: &[Row]) -> bool {
    match rows {
        [] | [_] => true,
        [a, b] => a.labels != b.labels,
        many => {
            let mut seen = rustc_hash::FxHashSet::default();
            many.iter().all(|row| seen.insert(&row.labels))
        }
    }
}
