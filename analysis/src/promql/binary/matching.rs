//! Two vectors: which element meets which, and what the result is called.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    super::{
        ast::{Binary, Matching, Side, TextRange},
        error::{EvalError, EvalErrorKind},
        evaluate::{Scope, distinct},
        value::Sample,
    },
    left_over,
};
use crate::metrics::{Labels, labels::NAME};

/// The labels in which elements have to agree.
pub(super) fn signature(labels: &Labels, matching: &Matching) -> Labels {
    let named = |name: &str| matching.labels.iter().any(|l| l == name);
    if matching.on {
        return labels.filtered(named);
    }
    labels.filtered(|name| name != NAME && !named(name))
}

/// The labels of a result: those of the side that may have many, with what is taken over from the other.
pub(crate) fn matched_labels(many: &Labels, one: &Labels, b: &Binary) -> Labels {
    let matching = &b.matching;
    let mut labels = if b.op.computes() { many.without_name() } else { many.clone() };
    if matching.many == Side::Neither {
        let named = |name: &str| matching.labels.iter().any(|l| l == name);
        labels = labels.filtered(|name| named(name) == matching.on);
    }
    for name in &matching.include {
        labels = labels.with(name, one.get(name));
    }
    labels
}

pub(super) fn evaluate(
    scope: &Scope<'_>,
    b: &Binary,
    lhs: Vec<Sample>,
    rhs: Vec<Sample>,
    range: TextRange,
) -> Result<Vec<Sample>, EvalError> {
    let swapped = b.matching.many == Side::Right;
    let (many, one) = if swapped { (rhs, lhs) } else { (lhs, rhs) };
    if many.is_empty() || one.is_empty() {
        return Ok(Vec::new());
    }
    let ones = unique(&one, b, swapped).map_err(|e| e.at(range))?;
    let mut met: FxHashSet<Labels> = FxHashSet::default();
    let mut out = Vec::new();
    for element in &many {
        let group = signature(&element.labels, &b.matching);
        let Some(other) = ones.get(&group) else { continue };
        if b.matching.many == Side::Neither && !met.insert(group) {
            return Err(EvalErrorKind::ManyToOne.at(range));
        }
        let (l, r) = if swapped { (other.value, element.value) } else { (element.value, other.value) };
        let Some(value) = left_over(b, l, r, l) else { continue };
        let labels = matched_labels(&element.labels, &other.labels, b);
        let sample =
            if b.is_bool { scope.renamed(labels, value) } else { Sample { labels, value, nameless: false } };
        if b.matching.many != Side::Neither && !met.insert(sample.labels.clone()) {
            return Err(EvalErrorKind::AmbiguousGroup.at(range));
        }
        // A name that was to go still is.
        let nameless = sample.nameless || element.nameless;
        out.push(Sample { nameless, ..sample });
    }
    distinct(out, range)
}

/// The elements of the side that has to be unique, by what they agree in.
fn unique<'a>(
    one: &'a [Sample],
    b: &Binary,
    swapped: bool,
) -> Result<FxHashMap<Labels, &'a Sample>, EvalErrorKind> {
    let mut found: FxHashMap<Labels, &Sample> = FxHashMap::default();
    for element in one {
        let group = signature(&element.labels, &b.matching);
        if let Some(there) = found.get(&group) {
            let mut both = [braces(&there.labels), braces(&element.labels)];
            both.sort();
            let [one, other] = both;
            let side = if swapped { "left" } else { "right" };
            return Err(EvalErrorKind::ManyToMany { group: braces(&group), side, one, other });
        }
        found.insert(group, element);
    }
    Ok(found)
}

/// All labels in braces, the name too.
fn braces(labels: &Labels) -> String {
    let pairs: Vec<_> = labels.pairs().iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    format!("{{{}}}", pairs.join(", "))
}
