//! What came of the requests, counted; what fitted nothing, by name.

use std::{
    collections::HashMap,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};

/// So many requests that fitted nothing are told apart.
const NAMED: usize = 1_000;
/// Of a URL so much is told.
const LONGEST: usize = 200;

/// The counts.
#[derive(Debug, Default)]
pub(super) struct Tally {
    answered: AtomicU64,
    unmatched: AtomicU64,
    unserved: AtomicU64,
    forwarded: AtomicU64,
    names: Mutex<HashMap<String, u64>>,
}

/// What they came to.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Account {
    /// With a recorded response.
    pub(super) answered: u64,
    /// With 404.
    pub(super) unmatched: u64,
    /// Recorded, but not so that it could be served.
    pub(super) unserved: u64,
    /// Passed on.
    pub(super) forwarded: u64,
    /// Those that fitted nothing, and how often each came, the most frequent first.
    pub(super) names: Vec<(String, u64)>,
}

impl Tally {
    pub(super) fn answered(&self) {
        self.answered.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn unserved(&self) {
        self.unserved.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn forwarded(&self) {
        self.forwarded.fetch_add(1, Ordering::Relaxed);
    }

    /// `name`: method and URL, without secrets.
    pub(super) fn unmatched(&self, mut name: String) {
        self.unmatched.fetch_add(1, Ordering::Relaxed);
        if let Some((end, _)) = name.char_indices().nth(LONGEST) {
            name.truncate(end);
            name.push('\u{2026}');
        }
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        if names.len() < NAMED || names.contains_key(&name) {
            *names.entry(name).or_default() += 1;
        }
    }

    pub(super) fn account(&self) -> Account {
        let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let mut names: Vec<_> = names.iter().map(|(name, n)| (name.clone(), *n)).collect();
        names.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        Account {
            answered: count(&self.answered),
            unmatched: count(&self.unmatched),
            unserved: count(&self.unserved),
            forwarded: count(&self.forwarded),
            names,
        }
    }
}

impl Account {
    pub(super) fn requests(&self) -> u64 {
        self.answered + self.unmatched + self.unserved + self.forwarded
    }
}
