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
    /// Its process has ended, and is started again after a pause.
    Restarting,
    /// Its process has ended too often: it is not started again.
    GivenUp,
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
            Self::Restarting => "restarting",
            Self::GivenUp => "given up",
            Self::Barred => "barred",
        }
    }
}

/// One plugin's line. Its session may outlive its process by a moment, and so be open while the next one starts.
#[derive(Debug, Clone, Copy)]
struct Line {
    /// Of its process, as long as there is no session.
    process: State,
    /// Whether a session is open.
    connected: bool,
    barred: bool,
    /// How many of its sessions have ended.
    ended: u64,
}

impl Line {
    fn new(process: State) -> Self {
        Self { process, connected: false, barred: false, ended: 0 }
    }

    fn state(&self) -> State {
        match self {
            Self { barred: true, .. } => State::Barred,
            Self { connected: true, .. } => State::Connected,
            line => line.process,
        }
    }
}

/// All plugins that were started, by name. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Roster {
    lines: Arc<watch::Sender<BTreeMap<String, Line>>>,
}

impl Roster {
    /// These plugins, about to start.
    pub(crate) fn of(names: impl Iterator<Item = String>) -> Self {
        let lines = names.map(|name| (name, Line::new(State::Starting))).collect();
        Self { lines: Arc::new(watch::Sender::new(lines)) }
    }

    /// What has become of a plugin's session.
    pub(crate) fn session(&self, plugin: &str, state: State) {
        self.change(plugin, |line| {
            line.ended += u64::from(line.connected && state != State::Connected);
            // An old session's end says nothing of a process that is new.
            if line.process == State::Starting && (state == State::Connected || !line.connected) {
                line.process = State::Gone;
            }
            line.connected = state == State::Connected;
            line.barred |= state == State::Barred;
        });
    }

    /// What has become of a plugin's process.
    pub(crate) fn process(&self, plugin: &str, state: State) {
        self.change(plugin, |line| line.process = state);
    }

    fn change(&self, plugin: &str, change: impl FnOnce(&mut Line)) {
        self.lines.send_modify(|lines| {
            change(lines.entry(plugin.to_owned()).or_insert_with(|| Line::new(State::Gone)));
        });
    }

    pub(crate) fn states(&self) -> BTreeMap<String, State> {
        self.lines.borrow().iter().map(|(name, line)| (name.clone(), line.state())).collect()
    }

    pub(crate) fn is_connected(&self, plugin: &str) -> bool {
        self.lines.borrow().get(plugin).is_some_and(|line| line.state() == State::Connected)
    }

    /// Waits until a plugin is barred.
    pub(crate) async fn barred(&self, plugin: &str) {
        let mut lines = self.lines.subscribe();
        // The sender lives as long as this roster.
        drop(lines.wait_for(|lines| lines.get(plugin).is_some_and(|line| line.barred)).await);
    }

    /// Waits until more than `seen` sessions of a plugin have ended, and returns how many; none if it gets no other.
    pub(crate) async fn session_ended(&self, plugin: &str, seen: u64) -> Option<u64> {
        let mut lines = self.lines.subscribe();
        let over =
            |lines: &BTreeMap<String, Line>| lines.get(plugin).is_none_or(|l| l.barred || l.ended > seen);
        let lines = lines.wait_for(over).await.ok()?;
        lines.get(plugin).filter(|line| !line.barred).map(|line| line.ended)
    }

    /// How many sessions of a plugin have ended.
    pub(crate) fn sessions_ended(&self, plugin: &str) -> u64 {
        self.lines.borrow().get(plugin).map_or(0, |line| line.ended)
    }

    /// Waits until none is starting any more.
    pub(crate) async fn settled(&self) {
        let mut lines = self.lines.subscribe();
        drop(lines.wait_for(|l| l.values().all(|line| line.state() != State::Starting)).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_an_old_session_says_nothing_of_a_new_process() {
        let roster = Roster::of(["a".to_owned()].into_iter());
        let is = |state| assert_eq!(roster.states()["a"], state);
        is(State::Starting);
        roster.session("a", State::Connected);
        roster.process("a", State::Restarting);
        is(State::Connected);
        roster.process("a", State::Starting);
        roster.session("a", State::Gone);
        is(State::Starting);
        roster.session("a", State::Connected);
        roster.session("a", State::Gone);
        is(State::Gone);
        assert_eq!(roster.sessions_ended("a"), 2);
    }

    #[test]
    fn who_is_refused_a_session_is_not_waited_for_and_who_is_barred_stays_so() {
        let roster = Roster::of(["a".to_owned()].into_iter());
        roster.session("a", State::Gone);
        assert_eq!(roster.states()["a"], State::Gone);
        roster.session("a", State::Barred);
        roster.session("a", State::Connected);
        roster.process("a", State::GivenUp);
        assert_eq!(roster.states()["a"], State::Barred);
    }
}
