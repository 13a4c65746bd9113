//! Whether the plugin is alive: after some silence it is asked, and it has so long to say anything.

use std::time::{Duration, Instant};

/// When a plugin is asked, and how long it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeartbeatOptions {
    /// After so much silence.
    pub every: Duration,
    /// For so long.
    pub timeout: Duration,
}

impl Default for HeartbeatOptions {
    /// After 10 s, for 30 s.
    fn default() -> Self {
        Self { every: Duration::from_secs(10), timeout: Duration::from_secs(30) }
    }
}

/// What is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Beat {
    Wait,
    Ask,
    Dead,
}

/// One plugin's.
#[derive(Debug)]
pub(super) struct Heartbeat {
    options: HeartbeatOptions,
    heard: Instant,
    /// When it was asked, if it has said nothing since.
    asked: Option<Instant>,
}

impl Heartbeat {
    pub(super) fn new(options: HeartbeatOptions, now: Instant) -> Self {
        Self { options, heard: now, asked: None }
    }

    /// The plugin has said something.
    pub(super) fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.asked = None;
    }

    /// When to look again.
    pub(super) fn due(&self) -> Instant {
        match self.asked {
            Some(asked) => asked + self.options.timeout,
            None => self.heard + self.options.every,
        }
    }

    /// What is to be done now.
    pub(super) fn tick(&mut self, now: Instant) -> Beat {
        match self.asked {
            _ if now < self.due() => Beat::Wait,
            Some(_) => Beat::Dead,
            None => {
                self.asked = Some(now);
                Beat::Ask
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_silent_is_asked_and_who_does_not_answer_is_dead() {
        let options = HeartbeatOptions { every: Duration::from_secs(10), timeout: Duration::from_secs(30) };
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let mut heartbeat = Heartbeat::new(options, start);
        assert_eq!(heartbeat.tick(at(9)), Beat::Wait);
        heartbeat.heard(at(9));
        assert_eq!((heartbeat.tick(at(10)), heartbeat.due()), (Beat::Wait, at(19)));
        assert_eq!((heartbeat.tick(at(19)), heartbeat.due()), (Beat::Ask, at(49)));
        assert_eq!(heartbeat.tick(at(48)), Beat::Wait, "asked once");
        heartbeat.heard(at(48));
        assert_eq!(heartbeat.tick(at(49)), Beat::Wait);
        assert_eq!(heartbeat.tick(at(58)), Beat::Ask);
        assert_eq!(heartbeat.tick(at(88)), Beat::Dead);
    }
}
