//! Members of two objects, paired by their names.

use std::borrow::Cow;

use super::{Walk, node::Node};
use crate::replay::rules::Step;

type Members<'a> = [(Cow<'a, str>, Node<'a>)];

impl<'a> Walk<'a, '_, '_> {
    /// Compares two objects. What is not there of one that is cut may come later.
    pub(super) fn objects(
        &mut self,
        (recorded, recorded_is_cut): (&Members<'a>, bool),
        (new, new_is_cut): (&Members<'a>, bool),
    ) {
        for (old, other) in paired(recorded, new) {
            let Some((name, node)) = old.or(other) else { continue };
            self.at(Step::Name(name.clone()), |walk| match (old, other) {
                (Some((_, old)), Some((_, new))) => walk.nodes(old, new),
                (Some(_), None) if !new_is_cut => walk.missing(node),
                (None, Some(_)) if !recorded_is_cut => walk.added(node),
                _ => {}
            });
        }
    }
}

type Member<'m, 'a> = Option<&'m (Cow<'a, str>, Node<'a>)>;

/// In the order of what was recorded, then what was added. Names that stand twice are paired in their order.
fn paired<'m, 'a>(recorded: &'m Members<'a>, new: &'m Members<'a>) -> Vec<(Member<'m, 'a>, Member<'m, 'a>)> {
    let are_in_step =
        recorded.len() == new.len() && recorded.iter().zip(new).all(|((name, _), (other, _))| name == other);
    if are_in_step {
        return recorded.iter().zip(new).map(|(old, new)| (Some(old), Some(new))).collect();
    }
    let sorted = |members: &Members<'a>| {
        let mut order: Vec<usize> = (0..members.len()).collect();
        order.sort_by(|a, b| members[*a].0.cmp(&members[*b].0).then(a.cmp(b)));
        order
    };
    let (olds, news) = (sorted(recorded), sorted(new));
    let (mut olds, mut news) = (olds.into_iter().peekable(), news.into_iter().peekable());
    let mut pairs = Vec::with_capacity(recorded.len());
    loop {
        let order = match (olds.peek(), news.peek()) {
            (None, None) => break,
            (Some(_), None) => std::cmp::Ordering::Less,
            (None, Some(_)) => std::cmp::Ordering::Greater,
            (Some(old), Some(other)) => recorded[*old].0.cmp(&new[*other].0),
        };
        pairs.push((olds.next_if(|_| order.is_le()), news.next_if(|_| order.is_ge())));
    }
    pairs.sort_by_key(|(old, new)| (old.unwrap_or(usize::MAX), *new));
    pairs.into_iter().map(|(old, other)| (old.map(|i| &recorded[i]), other.map(|i| &new[i]))).collect()
}
