//! `glyphctl plugin`: made, checked, run, watched, let in; and the page that teaches it.

mod check;
mod guide;
mod new;
mod run;
mod token;
mod watch;

use std::{
    fs,
    os::unix::fs::symlink,
    path::{Path, PathBuf},
};

use tempfile::TempDir;

use crate::harness::{in_path, peers_folder, run};

/// A folder with plugins in it.
pub(super) struct Plugins(TempDir);

impl Plugins {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A plugin that is a shell's script.
    pub(super) fn scripted(&self, name: &str, script: &str) -> PathBuf {
        let dir = self.path(name);
        fs::create_dir(&dir).unwrap();
        fs::write(dir.join("run.sh"), script).unwrap();
        let manifest = format!(
            "name = \"{name}\"\nversion = \"1\"\ncommand = [\"sh\", \"run.sh\"]\n\
             subscriptions = [\"FLOW_RESPONSE\"]\ncapabilities = [\"CAP_EMIT_FINDINGS\", \"CAP_FLOW_INSPECT\"]\n"
        );
        fs::write(dir.join("plugin.toml"), manifest).unwrap();
        dir
    }

    /// The one that `plugin new` makes in Python, which does that first with each flow.
    pub(super) fn python(&self, name: &str, packages: &Path, first: &str) -> PathBuf {
        let dir = self.path(name);
        run(["plugin", "new", name, "--lang", "python", "--dir", dir.to_str().unwrap()]).fine();
        symlink(packages, dir.join("packages")).unwrap();
        let script = fs::read_to_string(dir.join("plugin.py")).unwrap();
        let begins = "    if event.HasField(\"error\"):";
        assert_eq!(script.matches(begins).count(), 1, "{script}");
        fs::write(dir.join("plugin.py"), script.replace(begins, &format!("    {first}\n{begins}"))).unwrap();
        dir
    }
}

/// A script that becomes one of the plugins in this very binary.
pub(super) fn of_the_demo(plugin: &str) -> String {
    format!("exec '{}' plugin-process {plugin}\n", env!("CARGO_BIN_EXE_glyphctl"))
}

/// The committed recording: two pages, and a request that was not answered.
pub(super) fn shop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/recordings/shop")
}

/// The folder with the Python packages grpcio and protobuf, or what is missing.
pub(super) fn python_packages() -> Result<PathBuf, String> {
    in_path("python3")?;
    let folder = peers_folder("GLYPH_PYTHON_PACKAGES", "python");
    for package in ["grpc", "google/protobuf"] {
        if !folder.join(package).is_dir() {
            return Err(format!("{package} in {}", folder.display()));
        }
    }
    fs::canonicalize(folder).map_err(|e| e.to_string())
}

#[test]
fn help_teaches() {
    for command in ["", "new", "check", "run", "token"] {
        let args = ["plugin", command, "--help"];
        let name = format!("plugin_{command}_help").replace("__", "_");
        insta::assert_snapshot!(name, run(args.iter().filter(|arg| !arg.is_empty())).fine().stdout);
    }
}
