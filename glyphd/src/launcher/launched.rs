//! A program that runs, as the daemon holds it.

use std::io;

use tokio::{
    net::unix::pipe::{Receiver, Sender},
    process::Child,
};

use super::{
    Ending,
    message::{Command, Reply},
    replies::Replies,
};

/// A program that runs. Dropped, it is killed with all that it has started.
#[derive(Debug)]
pub struct Launched {
    /// Its standard input.
    pub stdin: Option<Sender>,
    /// Its standard output.
    pub stdout: Option<Receiver>,
    /// Its standard error.
    pub stderr: Option<Receiver>,
    pub(super) pid: u32,
    pub(super) replies: Replies,
    /// What it said last, if nobody has heard it yet.
    pub(super) reply: Option<Reply>,
    /// Collected when it ends, whether or not somebody waits.
    pub(super) launcher: Child,
}

impl Launched {
    /// Its first process, as the daemon sees it.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// TERM to it and all that it has started. An ending after it is one that was asked for.
    pub fn terminate(&self) {
        self.replies.ask(Command::Terminate);
    }

    /// KILL to it and all that it has started. An ending after it is one that was asked for.
    pub fn kill(&self) {
        self.replies.ask(Command::Kill);
    }

    /// How it ended, once nothing of it is left. Cancel-safe; once it has told, it tells an error.
    ///
    /// # Errors
    /// The launcher ended without a word. It has taken the program with it.
    pub async fn ended(&mut self) -> io::Result<Ending> {
        if self.reply.is_none() {
            self.reply = self.replies.next().await?;
        }
        self.launcher.wait().await?;
        match self.reply.take() {
            Some(Reply::Ended(ending)) => Ok(ending),
            _ => Err(io::Error::other("the launcher was killed")),
        }
    }
}
