//! What is sent, in the order in which it was sent once.
//!
//! In: what the user named, and flags. Out: requests, one after the other in the order of their starts, as often as is
//! asked for; and a [`Tally`] of them. Memory does not grow with the recording. Not here: when each is sent.

mod view;
mod target;
mod keys;
mod left_out;
mod headers;
mod secrets;
mod request;
mod tally;

use std::{cell::Cell, ops::ControlFlow, path::Path, sync::Arc};

use anyhow::Context;
use bytes::Bytes;
use glyph_formats::{
    FORMAT_VERSION,
    jsonl::{index::LineIndex, newer_format},
};

use self::view::View;
pub(super) use self::{
    headers::HeaderFlags,
    keys::Keys,
    left_out::LeftOut,
    request::{Exactly, Prepared, Preparer},
    secrets::{PutBack, Secrecy, SecretFlags},
    tally::Tally,
    target::Target,
};
use crate::commands::flows::{filter::FilterArgs, source::Source};

/// Requests of so many bytes in all are kept, where they are to be sent more than once.
const KEPT: usize = 8 << 20;

/// Recorded flows in the order of their starts.
#[derive(Debug)]
pub(super) struct Plan {
    index: LineIndex,
    limit: u64,
    /// When the first flow began.
    pub(super) start: u64,
    /// From then to the end of the last one, in nanoseconds.
    pub(super) length: u64,
}

/// A request that is to be sent.
#[derive(Debug, Clone)]
pub(super) struct Planned {
    /// How long after the beginning, in nanoseconds, at the recording's own speed.
    pub(super) after: u64,
    pub(super) request: Arc<Prepared>,
}

impl Plan {
    /// Finds out the order.
    pub(super) fn open(given: &Path, filter: &FilterArgs, limit: Option<u64>) -> anyhow::Result<Self> {
        let filter = filter.filter()?;
        let source = Source::open(given)?;
        let (start, end) = (Cell::new(u64::MAX), Cell::new(0));
        let index = source.index(
            |line| filter.may(line),
            |record| {
                let flow = &record.flow;
                if !filter.meets(flow) {
                    return Ok(None);
                }
                start.set(start.get().min(flow.start_time_unix_nano));
                end.set(end.get().max(flow.end_time_unix_nano).max(flow.start_time_unix_nano));
                Ok(Some((flow.start_time_unix_nano, flow.sequence)))
            },
        )?;
        let limit = limit.unwrap_or(u64::MAX);
        let mut plan =
            Self { index, limit, start: start.get(), length: end.get().saturating_sub(start.get()) };
        if plan.limit < plan.index.len() {
            plan.shorten()?;
        }
        Ok(plan)
    }

    /// Ends with the last flow that is within the limit.
    fn shorten(&mut self) -> anyhow::Result<()> {
        let (mut line, mut end) = (Vec::new(), self.start);
        for place in self.index.iter()?.take(usize::try_from(self.limit).unwrap_or(usize::MAX)) {
            self.index.line(&place?, &mut line)?;
            end = end.max(view(&line)?.end_time_unix_nano);
        }
        self.length = end - self.start.min(end);
        Ok(())
    }

    /// How many flows there are.
    pub(super) fn len(&self) -> u64 {
        self.index.len().min(self.limit)
    }

    /// Gives `see` each request, as often as is asked for, until it has seen enough. What becomes of each flow goes to
    /// `tally`, once.
    pub(super) fn each(
        &self,
        preparer: &Preparer,
        times: u64,
        tally: &mut Tally,
        mut see: impl FnMut(Planned) -> ControlFlow<()>,
    ) -> anyhow::Result<()> {
        let mut kept = (times > 1).then(|| Kept { requests: Vec::new(), bytes: 0 });
        for turn in 0..times {
            if let (Some(kept), true) = (&kept, turn > 0) {
                for request in &kept.requests {
                    if see(self.planned(Arc::clone(request), turn)).is_break() {
                        return Ok(());
                    }
                }
                continue;
            }
            let mut line = Vec::new();
            for place in self.index.iter()?.take(usize::try_from(self.limit).unwrap_or(usize::MAX)) {
                self.index.line(&place?, &mut line).context("the recording")?;
                let line = Bytes::copy_from_slice(&line);
                let flow = view(&line)?;
                let prepared = preparer.prepare(&line, &flow)?;
                if turn == 0 {
                    tally.note(&flow, prepared.as_ref());
                }
                let Ok(request) = prepared else { continue };
                let request = Arc::new(request);
                if let Some(keep) = &mut kept {
                    keep.bytes += request.bytes();
                    keep.requests.push(Arc::clone(&request));
                    if keep.bytes > KEPT {
                        kept = None;
                    }
                }
                if see(self.planned(request, turn)).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    fn planned(&self, request: Arc<Prepared>, turn: u64) -> Planned {
        let after = request.start.saturating_sub(self.start).saturating_add(turn.saturating_mul(self.length));
        Planned { after, request }
    }
}

/// Requests that are sent more than once.
struct Kept {
    requests: Vec<Arc<Prepared>>,
    bytes: usize,
}

fn view(line: &[u8]) -> anyhow::Result<View<'_>> {
    if let Some(found) = newer_format(line) {
        anyhow::bail!("format version {found}; this program reads up to {FORMAT_VERSION}");
    }
    serde_json::from_slice(line).context("a flow of the recording")
}
