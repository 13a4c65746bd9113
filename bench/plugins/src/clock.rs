//! CPU time: of this thread, of this process, of another.

use std::{fs, time::Duration};

use anyhow::Context;
use rustix::time::{ClockId, clock_gettime};

/// Of this thread.
pub(crate) fn thread() -> Duration {
    of(ClockId::ThreadCPUTime)
}

/// Of all threads of this process.
pub(crate) fn process() -> Duration {
    of(ClockId::ProcessCPUTime)
}

fn of(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs().try_into().unwrap_or(0))
}

/// Of another process, to a hundredth of a second.
pub(crate) fn other(pid: u32) -> anyhow::Result<Duration> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let (_, fields) = stat.rsplit_once(") ").context("a line of /proc/PID/stat")?;
    let ticks = fields.split(' ').skip(11).take(2).map(str::parse::<u64>);
    let ticks: u64 = ticks.sum::<Result<_, _>>()?;
    Ok(Duration::from_millis(ticks * 10))
}

/// The processes that a process has started, and that these have: launchers, and plugins below them.
pub(crate) fn descendants(pid: u32) -> anyhow::Result<Vec<u32>> {
    let mut found = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task"))? {
        let text = fs::read_to_string(task?.path().join("children"))?;
        for child in text.split_whitespace().filter_map(|pid| pid.parse::<u32>().ok()) {
            found.push(child);
            found.extend(descendants(child)?);
        }
    }
    Ok(found)
}

/// The value below which that share of them lies (nearest rank).
pub(crate) fn quantile(sorted: &[u64], q: f64) -> u64 {
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}
