//! The parts of a text that expressions match.

use std::ops::Range;

use regex::Regex;

/// Parts that don't overlap, in their order; they are asked for from the beginning of the text to its end.
pub(super) struct Spans(std::iter::Peekable<std::vec::IntoIter<Range<usize>>>);

impl Spans {
    pub(super) fn of(text: &str, expressions: &[Regex]) -> Self {
        let matches =
            expressions.iter().flat_map(|expression| expression.find_iter(text).map(|found| found.range()));
        let mut spans: Vec<_> = matches.filter(|span| !span.is_empty()).collect();
        // Of those that overlap the first counts, and of those that begin together the longest.
        spans.sort_by_key(|span| (span.start, usize::MAX - span.end));
        let mut end = 0;
        spans.retain(|span| {
            let counts = span.start >= end;
            if counts {
                end = span.end;
            }
            counts
        });
        Self(spans.into_iter().peekable())
    }

    /// Where the part ends that begins there, if one does.
    pub(super) fn at(&mut self, at: usize) -> Option<usize> {
        while self.0.next_if(|span| span.start < at).is_some() {}
        self.0.peek().filter(|span| span.start == at).map(|span| span.end)
    }
}
