//! The recorded answers. In: a key, and the host that was asked. Out: the answer whose turn it is.
//!
//! Where they lie is on the disk ([`LineIndex`]), in the order of keys, hosts and times; a bounded memory has those that were
//! asked for last. What is kept for each request that comes is whose turn is next.

use std::{
    collections::{HashMap, HashSet},
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::Context;
use glyph_formats::{
    Flow,
    flow::FlowKind,
    jsonl::index::{LineIndex, Place},
    secrets::Secrets,
};
use lru::LruCache;

use super::{
    answer::Recorded,
    likeness::Likeness,
    nearest::{Named, Nearest},
};
use crate::commands::flows::{filter::Filter, source::Source};

/// How much of what was asked for last is in memory, in bytes.
const CACHE: usize = 64 << 20;
/// Hosts are numbered in the order in which they come; those after so many are one.
const HOSTS: u16 = u16::MAX;
/// The host's number and the time share the order of a line.
const TIME_BITS: u32 = 48;

/// A host and its port.
type Authority = (String, u16);

/// The answers, and whose turn it is.
#[derive(Debug)]
pub(super) struct Book {
    index: LineIndex,
    hosts: HashMap<Authority, u16>,
    nearest: Nearest,
    secrets: Option<Secrets>,
    partial: bool,
    once: bool,
    has_tokens: bool,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    turns: HashMap<(u64, Option<u16>), Turn>,
    cache: LruCache<u64, Arc<Recorded>>,
    cached: usize,
}

/// The answers to the same requests, and which of them comes next.
#[derive(Debug, Clone)]
struct Turn {
    lines: Range<u64>,
    next: u64,
}

/// How an answer is served.
#[derive(Debug, Clone, Copy)]
pub(super) struct Serving {
    pub(super) partial: bool,
    pub(super) once: bool,
}

/// What was found.
pub(super) enum Found {
    Recorded(Arc<Recorded>),
    /// It was there, and has been given as often as it was recorded.
    UsedUp(u64),
    Nothing,
}

impl Book {
    /// Of the flows that the filter leaves.
    pub(super) fn open(
        source: &Source,
        filter: &Filter<'_>,
        likeness: &Likeness,
        secrets: Option<Secrets>,
        serving: Serving,
    ) -> anyhow::Result<Self> {
        let (mut hosts, mut nearest) = (HashMap::new(), Nearest::default());
        let (mut has_tokens, mut start) = (false, None);
        let index = source.index(
            |line| filter.may(line),
            |record| {
                let flow = &record.flow;
                if flow.kind == FlowKind::Tunnel || !filter.meets(flow) {
                    return Ok(None);
                }
                let authority = (flow.request.host.to_ascii_lowercase(), flow.request.port);
                let number = hosts.len().min(usize::from(HOSTS)) as u16;
                let host = if number == HOSTS {
                    hosts.get(&authority).copied().unwrap_or(HOSTS)
                } else {
                    *hosts.entry(authority).or_insert(number)
                };
                let (key, tokens) = likeness.recorded(flow, secrets.as_ref());
                has_tokens |= tokens;
                nearest.learn(key, host, &flow.request.method, &flow.request.url);
                // Flows stand in the order in which they ended: one that began before the first is no surprise.
                let time = flow.start_time_unix_nano / 1_000;
                let base = *start.get_or_insert(time.saturating_sub(1 << (TIME_BITS - 1)));
                let time = time.saturating_sub(base).min((1 << TIME_BITS) - 1);
                Ok(Some((key, u64::from(host) << TIME_BITS | time)))
            },
        )?;
        nearest.close();
        let state = State { turns: HashMap::new(), cache: LruCache::unbounded(), cached: 0 };
        let Serving { partial, once } = serving;
        Ok(Self { index, hosts, nearest, secrets, partial, once, has_tokens, state: Mutex::new(state) })
    }

    /// How many exchanges there are.
    pub(super) fn len(&self) -> u64 {
        self.index.len()
    }

    /// How many hosts they are with.
    pub(super) fn hosts(&self) -> u64 {
        self.hosts.len() as u64
    }

    /// Whether a request may have been recorded with tokens in it.
    pub(super) fn has_tokens(&self) -> bool {
        self.has_tokens
    }

    /// The recorded requests that come nearest.
    pub(super) fn nearest(&self, method: &str, target: &str) -> Vec<&Named> {
        self.nearest.to(method, target)
    }

    /// Whether it matters which host is asked.
    pub(super) fn has_hosts(&self) -> bool {
        self.hosts.len() > 1
    }

    /// The answer whose turn it is. A host that was recorded has its own; one that was not has those of all, host after host.
    pub(super) fn take(&self, key: u64, authority: Option<&Authority>) -> anyhow::Result<Found> {
        let host = authority.and_then(|authority| self.hosts.get(authority)).copied();
        let line = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            let turn = match state.turns.get_mut(&(key, host)) {
                Some(turn) => turn,
                None => {
                    let lines = self.lines(key, host)?;
                    if lines.is_empty() {
                        return Ok(Found::Nothing);
                    }
                    let turn = Turn { next: lines.start, lines };
                    state.turns.entry((key, host)).or_insert(turn)
                }
            };
            let line = match turn.next < turn.lines.end {
                true => turn.next,
                false if self.once => return Ok(Found::UsedUp(turn.lines.end - turn.lines.start)),
                false => turn.lines.end - 1,
            };
            turn.next = line + 1;
            if let Some(recorded) = state.cache.get(&line) {
                return Ok(Found::Recorded(Arc::clone(recorded)));
            }
            line
        };
        let recorded = Arc::new(tokio::task::block_in_place(|| self.read(line))?);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.keep(line, Arc::clone(&recorded));
        Ok(Found::Recorded(recorded))
    }

    /// The lines of a key, those of one host or of all.
    fn lines(&self, key: u64, host: Option<u16>) -> anyhow::Result<Range<u64>> {
        let all = self.index.with_key(key).context("the index of the recording")?;
        let Some(host) = host else { return Ok(all) };
        let first = self.partition(all.clone(), |of| of < host)?;
        Ok(first..self.partition(first..all.end, |of| of == host)?)
    }

    /// The first of a range for whose host `holds` does not hold any more.
    fn partition(
        &self,
        Range { mut start, mut end }: Range<u64>,
        holds: impl Fn(u16) -> bool,
    ) -> anyhow::Result<u64> {
        while start < end {
            let middle = start + (end - start) / 2;
            let place = self.index.get(middle).context("the index of the recording")?;
            match holds(host_of(&place)) {
                true => start = middle + 1,
                false => end = middle,
            }
        }
        Ok(start)
    }

    fn flow(&self, place: &Place) -> anyhow::Result<Flow> {
        let mut line = Vec::new();
        self.index.line(place, &mut line).context("the recording has changed since it was opened")?;
        serde_json::from_slice(&line).context("the recording has changed since it was opened")
    }

    fn read(&self, line: u64) -> anyhow::Result<Recorded> {
        let flow = self.flow(&self.index.get(line)?)?;
        Ok(Recorded::of(flow, self.secrets.as_ref(), self.partial))
    }

    /// How many exchanges nobody asked for, and the first few of them.
    pub(super) fn unasked(&self, most: usize) -> anyhow::Result<(u64, Vec<Named>)> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (mut count, mut first, mut named) = (0, Vec::new(), HashSet::new());
        for (line, place) in (0..).zip(self.index.iter()?) {
            let place = place?;
            let is_asked =
                |host| state.turns.get(&(place.key, host)).is_some_and(|t: &Turn| t.has_given(line));
            if is_asked(None) || is_asked(Some(host_of(&place))) {
                continue;
            }
            count += 1;
            if first.len() < most && named.insert((place.key, host_of(&place))) {
                let request = self.flow(&place)?.request;
                first.push(Named { method: request.method, url: request.url });
            }
        }
        Ok((count, first))
    }
}

impl Turn {
    fn has_given(&self, line: u64) -> bool {
        (self.lines.start..self.next).contains(&line)
    }
}

impl State {
    fn keep(&mut self, line: u64, recorded: Arc<Recorded>) {
        let size = recorded.size();
        if size > CACHE / 4 {
            return;
        }
        self.cached += size;
        if let Some(before) = self.cache.put(line, recorded) {
            self.cached -= before.size();
        }
        while self.cached > CACHE
            && let Some((_, oldest)) = self.cache.pop_lru()
        {
            self.cached -= oldest.size();
        }
    }
}

fn host_of(place: &Place) -> u16 {
    (place.order >> TIME_BITS) as u16
}
