//! Scripts of what happens and what is to be done, at seconds; and what holds whatever happens.

use proptest::prelude::*;

use super::*;

const OPTIONS: RestartOptions = RestartOptions {
    restarts: 3,
    backoff: Duration::from_secs(2),
    longest_backoff: Duration::from_secs(6),
    steady: Duration::from_secs(60),
};
/// With all of the pause.
const ENDED: Event = Event::Ended { jitter: 1.0 };

/// Each line: the second, what happens then, what is to be done.
#[track_caller]
fn script(lines: &[(f64, Event, Option<Action>)]) -> Lifecycle {
    let (mut life, start) = (Lifecycle::new(OPTIONS), Instant::now());
    for (second, event, action) in lines {
        let told = life.on(*event, start + Duration::from_secs_f64(*second));
        assert_eq!(told, *action, "at {second} s, {event:?}: {life:?}");
    }
    life
}

use Action::{End as Over, Kill, Start, Terminate};
use Event::{Barred, Closing, Refused, Started, Stop, Tick};

#[test]
fn who_fails_is_started_again_after_pauses_that_grow_and_given_up_in_the_end() {
    let life = script(&[
        (0.0, Started, None),
        (1.0, ENDED, None),
        (2.9, Tick, None),
        (3.0, Tick, Some(Start)),
        (3.0, Started, None),
        (4.0, ENDED, None),
        (7.9, Tick, None),
        (8.0, Tick, Some(Start)),
        // That it can't be started counts too, and six seconds is the longest pause.
        (8.0, ENDED, None),
        (13.9, Tick, None),
        (14.0, Tick, Some(Start)),
        (14.0, Started, None),
        (15.0, ENDED, Some(Over(End::GivenUp { failures: 4 }))),
        (99.0, Tick, None),
        (99.0, Stop, None),
    ]);
    assert_eq!((life.due(), life.failures()), (None, 4));
}

#[test]
fn who_ran_for_a_while_begins_anew() {
    script(&[
        (0.0, Started, None),
        (1.0, ENDED, None),
        (3.0, Tick, Some(Start)),
        (3.0, Started, None),
        (62.9, ENDED, None),
        (66.8, Tick, None),
        (66.9, Tick, Some(Start)),
        (67.0, Started, None),
        (127.0, ENDED, None),
        (129.0, Tick, Some(Start)),
    ]);
}

#[test]
fn a_pause_is_spread_over_its_second_half() {
    for (jitter, seconds) in [(0.0, 1.0), (0.5, 1.5), (1.0, 2.0), (7.0, 2.0)] {
        let start = Instant::now();
        let mut life = Lifecycle::new(OPTIONS);
        life.on(Started, start);
        life.on(Event::Ended { jitter }, start);
        assert_eq!(life.due(), Some(start + Duration::from_secs_f64(seconds)));
    }
}

#[test]
fn who_is_stopped_has_time_to_go_and_then_is_made_to() {
    let life = script(&[
        (0.0, Started, None),
        (5.0, Closing, None),
        (6.0, Stop, None),
        (6.9, Tick, None),
        (7.0, Tick, Some(Terminate)),
        (9.9, Tick, None),
    ]);
    assert!(life.may_end(false), "by its own TERM");
    let life = script(&[
        (0.0, Started, None),
        (6.0, Stop, None),
        (7.0, Tick, Some(Terminate)),
        (10.0, Tick, Some(Kill)),
        (99.0, Tick, None),
    ]);
    assert!(!life.may_end(false), "it had to be killed");
    script(&[(0.0, Started, None), (6.0, Stop, None), (6.5, ENDED, Some(Over(End::Stopped)))]);
    script(&[(0.0, Stop, None), (0.1, Started, None), (1.1, Tick, Some(Terminate))]);
}

#[test]
fn when_the_daemon_ends_nothing_is_started_any_more() {
    script(&[(0.0, Started, None), (1.0, ENDED, None), (1.1, Closing, Some(Over(End::Stopped)))]);
    script(&[(0.0, Started, None), (1.0, ENDED, None), (1.1, Stop, Some(Over(End::Stopped)))]);
    let life = script(&[(0.0, Started, None), (1.0, Closing, None)]);
    assert!(life.may_end(true) && !life.may_end(false));
    script(&[(0.0, Started, None), (1.0, Closing, None), (2.0, ENDED, Some(Over(End::Stopped)))]);
}

#[test]
fn who_would_get_nothing_is_not_started_again() {
    script(&[(0.0, Refused, Some(Over(End::Refused)))]);
    script(&[(0.0, Started, None), (1.0, Barred, None), (2.0, ENDED, Some(Over(End::Barred)))]);
    script(&[(0.0, Started, None), (1.0, ENDED, None), (1.1, Barred, Some(Over(End::Barred)))]);
}

/// What the machine believes in: a process, and what was asked for.
#[derive(Default)]
struct World {
    asked: bool,
    alive: bool,
    over: bool,
    /// Starts since a process last ran for a while.
    starts: u32,
    since: Option<Instant>,
}

impl World {
    fn happens(&mut self, life: &mut Lifecycle, event: Event, now: Instant) {
        match event {
            Started if self.asked => (self.asked, self.alive, self.since) = (false, true, Some(now)),
            Event::Ended { .. } if self.asked || self.alive => {
                if self.since.take().is_some_and(|since| now - since >= OPTIONS.steady) {
                    self.starts = 1;
                }
                (self.asked, self.alive) = (false, false);
            }
            Refused if self.asked => self.asked = false,
            // There is nothing that could.
            Started | Refused | Event::Ended { .. } => return,
            Barred | Closing | Stop | Tick => {}
        }
        match life.on(event, now) {
            Some(Start) => {
                assert!(!self.asked && !self.alive && !self.over, "one process at a time");
                (self.asked, self.starts) = (true, self.starts + 1);
                assert!(self.starts <= OPTIONS.restarts + 1, "given up in time");
            }
            Some(Over(_)) => {
                assert!(!self.asked && !self.alive && !self.over, "it ends once, and after its process");
                self.over = true;
            }
            Some(Terminate | Kill) => assert!(self.alive, "a signal is for a process"),
            None => {}
        }
    }
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => Just(Started),
        6 => (0.0..=1.0).prop_map(|jitter| Event::Ended { jitter }),
        6 => Just(Tick),
        1 => Just(Refused),
        1 => Just(Barred),
        1 => Just(Closing),
        1 => Just(Stop),
    ]
}

proptest! {
    #[test]
    fn there_is_one_process_at_a_time_and_none_in_the_end(
        happening in prop::collection::vec((event(), 0_u64..20_000), 0..60),
    ) {
        let mut now = Instant::now();
        let (mut life, mut world) = (Lifecycle::new(OPTIONS), World { asked: true, starts: 1, ..World::default() });
        for (event, millis) in happening {
            now += Duration::from_millis(millis);
            world.happens(&mut life, event, now);
        }
        world.happens(&mut life, Stop, now);
        world.happens(&mut life, Started, now);
        // A process that heeds nothing but KILL.
        while let Some(due) = life.due() {
            prop_assert!(due <= now + GRACE);
            now = due;
            world.happens(&mut life, Tick, now);
        }
        world.happens(&mut life, ENDED, now);
        prop_assert!(world.over && !world.alive && life.due().is_none());
    }
}
