//! Who may be sent: what waits for nobody that stands before it in a connection or session of the recording.
//!
//! In: jobs in their order, each with the keys of what it belongs to. Out: jobs that may be sent; of those that share a
//! key, one at a time and in their order. Pure: no clock, no thread.

use std::collections::{HashMap, VecDeque};

use super::super::plan::Keys;

/// A job that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(usize);

/// Jobs that wait, and those that may be sent.
#[derive(Debug)]
pub(super) struct Schedule<J> {
    entries: Vec<Entry<J>>,
    free: Vec<usize>,
    /// The last job of each key.
    last: HashMap<u64, usize>,
    ready: VecDeque<usize>,
    /// Jobs that are not done.
    left: usize,
}

#[derive(Debug)]
struct Entry<J> {
    /// None once it is taken.
    job: Option<J>,
    keys: Keys,
    /// By key, the job that comes after it.
    next: [Option<usize>; Keys::MOST],
    /// How many jobs it waits for.
    waits: usize,
    /// Whether it waited for one.
    waited: bool,
}

impl<J> Default for Schedule<J> {
    fn default() -> Self {
        Self { entries: Vec::new(), free: Vec::new(), last: HashMap::new(), ready: VecDeque::new(), left: 0 }
    }
}

impl<J> Schedule<J> {
    /// Adds a job behind all others; tells whether it may be sent at once.
    pub(super) fn push(&mut self, job: J, keys: Keys) -> bool {
        let entry = Entry { job: Some(job), keys, next: [None; Keys::MOST], waits: 0, waited: false };
        let at = match self.free.pop() {
            Some(at) => {
                self.entries[at] = entry;
                at
            }
            None => {
                self.entries.push(entry);
                self.entries.len() - 1
            }
        };
        for key in keys.iter() {
            if let Some(before) = self.last.insert(key, at) {
                let before = &mut self.entries[before];
                if let Some(which) = before.keys.position(key) {
                    before.next[which] = Some(at);
                    self.entries[at].waits += 1;
                    self.entries[at].waited = true;
                }
            }
        }
        self.left += 1;
        let is_ready = self.entries[at].waits == 0;
        if is_ready {
            self.ready.push_back(at);
        }
        is_ready
    }

    /// The next that may be sent, and whether it had to wait for one before it.
    pub(super) fn take(&mut self) -> Option<(Ticket, J, bool)> {
        let at = self.ready.pop_front()?;
        let job = self.entries[at].job.take()?;
        Some((Ticket(at), job, self.entries[at].waited))
    }

    /// A job is done: tells how many more may be sent now.
    pub(super) fn done(&mut self, Ticket(at): Ticket) -> usize {
        let (keys, next) = (self.entries[at].keys, self.entries[at].next);
        self.left -= 1;
        self.free.push(at);
        let mut more = 0;
        for (key, next) in keys.iter().zip(next) {
            let Some(next) = next else {
                self.last.remove(&key);
                continue;
            };
            self.entries[next].waits -= 1;
            if self.entries[next].waits == 0 {
                self.ready.push_back(next);
                more += 1;
            }
        }
        more
    }

    /// Whether nothing waits and nothing is under way.
    pub(super) fn is_empty(&self) -> bool {
        self.left == 0
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    fn keys(keys: &[u64]) -> Keys {
        let mut of = Keys::default();
        keys.iter().for_each(|key| of.add(*key));
        of
    }

    #[test]
    fn who_shares_a_key_waits_and_others_do_not() {
        let mut schedule = Schedule::default();
        assert!(schedule.push("a1", keys(&[1])));
        assert!(!schedule.push("a2", keys(&[1, 9])));
        assert!(!schedule.push("c", keys(&[9])), "a2 has its session and comes first");
        assert!(schedule.push("b", keys(&[2])));
        let (a1, job, _) = schedule.take().unwrap();
        assert_eq!(job, "a1");
        let (b, job, _) = schedule.take().unwrap();
        assert_eq!(job, "b");
        assert!(schedule.take().is_none());
        assert_eq!(schedule.done(b), 0);
        assert_eq!(schedule.done(a1), 1);
        let (a2, job, waited) = schedule.take().unwrap();
        assert_eq!((job, waited), ("a2", true));
        assert!(schedule.take().is_none());
        assert_eq!(schedule.done(a2), 1);
        let (c, _, _) = schedule.take().unwrap();
        schedule.done(c);
        assert!(schedule.is_empty() && schedule.last.is_empty());
    }

    #[test]
    fn whatever_ends_first_orders_hold_and_everybody_has_a_turn() {
        let mut random = 7_u64;
        let mut draw = move |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (random >> 33) % below
        };
        let mut schedule = Schedule::default();
        let jobs: Vec<_> = (0..2_000).map(|_| keys(&[draw(20) + 1, draw(30) + 100])).collect();
        let (mut under_way, mut started, mut next) = (Vec::<(Ticket, usize)>::new(), HashMap::new(), 0);
        let mut taken = 0;
        while taken < jobs.len() {
            for _ in 0..draw(4) {
                if next < jobs.len() {
                    schedule.push(next, jobs[next]);
                    next += 1;
                }
            }
            while let Some((ticket, job, _)) = schedule.take() {
                for key in jobs[job].iter() {
                    assert!(under_way.iter().all(|(_, other)| jobs[*other].position(key).is_none()));
                    let before = started.insert(key, job);
                    assert!(before.is_none_or(|before| before < job), "{before:?} before {job}");
                }
                under_way.push((ticket, job));
                taken += 1;
            }
            if !under_way.is_empty() {
                let (ticket, _) = under_way.swap_remove(draw(under_way.len() as u64) as usize);
                schedule.done(ticket);
            }
        }
    }
}
