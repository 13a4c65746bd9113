//! Why a program ended, told apart by what is known for sure.

use std::{os::unix::process::ExitStatusExt, process::ExitStatus, time::Duration};

use rustix::process::Signal;

use super::{Ending, Status, Termination, Usage, message::Ended};

/// What is known beside a program's own end.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Seen {
    /// The daemon asked for it.
    pub(super) asked: bool,
    pub(super) cpu_limit: Option<Duration>,
    /// The kernel has killed one of its processes at the memory limit.
    pub(super) out_of_memory: bool,
}

/// None of the program: its init was killed, and took it along.
pub(super) fn of(ended: Option<Ended>, seen: &Seen) -> Ending {
    let Some(ended) = ended else {
        let status = Status::Signalled(Signal::KILL.as_raw());
        let termination = termination(status, false, Duration::ZERO, seen);
        return Ending { status, termination, usage: Usage::default() };
    };
    let status = ExitStatus::from_raw(ended.status);
    let status = match status.code() {
        Some(code) => Status::Exited(code),
        None => Status::Signalled(status.signal().unwrap_or_default()),
    };
    let cpu = ended.cpu_user + ended.cpu_system;
    Ending {
        status,
        termination: termination(status, ended.timed_out, cpu, seen),
        usage: Usage {
            cpu_user: ended.cpu_user,
            cpu_system: ended.cpu_system,
            max_rss_bytes: ended.max_rss_bytes,
            wall: ended.wall,
        },
    }
}

fn termination(status: Status, timed_out: bool, cpu: Duration, seen: &Seen) -> Option<Termination> {
    // It may have ended by itself at that very moment.
    if timed_out && status == Status::Signalled(Signal::KILL.as_raw()) {
        return Some(Termination::Timeout);
    }
    if seen.asked || status == Status::Exited(0) {
        return None;
    }
    if seen.out_of_memory {
        return Some(Termination::MemoryLimit);
    }
    let Status::Signalled(signal) = status else { return Some(Termination::Crashed) };
    // What crosses the limit gets XCPU, and KILL if it does not heed that.
    let is_at_limit = seen.cpu_limit.is_some_and(|limit| cpu >= limit);
    if signal == Signal::XCPU.as_raw() || (signal == Signal::KILL.as_raw() && is_at_limit) {
        return Some(Termination::CpuLimit);
    }
    const OWN_FAULTS: [Signal; 9] = [
        Signal::SEGV,
        Signal::ABORT,
        Signal::BUS,
        Signal::ILL,
        Signal::FPE,
        Signal::SYS,
        Signal::TRAP,
        Signal::XFSZ,
        Signal::PIPE,
    ];
    Some(if OWN_FAULTS.iter().any(|fault| fault.as_raw() == signal) {
        Termination::Crashed
    } else {
        Termination::Killed
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn each_end_has_its_own_reason() {
        let (signalled, exited) = (|s: Signal| Status::Signalled(s.as_raw()), Status::Exited);
        let limited = Seen { cpu_limit: Some(SECOND), ..Seen::default() };
        let asked = Seen { asked: true, ..Seen::default() };
        let starved = Seen { out_of_memory: true, ..limited };
        let short = SECOND / 2;
        for (status, timed_out, cpu, seen, want) in [
            (exited(0), false, short, limited, None),
            (exited(1), false, short, limited, Some(Termination::Crashed)),
            (signalled(Signal::SEGV), false, short, limited, Some(Termination::Crashed)),
            (signalled(Signal::KILL), false, short, limited, Some(Termination::Killed)),
            (signalled(Signal::TERM), false, short, limited, Some(Termination::Killed)),
            (signalled(Signal::KILL), false, SECOND, limited, Some(Termination::CpuLimit)),
            (signalled(Signal::XCPU), false, short, limited, Some(Termination::CpuLimit)),
            (signalled(Signal::KILL), false, SECOND, Seen::default(), Some(Termination::Killed)),
            (signalled(Signal::KILL), false, short, starved, Some(Termination::MemoryLimit)),
            (exited(1), false, short, starved, Some(Termination::MemoryLimit)),
            (signalled(Signal::KILL), true, short, limited, Some(Termination::Timeout)),
            (signalled(Signal::KILL), false, short, asked, None),
            (exited(1), false, short, asked, None),
            (exited(0), true, short, limited, None),
            // It was too late to ask.
            (signalled(Signal::KILL), true, short, asked, Some(Termination::Timeout)),
        ] {
            assert_eq!(termination(status, timed_out, cpu, &seen), want, "{status:?} {seen:?}");
        }
    }
}
