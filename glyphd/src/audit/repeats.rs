//! Denials that repeat themselves: the first of a kind is an entry at once, those that follow it within a second are
//! counted into one more. Nobody fills the record by being refused.
//!
//! Times come in with each call; nothing here waits.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use super::Event;
use crate::telemetry::TraceContext;

/// For so long those after the first are counted.
const WINDOW: Duration = Duration::from_secs(1);
/// So many kinds at once are told apart. What is beyond is of one kind, [`Kind::other`]: names and reasons can be made up.
const KINDS: usize = 64;

/// What makes two denials alike.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Kind {
    pub(super) component: &'static str,
    pub(super) plugin: String,
    pub(super) event: Event,
    pub(super) reason: String,
}

impl Kind {
    fn other(self) -> Self {
        Self { plugin: String::new(), reason: "more kinds of denials than are told apart".to_owned(), ..self }
    }
}

#[derive(Debug)]
struct Window {
    since: Instant,
    repeated: u64,
    /// Where the last of them was decided.
    last: Option<TraceContext>,
}

/// Denials of one kind that were counted.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Counted {
    pub(super) kind: Kind,
    pub(super) times: u64,
    pub(super) last: Option<TraceContext>,
}

/// The windows that are open.
#[derive(Debug, Default)]
pub(super) struct Repeats {
    windows: HashMap<Kind, Window>,
}

impl Repeats {
    /// Counts a denial. It is to be an entry of that kind if it is the first; otherwise it is counted.
    pub(super) fn count(&mut self, kind: Kind, at: Option<TraceContext>, now: Instant) -> Option<Kind> {
        let is_new = !self.windows.contains_key(&kind);
        let kind = if is_new && self.windows.len() >= KINDS { kind.other() } else { kind };
        match self.windows.get_mut(&kind) {
            Some(window) => {
                window.repeated += 1;
                window.last = at;
                None
            }
            None => {
                self.windows.insert(kind.clone(), Window { since: now, repeated: 0, last: at });
                Some(kind)
            }
        }
    }

    /// What was counted in seconds that are over; `all`: in those that are not, too.
    pub(super) fn due(&mut self, now: Instant, all: bool) -> Vec<Counted> {
        let over = |window: &mut Window| all || now.duration_since(window.since) >= WINDOW;
        let due = self.windows.extract_if(|_, window| over(window));
        let counted = due.map(|(kind, Window { repeated: times, last, .. })| Counted { kind, times, last });
        let mut due: Vec<_> = counted.filter(|c| c.times > 0).collect();
        due.sort_by(|a, b| (&a.kind.plugin, &a.kind.reason).cmp(&(&b.kind.plugin, &b.kind.reason)));
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kind(plugin: &str) -> Kind {
        let reason = "no".to_owned();
        Kind { component: "c", plugin: plugin.to_owned(), event: Event::FindingReported, reason }
    }

    #[test]
    fn the_first_is_told_and_the_others_of_its_second_are_counted() {
        let (mut repeats, start) = (Repeats::default(), Instant::now());
        let told: Vec<_> = (0..5).filter_map(|_| repeats.count(kind("a"), None, start)).collect();
        assert_eq!(told, [kind("a")]);
        assert_eq!(
            repeats.count(kind("b"), None, start),
            Some(kind("b")),
            "another plugin's is another kind"
        );
        assert_eq!(repeats.due(start + WINDOW / 2, false), []);
        assert_eq!(repeats.due(start + WINDOW, false), [Counted { kind: kind("a"), times: 4, last: None }]);
        assert_eq!(repeats.count(kind("a"), None, start + WINDOW), Some(kind("a")), "and so it begins anew");
        assert_eq!(repeats.due(start + WINDOW, true), []);
    }

    #[test]
    fn inventing_kinds_does_not_help() {
        let (mut repeats, start) = (Repeats::default(), Instant::now());
        let told = (0..1_000).filter_map(|n| repeats.count(kind(&n.to_string()), None, start)).count();
        assert_eq!(told, KINDS + 1);
        assert_eq!(repeats.due(start, true).iter().map(|c| c.times).sum::<u64>(), 1_000 - told as u64);
    }
}
