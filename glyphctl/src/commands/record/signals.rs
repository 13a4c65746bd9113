//! The signals that would end glyphctl, and what they mean for the command. What a terminal sends reaches both; what
//! is sent to glyphctl alone is to be passed on.

use std::future::pending;

use anyhow::Context;
use rustix::process::Signal;
use tokio::signal::unix::{self, SignalKind, signal};

/// A signal that glyphctl got.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Received {
    /// From the terminal, so the command has it, too.
    FromTerminal,
    /// Most likely sent to glyphctl alone.
    ToPassOn(Signal),
}

/// The signals that would end glyphctl.
#[derive(Debug)]
pub(crate) struct Signals {
    interrupt: Option<unix::Signal>,
    quit: Option<unix::Signal>,
    terminate: Option<unix::Signal>,
    hangup: Option<unix::Signal>,
}

impl Signals {
    /// From now on they don't. Those that the caller ignores, as nohup does, stay ignored, by the command too.
    pub(crate) fn listen() -> anyhow::Result<Self> {
        let ignored = ignored();
        let listen = |kind: SignalKind| {
            let heeded = ignored >> (kind.as_raw_value() - 1) & 1 == 0;
            heeded.then(|| signal(kind)).transpose().context("signals")
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            quit: listen(SignalKind::quit())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Received {
        tokio::select! {
            () = received(&mut self.interrupt) => Received::FromTerminal,
            () = received(&mut self.quit) => Received::FromTerminal,
            () = received(&mut self.terminate) => Received::ToPassOn(Signal::TERM),
            () = received(&mut self.hangup) => Received::ToPassOn(Signal::HUP),
        }
    }
}

async fn received(signal: &mut Option<unix::Signal>) {
    match signal {
        Some(signal) => drop(signal.recv().await),
        None => pending().await,
    }
}

/// The set of ignored signals, a bit each; empty where the system does not tell.
fn ignored() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let set = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    set.and_then(|set| u64::from_str_radix(set.trim(), 16).ok()).unwrap_or(0)
}
