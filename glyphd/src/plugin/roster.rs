//! Which plugins there are, and how each is doing.

use std::{collections::BTreeMap, sync::Arc};

use tokio::sync::watch;

/// How a plugin is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Its process was, or is about to be, started.
    Starting,
    /// Its session is open.
    Connected,
    /// Its session or its process has ended.
    Gone,
    /// Its session was ended for what it did: it gets no other.
    Barred,
}

impl State {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Connected => "connected",
            Self::Gone => "gone",
            Self::Barred => "barred",
        }
    }
}

/// One plugin's line.
#[derive(Debug, Clone, Copy)]
struct Line {
    state: State,
    /// How many of its sessions have ended.
    ended: u64,
}

/// All plugins that were started, by name. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Roster {
    lines: Arc<watch::Sender<BTreeMap<String, Line>>>,
}

impl Roster {
    /// These plugins, about to start.
    pub(crate) fn of(names: impl Iterator<Item = String>) -> Self {
        let lines = names.map(|name| (name, Line { state: State::Starting, ended: 0 })).collect();
        Self { lines: Arc::new(watch::Sender::new(lines)) }
    }

    pub(crate) fn set(&self, plugin: &str, state: State) {
        self.lines.send_modify(|lines| {
            let line = lines.entry(plugin.to_owned()).or_insert(Line { state, ended: 0 });
            // Who is barred stays so.
            if line.state != State::Barred {
                line.ended += u64::from(line.state == State::Connected && state != State::Connected);
                line.state = state;
            }
        });
    }

    /// The plugin's process has ended. A session that is open ends by itself, if it was the process's.
    pub(crate) fn process_ended(&self, plugin: &str) {
        if !self.is_connected(plugin) {
            self.set(plugin, State::Gone);
        }
    }

    pub(crate) fn states(&self) -> BTreeMap<String, State> {
        self.lines.borrow().iter().map(|(name, line)| (name.clone(), line.state)).collect()
    }

    pub(crate) fn is_connected(&self, plugin: &str) -> bool {
        self.lines.borrow().get(plugin).is_some_and(|line| line.state == State::Connected)
    }

    /// Waits until more than `seen` sessions of a plugin have ended, and returns how many; none if it gets no other.
    pub(crate) async fn session_ended(&self, plugin: &str, seen: u64) -> Option<u64> {
        let barred = |line: &Line| line.state == State::Barred;
        let mut lines = self.lines.subscribe();
        // The sender lives as long as this roster.
        let over =
            |lines: &BTreeMap<String, Line>| lines.get(plugin).is_none_or(|l| barred(l) || l.ended > seen);
        let lines = lines.wait_for(over).await.ok()?;
        lines.get(plugin).filter(|line| !barred(line)).map(|line| line.ended)
    }

    /// Waits until none is starting any more.
    pub(crate) async fn settled(&self) {
        let mut lines = self.lines.subscribe();
        drop(lines.wait_for(|l| l.values().all(|line| line.state != State::Starting)).await);
    }
}
