//! Log lines on standard error. Only the binaries call this; a library that is embedded leaves it to its host.

use std::io::IsTerminal;

use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Sends log lines to standard error, from `filter` on: a level (`info`), or levels by module
/// (`warn,glyphd=debug`). Colour only on a terminal, and not where `NO_COLOR` is set. A second call does nothing.
///
/// # Errors
/// If the filter can't be understood.
pub fn to_stderr(filter: &str) -> Result<(), String> {
    // Taken for a module, a mistyped level would silence everything.
    let word = filter.split(',').find(|part| !part.contains('=') && part.parse::<LevelFilter>().is_err());
    if let Some(word) = word {
        return Err(format!("{word:?} is no level: expected error, warn, info, debug, trace or off"));
    }
    let targets: Targets = filter.parse().map_err(|e| format!("{filter:?}: {e}"))?;
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|v| v.is_empty());
    let lines = fmt::layer().with_writer(std::io::stderr).with_ansi(colour);
    // Fails if the process has a subscriber already, and then that one is to stay.
    drop(tracing_subscriber::registry().with(targets).with(lines).try_init());
    Ok(())
}
