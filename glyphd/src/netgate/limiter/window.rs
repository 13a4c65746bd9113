//! Who may send, and when: a sliding window over all requests and one over each host's, and queues before them.
//!
//! In: who comes and who leaves, with the time. Out: who is admitted. Nothing here waits, and no time passes by itself.
//!
//! In no stretch of time as long as the window are more requests admitted than may be, to all hosts together or to one.
//! Those who wait for a host are admitted in the order in which they came, and so is everybody whose host has room; who
//! waits for a busy host is in nobody's way. What is admitted at the end of a window leaves its log in the order in
//! which it came there, so that there is one log for all. A host is known as long as it has an entry there or somebody
//! waits for it: there are never more hosts than entries and waiters, and none is forgotten before its time.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    sync::Arc,
    time::Duration,
};

/// What is not exceeded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rates {
    /// How long a window is.
    pub window: Duration,
    /// Requests within it, to all hosts.
    pub global: usize,
    /// Requests within it, to one host.
    pub host: usize,
    /// How many may wait.
    pub waiting: usize,
}

/// Which window had no room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The one over all requests.
    Global,
    /// The one over the host's.
    Host,
}

impl Scope {
    /// As metrics and spans have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Host => "host",
        }
    }
}

/// Somebody who waits: in the order in which they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(u64);

/// What becomes of who comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Came {
    /// Goes at once.
    Admitted,
    /// Waits, for that window.
    Waits(Ticket, Scope),
    /// As many wait as may.
    Full,
}

/// Where a host stands in [`Window::hosts`].
type Place = usize;

#[derive(Debug, Default)]
struct Host {
    name: Arc<str>,
    /// Its entries in the log.
    live: usize,
    queue: BTreeSet<Ticket>,
}

/// The windows and the queues. Times are those since any fixed moment.
#[derive(Debug)]
pub struct Window {
    rates: Rates,
    /// When each was admitted, and to where; the oldest first.
    log: VecDeque<(Duration, Place)>,
    hosts: Vec<Host>,
    free: Vec<Place>,
    index: HashMap<Arc<str>, Place>,
    waiting: HashMap<Ticket, Place>,
    /// The first of each queue whose host has room.
    ready: BTreeSet<(Ticket, Place)>,
    next: u64,
}

impl Window {
    /// Nobody has come.
    pub fn new(rates: Rates) -> Self {
        Self {
            rates,
            log: VecDeque::new(),
            hosts: Vec::new(),
            free: Vec::new(),
            index: HashMap::new(),
            waiting: HashMap::new(),
            ready: BTreeSet::new(),
            next: 0,
        }
    }

    /// Somebody wants to send to that host. Who waits is admitted by [`Window::admit`], or leaves.
    pub fn come(&mut self, host: &str, now: Duration) -> Came {
        self.expire(now);
        let place = match self.index.get(host) {
            Some(place) => *place,
            None => self.add(host),
        };
        let Host { live, queue, .. } = &self.hosts[place];
        let scope = if live + queue.len() >= self.rates.host { Scope::Host } else { Scope::Global };
        // Who is ready waits for the global window, and came before.
        if scope == Scope::Global && self.ready.is_empty() && self.log.len() < self.rates.global {
            self.enter(place, now);
            return Came::Admitted;
        }
        if self.waiting.len() >= self.rates.waiting {
            self.forget_if_idle(place);
            return Came::Full;
        }
        let ticket = Ticket(self.next);
        self.next += 1;
        self.waiting.insert(ticket, place);
        self.hosts[place].queue.insert(ticket);
        self.make_ready(place);
        Came::Waits(ticket, scope)
    }

    /// Somebody waits no longer.
    pub fn leave(&mut self, ticket: Ticket) {
        let Some(place) = self.waiting.remove(&ticket) else { return };
        self.hosts[place].queue.remove(&ticket);
        if self.ready.remove(&(ticket, place)) {
            self.make_ready(place);
        }
        self.forget_if_idle(place);
    }

    /// The next of those who wait that may go now.
    pub fn admit(&mut self, now: Duration) -> Option<Ticket> {
        self.expire(now);
        if self.log.len() >= self.rates.global {
            return None;
        }
        let (ticket, place) = self.ready.pop_first()?;
        self.waiting.remove(&ticket);
        self.hosts[place].queue.remove(&ticket);
        self.enter(place, now);
        self.make_ready(place);
        Some(ticket)
    }

    /// When somebody may be admitted again, if anybody waits.
    pub fn due(&self) -> Option<Duration> {
        if self.waiting.is_empty() {
            return None;
        }
        self.log.front().map(|(at, _)| *at + self.rates.window)
    }

    /// How many hosts are known.
    pub fn hosts(&self) -> usize {
        self.index.len()
    }

    fn add(&mut self, name: &str) -> Place {
        let name = Arc::<str>::from(name);
        let host = Host { name: Arc::clone(&name), ..Host::default() };
        let place = match self.free.pop() {
            Some(place) => {
                self.hosts[place] = host;
                place
            }
            None => {
                self.hosts.push(host);
                self.hosts.len() - 1
            }
        };
        self.index.insert(name, place);
        place
    }

    fn enter(&mut self, place: Place, now: Duration) {
        self.hosts[place].live += 1;
        self.log.push_back((now, place));
    }

    /// Takes out of the log what the window has left behind.
    fn expire(&mut self, now: Duration) {
        while let Some((_, place)) =
            self.log.pop_front_if(|(at, _)| now.saturating_sub(*at) >= self.rates.window)
        {
            self.hosts[place].live -= 1;
            self.make_ready(place);
            self.forget_if_idle(place);
        }
    }

    fn make_ready(&mut self, place: Place) {
        let host = &self.hosts[place];
        if host.live < self.rates.host
            && let Some(first) = host.queue.first()
        {
            self.ready.insert((*first, place));
        }
    }

    fn forget_if_idle(&mut self, place: Place) {
        let host = &self.hosts[place];
        if host.live == 0 && host.queue.is_empty() {
            self.index.remove(&host.name);
            self.free.push(place);
        }
    }
}
