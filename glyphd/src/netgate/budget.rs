//! How much a plugin may fetch within a minute: so many requests, and so many bytes of bodies, sent and received.
//!
//! In: requests and bytes, with the time. Out: whether they are too many. A minute is the sixty seconds before now, in
//! steps of one, so that a plugin can't begin anew by waiting for the next one to strike.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
    time::Instant,
};

/// How many seconds a minute has.
const MINUTE: u64 = 60;

/// What a plugin may fetch within a minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budget {
    /// Requests: those that were redirected to or sent again count too.
    pub requests: u64,
    /// Bytes of bodies, in both directions.
    pub bytes: u64,
}

/// What is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Exhausted {
    #[error("the plugin has sent {0} requests within a minute, and may not send more")]
    Requests(u64),
    #[error("the plugin has moved {0} bytes within a minute, and may not move more")]
    Bytes(u64),
}

/// What one plugin has used of the last minute.
#[derive(Debug, Default)]
struct Spent {
    /// By the second.
    seconds: VecDeque<(u64, Budget)>,
    requests: u64,
    bytes: u64,
}

impl Spent {
    fn expire(&mut self, second: u64) {
        while let Some((_, gone)) = self.seconds.pop_front_if(|(at, _)| *at + MINUTE <= second) {
            self.requests -= gone.requests;
            self.bytes -= gone.bytes;
        }
    }

    fn spend(&mut self, requests: u64, bytes: u64, second: u64) {
        self.requests += requests;
        self.bytes += bytes;
        match self.seconds.back_mut() {
            Some((at, spent)) if *at == second => {
                spent.requests += requests;
                spent.bytes += bytes;
            }
            _ => self.seconds.push_back((second, Budget { requests, bytes })),
        }
    }

    /// Whether there is one more request.
    fn request(&mut self, budget: Budget, second: u64) -> Result<(), Exhausted> {
        self.expire(second);
        if self.requests >= budget.requests {
            return Err(Exhausted::Requests(self.requests));
        }
        if self.bytes >= budget.bytes {
            return Err(Exhausted::Bytes(self.bytes));
        }
        self.spend(1, 0, second);
        Ok(())
    }

    /// Whether these bytes, which are there already, were not too many.
    fn bytes(&mut self, bytes: u64, budget: Budget, second: u64) -> Result<(), Exhausted> {
        self.expire(second);
        self.spend(0, bytes, second);
        if self.bytes > budget.bytes { Err(Exhausted::Bytes(self.bytes)) } else { Ok(()) }
    }
}

/// What all plugins have used. Their names are those of manifests and of the policy, so there are never many.
#[derive(Debug)]
pub(crate) struct Budgets {
    budget: Budget,
    start: Instant,
    plugins: Mutex<HashMap<String, Spent>>,
}

impl Budgets {
    pub(crate) fn new(budget: Budget) -> Self {
        Self { budget, start: Instant::now(), plugins: Mutex::default() }
    }

    /// One more request.
    pub(crate) fn request(&self, plugin: &str) -> Result<(), Exhausted> {
        self.with(plugin, |spent, second| spent.request(self.budget, second))
    }

    /// So many more bytes.
    pub(crate) fn bytes(&self, plugin: &str, bytes: u64) -> Result<(), Exhausted> {
        self.with(plugin, |spent, second| spent.bytes(bytes, self.budget, second))
    }

    fn with<T>(&self, plugin: &str, spend: impl FnOnce(&mut Spent, u64) -> T) -> T {
        let second = self.start.elapsed().as_secs();
        let mut plugins: MutexGuard<'_, _> = self.plugins.lock().unwrap_or_else(PoisonError::into_inner);
        match plugins.get_mut(plugin) {
            Some(spent) => spend(spent, second),
            None => spend(plugins.entry(plugin.to_owned()).or_default(), second),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: Budget = Budget { requests: 3, bytes: 100 };

    #[test]
    fn requests_come_back_a_minute_after_they_were_sent() {
        let mut spent = Spent::default();
        for second in [0, 0, 30] {
            assert_eq!(spent.request(BUDGET, second), Ok(()));
        }
        assert_eq!(spent.request(BUDGET, 59), Err(Exhausted::Requests(3)));
        assert_eq!(spent.request(BUDGET, 60), Ok(()));
        assert_eq!(spent.request(BUDGET, 60), Ok(()));
        assert_eq!(spent.request(BUDGET, 60), Err(Exhausted::Requests(3)));
        assert_eq!(spent.request(BUDGET, 90), Ok(()));
        assert!(spent.seconds.len() <= 3);
    }

    #[test]
    fn bytes_are_counted_as_they_pass() {
        let mut spent = Spent::default();
        assert_eq!(spent.bytes(100, BUDGET, 0), Ok(()));
        assert_eq!(spent.request(BUDGET, 1), Err(Exhausted::Bytes(100)));
        assert_eq!(spent.bytes(1, BUDGET, 1), Err(Exhausted::Bytes(101)));
        assert_eq!(spent.request(BUDGET, 60), Ok(()));
        assert_eq!(spent.bytes(99, BUDGET, 60), Ok(()));
    }

    #[test]
    fn each_plugin_has_its_own() {
        let budgets = Budgets::new(Budget { requests: 1, bytes: 1 });
        assert_eq!(budgets.request("a"), Ok(()));
        assert_eq!(budgets.request("a"), Err(Exhausted::Requests(1)));
        assert_eq!(budgets.request("b"), Ok(()));
    }
}
