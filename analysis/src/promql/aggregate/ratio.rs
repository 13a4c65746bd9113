//! `limit_ratio`: a share of the rows, by the hash of their labels.

use twox_hash::XxHash64;

use super::super::{
    ast::{Aggregate, TextRange},
    error::{EvalError, EvalErrorKind},
    note::Level,
    row::Row,
    scope::Scope,
    value::general,
};
use crate::metrics::Labels;

/// The rows whose place in [0, 1) lies below `shares[step]`, or, if that is negative, in the rest that the share of the
/// opposite sign leaves.
pub(super) fn share(
    scope: &mut Scope<'_>,
    rows: Vec<Row>,
    a: &Aggregate,
    shares: &[f64],
    range: TextRange,
) -> Result<Vec<Row>, EvalError> {
    if shares.iter().any(|share| share.is_nan()) {
        return Err(EvalErrorKind::Argument("Ratio value is NaN".to_owned()).at(range));
    }
    let place = a.param.as_ref().map_or(range, |param| param.range);
    let greatest = shares.iter().copied().filter(|share| *share > 1.0).reduce(f64::max);
    let least = shares.iter().copied().filter(|share| *share < -1.0).reduce(f64::min);
    for (share, cap) in [(greatest, "1"), (least, "-1")] {
        if let Some(share) = share {
            let share = general(share);
            let text = format!("ratio value should be between -1 and 1, got {share}, capping to {cap}");
            scope.note(Level::Warning, &text, place);
        }
    }
    let kept = rows.into_iter().map(|row| {
        let place = place_of(&row.labels);
        let is_in = |share: f64| {
            let share = share.clamp(-1.0, 1.0);
            if share >= 0.0 { place < share } else { place >= 1.0 + share }
        };
        Row { column: row.column.filter_map(|step, value| is_in(shares[step]).then_some(value)), ..row }
    });
    Ok(kept.filter(|row| !row.column.is_empty()).collect())
}

/// A label set's place in [0, 1): its hash in Prometheus, xxHash64 of names and values with their lengths before them.
fn place_of(labels: &Labels) -> f64 {
    let mut bytes = Vec::new();
    for text in labels.pairs().iter().flat_map(|(name, value)| [name, value]) {
        let length = text.len();
        if length < 255 {
            bytes.push(length as u8);
        } else {
            bytes.push(255);
            bytes.extend_from_slice(&(length as u32).to_le_bytes()[..3]);
        }
        bytes.extend_from_slice(text.as_bytes());
    }
    XxHash64::oneshot(0, &bytes) as f64 / u64::MAX as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_spread_evenly() {
        let places: Vec<f64> =
            (0..1_000).map(|i| place_of(&Labels::of([("i", i.to_string().as_str())]))).collect();
        assert!(places.iter().all(|place| (0.0..1.0).contains(place)));
        for tenth in 0..10 {
            let from = f64::from(tenth) / 10.0;
            let count = places.iter().filter(|place| (from..from + 0.1).contains(*place)).count();
            assert!((60..140).contains(&count), "{count} of 1,000 places are in [{from}, {from} + 0.1)");
        }
    }
}
