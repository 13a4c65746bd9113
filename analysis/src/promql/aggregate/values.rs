//! Aggregations of all values of a group side by side: `quantile`, `count_values`.

use rustc_hash::FxHashMap;

use super::{
    super::{
        ast::{Aggregate, Grouping},
        column::Column,
        error::EvalError,
        grid::Grid,
        row::Row,
        scope::Scope,
        side_by_side::side_by_side,
        value::number,
        window::quantile,
    },
    groups::{self, Group},
};
use crate::metrics::Labels;

/// The quantile `q[step]` of each group.
pub(super) fn quantiles(
    scope: &Scope<'_>,
    rows: &[Row],
    groups: &[Group],
    q: &[f64],
    grid: Grid,
) -> Vec<Row> {
    let members = rows.len().div_ceil(groups.len().max(1));
    side_by_side(scope.settings, groups, grid.count.saturating_mul(members), |group| {
        let mut values = Vec::with_capacity(group.members.len());
        let column = Column::build(grid.count, |step| {
            values.clear();
            values.extend(group.members.iter().filter_map(|i| rows[*i].column.at(step)));
            (!values.is_empty()).then(|| quantile(q[step], &mut values))
        });
        Some(Row { labels: group.labels.clone(), nameless: group.nameless, column })
    })
}

/// How many rows of each group have each value; the value becomes a label.
pub(super) fn count(
    scope: &Scope<'_>,
    mut rows: Vec<Row>,
    label: &str,
    a: &Aggregate,
    grid: Grid,
) -> Result<Vec<Row>, EvalError> {
    // A label of that name that is there already gives way.
    rows.iter_mut().for_each(|row| row.labels = row.labels.with(label, ""));
    let names_label = a.grouping.labels.iter().any(|l| l == label);
    let grouping = Grouping {
        labels: a.grouping.labels.iter().filter(|l| *l != label).cloned().collect(),
        without: a.grouping.without,
    };
    let shows_value = !(a.grouping.without && names_label);
    let mut counted: Vec<Row> = Vec::new();
    let mut held = 0;
    for group in groups::of(&rows, &grouping) {
        let mut places: FxHashMap<u64, usize> = FxHashMap::default();
        for step in 0..grid.count {
            let mut seen: FxHashMap<usize, f64> = FxHashMap::default();
            for value in group.members.iter().filter_map(|i| rows[*i].column.at(step)) {
                let place = *places.entry(key(value, shows_value)).or_insert_with(|| {
                    let labels = labels(&group.labels, label, value, shows_value);
                    counted.push(Row { labels, nameless: group.nameless, column: Column::default() });
                    counted.len() - 1
                });
                *seen.entry(place).or_insert(0.0) += 1.0;
            }
            for (place, count) in seen {
                held += 1;
                counted[place].column.push(step, count);
            }
        }
        scope.reserve(
            counted.iter().map(|row| row.column.cells()).sum::<usize>().max(held),
            1,
            a.expr.range,
        )?;
    }
    Ok(counted)
}

/// All NaN are one value; 0 and -0 are two.
fn key(value: f64, shows_value: bool) -> u64 {
    match value {
        _ if !shows_value => 0,
        v if v.is_nan() => f64::NAN.to_bits(),
        v => v.to_bits(),
    }
}

fn labels(group: &Labels, label: &str, value: f64, shows_value: bool) -> Labels {
    if shows_value { group.with(label, &number(value)) } else { group.clone() }
}
