//! HAR documents in and out: those of others, those of a real browser, our own.

mod chromium;
mod others;
mod round;
mod unfit;

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::harness::{Run, run};

/// A document in `testdata/har`.
fn document(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/har").join(name)
}

/// `glyphctl replay import HAR -o OUT ARGS…`
fn import(har: &Path, out: &Path, args: &[&str]) -> Run {
    run(["replay", "import", har.to_str().unwrap(), "-o", out.to_str().unwrap()].iter().chain(args))
}

fn lines(path: &Path) -> Vec<Value> {
    fs::read_to_string(path).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn helps() {
    for command in ["import", "export"] {
        let help = run(["replay", command, "--help"]).fine().stdout;
        insta::assert_snapshot!(format!("replay_{command}_help"), help);
    }
}
