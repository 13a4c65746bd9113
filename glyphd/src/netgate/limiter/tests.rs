//! The window as a table, against a simple one, and against a token bucket of somebody else's.

use std::{
    collections::{BTreeMap, HashMap},
    num::NonZeroU32,
    time::Duration,
};

use governor::{Quota, RateLimiter, clock::FakeRelativeClock};
use proptest::prelude::*;

use super::window::{Came, Rates, Scope, Ticket, Window};

const SECOND: Duration = Duration::from_secs(1);

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn window(global: usize, host: usize, waiting: usize) -> Window {
    Window::new(Rates { window: SECOND, global, host, waiting })
}

fn waits(came: Came) -> (Ticket, Scope) {
    match came {
        Came::Waits(ticket, scope) => (ticket, scope),
        other => panic!("{other:?}"),
    }
}

fn admitted(window: &mut Window, now: Duration) -> Vec<Ticket> {
    std::iter::from_fn(|| window.admit(now)).collect()
}

#[test]
fn a_host_has_its_window_and_others_are_not_kept_by_it() {
    let mut window = window(10, 2, 10);
    assert_eq!(window.come("a", ms(0)), Came::Admitted);
    assert_eq!(window.come("a", ms(400)), Came::Admitted);
    let (first, scope) = waits(window.come("a", ms(500)));
    let (second, _) = waits(window.come("a", ms(500)));
    assert_eq!(scope, Scope::Host);
    assert_eq!(window.come("b", ms(600)), Came::Admitted);
    assert_eq!(window.due(), Some(ms(1_000)));
    assert_eq!(admitted(&mut window, ms(999)), []);
    assert_eq!(admitted(&mut window, ms(1_000)), [first]);
    assert_eq!(admitted(&mut window, ms(1_399)), []);
    assert_eq!(admitted(&mut window, ms(1_400)), [second]);
    assert_eq!(window.due(), None);
}

#[test]
fn all_hosts_have_a_window_in_the_order_of_coming() {
    let mut window = window(2, 1, 10);
    assert_eq!(window.come("a", ms(0)), Came::Admitted);
    assert_eq!(window.come("b", ms(100)), Came::Admitted);
    let (busy, scope) = waits(window.come("a", ms(150)));
    assert_eq!(scope, Scope::Host);
    let (third, scope) = waits(window.come("c", ms(200)));
    assert_eq!(scope, Scope::Global);
    let (fourth, _) = waits(window.come("d", ms(300)));
    assert_eq!(admitted(&mut window, ms(1_000)), [busy], "its host has room again, and it came first");
    assert_eq!(admitted(&mut window, ms(1_100)), [third]);
    let (last, _) = waits(window.come("e", ms(2_000)));
    assert_eq!(admitted(&mut window, ms(2_000)), [fourth], "nobody who comes goes before who is ready");
    assert_eq!(admitted(&mut window, ms(2_100)), [last]);
}

#[test]
fn who_leaves_is_not_waited_for() {
    let mut window = window(10, 1, 3);
    assert_eq!(window.come("a", ms(0)), Came::Admitted);
    let tickets: Vec<_> = (0..3).map(|_| waits(window.come("a", ms(1))).0).collect();
    assert_eq!(window.come("a", ms(1)), Came::Full);
    assert_eq!(window.come("b", ms(1)), Came::Admitted, "who need not wait is not too many");
    window.leave(tickets[0]);
    window.leave(tickets[0]);
    let (last, _) = waits(window.come("a", ms(2)));
    assert_eq!(admitted(&mut window, ms(1_000)), [tickets[1]]);
    window.leave(tickets[2]);
    assert_eq!(admitted(&mut window, ms(2_000)), [last]);
}

#[test]
fn a_host_is_known_while_it_matters_and_no_longer() {
    let mut window = window(1_000, 5, 10);
    for n in 0..1_000 {
        assert_eq!(window.come(&n.to_string(), ms(n)), Came::Admitted);
    }
    assert_eq!(window.hosts(), 1_000);
    // However many others come, none of these begins anew before its time.
    for n in 1_000..100_000 {
        window.come(&n.to_string(), ms(1_000));
        assert!(window.hosts() <= 1_011);
    }
    assert_eq!(admitted(&mut window, ms(60_000)).len(), 10);
    window.come("last", ms(120_000));
    assert_eq!(window.hosts(), 1);
    window.come("last", ms(121_000));
    assert_eq!(window.hosts(), 1);
}

