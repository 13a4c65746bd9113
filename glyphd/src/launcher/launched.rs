//! A program that runs, as the daemon holds it.

use std::io;

use tokio::net::unix::pipe::{Receiver, Sender};

use super::Ending;

/// A program that runs. Dropped, it is killed with all that it has started.
#[derive(Debug)]
pub struct Launched {
    /// Its standard input.
    pub stdin: Option<Sender>,
    /// Its standard output.
    pub stdout: Option<Receiver>,
    /// Its standard error.
    pub stderr: Option<Receiver>,
    pid: u32,
}

impl Launched {
    /// Its first process, as the daemon sees it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// TERM to it and all that it has started. An ending after it is one that was asked for.
    pub fn terminate(&self) {
        todo!()
    }

    /// KILL to it and all that it has started. An ending after it is one that was asked for.
    pub fn kill(&self) {
        todo!()
    }

    /// How it ended, once nothing of it is left. Cancel-safe; once it has told, it tells an error.
    ///
    /// # Errors
    /// The launcher ended without a word. It has taken the program with it.
    pub async fn ended(&mut self) -> io::Result<Ending> {
        todo!()
    }
}
