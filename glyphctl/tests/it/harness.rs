//! Runs the binary and looks at what it says; makes folders to run it in.

use std::{
    env,
    ffi::OsStr,
    fs,
    io::Write,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

/// Longer than anything here takes, on a machine that is busy with other things.
const LIMIT: Duration = Duration::from_secs(30);

/// Variables that say whom a client trusts.
const OF_TRUST: [&str; 10] = [
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "PIP_CERT",
    "AWS_CA_BUNDLE",
    "GIT_SSL_CAINFO",
    "CARGO_HTTP_CAINFO",
    "NODE_EXTRA_CA_CERTS",
    "DENO_CERT",
];

/// What a run left.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    /// The run, which must have ended well.
    #[track_caller]
    pub(crate) fn fine(self) -> Self {
        assert_eq!(self.code, 0, "{self:#?}");
        self
    }

    /// The run, which must have been unable to do its work.
    #[track_caller]
    pub(crate) fn unable(self) -> Self {
        assert_eq!(self.code, 2, "{self:#?}");
        assert_eq!(self.stdout, "");
        self
    }
}

/// The binary, away from the settings of whoever runs the test.
pub(crate) fn glyphctl() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_glyphctl"));
    for name in ["NO_COLOR", "CLICOLOR_FORCE", "GLYPH_LOG", "TRACEPARENT", "TRACESTATE"] {
        command.env_remove(name);
    }
    for name in ["http_proxy", "https_proxy", "no_proxy", "all_proxy"] {
        command.env_remove(name).env_remove(name.to_uppercase());
    }
    for (name, _) in env::vars_os() {
        if name.to_str().is_some_and(|name| name.starts_with("OTEL_") || OF_TRUST.contains(&name)) {
            command.env_remove(name);
        }
    }
    // Plugins of the tests have their packages elsewhere, and say who they are to the whole machine.
    command.env("GLYPH_SANDBOX", "off");
    command.stdin(Stdio::null());
    command
}

/// Runs the binary with these arguments.
pub(crate) fn run<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>) -> Run {
    run_with_stdin(args, b"")
}

/// Runs the binary with these arguments and that on its standard input.
pub(crate) fn run_with_stdin<S: AsRef<OsStr>>(args: impl IntoIterator<Item = S>, stdin: &[u8]) -> Run {
    let mut child = piped(glyphctl().args(args));
    // It may end without having read all.
    drop(child.stdin.take().unwrap().write_all(stdin));
    ended(child)
}

/// Starts a command that is spoken to, and listened to.
pub(crate) fn piped(command: &mut Command) -> Child {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Waits for its end, with all that it says until then.
pub(crate) fn ended(child: Child) -> Run {
    let output = child.wait_with_output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Waits until something is so, but not for ever.
#[track_caller]
pub(crate) fn within(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < LIMIT, "waited {LIMIT:?} for {what}");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// Whether somebody else's program is there; see [`peer`].
pub(crate) fn have(program: &str) -> bool {
    peer(in_path(program)).is_some()
}

/// Somebody else's program, or none if `found` says what is missing: the test is then skipped, with the reason. With
/// `GLYPH_PEERS=required` it fails.
pub(crate) fn peer<T>(found: Result<T, String>) -> Option<T> {
    found
        .map_err(|missing| {
            assert!(env::var_os("GLYPH_PEERS").is_none_or(|v| v != "required"), "missing: {missing}");
            eprintln!("skipped: {missing} is missing");
        })
        .ok()
}

/// Where a program is, or its name.
pub(crate) fn in_path(program: &str) -> Result<PathBuf, String> {
    let path = env::var_os("PATH").unwrap_or_default();
    let mut files = env::split_paths(&path).map(|folder| folder.join(program));
    files.find(|file| file.is_file()).ok_or_else(|| program.to_owned())
}

/// The folder of the node packages.
pub(crate) fn node_modules() -> PathBuf {
    peers_folder("GLYPH_NODE_MODULES", "node_modules")
}

/// A folder of somebody else's files: the one that a variable names, or one in `target/peers`.
pub(crate) fn peers_folder(variable: &str, name: &str) -> PathBuf {
    let default = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers").join(name);
    env::var_os(variable).map_or_else(default, PathBuf::from)
}

/// Python's packages that are not its own, if these modules are among them.
pub(crate) fn python_packages(modules: &[&str]) -> Result<PathBuf, String> {
    let packages = peers_folder("GLYPH_PYTHON_PACKAGES", "python");
    let mut python = Command::new("python3");
    python.env("PYTHONPATH", &packages).args(["-c", &format!("import {}", modules.join(", "))]);
    match python.output() {
        Ok(output) if output.status.success() => Ok(packages),
        Ok(output) => Err(format!("python3: {}", String::from_utf8_lossy(&output.stderr).trim())),
        Err(error) => Err(format!("python3: {error}")),
    }
}

/// A committed trace file.
pub(crate) fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/traces").join(name).join("input.jsonl")
}

/// The names of all that lies in a folder, sorted.
pub(crate) fn names_in(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort_unstable();
    names
}
