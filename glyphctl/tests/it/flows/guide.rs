//! `docs/flows.md`: every command in it does what it is there for.

use std::{env, fs, process::Command};

use super::shop;
use crate::harness::{ended, glyphctl, have, piped};

const GUIDE: &str = include_str!("../../../../docs/flows.md");

#[test]
fn the_recipes_work() {
    if !have("jq") || !have("curl") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("run1");
    fs::create_dir(&recording).unwrap();
    for entry in fs::read_dir(shop()).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), recording.join(entry.file_name())).unwrap();
    }
    std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_glyphctl"), dir.path().join("glyphctl")).unwrap();
    let others = env::var_os("PATH").unwrap_or_default();
    let path = env::join_paths([dir.path().to_owned()].into_iter().chain(env::split_paths(&others))).unwrap();
    let blocks = GUIDE.split("```sh\n").skip(1).map(|block| block.split("```").next().unwrap());
    let mut ran = 0;
    for block in blocks {
        let mut shell = Command::new("bash");
        for (name, _) in glyphctl().get_envs() {
            shell.env_remove(name);
        }
        shell.args(["-o", "pipefail", "-ec", block]).current_dir(dir.path()).env("PATH", &path);
        let run = ended(piped(&mut shell));
        assert_eq!(run.code, 0, "{block}\n{run:#?}");
        assert!(!run.stdout.is_empty() || block.contains(" > "), "{block}\n{run:#?}");
        ran += 1;
    }
    assert!(ran > 5, "{ran}");
}
