//! What comparing two exchanges knows at every place, and where it puts what it finds.

use glyph_formats::Flow;

use super::{
    alike::Alike,
    comparison::{Comparison, Difference, Kind, LeftOut, Why},
    rules::{Rules, Step},
};

/// More differences of one exchange are only counted.
const DIFFERENCES: usize = 100;
/// Where numbers of the response's body were replaced.
const BODY: &str = "response.body";

pub(super) struct Context<'a> {
    pub(super) rules: &'a Rules,
    pub(super) alike: Alike,
    recorded: &'a Flow,
    new: &'a Flow,
    comparison: Comparison,
}

impl<'a> Context<'a> {
    pub(super) fn new(recorded: &'a Flow, new: &'a Flow, rules: &'a Rules) -> Self {
        let alike = Alike::new(recorded, new, rules);
        Self { rules, alike, recorded, new, comparison: Comparison::default() }
    }

    /// Whether in a field of that name, on both sides, numbers were replaced.
    pub(super) fn numbers_are_tokens_at(&self, step: Option<&Step<'_>>) -> bool {
        let name = match step {
            Some(Step::Name(name)) => name.as_ref(),
            Some(Step::Index(_)) => "*",
            None => return false,
        };
        let replaced = |flow: &Flow| {
            flow.redactions.iter().filter(|r| r.kind == "json").any(|redaction| {
                let Some(path) = redaction.place.strip_prefix(BODY) else { return false };
                // Of too many, or of what names give away, only the body is told; of a long name only that there is one.
                path.is_empty() || path.rsplit('/').next().is_some_and(|last| last == name || last == "…")
            })
        };
        replaced(self.recorded) && replaced(self.new)
    }

    pub(super) fn tell(
        &mut self,
        place: impl FnOnce() -> String,
        kind: Kind,
        recorded: Option<String>,
        new: Option<String>,
    ) {
        if self.comparison.differences.len() >= DIFFERENCES {
            self.comparison.more += 1;
            return;
        }
        self.comparison.differences.push(Difference { place: place(), kind, recorded, new });
    }

    pub(super) fn leave_out(&mut self, place: &'static str, why: Why) {
        self.comparison.left_out.push(LeftOut { place, why });
    }

    pub(super) fn into_comparison(self) -> Comparison {
        self.comparison
    }
}
