//! `glyphd`: flags, log, daemon, a signal, drain.

use std::process::ExitCode;

use clap::Parser;
use glyphd::{Daemon, cli::Args, log_to_stderr};
use mimalloc::MiMalloc;
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// What is taken on one thread is given back on another here, in many small pieces.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

/// What the daemon could not do; the same as for a wrong flag.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    // Before there is a runtime: a launcher has one thread.
    glyphd::launcher::run_if_asked();
    daemon()
}

#[tokio::main]
async fn daemon() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err((error, hint)) => {
            eprintln!("glyphd: {error}");
            if let Some(hint) = hint {
                eprintln!("hint: {hint}");
            }
            ExitCode::from(FAILED)
        }
    }
}

type Failure = (String, Option<&'static str>);

async fn run(args: Args) -> Result<(), Failure> {
    let plain = |e: &dyn std::fmt::Display| (e.to_string(), None);
    log_to_stderr(&args.log).map_err(|e| (format!("--log {e}"), Some("for example --log debug")))?;
    let config = args.into_config().map_err(|e| (e.to_string(), e.hint()))?;
    // From the first moment on, so that a signal during the start is not lost.
    let mut terminate = signal(SignalKind::terminate()).map_err(|e| plain(&e))?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(|e| plain(&e))?;
    // A file that may not grow further is one that can't be written, and no reason to die.
    let _file_size_limit = signal(SignalKind::from_raw(Signal::XFSZ.as_raw())).map_err(|e| plain(&e))?;
    let daemon = Daemon::start(config).await.map_err(|e| (e.to_string(), e.hint()))?;
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    tokio::select! {
        drained = daemon.drain() => drained.map(drop).map_err(|e| plain(&e)),
        // Somebody who asks twice does not want to wait.
        _ = interrupt.recv() => Err(("stopped at once, on a second interrupt".to_owned(), None)),
    }
}
