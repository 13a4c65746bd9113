//! What is odd about span files without keeping them from being read: counted by kind, never guessed over.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use glyph_formats::{SpanId, TraceId};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// A kind of oddity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Oddity {
    /// The last line of a file, cut short by a crash.
    TornLine,
    /// A line that is no span, in a file of spans.
    UnreadableLine,
    /// A compressed file that ends before its end.
    CutShort,
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
            Self::CutShort => "files_cut_short",
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

    /// What it is called when there are so many of it.
    pub fn name(self, count: u64) -> String {
        let (one, many, _) = self.words();
        format!("{} {}", crate::text::grouped(count), if count == 1 { one } else { many })
    }

    /// The same, and what was done about it.
    pub fn describe(self, count: u64) -> String {
        format!("{} ({})", self.name(count), self.words().2)
    }

    /// One of it, many of it, and what is done.
    fn words(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::TornLine => ("torn line", "torn lines", "left out"),
            Self::UnreadableLine => ("unreadable line", "unreadable lines", "left out"),
            Self::CutShort => (
                "compressed file cut short",
                "compressed files cut short",
                "read as far as there is something",
            ),
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
        }
    }
}

/// Where something odd is, as far as that is known.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Place {
    /// The file.
    pub path: Option<PathBuf>,
    /// The line, counted from 1.
    pub line: Option<u64>,
    /// The span.
    pub span: Option<(TraceId, SpanId)>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, line, span } = self;
        if let Some(path) = path {
            write!(f, "{}", path.display())?;
        }
        if let Some(line) = line {
            write!(f, ":{line}")?;
        }
        if let Some((trace, span)) = span {
            write!(f, "{}span {span} of trace {trace}", if path.is_some() { ": " } else { "" })?;
        }
        Ok(())
    }
}

/// How many there are of each kind of oddity, and where the first is; kinds of which there are none are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, JsonSchema)]
#[schemars(transparent)]
pub struct Oddities(#[schemars(with = "BTreeMap<String, u64>")] BTreeMap<Oddity, Found>);

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Found {
    count: u64,
    first: Option<Place>,
}

impl Oddities {
    /// Counts some more.
    pub fn add(&mut self, kind: Oddity, count: u64) {
        if count > 0 {
            self.0.entry(kind).or_default().count += count;
        }
    }

    /// Counts one at that place.
    pub(super) fn add_at(&mut self, kind: Oddity, place: Place) {
        self.add(kind, 1);
        self.place(kind, place);
    }

    /// Says where a kind is met, unless an earlier place is known.
    pub(super) fn place(&mut self, kind: Oddity, place: Place) {
        if let Some(found) = self.0.get_mut(&kind) {
            found.first.get_or_insert(place);
        }
    }

    /// Says of all places without a file that this is theirs.
    pub(super) fn in_file(&mut self, path: &std::path::Path) {
        for place in self.0.values_mut().filter_map(|found| found.first.as_mut()) {
            place.path.get_or_insert_with(|| path.to_owned());
        }
    }

    /// The kinds of which nobody said where they are met.
    pub(super) fn without_place(&self) -> impl Iterator<Item = Oddity> + '_ {
        self.0.iter().filter(|(_, found)| found.first.is_none()).map(|(kind, _)| *kind)
    }

    /// How many there are of a kind.
    pub fn get(&self, kind: Oddity) -> u64 {
        self.0.get(&kind).map_or(0, |found| found.count)
    }

    /// Where one of a kind is, if that is known: of a file the first.
    pub fn example(&self, kind: Oddity) -> Option<&Place> {
        self.0.get(&kind)?.first.as_ref()
    }

    /// The kinds that there are, and how many of each.
    pub fn iter(&self) -> impl Iterator<Item = (Oddity, u64)> + '_ {
        self.0.iter().map(|(kind, found)| (*kind, found.count))
    }

    /// Whether nothing is odd.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds what `other` counts.
    pub fn absorb(&mut self, other: &Self) {
        for (kind, found) in &other.0 {
            self.add(*kind, found.count);
            if let Some(place) = &found.first {
                self.place(*kind, place.clone());
            }
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
