//! From one signal to the next by their trace id: `trace show` of a recording, `alerts check --explain`.

mod explain;
mod show;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;
use tempfile::TempDir;

/// The trace of the flow that failed.
const FAILED: &str = "686303df15ac4a8a4520b69e139e3e13";
/// A trace with findings and decisions.
const FOUND: &str = "81dd40a6b1b7d614f6e1205d70e7fdb5";

/// A recording that a test may change.
struct Shop {
    _dir: TempDir,
    path: PathBuf,
}

impl Shop {
    fn copy() -> Self {
        let dir = tempfile::tempdir().unwrap();
        // A shell has to quote it.
        let path = dir.path().join("the shop");
        fs::create_dir(&path).unwrap();
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/recordings/shop");
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), path.join(entry.file_name())).unwrap();
        }
        Self { _dir: dir, path }
    }

    fn arg(&self) -> &str {
        self.path.to_str().unwrap()
    }

    /// The records of a file with that trace.
    fn records(&self, name: &str, trace: &str) -> Vec<Value> {
        let text = fs::read_to_string(self.path.join(name)).unwrap();
        let all = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        all.filter(|record| record["trace_id"] == trace).collect()
    }
}

/// Runs the commands in the text, as a shell would: all of them have to work.
fn run_commands(text: &str) -> usize {
    let commands: Vec<_> = text.lines().filter_map(|line| line.trim().strip_prefix("$ glyphctl ")).collect();
    let folder = Path::new(env!("CARGO_BIN_EXE_glyphctl")).parent().unwrap();
    for command in &commands {
        let script = format!("exec {}/glyphctl {command}", folder.display());
        let output = std::process::Command::new("sh").args(["-c", &script]).output().unwrap();
        assert!(output.status.success() && !output.stdout.is_empty(), "{command}: {output:?}");
    }
    commands.len()
}
