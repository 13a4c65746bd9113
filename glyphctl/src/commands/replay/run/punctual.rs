//! A process whose threads are to go on at their time, however busy the machine is: what the system is asked for.
//!
//! It gives what the user's rights allow: real-time scheduling, or else short turns, for which nobody needs rights. Where
//! neither can be had, requests are late more often; how late they are is told.
//!
//! All threads are asked for, and not only those that send: one of those would have to wait for a lock that an ordinary
//! thread holds, which waits for a processor itself.

#[cfg(target_os = "linux")]
use std::num::NonZeroU64;

#[cfg(target_os = "linux")]
use libc::sched_attr;

/// How long a thread means to run when it runs, in nanoseconds: the least that the system takes.
#[cfg(target_os = "linux")]
const TURN: u64 = 100_000;

/// Has the system wake this thread, and all that it starts from now on, when they want to be woken, and not when it suits
/// with other timers; and give them a processor then.
pub(super) fn be_punctual() {
    #[cfg(target_os = "linux")]
    {
        rustix::thread::set_current_timer_slack(NonZeroU64::new(1)).ok();
        come_first();
    }
}

/// Comes before ordinary threads, with the lowest of the real-time priorities; where that is not allowed, at least before
/// one that is in the middle of a longer turn (Linux 6.12; sched(7), sched_setattr(2)). What the user has chosen stays.
#[cfg(target_os = "linux")]
fn come_first() {
    let Some(now) = scheduling().filter(|now| now.sched_policy == libc::SCHED_OTHER.cast_unsigned()) else {
        return;
    };
    let first = sched_attr {
        sched_policy: libc::SCHED_RR.cast_unsigned(),
        sched_nice: 0,
        sched_priority: 1,
        sched_runtime: 0,
        ..now
    };
    if !schedule(&first) {
        schedule(&sched_attr { sched_runtime: TURN, ..now });
    }
}

/// How this thread is scheduled.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "rustix lacks the call")]
fn scheduling() -> Option<sched_attr> {
    let mut now = sched_attr {
        size: 0,
        sched_policy: 0,
        sched_flags: 0,
        sched_nice: 0,
        sched_priority: 0,
        sched_runtime: 0,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the place is ours, and as long as is said; 0 is this thread.
    let told = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut now, size_of_val(&now), 0) };
    (told == 0).then_some(now)
}

/// Asks for that; false if it is not allowed, or not known.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "rustix lacks the call")]
fn schedule(wanted: &sched_attr) -> bool {
    // SAFETY: what is there says how long it is, and is only read; 0 is this thread.
    unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const *wanted, 0) == 0 }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::thread;

    use super::*;

    #[test]
    fn a_thread_comes_first_and_so_do_those_that_it_starts() {
        let thread = thread::spawn(|| {
            be_punctual();
            [scheduling().unwrap(), thread::spawn(scheduling).join().unwrap().unwrap()]
        });
        for now in thread.join().unwrap() {
            let (policy, priority, turn) = (now.sched_policy, now.sched_priority, now.sched_runtime);
            let is_first = policy == libc::SCHED_RR.cast_unsigned() && priority == 1;
            // Systems before 6.12 know no turns, and tell 0.
            let is_brief = policy == libc::SCHED_OTHER.cast_unsigned() && [0, TURN].contains(&turn);
            assert!(is_first || is_brief, "{policy} {priority} {turn}");
        }
    }
}
