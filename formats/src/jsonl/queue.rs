//! What waits for an [`Appender`](super::Appender)'s thread: lines in one run of bytes, written by those who hand them over,
//! so that what a record was made of is given back where it was made, and nothing is held for each line.

use std::{
    mem,
    sync::{
        Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use super::{AppenderOptions, Refused};

/// A run that has grown beyond this, when a disk was slow, is not kept for the next lines.
const KEPT: usize = 4 << 20;

/// Items, each some lines and what goes with them.
#[derive(Debug)]
pub(super) struct Run<T> {
    bytes: Vec<u8>,
    /// What goes with an item, and how many of the bytes are its.
    items: Vec<(T, usize)>,
}

impl<T> Default for Run<T> {
    fn default() -> Self {
        Self { bytes: Vec::new(), items: Vec::new() }
    }
}

impl<T> Run<T> {
    /// Takes everything out.
    pub(super) fn drain(&mut self, mut each: impl FnMut(T, &[u8])) {
        let mut start = 0;
        for (item, length) in self.items.drain(..) {
            each(item, &self.bytes[start..start + length]);
            start += length;
        }
        self.bytes.clear();
        if self.bytes.capacity() > KEPT {
            self.bytes = Vec::new();
        }
    }
}

/// What the thread found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Found {
    Items,
    Nothing,
    /// Nothing, and nothing will come.
    Closed,
}

#[derive(Debug)]
struct State<T> {
    run: Run<T>,
    closed: bool,
    /// Whether the thread sleeps until something comes.
    idle: bool,
}

/// The queue, with one thread at its other end.
#[derive(Debug)]
pub(super) struct Queue<T> {
    state: Mutex<State<T>>,
    /// The thread waits here.
    work: Condvar,
    /// Those who wait for room.
    room: Condvar,
    waiting: AtomicUsize,
    /// Items that are not written yet: here, and with the thread.
    held: AtomicUsize,
    options: AppenderOptions,
    /// Whether an item has waited in vain, and none has found room since.
    stuck: AtomicBool,
}

impl<T> Queue<T> {
    pub(super) fn new(options: AppenderOptions) -> Self {
        Self {
            state: Mutex::new(State { run: Run::default(), closed: false, idle: false }),
            work: Condvar::new(),
            room: Condvar::new(),
            waiting: AtomicUsize::new(0),
            held: AtomicUsize::new(0),
            options,
            stuck: AtomicBool::new(false),
        }
    }

    /// Adds an item, if there is room now.
    pub(super) fn try_push(&self, item: T, lines: &[u8]) -> Result<(), Refused> {
        let state = self.state();
        if state.closed || self.is_full() { Err(Refused) } else { self.push_into(state, item, lines) }
    }

    /// Adds an item; waits for room.
    pub(super) fn push(&self, item: T, lines: &[u8]) -> Result<(), Refused> {
        let mut state = self.state();
        if self.is_full() && !state.closed {
            if self.stuck.load(Ordering::Relaxed) {
                return Err(Refused);
            }
            state = self.wait_for_room(state);
            if self.is_full() {
                self.stuck.store(true, Ordering::Relaxed);
                return Err(Refused);
            }
        }
        if state.closed {
            return Err(Refused);
        }
        self.stuck.store(false, Ordering::Relaxed);
        self.push_into(state, item, lines)
    }

    fn wait_for_room<'a>(&self, state: MutexGuard<'a, State<T>>) -> MutexGuard<'a, State<T>> {
        self.waiting.fetch_add(1, Ordering::SeqCst);
        let full = |state: &mut State<T>| self.is_full() && !state.closed;
        let (state, _) = self
            .room
            .wait_timeout_while(state, self.options.patience, full)
            .unwrap_or_else(PoisonError::into_inner);
        self.waiting.fetch_sub(1, Ordering::SeqCst);
        state
    }

    fn push_into(&self, mut state: MutexGuard<'_, State<T>>, item: T, lines: &[u8]) -> Result<(), Refused> {
        state.run.bytes.extend_from_slice(lines);
        state.run.items.push((item, lines.len()));
        self.held.fetch_add(1, Ordering::SeqCst);
        // A thread that gathers comes by itself, unless that would be too late.
        let wake = mem::take(&mut state.idle) || state.run.items.len() == self.options.capacity.div_ceil(2);
        drop(state);
        if wake {
            self.work.notify_one();
        }
        Ok(())
    }

    fn is_full(&self) -> bool {
        self.held.load(Ordering::SeqCst) >= self.options.capacity
    }

    /// Takes no more.
    pub(super) fn close(&self) {
        self.state().closed = true;
        self.work.notify_all();
        self.room.notify_all();
    }

    /// The thread waits until there is something, within that limit.
    pub(super) fn wait(&self, limit: Option<Duration>) -> Found {
        let mut state = self.state();
        state.idle = true;
        let nothing = |state: &mut State<T>| state.run.items.is_empty() && !state.closed;
        let mut state = match limit {
            Some(limit) => {
                let waited = self.work.wait_timeout_while(state, limit, nothing);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => self.work.wait_while(state, nothing).unwrap_or_else(PoisonError::into_inner),
        };
        state.idle = false;
        match (state.run.items.is_empty(), state.closed) {
            (false, _) => Found::Items,
            (true, false) => Found::Nothing,
            (true, true) => Found::Closed,
        }
    }

    /// The thread lets items gather for so long, or until half the room is taken or no more come. Whether they do not.
    pub(super) fn gather(&self, time: Duration) -> bool {
        let few =
            |state: &mut State<T>| state.run.items.len() < self.options.capacity.div_ceil(2) && !state.closed;
        let waited = self.work.wait_timeout_while(self.state(), time, few);
        waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    /// The thread takes all that is there, for an empty run.
    pub(super) fn take(&self, run: &mut Run<T>) {
        mem::swap(&mut self.state().run, run);
    }

    /// The thread has written an item.
    pub(super) fn written(&self) {
        self.held.fetch_sub(1, Ordering::SeqCst);
        if self.waiting.load(Ordering::SeqCst) > 0 {
            // Whoever counts itself among those that wait has looked already, or looks once the state is free.
            drop(self.state());
            self.room.notify_all();
        }
    }

    fn state(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
