//! The labels of a series: sorted by name, none of them empty, cheap to clone.

use std::{cmp::Ordering, collections::BTreeMap, fmt, sync::Arc};

use super::quote::{is_plain, label_name, quoted};

/// A name or a value. Within one [`crate::metrics::Store`] the same text is the same allocation.
pub type Str = Arc<str>;

/// The label that holds a metric's name.
pub const NAME: &str = "__name__";

/// A label set. A label that is empty is a label that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Labels(Arc<[(Str, Str)]>);

/// By the first pair that differs, its name before its value, as Prometheus sorts.
impl Ord for Labels {
    fn cmp(&self, other: &Self) -> Ordering {
        // Series of one store share their texts: most comparisons are of pointers.
        let text = |a: &Str, b: &Str| if Arc::ptr_eq(a, b) { Ordering::Equal } else { a.cmp(b) };
        let pairs = self.0.iter().zip(other.0.iter());
        let mut pairs = pairs.map(|(a, b)| text(&a.0, &b.0).then_with(|| text(&a.1, &b.1)));
        pairs.find(|order| order.is_ne()).unwrap_or_else(|| self.0.len().cmp(&other.0.len()))
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Labels {
    /// Makes a label set of pairs in any order. Of a name that stands twice the last value counts.
    pub fn new(mut pairs: Vec<(Str, Str)>) -> Self {
        // The sort is stable: of equal names, the last is the one that was given last.
        pairs.sort_by(|a, b| a.0.cmp(&b.0));
        pairs.dedup_by(|later, earlier| {
            let same = later.0 == earlier.0;
            if same {
                std::mem::swap(later, earlier);
            }
            same
        });
        pairs.retain(|(_, value)| !value.is_empty());
        Self(pairs.into())
    }

    /// The same of borrowed text.
    pub fn of<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        Self::new(pairs.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// No labels.
    pub fn empty() -> Self {
        Self(Arc::new([]))
    }

    /// The value of a label; nothing if it is not there.
    pub fn get(&self, name: &str) -> &str {
        // Label sets are short: looking at each is faster than halving.
        self.0.iter().find(|(n, _)| **n == *name).map_or("", |(_, value)| value)
    }

    /// The metric's name; nothing if there is none.
    pub fn name(&self) -> &str {
        self.get(NAME)
    }

    /// The pairs, sorted by name.
    pub fn pairs(&self) -> &[(Str, Str)] {
        &self.0
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// With a label set to a value, or taken away if the value is empty.
    pub fn with(&self, name: &str, value: &str) -> Self {
        let mut pairs = self.0.to_vec();
        pairs.push((name.into(), value.into()));
        Self::new(pairs)
    }

    /// Only the labels that `keep` says yes to.
    pub fn filtered(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        if self.0.iter().all(|(name, _)| keep(name)) {
            return self.clone();
        }
        Self(self.0.iter().filter(|(name, _)| keep(name)).cloned().collect())
    }

    /// As texts, for what is written as JSON.
    pub fn to_map(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect()
    }

    /// Without the metric's name.
    pub fn without_name(&self) -> Self {
        self.filtered(|name| name != NAME)
    }
}

/// As Prometheus writes it: `name{label="value"}`, and in quotes what is no name without them:
/// `{"a name", "a label"="value"}`.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name();
        let plain = is_plain(name, ":");
        if plain {
            f.write_str(name)?;
        }
        let mut rest = self.0.iter().filter(|(n, _)| **n != *NAME).peekable();
        if plain && rest.peek().is_none() {
            return Ok(());
        }
        f.write_str("{")?;
        let mut between = "";
        if !plain && !name.is_empty() {
            f.write_str(&quoted(name))?;
            between = ", ";
        }
        for (name, value) in rest {
            write!(f, "{between}{}={}", label_name(name), quoted(value))?;
            between = ", ";
        }
        f.write_str("}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_sorted_unique_and_not_empty() {
        let labels = Labels::of([("b", "1"), ("a", "2"), ("b", "3"), ("c", ""), ("__name__", "up")]);
        assert_eq!(labels.to_string(), r#"up{a="2", b="3"}"#);
        assert_eq!(labels.get("c"), "");
        assert_eq!(labels.with("a", "").without_name().to_string(), r#"{b="3"}"#);
        assert_eq!(Labels::empty().to_string(), "{}");
        assert_eq!(Labels::of([(NAME, "up")]).to_string(), "up");
    }

    #[test]
    fn what_is_no_plain_name_is_written_in_quotes() {
        let table = [
            (Labels::of([(NAME, "a:b"), ("c:d", "e")]), r#"a:b{"c:d"="e"}"#),
            (Labels::of([(NAME, "a b")]), r#"{"a b"}"#),
            (Labels::of([(NAME, "ü"), ("1", "x")]), r#"{"ü", "1"="x"}"#),
            (Labels::of([("a", "\"\\\n\x07\x01\u{200b}\u{e000}'ü")]), r#"{a="\"\\\n\a\x01\u200b\ue000'ü"}"#),
        ];
        for (labels, expected) in table {
            assert_eq!(labels.to_string(), expected);
        }
    }
}
