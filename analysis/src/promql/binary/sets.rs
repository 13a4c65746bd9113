//! `and`, `or`, `unless`.

use rustc_hash::FxHashSet;

use super::{
    super::{
        ast::{Binary, BinaryOp},
        value::Sample,
    },
    matching::signature,
};

pub(super) fn evaluate(b: &Binary, lhs: Vec<Sample>, rhs: Vec<Sample>) -> Vec<Sample> {
    let of = |sample: &Sample| signature(&sample.labels, &b.matching);
    let (this, other) = if b.op == BinaryOp::Or { (&lhs, &rhs) } else { (&rhs, &lhs) };
    let known: FxHashSet<_> = this.iter().map(of).collect();
    let is_known: Vec<bool> = other.iter().map(|s| known.contains(&of(s))).collect();
    let kept = |samples: Vec<Sample>, wanted: bool| {
        samples.into_iter().zip(is_known).filter(move |(_, known)| *known == wanted).map(|(s, _)| s)
    };
    match b.op {
        BinaryOp::Or => {
            let mut all = lhs;
            all.extend(kept(rhs, false));
            all
        }
        op => kept(lhs, op == BinaryOp::And).collect(),
    }
}
