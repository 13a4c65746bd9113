//! The life of a plugin's process as a state machine. In: what happens, and when. Out: what is to be done. It has no
//! clock and knows no process; the supervisor has both.
//!
//! ```text
//! starting ──▶ running ──▶ backoff ──▶ starting … ──▶ over
//!                 └──────▶ ending (goodbye, TERM, KILL) ──▶ over
//! ```

use std::time::{Duration, Instant};

use crate::plugin::allowance::RestartOptions;

/// How long a plugin has to end by itself, after the daemon's goodbye.
pub(super) const GOODBYE: Duration = Duration::from_secs(1);
/// How long it has between TERM and KILL.
pub(super) const GRACE: Duration = Duration::from_secs(3);

/// What happens.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Event {
    /// The process is there.
    Started,
    /// It has ended, or could not be started. `jitter`, 0 to 1, says how the next pause is spread.
    Ended { jitter: f64 },
    /// It may not be started, and that won't change.
    Refused,
    /// Its session was ended for what it did: it would get no other.
    Barred,
    /// The daemon's end has begun: nothing is started any more.
    Closing,
    /// The process is to end.
    Stop,
    /// Time has passed.
    Tick,
}

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    Start,
    Terminate,
    Kill,
    /// Nothing, ever again.
    End(End),
}

/// Why there is no further process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The daemon stops.
    Stopped,
    /// It has failed too often, so many times in a row.
    GivenUp { failures: u32 },
    /// It may not be started.
    Refused,
    /// It would get no session.
    Barred,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Starting,
    Running {
        since: Instant,
    },
    Backoff {
        until: Instant,
    },
    /// It was told to end, and has so long for that.
    Leaving {
        until: Instant,
    },
    /// It got TERM.
    Terminated {
        until: Instant,
    },
    /// It got KILL.
    Killed,
    Over(End),
}

/// One plugin's.
#[derive(Debug)]
pub(super) struct Lifecycle {
    options: RestartOptions,
    state: State,
    /// How often in a row it has failed.
    failures: u32,
    barred: bool,
    closing: bool,
    stopping: bool,
}

impl Lifecycle {
    /// The process is to be started now.
    pub(super) fn new(options: RestartOptions) -> Self {
        let (barred, closing, stopping) = (false, false, false);
        Self { options, state: State::Starting, failures: 0, barred, closing, stopping }
    }

    /// When it is to be told that time has passed.
    pub(super) fn due(&self) -> Option<Instant> {
        match self.state {
            State::Backoff { until } | State::Leaving { until } | State::Terminated { until } => Some(until),
            State::Starting | State::Running { .. } | State::Killed | State::Over(_) => None,
        }
    }

    /// Whether it has heard that the plugin is barred, ...
    pub(super) fn barred(&self) -> bool {
        self.barred
    }

    /// ... that the daemon's end has begun, ...
    pub(super) fn closing(&self) -> bool {
        self.closing
    }

    /// ... and that the process is to end.
    pub(super) fn stopping(&self) -> bool {
        self.stopping
    }

    /// How often in a row it has failed.
    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    /// Whether a process that ends now does so as it should.
    pub(super) fn may_end(&self, succeeded: bool) -> bool {
        matches!(self.state, State::Leaving { .. } | State::Terminated { .. }) || (self.closing && succeeded)
    }

    /// Takes what happens. What can't happen in this state is passed over.
    pub(super) fn on(&mut self, event: Event, now: Instant) -> Option<Action> {
        match event {
            Event::Started if self.state == State::Starting => self.started(now),
            Event::Ended { jitter } => self.ended(now, jitter),
            Event::Refused if self.state == State::Starting => self.end(End::Refused),
            Event::Barred => {
                self.barred = true;
                self.end_backoff(End::Barred)
            }
            Event::Closing => {
                self.closing = true;
                self.end_backoff(End::Stopped)
            }
            Event::Stop => self.stop(now),
            Event::Tick => self.tick(now),
            Event::Started | Event::Refused => None,
        }
    }

    fn started(&mut self, now: Instant) -> Option<Action> {
        self.state = match self.stopping {
            true => State::Leaving { until: now + GOODBYE },
            false => State::Running { since: now },
        };
        None
    }

    fn ended(&mut self, now: Instant, jitter: f64) -> Option<Action> {
        match self.state {
            State::Backoff { .. } | State::Over(_) => return None,
            State::Running { since } if now.saturating_duration_since(since) >= self.options.steady => {
                self.failures = 0;
            }
            _ => {}
        }
        if self.closing || self.stopping {
            return self.end(End::Stopped);
        }
        if self.barred {
            return self.end(End::Barred);
        }
        self.failures = self.failures.saturating_add(1);
        if self.failures > self.options.restarts {
            return self.end(End::GivenUp { failures: self.failures });
        }
        self.state = State::Backoff { until: now + pause(self.options, self.failures, jitter) };
        None
    }

    fn stop(&mut self, now: Instant) -> Option<Action> {
        (self.stopping, self.closing) = (true, true);
        if let State::Running { .. } = self.state {
            self.state = State::Leaving { until: now + GOODBYE };
        }
        self.end_backoff(End::Stopped)
    }

    fn tick(&mut self, now: Instant) -> Option<Action> {
        let (next, action) = match self.state {
            State::Backoff { until } if until <= now => (State::Starting, Action::Start),
            State::Leaving { until } if until <= now => {
                (State::Terminated { until: now + GRACE }, Action::Terminate)
            }
            State::Terminated { until } if until <= now => (State::Killed, Action::Kill),
            _ => return None,
        };
        self.state = next;
        Some(action)
    }

    /// Where there is no process whose end is waited for.
    fn end_backoff(&mut self, end: End) -> Option<Action> {
        matches!(self.state, State::Backoff { .. }).then(|| self.end(end)).flatten()
    }

    fn end(&mut self, end: End) -> Option<Action> {
        self.state = State::Over(end);
        Some(Action::End(end))
    }
}

/// The pause after so many failures, from half of it to all, so that plugins that failed together do not come back
/// together.
fn pause(options: RestartOptions, failures: u32, jitter: f64) -> Duration {
    let doublings = failures.saturating_sub(1).min(20);
    let whole = options.backoff.saturating_mul(1 << doublings).min(options.longest_backoff);
    whole.mul_f64(0.5 + jitter.clamp(0.0, 1.0) / 2.0)
}

#[cfg(test)]
mod tests;
