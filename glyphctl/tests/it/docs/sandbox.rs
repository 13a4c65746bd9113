//! Where a page is followed: a copy of what the repository has, a home, a network and a `/etc/hosts` of its own, so that the
//! ports and names on the page are free and its files go nowhere else.

use std::{
    env, fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
    process::Command,
};

use tempfile::TempDir;

use super::plan::Plan;
use crate::harness::{Run, ended, glyphctl, in_path, peer, peers_folder, piped};

/// What pages write to; everything else of the repository is there by links.
const COPIED: &[&str] = &[
    "alerts",
    "dashboards",
    "deploy",
    "docs",
    "plugins",
    "testdata/ci",
    "testdata/pytest",
    "testdata/traces",
];
const LINKED: &[&str] = &[
    "analysis",
    "bench",
    "formats",
    "fuzz",
    "glyphctl",
    "glyphd",
    "plugin-api",
    "Cargo.toml",
    "Cargo.lock",
    "LICENSE",
    "README.md",
];

/// Longer than any page takes, in seconds, on a machine that is busy with other things.
const LIMIT: &str = "900";

/// The names of other people's hosts on the pages. All of them are this machine.
const HOSTS: &str = "127.0.0.1 localhost\n::1 localhost\n127.0.0.1 example.com api.example.com \
                     staging.example.com shop.test bus.example mimir.example\n";

pub(super) struct Sandbox(TempDir);

pub(super) fn root() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap()
}

/// The namespaces of a page, or why there are none.
fn apart() -> Result<Command, String> {
    let new = || {
        let mut command = Command::new("unshare");
        command.args(["-rnmpf", "--kill-child", "--mount-proc"]);
        command
    };
    in_path("unshare")?;
    let trial =
        new().args(["mount", "--bind", "/etc/hosts", "/etc/hosts"]).output().map_err(|e| e.to_string())?;
    let said = String::from_utf8_lossy(&trial.stderr).trim().to_owned();
    if trial.status.success() { Ok(new()) } else { Err(format!("namespaces: {said}")) }
}

impl Sandbox {
    pub(super) fn new(page: &str, plan: &Plan) -> Self {
        let sandbox = Self(tempfile::tempdir().unwrap());
        for name in ["bin", "blocks", "err", "home", "out", "work/testdata"] {
            fs::create_dir_all(sandbox.path(name)).unwrap();
        }
        for name in LINKED {
            symlink(root().join(name), sandbox.path("work").join(name)).unwrap();
        }
        for name in COPIED {
            copy(&root().join(name), &sandbox.path("work").join(name));
        }
        for entry in fs::read_dir(root().join("testdata")).unwrap().map(Result::unwrap) {
            let here = sandbox.path("work/testdata").join(entry.file_name());
            if !here.exists() {
                symlink(entry.path(), here).unwrap();
            }
        }
        let programs = Path::new(env!("CARGO_BIN_EXE_glyphctl")).parent().unwrap();
        for name in ["glyphctl", "glyphd"] {
            assert!(
                programs.join(name).exists(),
                "{name} is not beside glyphctl: cargo build --release --workspace"
            );
            symlink(programs.join(name), sandbox.path("bin").join(name)).unwrap();
        }
        let here = root().join("glyphctl/tests/it/docs");
        for name in ["run.sh", "site.har"] {
            fs::copy(here.join(name), sandbox.path(name)).unwrap();
        }
        let stage = here.join("stages").join(page).with_extension("sh");
        if stage.exists() {
            fs::copy(stage, sandbox.path("stage")).unwrap();
        }
        fs::write(sandbox.path("hosts"), HOSTS).unwrap();
        fs::write(sandbox.path("plan"), &plan.calls).unwrap();
        for (number, text) in &plan.files {
            fs::write(sandbox.path("blocks").join(number.to_string()), text).unwrap();
        }
        sandbox
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Follows the page; none if something of other people's that it needs is missing.
    pub(super) fn follow(&self) -> Option<Run> {
        let apart = peer(apart())?;
        let mut command = Command::new("timeout");
        command.args(["-k", "5", LIMIT]).arg(apart.get_program()).args(apart.get_args());
        command.arg("bash").arg(self.path("run.sh")).current_dir(self.0.path());
        // Away from the same settings as glyphctl.
        for (name, value) in glyphctl().get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        let programs = Path::new(env!("CARGO_BIN_EXE_glyphctl")).parent().unwrap();
        let others = env::var_os("PATH").unwrap_or_default();
        let path =
            [self.path("bin")].into_iter().chain(env::split_paths(&others)).chain(["/usr/sbin".into()]);
        let packages = peers_folder("GLYPH_PYTHON_PACKAGES", "python");
        command
            .env("PATH", env::join_paths(path).unwrap())
            .env("HOME", self.path("home"))
            .env("REAL_HOME", env::var_os("HOME").unwrap_or_default())
            .env("SANDBOX", self.0.path())
            .env("REPOSITORY", root())
            .env("PROGRAMS", programs)
            .env("BUILT", env!("CARGO_TARGET_TMPDIR"))
            // By its path: what is called cargo in a sandbox is what stands before it.
            .env("CARGO", env!("CARGO"))
            .env("PACKAGES", fs::canonicalize(&packages).unwrap_or(packages));
        let run = ended(piped(&mut command));
        if run.code == 77 {
            let missing = run.stderr.lines().last().unwrap_or_default().to_owned();
            return peer(Err(missing));
        }
        Some(run)
    }

    /// What the commands of a block printed.
    pub(super) fn printed(&self, block: usize) -> String {
        let of = |name: &str| fs::read_to_string(self.path(name).join(block.to_string())).unwrap_or_default();
        of("out") + &of("err")
    }
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap().map(Result::unwrap) {
            copy(&entry.path(), &to.join(entry.file_name()));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}
