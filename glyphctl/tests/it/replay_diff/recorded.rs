//! Recordings that the daemon made: two runs of the demo, each with a key and ports of its own.

use super::flows::{counts, groups};
use crate::harness::{Run, ended, glyphctl, piped};

fn diff(dir: &tempfile::TempDir, args: &[&str]) -> Run {
    ended(piped(glyphctl().current_dir(dir.path()).args(["replay", "diff"]).args(args)))
}

#[test]
fn two_runs_of_the_demo_differ_in_nothing_but_what_is_drawn_anew() {
    let dir = tempfile::tempdir().unwrap();
    for out in ["one", "two"] {
        ended(piped(glyphctl().current_dir(dir.path()).args(["demo", "--out", out]))).fine();
    }
    let same = diff(&dir, &["one/recording", "one/recording.glyph.tar.zst", "--format", "json"]).fine();
    let same: serde_json::Value = serde_json::from_str(&same.stdout).unwrap();
    assert_eq!(counts(&same), [same["compared"].as_u64().unwrap(), 0, 0, 0]);
    assert!(same["compared"].as_u64() > Some(200));
    // Tokens are other ones, ports are: what is the same is the same all the same.
    let run = diff(&dir, &["one/recording", "two/recording", "--ignore-host", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["missing"].as_u64(), Some(0), "{report:#}");
    assert_eq!((run.code, groups(&report)), (0, Vec::<String>::new()), "{report:#}");
}
