//! What senders saw, added up.

use std::{collections::BTreeMap, time::Instant};

use glyph_analysis::replay::{Durations, Report};

use super::{
    desk::{Held, Job},
    failure::Failure,
};

/// Later than that is late.
const LATE_NS: u64 = 1_000_000;
/// So many kinds of failures there are at most; their first messages are kept.
const KINDS: usize = 16;

/// What the senders of a thread saw.
#[derive(Debug, Default)]
pub(in super::super) struct Seen {
    /// Those that are the same at first sight.
    pub(in super::super) report: Report,
    /// Requests that were sent, or were to be.
    pub(in super::super) requests: u64,
    pub(in super::super) answered: u64,
    /// Bytes of bodies of answers.
    pub(in super::super) bytes: u64,
    /// By kind: how many, and the first one in words.
    pub(in super::super) failures: BTreeMap<String, (u64, String)>,
    pub(in super::super) lateness: Lateness,
    /// Whether HTTP/2 was spoken.
    pub(in super::super) http2: u64,
    pub(in super::super) last: Option<Instant>,
}

/// How far send times are off those that were meant.
#[derive(Debug, Default)]
pub(in super::super) struct Lateness {
    pub(in super::super) by: Durations,
    /// More than a millisecond late: for want of the answer to the one before it,
    pub(in super::super) order: u64,
    /// for want of a connection,
    pub(in super::super) connection: u64,
    /// for want of time: the machine, or reading the recording, was too slow.
    pub(in super::super) machine: u64,
}

impl Seen {
    pub(super) fn sent(&mut self, job: &Job, at: Instant) {
        self.requests += 1;
        let Some(due) = job.due else { return };
        let late = u64::try_from(at.saturating_duration_since(due).as_nanos()).unwrap_or(u64::MAX);
        self.lateness.by.add(late);
        if late > LATE_NS {
            *match job.held {
                Held::Order => &mut self.lateness.order,
                Held::Connection => &mut self.lateness.connection,
                Held::Nothing => &mut self.lateness.machine,
            } += 1;
        }
    }

    pub(super) fn failed(&mut self, failure: &Failure) {
        let kind = failure.for_flow().kind;
        if self.failures.len() < KINDS || self.failures.contains_key(&kind) {
            self.failures.entry(kind).or_insert_with(|| (0, failure.to_string())).0 += 1;
        }
    }

    pub(in super::super) fn absorb(&mut self, other: Self) {
        self.report.absorb(other.report);
        self.requests += other.requests;
        self.answered += other.answered;
        self.bytes += other.bytes;
        for (kind, (count, first)) in other.failures {
            self.failures.entry(kind).or_insert_with(|| (0, first)).0 += count;
        }
        self.lateness.by.absorb(&other.lateness.by);
        self.lateness.order += other.lateness.order;
        self.lateness.connection += other.lateness.connection;
        self.lateness.machine += other.lateness.machine;
        self.http2 += other.http2;
        self.last = self.last.max(other.last);
    }
}
