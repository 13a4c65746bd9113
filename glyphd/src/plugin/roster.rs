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
}

/// All plugins that were started, by name. Cheap to clone.
#[derive(Debug, Clone)]
pub(crate) struct Roster {
    states: Arc<watch::Sender<BTreeMap<String, State>>>,
}

impl Roster {
    /// These plugins, about to start.
    pub(crate) fn of(names: impl Iterator<Item = String>) -> Self {
        let states = names.map(|name| (name, State::Starting)).collect();
        Self { states: Arc::new(watch::Sender::new(states)) }
    }

    pub(crate) fn set(&self, plugin: &str, state: State) {
        self.states.send_modify(|states| {
            states.insert(plugin.to_owned(), state);
        });
    }

    pub(crate) fn states(&self) -> BTreeMap<String, State> {
        self.states.borrow().clone()
    }

    /// Waits until none is starting any more.
    pub(crate) async fn settled(&self) {
        let mut states = self.states.subscribe();
        // The sender lives as long as this roster.
        drop(states.wait_for(|s| s.values().all(|state| *state != State::Starting)).await);
    }
}
