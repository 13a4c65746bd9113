//! Further tokens for a process whose session has ended while it lives on: a line each on its standard input.

use std::time::Duration;

use tokio::{
    io::{AsyncWrite, AsyncWriteExt},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;

use super::COMPONENT;
use crate::plugin::{Issuer, Roster};

/// How long a plugin may leave its standard input full.
const PATIENCE: Duration = Duration::from_secs(1);
/// The pause before a second token, which doubles with each that follows ...
const PAUSE: Duration = Duration::from_secs(1);
/// ... to that.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// If the last one was so long ago, pauses are short again.
const STEADY: Duration = Duration::from_secs(60);

/// How long the next token is waited with.
#[derive(Debug, Default)]
struct Backoff {
    tokens: u32,
}

impl Backoff {
    /// So long after the last token. The first one comes at once.
    fn pause(&mut self, since: Duration) -> Duration {
        if since >= STEADY {
            self.tokens = 0;
        }
        let doublings = self.tokens.checked_sub(1);
        self.tokens += 1;
        doublings.map_or(Duration::ZERO, |n| PAUSE.saturating_mul(1 << n.min(10)).min(LONGEST_PAUSE))
    }
}

/// Hands tokens out until the plugin gets none any more, or does not read. A daemon whose end has begun gives none. `ended`: how
/// many of the plugin's sessions had, before its process was there to have one.
pub(super) async fn hand_out(
    mut stdin: impl AsyncWrite + Unpin,
    plugin: &str,
    mut ended: u64,
    issuer: &Issuer,
    roster: &Roster,
    end: &CancellationToken,
) {
    let mut backoff = Backoff::default();
    let mut since = Instant::now();
    loop {
        // The token that it has is good for so long; a plugin that is slow needs another.
        match timeout(issuer.access.token_life(), roster.session_ended(plugin, ended)).await {
            Ok(Some(times)) => ended = times,
            Ok(None) => return,
            Err(_) if roster.is_connected(plugin) => continue,
            Err(_) => {}
        }
        sleep(backoff.pause(since.elapsed())).await;
        if end.is_cancelled() {
            return;
        }
        let Ok(token) = issuer.issue(COMPONENT, plugin, "reconnect", None) else { return };
        since = Instant::now();
        let line = token.token + "\n";
        if !matches!(timeout(PATIENCE, stdin.write_all(line.as_bytes())).await, Ok(Ok(()))) {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_keeps_coming_back_waits_longer() {
        let mut backoff = Backoff::default();
        let seconds: Vec<_> = (0..8).map(|_| backoff.pause(Duration::ZERO).as_secs()).collect();
        assert_eq!(seconds, [0, 1, 2, 4, 8, 16, 30, 30]);
        assert_eq!(backoff.pause(STEADY), Duration::ZERO);
    }
}
