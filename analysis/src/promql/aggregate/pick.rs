//! `topk` and `bottomk`: some elements of each group, as they are.

use std::cmp::Ordering;

use super::{
    super::{error::EvalErrorKind, value::Sample},
    Groups,
};

/// How many a parameter asks for.
pub(super) fn limit(k: f64) -> Result<usize, EvalErrorKind> {
    if k.is_nan() {
        return Err(EvalErrorKind::Argument("Parameter value is NaN".to_owned()));
    }
    if k >= i64::MAX as f64 {
        return Err(EvalErrorKind::Argument(format!("Scalar value {k} overflows int64")));
    }
    Ok(if k < 1.0 { 0 } else { k as usize })
}

/// The `k` greatest or least of each group; NaN comes last, the earlier of equals first.
pub(super) fn pick(groups: Groups, k: usize, greatest: bool) -> Vec<Sample> {
    let order = |a: &Sample, b: &Sample| {
        a.value.is_nan().cmp(&b.value.is_nan()).then_with(|| {
            let ascending = a.value.partial_cmp(&b.value).unwrap_or(Ordering::Equal);
            if greatest { ascending.reverse() } else { ascending }
        })
    };
    let mut picked = Vec::new();
    for (_, mut members) in groups.members {
        members.sort_by(order);
        members.truncate(k);
        picked.extend(members);
    }
    picked
}
