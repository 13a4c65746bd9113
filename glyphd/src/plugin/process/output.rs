//! What a plugin's process writes, into the log: line by line, so many of them a second, and read so fast and no faster.
//! A plugin that says more has to wait for its turn, and costs the daemon no more than one that says little.

use std::time::{Duration, Instant};

use tokio::{
    io::{AsyncRead, AsyncReadExt},
    time::{sleep_until, timeout_at},
};

use super::lines::Lines;
use crate::{plugin::rate::Rate, telemetry::Telemetry};

/// How many lines a second of each stream are logged, on average; five seconds' worth may come at once.
const LINES_PER_SECOND: u32 = 100;
/// How many bytes are read before there is a pause until the next second.
const BYTES_PER_SECOND: usize = 4 << 20;
const SECOND: Duration = Duration::from_secs(1);

/// Which lines are logged, and how many were not.
#[derive(Debug)]
struct Quota {
    rate: Rate,
    passed_over: u64,
}

impl Quota {
    fn new(now: Instant) -> Self {
        Self { rate: Rate::new(LINES_PER_SECOND, now), passed_over: 0 }
    }

    fn admits(&mut self, now: Instant) -> bool {
        let admitted = self.rate.take(now);
        self.passed_over += u64::from(!admitted);
        admitted
    }

    /// How many lines were passed over since this was asked last, if any.
    fn passed_over(&mut self) -> Option<u64> {
        Some(std::mem::take(&mut self.passed_over)).filter(|lines| *lines > 0)
    }
}

/// Reads a stream to its end: a plugin that nobody listens to could not write any more.
pub(super) async fn listen(
    telemetry: Telemetry,
    plugin: String,
    stream: &'static str,
    mut pipe: impl AsyncRead + Unpin,
) {
    let (mut lines, mut quota) = (Lines::default(), Quota::new(Instant::now()));
    let mut chunk = vec![0; 16 << 10];
    let (mut second, mut read) = (Instant::now() + SECOND, 0);
    loop {
        let now = Instant::now();
        if now >= second {
            (second, read) = (now + SECOND, 0);
            if let Some(lines) = quota.passed_over() {
                telemetry.plugin_said_too_much(&plugin, stream, lines);
            }
        }
        if read >= BYTES_PER_SECOND {
            sleep_until(second.into()).await;
            continue;
        }
        match timeout_at(second.into(), pipe.read(&mut chunk)).await {
            Ok(Ok(n @ 1..)) => {
                read += n;
                let now = Instant::now();
                lines.push(&chunk[..n], |line| {
                    if quota.admits(now) {
                        telemetry.plugin_said(&plugin, stream, line);
                    }
                });
            }
            Ok(_) => break,
            // A second has passed.
            Err(_) => {}
        }
    }
    if let Some(line) = lines.rest().filter(|_| quota.admits(Instant::now())) {
        telemetry.plugin_said(&plugin, stream, &line);
    }
    if let Some(lines) = quota.passed_over() {
        telemetry.plugin_said_too_much(&plugin, stream, lines);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_says_too_much_is_passed_over_and_counted() {
        let start = Instant::now();
        let mut quota = Quota::new(start);
        assert_eq!((0..10_000).filter(|_| quota.admits(start)).count(), 500);
        assert_eq!((quota.passed_over(), quota.passed_over()), (Some(9_500), None));
        assert_eq!((0..10_000).filter(|_| quota.admits(start + SECOND)).count(), 100);
    }
}
