//! Sets of label names, some of them without end: all names but a few.

use std::collections::BTreeSet;

/// The labels that something may have. What is not in it, it surely has not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LabelSet {
    /// These at most.
    Only(BTreeSet<String>),
    /// Any but these.
    AllBut(BTreeSet<String>),
}

impl LabelSet {
    /// No label.
    pub(super) fn none() -> Self {
        Self::Only(BTreeSet::new())
    }

    /// Any label.
    pub(super) fn any() -> Self {
        Self::AllBut(BTreeSet::new())
    }

    /// These labels.
    pub(super) fn of<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> Self {
        Self::Only(names.into_iter().map(|name| name.as_ref().to_owned()).collect())
    }

    /// Whether a label may be there.
    pub(super) fn has(&self, name: &str) -> bool {
        match self {
            Self::Only(names) => names.contains(name),
            Self::AllBut(names) => !names.contains(name),
        }
    }

    /// The labels, if they can be counted.
    pub(super) fn names(&self) -> Option<&BTreeSet<String>> {
        match self {
            Self::Only(names) => Some(names),
            Self::AllBut(_) => None,
        }
    }

    /// With a label more.
    pub(super) fn with(self, name: &str) -> Self {
        self.union(Self::of([name]))
    }

    /// With a label less.
    pub(super) fn without(self, name: &str) -> Self {
        let mut all_but = BTreeSet::new();
        all_but.insert(name.to_owned());
        self.meet(Self::AllBut(all_but))
    }

    /// Only what `keep` names of it, or, if `but`, what it does not name.
    pub(super) fn kept(self, keep: &[String], but: bool) -> Self {
        let named: BTreeSet<String> = keep.iter().cloned().collect();
        self.meet(if but { Self::AllBut(named) } else { Self::Only(named) })
    }

    /// What one of both may have.
    pub(super) fn union(self, other: Self) -> Self {
        use LabelSet::{AllBut, Only};
        match (self, other) {
            (Only(a), Only(b)) => Only(a.union(&b).cloned().collect()),
            (AllBut(a), AllBut(b)) => AllBut(a.intersection(&b).cloned().collect()),
            (AllBut(not), Only(these)) | (Only(these), AllBut(not)) => {
                AllBut(not.difference(&these).cloned().collect())
            }
        }
    }

    /// What both may have.
    pub(super) fn meet(self, other: Self) -> Self {
        use LabelSet::{AllBut, Only};
        match (self, other) {
            (Only(a), Only(b)) => Only(a.intersection(&b).cloned().collect()),
            (AllBut(a), AllBut(b)) => AllBut(a.union(&b).cloned().collect()),
            (AllBut(not), Only(these)) | (Only(these), AllBut(not)) => {
                Only(these.difference(&not).cloned().collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_without_end_behave_as_sets() {
        let only = |names: &[&str]| LabelSet::of(names);
        let all_but = |names: &[&str]| LabelSet::AllBut(names.iter().map(|n| (*n).to_owned()).collect());
        let sets = [
            LabelSet::none(),
            LabelSet::any(),
            only(&["a", "b"]),
            only(&["b", "c"]),
            all_but(&["a"]),
            all_but(&["b", "c"]),
        ];
        for (one, other) in sets.iter().flat_map(|one| sets.iter().map(move |other| (one, other))) {
            let (union, meet) = (one.clone().union(other.clone()), one.clone().meet(other.clone()));
            for name in ["a", "b", "c", "d"] {
                assert_eq!(union.has(name), one.has(name) || other.has(name), "{one:?} {other:?} {name}");
                assert_eq!(meet.has(name), one.has(name) && other.has(name), "{one:?} {other:?} {name}");
            }
        }
        assert!(!LabelSet::any().without("a").has("a"));
        assert!(LabelSet::any().without("a").with("a").has("a"));
        assert_eq!(only(&["a", "b"]).kept(&["b".to_owned()], true), only(&["a"]));
    }
}