/// What happens: somebody comes to a host, somebody leaves, time passes.
#[derive(Debug, Clone)]
enum Step {
    Come(u8),
    Leave(prop::sample::Index),
    Pass(u16),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        6 => (0..4u8).prop_map(Step::Come),
        1 => any::<prop::sample::Index>().prop_map(Step::Leave),
        3 => (0..400u16).prop_map(Step::Pass),
    ];
    prop::collection::vec(step, 1..300)
}

/// The same, as simply as it can be said: everybody who waits is looked at each time, and every admission is kept.
#[derive(Default)]
struct Simple {
    admitted: Vec<(Duration, u8)>,
    waiting: BTreeMap<u64, u8>,
}

impl Simple {
    fn has_room(&self, host: u8, now: Duration, rates: Rates) -> bool {
        let live = || self.admitted.iter().filter(|(at, _)| *at + rates.window > now);
        live().count() < rates.global && live().filter(|(_, h)| *h == host).count() < rates.host
    }

    fn admit(&mut self, now: Duration, rates: Rates) -> Vec<u64> {
        let mut gone = Vec::new();
        while let Some((id, host)) =
            self.waiting.iter().map(|(id, host)| (*id, *host)).find(|(_, h)| self.has_room(*h, now, rates))
        {
            self.waiting.remove(&id);
            self.admitted.push((now, host));
            gone.push(id);
        }
        gone
    }
}

proptest! {
    #[test]
    fn it_is_what_can_be_said_simply(steps in steps(), global in 1..8usize, host in 1..5usize) {
        let rates = Rates { window: SECOND, global, host, waiting: 20 };
        let (mut window, mut simple) = (Window::new(rates), Simple::default());
        let (mut now, mut ids, mut next) = (ms(0), HashMap::new(), 0);
        for step in steps {
            match step {
                Step::Come(host) => {
                    let came = window.come(&host.to_string(), now);
                    simple.waiting.insert(next, host);
                    let at_once = simple.admit(now, rates).contains(&next);
                    match came {
                        Came::Admitted => prop_assert!(at_once),
                        Came::Waits(ticket, _) => {
                            prop_assert!(!at_once);
                            ids.insert(ticket, next);
                        }
                        Came::Full => {
                            prop_assert!(!at_once && simple.waiting.len() == 21);
                            simple.waiting.remove(&next);
                        }
                    }
                    next += 1;
                }
                Step::Leave(index) => {
                    if !simple.waiting.is_empty() {
                        let id = *index.get(&simple.waiting.keys().copied().collect::<Vec<_>>());
                        let ticket = *ids.iter().find(|(_, i)| **i == id).unwrap().0;
                        simple.waiting.remove(&id);
                        window.leave(ticket);
                    }
                }
                Step::Pass(time) => now += ms(time.into()),
            }
            let gone: Vec<_> = admitted(&mut window, now).iter().map(|ticket| ids[ticket]).collect();
            prop_assert_eq!(gone, simple.admit(now, rates));
            // Nobody has to be waited for who could have gone.
            if let Some(due) = window.due() {
                prop_assert!(due > now);
            }
            prop_assert_eq!(window.due().is_some(), !simple.waiting.is_empty());
        }
    }

    /// What a window of so many admits, a bucket of so many tokens that fills as fast does, too.
    #[test]
    fn a_token_bucket_admits_all_that_is_admitted(steps in steps(), limit in 1..6u32) {
        let rates = Rates { window: SECOND, global: limit as usize, host: 100, waiting: 20 };
        let clock = FakeRelativeClock::default();
        let limit = NonZeroU32::new(limit).unwrap();
        let bucket = RateLimiter::direct_with_clock(Quota::per_second(limit), clock.clone());
        let (mut window, mut now) = (Window::new(rates), ms(0));
        for step in steps {
            match step {
                Step::Come(host) => {
                    if window.come(&host.to_string(), now) == Came::Admitted {
                        prop_assert!(bucket.check().is_ok());
                    }
                }
                Step::Leave(_) => {}
                Step::Pass(time) => {
                    now += ms(time.into());
                    clock.advance(ms(time.into()));
                }
            }
            while window.admit(now).is_some() {
                prop_assert!(bucket.check().is_ok());
            }
        }
    }
}
