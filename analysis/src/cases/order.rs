//! The order of findings: of time, then of ids, then of all that they say.

use glyph_formats::{Finding, UnixNanos};

use super::digest::{self, Sixteen};

/// A finding's place among others.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Order {
    time: UnixNanos,
    pub(super) id: String,
    /// Of two with the same id, always the same one comes first.
    text: Sixteen,
}

impl Order {
    pub(super) fn of(finding: &Finding) -> Self {
        let text = serde_json::to_string(finding).unwrap_or_default();
        Self { time: finding.time_unix_nano, id: finding.id.clone(), text: digest::of(&[&text]) }
    }
}

impl Order {
    pub(super) fn time(&self) -> UnixNanos {
        self.time
    }
}

/// What the first of several findings says.
#[derive(Debug)]
pub(super) struct First {
    order: Order,
    pub(super) text: String,
}

impl First {
    /// Keeps what a finding says, if it comes before what was kept.
    pub(super) fn keep(kept: &mut Option<Self>, order: &Order, text: &str) {
        if kept.as_ref().is_none_or(|kept| *order < kept.order) {
            *kept = Some(Self { order: order.clone(), text: text.to_owned() });
        }
    }
}
