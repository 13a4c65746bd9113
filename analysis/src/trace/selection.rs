//! Which traces: those that are shown, and those that go into an export.
//!
//! In: resolved [`Traces`] and a [`Choice`]. Out: the traces that it admits, and [`Traces`] of no others. Not here: which
//! spans count ([`super::filter`]): a trace is chosen whole or not at all.

use std::{cmp::Reverse, iter};

use glyph_formats::{TraceId, span::SpanStatus};

use super::{
    Oddities, Spans, Traces, Window,
    columns::{Details, Names},
};

/// What traces have to meet, all of it. By default every trace does.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Choice {
    /// They have one of these ids; any, if there are none here.
    pub ids: Vec<TraceId>,
    /// A span of theirs failed.
    pub errors: bool,
    /// They last into this window.
    pub window: Option<Window>,
    /// They are among so many slowest of those that meet the rest.
    pub slowest: Option<usize>,
}

impl Choice {
    /// Whether it admits every trace.
    pub fn is_everything(&self) -> bool {
        *self == Self::default()
    }
}

/// Why no trace, or not one alone, has an id that begins so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PrefixError {
    /// Several have.
    #[error("several traces begin with that")]
    Several,
    /// None has.
    #[error("no trace with that id there")]
    None,
}

impl Traces {
    /// The only trace whose id begins with `prefix`.
    ///
    /// # Errors
    /// If there is none, or more than one.
    pub fn by_prefix(&self, prefix: &str) -> Result<TraceId, PrefixError> {
        let prefix = prefix.to_ascii_lowercase();
        let mut found = self.spans.trace_ids().iter().filter(|id| id.to_string().starts_with(&prefix));
        match (found.next(), found.next()) {
            (Some(id), None) => Ok(*id),
            (Some(_), Some(_)) => Err(PrefixError::Several),
            (None, _) => Err(PrefixError::None),
        }
    }

    /// The traces that `choice` admits, as positions in [`Spans::trace_ids`]: the slowest first, by the time from the
    /// first start to the last end. Those that last as long as a plugin or a recorded command come last, if no
    /// request is in them.
    pub fn choose(&self, choice: &Choice) -> Vec<usize> {
        let spans = &self.spans;
        let first = spans.extent().map_or(0, |extent| extent.0);
        let window = choice.window.map(|window| window.within(first));
        let mut chosen: Vec<(bool, u64, usize)> = (0..spans.trace_ids().len())
            .filter(|t| choice.ids.is_empty() || choice.ids.contains(&spans.trace_ids()[*t]))
            .filter(|t| {
                let failed = |i: &u32| spans.status[*i as usize] == SpanStatus::Error;
                !choice.errors || self.tree.trace(*t).iter().any(failed)
            })
            .map(|t| (t, self.extent(t)))
            .filter(|(_, (start, end))| {
                window.as_ref().is_none_or(|window| start <= window.end() && end >= window.start())
            })
            .map(|(t, (start, end))| (self.is_lifetime(t), end - start, t))
            .collect();
        chosen.sort_by_key(|(is_lifetime, duration, t)| (*is_lifetime, Reverse(*duration), *t));
        chosen.into_iter().take(choice.slowest.unwrap_or(usize::MAX)).map(|(.., t)| t).collect()
    }

    /// These traces alone, with the names and services that they have; in the order of the files.
    pub fn only(&self, chosen: &[usize]) -> Self {
        let all = &self.spans;
        let mut is_chosen = vec![false; all.trace_ids.len()];
        for t in chosen {
            is_chosen[*t] = true;
        }
        let kept: Vec<usize> = (0..all.len()).filter(|i| is_chosen[all.trace[*i] as usize]).collect();
        let mut details = Details::default();
        kept.iter().for_each(|i| details.push(all.details.get(*i)));
        let mut traces = Numbers::of(all.trace_ids.len());
        let mut services = Numbers::of(all.services.len());
        let mut names = Numbers::of(all.names.len());
        let spans = Spans {
            trace: kept.iter().map(|i| traces.number(all.trace[*i])).collect(),
            span_id: gather(&all.span_id, &kept),
            parent_id: gather(&all.parent_id, &kept),
            service: kept.iter().map(|i| services.number(all.service[*i])).collect(),
            name: kept.iter().map(|i| names.number(all.name[*i])).collect(),
            kind: gather(&all.kind, &kept),
            status: gather(&all.status, &kept),
            start: gather(&all.start, &kept),
            end: gather(&all.end, &kept),
            details,
            trace_ids: traces.old.iter().map(|t| all.trace_ids[*t as usize]).collect(),
            services: services.names(&all.services),
            names: names.names(&all.names),
        };
        // What is odd about the files has been said of all of them.
        Self::resolve(spans, Oddities::default())
    }
}

fn gather<T: Copy>(column: &[T], kept: &[usize]) -> Vec<T> {
    kept.iter().map(|i| column[*i]).collect()
}

/// New numbers for old ones, in the order in which they are asked for.
struct Numbers {
    new: Vec<Option<u32>>,
    old: Vec<u32>,
}

impl Numbers {
    /// For that many old ones.
    fn of(count: usize) -> Self {
        Self { new: iter::repeat_n(None, count).collect(), old: Vec::new() }
    }

    fn number(&mut self, old: u32) -> u32 {
        let next = self.old.len() as u32;
        *self.new[old as usize].get_or_insert_with(|| {
            self.old.push(old);
            next
        })
    }

    fn names(&self, all: &Names) -> Names {
        let mut names = Names::default();
        for old in &self.old {
            names.intern(all.text(*old));
        }
        names
    }
}

#[cfg(test)]
mod tests;
