//! Where requests wait until somebody can send them.
//!
//! In: requests, from one thread, in their order; bounded in number and bytes, so that who is faster waits. Out: to each
//! sender, one after the other, what may be sent now. The order is [`Schedule`]'s; this is its lock, and who sleeps by it.

use std::{
    future::poll_fn,
    sync::{Condvar, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::Instant,
};

use super::{
    super::plan::Planned,
    schedule::{Schedule, Ticket},
};

/// So many requests are made ahead of what is answered.
const MOST: usize = 4_096;
/// Of so many bytes in all.
const MOST_BYTES: usize = 8 << 20;
/// Who waits for room is woken when this part of it is free: not for each request, and for so few at a time that making
/// them takes no processor for long from those who send.
const PART: usize = 64;

/// A request that is to be sent.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) planned: Planned,
    /// When, if not at once.
    pub(super) due: Option<Instant>,
    /// What it had to wait for beside that.
    pub(super) held: Held,
}

/// What a request had to wait for, though it was due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Nothing,
    /// The answer to the one before it, in its connection or session.
    Order,
    /// A connection.
    Connection,
}

/// The place.
#[derive(Debug, Default)]
pub(in super::super) struct Desk {
    state: Mutex<State>,
    room: Condvar,
}

#[derive(Debug, Default)]
struct State {
    schedule: Schedule<Job>,
    /// Requests that were let in and are not answered.
    admitted: usize,
    bytes: usize,
    /// Whether somebody waits for room.
    is_full: bool,
    /// Senders without work; who came last is woken first, since its connection is the warmest.
    idle: Vec<usize>,
    wakers: Vec<Option<Waker>>,
    /// No more will come.
    closed: bool,
    /// No more will be sent.
    stopped: bool,
}

impl Desk {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for room for a request; false if no more are wanted.
    pub(in super::super) fn admit(&self, bytes: usize) -> bool {
        let mut state = self.state();
        while !state.stopped
            && state.admitted > 0
            && (state.admitted >= MOST || state.bytes + bytes > MOST_BYTES)
        {
            state.is_full = true;
            state = self.room.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.admitted += 1;
        state.bytes += bytes;
        !state.stopped
    }

    /// Hands over a request that was let in.
    pub(in super::super) fn push(&self, planned: Planned, due: Option<Instant>) {
        let mut state = self.state();
        let sender = state.idle_sender();
        let held = if sender.is_some() { Held::Nothing } else { Held::Connection };
        let keys = planned.request.keys;
        let is_ready = state.schedule.push(Job { planned, due, held }, keys);
        match sender {
            Some(sender) if !is_ready => state.idle.push(sender),
            Some(sender) => {
                let waker = state.wakers[sender].take();
                drop(state);
                waker.into_iter().for_each(Waker::wake);
            }
            None => {}
        }
    }

    /// No more will come.
    pub(in super::super) fn close(&self) {
        self.state().closed = true;
        self.wake_all();
    }

    /// No more is to be sent.
    pub(in super::super) fn stop(&self) {
        self.state().stopped = true;
        self.wake_all();
    }

    pub(in super::super) fn is_stopped(&self) -> bool {
        self.state().stopped
    }

    fn wake_all(&self) {
        let wakers: Vec<_> = self.state().wakers.iter_mut().filter_map(Option::take).collect();
        wakers.into_iter().for_each(Waker::wake);
        self.room.notify_all();
    }

    /// A request is answered, whatever the answer: who waited for that may go.
    pub(super) fn done(&self, ticket: Ticket, bytes: usize) {
        let mut state = self.state();
        let more = state.done(ticket, bytes);
        self.go_on(state, more);
    }

    /// What this sender is to send next, after what it has done; none if it was the last.
    pub(super) async fn next(
        &self,
        sender: usize,
        mut done: Option<(Ticket, usize)>,
    ) -> Option<(Ticket, Job)> {
        poll_fn(|context| {
            let mut state = self.state();
            let mut more = done.take().map_or(0, |(ticket, bytes)| state.done(ticket, bytes));
            let taken = if state.stopped { None } else { state.schedule.take() };
            let next = match taken {
                Some((ticket, mut job, waited)) => {
                    if waited {
                        job.held = Held::Order;
                    }
                    if let Some(waker) = state.wakers.get_mut(sender) {
                        *waker = None;
                    }
                    more = more.saturating_sub(1);
                    Poll::Ready(Some((ticket, job)))
                }
                None if state.is_over() => Poll::Ready(None),
                None => {
                    state.wait(sender, context.waker());
                    Poll::Pending
                }
            };
            self.go_on(state, more);
            next
        })
        .await
    }

    /// Wakes who may go on: so many senders, and who waits for room.
    fn go_on(&self, mut state: MutexGuard<'_, State>, more: usize) {
        let is_over = state.is_over();
        let mut woken = Vec::new();
        for _ in 0..if is_over { usize::MAX } else { more } {
            let Some(sender) = state.idle_sender() else { break };
            woken.extend(state.wakers[sender].take());
        }
        let has_room = is_over
            || (state.admitted <= MOST - MOST / PART && state.bytes <= MOST_BYTES - MOST_BYTES / PART);
        let is_awaited = has_room && std::mem::take(&mut state.is_full);
        drop(state);
        woken.into_iter().for_each(Waker::wake);
        if is_awaited {
            self.room.notify_one();
        }
    }
}

impl State {
    fn done(&mut self, ticket: Ticket, bytes: usize) -> usize {
        self.admitted -= 1;
        self.bytes = self.bytes.saturating_sub(bytes);
        self.schedule.done(ticket)
    }

    fn is_over(&self) -> bool {
        self.stopped || (self.closed && self.schedule.is_empty())
    }

    /// A sender that sleeps, who is to be woken.
    fn idle_sender(&mut self) -> Option<usize> {
        loop {
            let sender = self.idle.pop()?;
            // One that was polled for another reason may have found work meanwhile.
            if self.wakers[sender].is_some() {
                return Some(sender);
            }
        }
    }

    fn wait(&mut self, sender: usize, waker: &Waker) {
        if self.wakers.len() <= sender {
            self.wakers.resize(sender + 1, None);
        }
        if self.wakers[sender].replace(waker.clone()).is_none() {
            self.idle.push(sender);
        }
    }
}
