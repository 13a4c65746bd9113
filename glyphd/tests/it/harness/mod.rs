//! What the tests are written with: a daemon in this process or one of its own, and fakes of all that it speaks
//! to. Every wait is bounded here, so that no test needs a time of its own.

pub(crate) mod bus;
pub(crate) mod client;
pub(crate) mod collector;
pub(crate) mod daemon;
pub(crate) mod frames;
pub(crate) mod listening;
pub(crate) mod operator;
pub(crate) mod origin;
pub(crate) mod outlet;
pub(crate) mod peers;
pub(crate) mod plugin;
pub(crate) mod process;
pub(crate) mod prometheus;
pub(crate) mod raw_stream;
pub(crate) mod records;
pub(crate) mod relay;
pub(crate) mod schema;
pub(crate) mod secure;
pub(crate) mod told;
pub(crate) mod witness;

use std::time::Duration;

pub(crate) use bus::FakePlugin;
pub(crate) use client::{Client, RawClient};
pub(crate) use collector::FakeCollector;
pub(crate) use daemon::TestDaemon;
pub(crate) use listening::Listening;
pub(crate) use origin::{FakeOrigin, RawOrigin, text};
pub(crate) use outlet::{Got, Guest};
pub(crate) use plugin::PluginsDir;
pub(crate) use process::{DaemonProcess, Ended};
pub(crate) use prometheus::Prometheus;
pub(crate) use raw_stream::RawStream;
pub(crate) use records::Recorded;
pub(crate) use relay::Relay;
pub(crate) use witness::Witness;

/// Longer than anything here takes, on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_secs(30);

/// Waits, but not for ever.
#[track_caller]
pub(crate) fn within<F: Future>(what: &str, future: F) -> impl Future<Output = F::Output> {
    let place = std::panic::Location::caller();
    async move {
        match tokio::time::timeout(LIMIT, future).await {
            Ok(output) => output,
            Err(_) => panic!("{place}: waited {LIMIT:?} for {what}"),
        }
    }
}
