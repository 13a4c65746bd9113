//! Other people's programs that a test wants. One that is missing skips the test, with the reason; with
//! `GLYPH_PEERS=required` it fails it.

use std::{
    io::{self, Write},
    process::{Command, Output, Stdio},
};

/// The peer that was started; none if it is missing.
pub(crate) fn found<T>(program: &str, spawned: io::Result<T>) -> Option<T> {
    match spawned {
        Ok(child) => Some(child),
        Err(e) if std::env::var_os("GLYPH_PEERS").is_some_and(|v| v == "required") => {
            panic!("missing: {program}: {e}")
        }
        Err(e) => {
            eprintln!("skipped: {program}: {e}");
            None
        }
    }
}

/// Runs a peer with that on its standard input; none if it is missing.
pub(crate) fn run(program: &str, args: &[&str], stdin: &[u8]) -> Option<Output> {
    let piped = || Stdio::piped();
    let spawned = Command::new(program).args(args).stdin(piped()).stdout(piped()).stderr(piped()).spawn();
    let mut child = found(program, spawned)?;
    // It may end without having read all.
    drop(child.stdin.take().unwrap().write_all(stdin));
    Some(child.wait_with_output().unwrap())
}
