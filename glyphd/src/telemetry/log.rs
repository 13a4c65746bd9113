//! Log lines on standard error, without secrets. Only the binaries call this; a library that is embedded leaves it to its host.

use std::{
    io::{self, Write},
    sync::Arc,
};

use tracing_subscriber::{
    filter::{LevelFilter, Targets},
    fmt,
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// Sends log lines to standard error, from `filter` on: a level (`info`), or levels by module
/// (`warn,glyphd=debug`). What stands in a line goes through `clean` first. A second call does nothing.
///
/// # Errors
/// If the filter can't be understood.
pub(crate) fn to_stderr(
    filter: &str,
    in_colour: bool,
    clean: impl Fn(&str) -> String + Send + Sync + 'static,
) -> Result<(), String> {
    let targets = targets(filter)?;
    let clean = Arc::new(clean);
    let lines = fmt::layer().with_writer(move || Lines { clean: Arc::clone(&clean) }).with_ansi(in_colour);
    // Fails if the process has a subscriber already, and then that one is to stay.
    drop(tracing_subscriber::registry().with(targets).with(lines).try_init());
    Ok(())
}

/// What a filter lets through.
///
/// # Errors
/// If it can't be understood.
pub(crate) fn targets(filter: &str) -> Result<Targets, String> {
    // Taken for a module, a mistyped level would silence everything.
    let word = filter.split(',').find(|part| !part.contains('=') && part.parse::<LevelFilter>().is_err());
    match word {
        Some(word) => Err(format!("{word:?} is no level: expected error, warn, info, debug, trace or off")),
        None => filter.parse().map_err(|e| format!("{filter:?}: {e}")),
    }
}

/// Standard error, for lines that are handed over whole.
struct Lines<F> {
    clean: Arc<F>,
}

impl<F: Fn(&str) -> String> Write for Lines<F> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().write_all((self.clean)(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}
