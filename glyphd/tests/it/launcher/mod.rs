//! Programs behind the launcher's walls: real processes, through the real `glyphd`, that try what `attack.py` knows.

mod endings;
pub(crate) mod left_behind;
mod limits;
mod pinned;
mod rights;
mod walls;

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::OnceLock,
};

use glyphd::launcher::{Ending, Launched, Launcher, Limits, Plan, Sandbox, Wall};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, BufReader};

use crate::harness::{peers, within};

/// The machine's own: the walls leave no other in place.
const PYTHON: &str = "/usr/bin/python3";
const SCRIPT: &str = "attack.py";

/// Where the launcher's program is, for a user who can't execute the one that was built.
const EXECUTABLE: &str = "GLYPH_TEST_EXECUTABLE";

fn executable() -> PathBuf {
    std::env::var_os(EXECUTABLE).unwrap_or_else(|| env!("CARGO_BIN_EXE_glyphd").into()).into()
}

/// A launcher with every wall that this machine has.
fn launcher() -> &'static Launcher {
    static LAUNCHER: OnceLock<Launcher> = OnceLock::new();
    LAUNCHER.get_or_init(|| Launcher::new(executable(), Sandbox::BestEffort).unwrap())
}

/// Whether the test has what it needs; if not, it is skipped with the reason, or fails where it has to be there.
fn has(walls: &[Wall]) -> bool {
    let lacks: Vec<_> = launcher().lacks().iter().filter(|lack| walls.contains(&lack.wall)).collect();
    let is_required = std::env::var_os("GLYPH_PEERS").is_some_and(|v| v == "required");
    for lack in &lacks {
        assert!(!is_required, "missing: {lack}");
        eprintln!("skipped: no {lack}");
    }
    if !lacks.is_empty() {
        return false;
    }
    peers::found(PYTHON, fs::metadata(PYTHON)).is_some()
}

/// A plugin in its own directory, which does what it is told in its arguments.
struct Attacker {
    dir: TempDir,
    plan: Plan,
}

impl Attacker {
    fn new(tries: &[&str]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let home = dir.path().join("attacker");
        fs::create_dir(&home).unwrap();
        fs::write(home.join(SCRIPT), include_str!("attack.py")).unwrap();
        // A name that nobody else has, by which its processes are found.
        let name = dir.path().file_name().unwrap().to_str().unwrap().trim_start_matches('.').to_owned();
        let mut command = vec![PYTHON.to_owned(), SCRIPT.to_owned(), name.clone()];
        command.extend(tries.iter().map(|&t| t.to_owned()));
        let plan = Plan {
            name,
            command,
            dir: home,
            env: BTreeMap::from([("PATH".to_owned(), "/usr/bin:/bin".to_owned())]),
            pinned: BTreeMap::new(),
            limits: Limits::default(),
            read: Vec::new(),
            write: Vec::new(),
            bus: None,
        };
        Self { dir, plan }
    }

    /// The same, limited.
    fn limited(tries: &[&str], limits: Limits) -> Self {
        let mut attacker = Self::new(tries);
        attacker.plan.limits = limits;
        attacker
    }

    fn home(&self) -> &Path {
        &self.plan.dir
    }

    /// A place beside its own.
    fn beside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    async fn start(&self) -> Running {
        let launched = within("the start", launcher().spawn(&self.plan)).await.unwrap();
        Running::of(launched, &self.plan.name)
    }

    /// Starts it, waits for its end, and sees that nothing is left of it.
    async fn run(&self) -> (Vec<String>, Ending) {
        self.start().await.end().await
    }
}

/// A program that runs.
struct Running {
    launched: Launched,
    lines: tokio::io::Lines<BufReader<Box<dyn AsyncRead + Unpin + Send>>>,
    /// What must go with it.
    cgroups: Vec<PathBuf>,
    name: String,
}

impl Running {
    fn of(mut launched: Launched, name: &str) -> Self {
        let stdout: Box<dyn AsyncRead + Unpin + Send> = Box::new(launched.stdout.take().unwrap());
        let cgroups = left_behind::cgroups(launched.pid());
        Self { launched, lines: BufReader::new(stdout).lines(), cgroups, name: name.to_owned() }
    }

    async fn line(&mut self) -> String {
        within("a line", self.lines.next_line()).await.unwrap().expect("another line")
    }

    /// What it has still to say, and how it ended.
    async fn end(mut self) -> (Vec<String>, Ending) {
        let mut said = Vec::new();
        while let Some(line) = within("its output", self.lines.next_line()).await.unwrap() {
            said.push(line);
        }
        let mut errors = String::new();
        within("its errors", self.launched.stderr.take().unwrap().read_to_string(&mut errors)).await.unwrap();
        eprint!("{errors}");
        let ending = within("the end", self.launched.ended()).await.unwrap();
        left_behind::assert_nothing(&self.name, &self.cgroups);
        (said, ending)
    }
}

/// What came of a try.
fn answer<'a>(said: &'a [String], attempt: &str) -> &'a str {
    let line = said.iter().find_map(|line| line.strip_prefix(attempt)?.strip_prefix(" -> "));
    line.unwrap_or_else(|| panic!("{attempt} is not among {said:#?}"))
}
