//! The daemon as a process of its own: flags, signals, log lines, exit code.

use std::{ffi::OsStr, net::SocketAddr, process::Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStderr, Command},
};

use super::{Client, within};

pub(crate) const GLYPHD: &str = env!("CARGO_BIN_EXE_glyphd");

/// A daemon that listens.
pub(crate) struct DaemonProcess {
    child: Child,
    stderr: Lines<BufReader<ChildStderr>>,
    /// What it has said so far, a line each.
    log: Vec<String>,
    pub(crate) proxy: SocketAddr,
    pub(crate) metrics: SocketAddr,
}

/// How a process ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ended {
    /// The log lines of that level.
    pub(crate) fn at_level(&self, level: &str) -> Vec<&str> {
        self.stderr.lines().filter(|line| line.split_whitespace().nth(1) == Some(level)).collect()
    }

    pub(crate) fn warnings(&self) -> Vec<&str> {
        self.at_level("WARN")
    }
}

/// `glyphd` on free ports, with nothing of the test's own environment but what a program needs.
pub(crate) fn command<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Command {
    clean(Command::new(GLYPHD), args)
}

/// Another program that becomes `glyphd`, with the same environment.
pub(crate) fn command_by<S: AsRef<OsStr>>(program: &str, args: impl IntoIterator<Item = S>) -> Command {
    clean(Command::new(program), args)
}

fn clean<S: AsRef<OsStr>>(mut command: Command, args: impl IntoIterator<Item = S>) -> Command {
    command.args(args).env_clear();
    command.envs(["PATH", "TMPDIR"].iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
    command.env("GLYPH_PROXY_ADDR", "127.0.0.1:0").env("GLYPH_METRICS_ADDR", "127.0.0.1:0");
    // The tests speak with their plugins through files of the plugins' folders.
    command.env("GLYPH_SANDBOX", "off");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs a command that is to end by itself.
pub(crate) async fn run(mut command: Command) -> Ended {
    let output = within("the process's end", command.output()).await.unwrap();
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl DaemonProcess {
    pub(crate) async fn start<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Self {
        Self::spawn(command(args)).await
    }

    /// Waits until it listens.
    pub(crate) async fn spawn(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap()).lines();
        let nowhere = SocketAddr::from(([127, 0, 0, 1], 0));
        let mut daemon = Self { child, stderr, log: Vec::new(), proxy: nowhere, metrics: nowhere };
        daemon.listens().await;
        daemon
    }

    /// Waits until it listens, and notes where.
    pub(crate) async fn listens(&mut self) {
        let line = self.line("glyphd listens").await;
        let address = |name: &str| {
            let (_, rest) = line.split_once(name).unwrap();
            rest.split(' ').next().unwrap().parse().unwrap()
        };
        (self.proxy, self.metrics) = (address("proxy="), address("metrics="));
    }

    /// The next log line with that text.
    pub(crate) async fn line(&mut self, text: &str) -> String {
        loop {
            match within(text, self.stderr.next_line()).await.unwrap() {
                Some(line) => {
                    self.log.push(line.clone());
                    if line.contains(text) {
                        return line;
                    }
                }
                None => panic!("the log ended without {text:?}:\n{}", self.log.join("\n")),
            }
        }
    }

    /// Waits for that, and reads the log meanwhile: a daemon with much to say stands still if nobody does.
    pub(crate) async fn meanwhile<F: Future>(&mut self, future: F) -> F::Output {
        let mut future = std::pin::pin!(future);
        loop {
            tokio::select! {
                output = &mut future => return output,
                line = self.stderr.next_line() => match line.unwrap() {
                    Some(line) => self.log.push(line),
                    None => return future.await,
                },
            }
        }
    }

    pub(crate) async fn client(&self) -> Client {
        Client::connect(self.proxy).await
    }

    pub(crate) fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().unwrap().cast_signed()).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Closes the reading end of its standard error.
    pub(crate) fn stop_listening(self) -> Child {
        self.child
    }

    /// Waits for its end.
    pub(crate) async fn ended(mut self) -> Ended {
        while let Some(line) = within("the log's end", self.stderr.next_line()).await.unwrap() {
            self.log.push(line);
        }
        let status = within("the daemon's end", self.child.wait()).await.unwrap();
        let stderr = self.log.join("\n") + "\n";
        Ended { code: status.code(), stdout: String::new(), stderr }
    }

    /// Tells it to end, and waits for that.
    pub(crate) async fn stop(self) -> Ended {
        self.signal(Signal::TERM);
        self.ended().await
    }
}

#[tokio::test]
async fn a_process_that_ends_by_itself_is_told_with_code_and_output() {
    let mut shell = Command::new("sh");
    let ended = run(std::mem::replace(
        shell.args(["-c", "echo out; echo '1970 WARN x' >&2; exit 3"]).stdout(Stdio::piped()),
        Command::new("true"),
    ))
    .await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), "out\n"));
    assert_eq!((ended.warnings(), ended.at_level("INFO")), (vec!["1970 WARN x"], vec![]));
}
