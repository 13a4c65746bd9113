//! Two lists of alerts, and what is different: which alerts are meant to be the same is told by their labels.

use std::collections::BTreeMap;

use super::Told;
use crate::rules::state::State;

/// What is different.
#[derive(Debug, PartialEq, Eq)]
pub enum Difference {
    /// An alert that should be and is not.
    Missing {
        /// The alert.
        alert: Told,
        /// What an alert with these labels was instead; inactive is that it was not there at all.
        was: State,
        /// Since when it was that, in milliseconds since the start.
        since: Option<i64>,
    },
    /// An alert that is and should not be.
    Unexpected(Told),
    /// An alert that is another than it should be.
    Changed {
        /// What it should be.
        expected: Told,
        /// Its labels and annotations that differ.
        fields: Vec<Field>,
    },
}

/// A label or an annotation that differs.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// `label` or `annotation`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// What it should be, if it should be there.
    pub expected: Option<String>,
    /// What it is, if it is there.
    pub got: Option<String>,
}

/// What is different. `was` says what became of labels that should be.
pub(super) fn between(
    expected: &[Told],
    got: &[Told],
    was: impl Fn(&BTreeMap<String, String>) -> (State, Option<i64>),
) -> Vec<Difference> {
    let mut missing: Vec<&Told> = expected.iter().collect();
    let mut unexpected: Vec<&Told> = got.iter().collect();
    missing.retain(|told| match unexpected.iter().position(|other| other == told) {
        Some(at) => {
            unexpected.remove(at);
            false
        }
        None => true,
    });
    let mut differences = Vec::new();
    // Those that are most alike first.
    while let Some((i, j)) = closest(&missing, &unexpected) {
        let (expected, got) = (missing.remove(i), unexpected.remove(j));
        let mut fields = fields("label", &expected.labels, &got.labels);
        fields.extend(self::fields("annotation", &expected.annotations, &got.annotations));
        differences.push(Difference::Changed { expected: expected.clone(), fields });
    }
    differences.extend(missing.into_iter().map(|told| {
        let (was, since) = was(&told.labels);
        Difference::Missing { alert: told.clone(), was, since }
    }));
    differences.extend(unexpected.into_iter().cloned().map(Difference::Unexpected));
    differences
}

/// The pair that has most labels in common; none if no pair has more that are the same than that differ.
fn closest(missing: &[&Told], unexpected: &[&Told]) -> Option<(usize, usize)> {
    let mut best = None;
    for (i, a) in missing.iter().enumerate() {
        for (j, b) in unexpected.iter().enumerate() {
            let differ = fields("", &a.labels, &b.labels).len();
            let same = a.labels.iter().filter(|(name, value)| b.labels.get(*name) == Some(value)).count();
            let annotations = fields("", &a.annotations, &b.annotations).len();
            if same >= differ && best.is_none_or(|(least, _)| (differ, annotations) < least) {
                best = Some(((differ, annotations), (i, j)));
            }
        }
    }
    best.map(|(_, pair)| pair)
}

fn fields(kind: &'static str, a: &BTreeMap<String, String>, b: &BTreeMap<String, String>) -> Vec<Field> {
    let mut names: Vec<&String> = a.keys().chain(b.keys()).collect();
    names.sort();
    names.dedup();
    let differs = names.into_iter().filter(|name| a.get(*name) != b.get(*name));
    let field = |name: &String| Field {
        kind,
        name: name.clone(),
        expected: a.get(name).cloned(),
        got: b.get(name).cloned(),
    };
    differs.map(field).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(labels: &[(&str, &str)], summary: &str) -> Told {
        let map = |pairs: &[(&str, &str)]| pairs.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        Told { labels: map(labels), annotations: map(&[("summary", summary)]) }
    }

    #[test]
    fn alerts_are_paired_with_those_that_are_most_like_them() {
        let expected = [
            told(&[("a", "1"), ("job", "x")], "one"),
            told(&[("a", "2"), ("job", "x")], "two"),
            told(&[("b", "9")], "nine"),
        ];
        let got = [
            told(&[("a", "1"), ("job", "x")], "one"),
            told(&[("a", "2"), ("job", "y")], "two"),
            told(&[("c", "7")], "seven"),
        ];
        let found = between(&expected, &got, |_| (State::Pending, Some(60_000)));
        let [
            Difference::Changed { fields, .. },
            Difference::Missing { alert, was: State::Pending, since: Some(60_000) },
            Difference::Unexpected(other),
        ] = found.as_slice()
        else {
            panic!("{found:?}")
        };
        assert_eq!((fields[0].kind, fields[0].name.as_str()), ("label", "job"));
        assert_eq!(fields[0].got.as_deref(), Some("y"));
        assert_eq!((alert, other), (&expected[2], &got[2]));
        assert_eq!(between(&got, &got, |_| (State::Inactive, None)), []);
    }
}
