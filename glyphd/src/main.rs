//! `glyphd`: flags, log, daemon, a signal, drain.

mod allocator;

use std::{
    env,
    io::{self, IsTerminal, Write},
    process::ExitCode,
};

use clap::{CommandFactory, FromArgMatches};
use glyphd::{
    Daemon, Preflight,
    cli::{Args, colour},
    log_to_stderr,
};
use rustix::process::Signal;
use tokio::signal::unix::{SignalKind, signal};

/// What the daemon could not do; the same as for a wrong flag.
const FAILED: u8 = 2;

fn main() -> ExitCode {
    // Before there is a runtime: a launcher has one thread.
    glyphd::launcher::run_if_asked();
    allocator::give_back_large_pieces();
    daemon()
}

#[tokio::main]
async fn daemon() -> ExitCode {
    match run(args()).await {
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

/// The flags; where they are wrong, or ask for help, the process ends here.
fn args() -> Args {
    let command = Args::command().long_version(glyph_commit::version!()).color(colour::asked(env::args_os()));
    Args::from_arg_matches(&command.get_matches()).unwrap_or_else(|error| error.exit())
}

/// Says what a start would find, or do.
fn check(args: Args) -> Result<(), Failure> {
    let found = Preflight::of(args);
    for fault in &found.faults {
        eprintln!("glyphd: {}", fault.what.trim_end());
        fault.hint.iter().for_each(|hint| eprintln!("hint: {hint}"));
    }
    match found.faults.len() {
        0 => {
            let mut text: String =
                found.plan.iter().map(|(word, what)| format!("{word:<9}{what}\n")).collect();
            text.push_str("ok\n");
            io::stdout().write_all(text.as_bytes()).map_err(|e| (format!("standard output: {e}"), None))
        }
        1 => Err(("one fault was found; nothing was started".to_owned(), None)),
        n => Err((format!("{n} faults were found; nothing was started"), None)),
    }
}

type Failure = (String, Option<&'static str>);

async fn run(args: Args) -> Result<(), Failure> {
    let plain = |e: &dyn std::fmt::Display| (e.to_string(), None);
    let in_colour = colour::in_colour(args.color, io::stderr().is_terminal());
    let logs = log_to_stderr(args.log_filter(), in_colour);
    if args.check_config {
        return check(args);
    }
    logs.map_err(|e| (format!("--log {e}"), Some("for example --log debug")))?;
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
