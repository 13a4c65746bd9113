//! Two exchanges, held against each other.

use glyph_formats::Flow;

use super::{
    comparison::{Comparison, Difference, Kind},
    rules::Rules,
};

/// What differs between a recorded exchange and the one that stands beside it. Only responses are compared: that the
/// requests belong together is for the caller to know.
pub fn compare(recorded: &Flow, new: &Flow, rules: &Rules) -> Comparison {
    let mut comparison = Comparison::default();
    if let (Some(old), Some(new)) = (&recorded.response, &new.response)
        && old.status != new.status
        && !rules.status
    {
        comparison.differences.push(Difference {
            place: "status".to_owned(),
            kind: Kind::Changed,
            recorded: Some(old.status.to_string()),
            new: Some(new.status.to_string()),
        });
    }
    comparison
}
