//! Which rows belong together.

use rustc_hash::FxHashMap;

use super::super::{ast::Grouping, row::Row};
use crate::metrics::{Labels, labels::NAME};

/// A group's labels and the places of its rows.
pub(super) struct Group {
    pub(super) labels: Labels,
    pub(super) members: Vec<usize>,
    /// Whether the metric's name, if it is among the labels, is to go at the end.
    pub(super) nameless: bool,
}

/// Rows in groups, in the order in which groups come up.
pub(super) fn of(rows: &[Row], grouping: &Grouping) -> Vec<Group> {
    let mut places: FxHashMap<Labels, usize> = FxHashMap::default();
    let mut groups: Vec<Group> = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let labels = labels(&row.labels, grouping);
        let place = *places.entry(labels).or_insert_with_key(|labels| {
            groups.push(Group { labels: labels.clone(), members: Vec::new(), nameless: false });
            groups.len() - 1
        });
        groups[place].members.push(i);
        groups[place].nameless |= row.nameless;
    }
    groups
}

/// The labels of the group to which these labels belong.
pub(super) fn labels(labels: &Labels, grouping: &Grouping) -> Labels {
    let named = |name: &str| grouping.labels.iter().any(|label| label == name);
    if grouping.without {
        return labels.filtered(|name| name != NAME && !named(name));
    }
    labels.filtered(named)
}
