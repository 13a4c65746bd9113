//! What is odd about span files without keeping them from being read: counted by kind, never guessed over.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// A kind of oddity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// The last line of a file, cut short by a crash.
    TornLine,
    /// A line that is no span, in a file of spans.
    UnreadableLine,
    /// A document of other tools that ends, or stops to be JSON, in the middle.
    BrokenDocument,
    /// An object without a trace id and a span id among spans.
    UnreadableSpan,
    /// A span without a start.
    WithoutStart,
    /// A span with a time below zero or after the year 2262.
    TimeBeyondRange,
    /// A span without an end; taken to have ended when it started.
    WithoutEnd,
    /// A span that ends before it starts; taken to have ended when it started.
    EndBeforeStart,
    /// A span that names no service.
    WithoutService,
    /// A span without a name.
    WithoutName,
    /// A span whose kind is none of OpenTelemetry's.
    UnknownKind,
    /// A span whose status is none of OpenTelemetry's.
    UnknownStatus,
    /// A span whose id another span of its trace has, too. Both count; children go to the first.
    DuplicateId,
    /// A server's span with the id of its client's, as Zipkin has it; taken as the client's child.
    SharedId,
    /// A span of another service than its parent's that starts before it. Nothing is done about the times.
    ClockSkew,
    /// A span whose parent is in none of the files; taken as a root.
    Orphan,
    /// Spans that are each other's ancestors; the one that starts first is taken as a root.
    Cycle,
}

impl Oddity {
    /// The name in machine-readable output.
    pub fn key(self) -> &'static str {
        match self {
            Self::TornLine => "torn_lines",
            Self::UnreadableLine => "unreadable_lines",
            Self::BrokenDocument => "broken_documents",
            Self::UnreadableSpan => "unreadable_spans",
            Self::WithoutStart => "spans_without_start",
            Self::TimeBeyondRange => "times_beyond_range",
            Self::WithoutService => "spans_without_service",
            Self::WithoutName => "spans_without_name",
            Self::UnknownKind => "unknown_kinds",
            Self::UnknownStatus => "unknown_statuses",
            Self::WithoutEnd => "spans_without_end",
            Self::EndBeforeStart => "end_before_start",
            Self::DuplicateId => "duplicate_ids",
            Self::SharedId => "shared_span_ids",
            Self::ClockSkew => "clock_skew",
            Self::Orphan => "orphans",
            Self::Cycle => "cycles",
        }
    }

    /// What it is called when there are so many of it, and what was done about it.
    pub fn describe(self, count: u64) -> String {
        let (one, many, done) = match self {
            Self::TornLine => ("torn line", "torn lines", "left out"),
            Self::UnreadableLine => ("unreadable line", "unreadable lines", "left out"),
            Self::BrokenDocument => ("broken document", "broken documents", "read up to the fault"),
            Self::UnreadableSpan => ("span without usable ids", "spans without usable ids", "left out"),
            Self::WithoutStart => ("span without start", "spans without start", "left out"),
            Self::TimeBeyondRange => {
                ("span with a time beyond range", "spans with a time beyond range", "left out")
            }
            Self::WithoutService => {
                ("span without service", "spans without service", "counted as service \"unknown\"")
            }
            Self::WithoutName => ("span without name", "spans without name", "counted as \"unknown\""),
            Self::UnknownKind => ("span of unknown kind", "spans of unknown kind", "taken as internal"),
            Self::UnknownStatus => ("span of unknown status", "spans of unknown status", "taken as unset"),
            Self::WithoutEnd => ("span without end", "spans without end", "counted with no duration"),
            Self::EndBeforeStart => (
                "span that ends before its start",
                "spans that end before their start",
                "counted with no duration",
            ),
            Self::DuplicateId => (
                "span with another span's id",
                "spans with another span's id",
                "counted, but without children",
            ),
            Self::SharedId => (
                "server span with its client's id",
                "server spans with their clients' ids",
                "as in Zipkin; taken as the client's child",
            ),
            Self::ClockSkew => (
                "span of another service that starts before its parent",
                "spans of other services that start before their parents",
                "the clocks differ; left as it is",
            ),
            Self::Orphan => ("orphan", "orphans", "the parent is in none of the files; taken as a root"),
            Self::Cycle => ("cycle of parents", "cycles of parents", "broken at the earliest span"),
        };
        format!("{} {} ({done})", crate::text::grouped(count), if count == 1 { one } else { many })
    }
}

/// How many there are of each kind of oddity; kinds of which there are none are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct Oddities(#[schemars(with = "BTreeMap<String, u64>")] BTreeMap<Oddity, u64>);

impl Oddities {
    /// Counts some more.
    pub fn add(&mut self, kind: Oddity, count: u64) {
        if count > 0 {
            *self.0.entry(kind).or_default() += count;
        }
    }

    /// How many there are of a kind.
    pub fn get(&self, kind: Oddity) -> u64 {
        self.0.get(&kind).copied().unwrap_or(0)
    }

    /// The kinds that there are, and how many of each.
    pub fn iter(&self) -> impl Iterator<Item = (Oddity, u64)> + '_ {
        self.0.iter().map(|(kind, count)| (*kind, *count))
    }

    /// Whether nothing is odd.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the counts of `other`.
    pub fn absorb(&mut self, other: &Self) {
        for (kind, count) in other.iter() {
            self.add(kind, count);
        }
    }
}

impl Serialize for Oddities {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter().map(|(kind, count)| (kind.key(), count)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn oddities_read_as_english() {
        assert_eq!(Oddity::WithoutEnd.describe(1), "1 span without end (counted with no duration)");
        assert_eq!(
            Oddity::EndBeforeStart.describe(2),
            "2 spans that end before their start (counted with no duration)"
        );
        assert_eq!(Oddity::TornLine.describe(1_000), "1,000 torn lines (left out)");
    }
}
