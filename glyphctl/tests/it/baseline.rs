//! Runs that are kept, as a user keeps them.

use std::{fs, path::Path};

use serde_json::Value;

use crate::{
    harness::{Run, ended, glyphctl, piped},
    trace_diff::{SHOP, Shop},
};

/// Runs glyphctl in a folder.
fn at(dir: &Path, args: &[&str]) -> Run {
    ended(piped(glyphctl().current_dir(dir).args(args)))
}

/// A recording that began in that second of 2025, with the spans of a shop.
fn recording(dir: &Path, name: &str, second: u64, shop: Shop) {
    let start = 1_760_000_000_000_000_000 + second * 1_000_000_000;
    fs::create_dir(dir.join(name)).unwrap();
    let info = format!(
        r#"{{"format":1,"glyph_version":"0.1.0","service_name":"shop","start_time_unix_nano":{start},
            "end_time_unix_nano":{}}}"#,
        start + 2_500_000_000
    );
    fs::write(dir.join(name).join("recording.json"), info).unwrap();
    fs::write(dir.join(name).join("traces.jsonl"), shop.lines()).unwrap();
}

fn runs(dir: &Path) -> Vec<String> {
    let list = at(dir, &["baseline", "list", "--format", "json"]).fine();
    let list: Value = serde_json::from_str(&list.stdout).unwrap();
    list["runs"].as_array().unwrap().iter().map(|run| run["path"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn runs_are_saved_listed_and_let_go_of() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    recording(dir, "second", 20, SHOP);
    recording(dir, "first", 10, SHOP);
    recording(dir, "third", 30, SHOP);
    let saved = at(dir, &["baseline", "save", "second"]).fine();
    assert_eq!(saved.stdout, "baseline/20251009T085340Z.glyph.tar.zst\n");
    assert!(saved.stderr.ends_with("glyphctl: baseline: 1 run to compare with\n"), "{}", saved.stderr);
    // One that is packed already is taken as it is.
    at(dir, &["replay", "write", "first", "-o", "packed.glyph.tar.zst"]).fine();
    at(dir, &["baseline", "save", "packed.glyph.tar.zst", "--name", "main-1"]).fine();
    let same = fs::read(dir.join("baseline/main-1.glyph.tar.zst")).unwrap();
    assert_eq!(same, fs::read(dir.join("packed.glyph.tar.zst")).unwrap());
    let [second, first] = ["baseline/20251009T085340Z.glyph.tar.zst", "baseline/main-1.glyph.tar.zst"];
    assert_eq!(runs(dir), [first, second], "by when they began");

    let table = at(dir, &["baseline", "list"]).fine().stdout;
    let row: Vec<_> = table.lines().nth(1).unwrap().split_whitespace().collect();
    let spans = SHOP.lines().lines().count();
    assert_eq!(&row[..6], [first, "2025-10-09T08:53:30Z", "2.50s", "0", "1,400", "0"], "{table}");
    assert_eq!(spans, 1_400);

    let again = at(dir, &["baseline", "save", "second"]).unable();
    assert!(again.stderr.contains("Z.glyph.tar.zst: exists already\nhint: "), "{}", again.stderr);
    fs::write(dir.join("baseline/notes.txt"), "kept").unwrap();
    let kept = at(dir, &["baseline", "save", "third", "--keep", "2"]).fine();
    assert!(kept.stderr.contains("main-1.glyph.tar.zst: let go of, as --keep 2 says"), "{}", kept.stderr);
    assert_eq!(runs(dir), [second, "baseline/20251009T085350Z.glyph.tar.zst"]);
    assert!(dir.join("baseline/notes.txt").exists());
}

#[test]
fn what_is_no_whole_run_is_not_saved() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    recording(dir, "run", 1, SHOP);
    let info = fs::read_to_string(dir.join("run/recording.json")).unwrap();
    let cut = info.split(",\n").next().unwrap().to_owned() + "}";
    fs::write(dir.join("run/recording.json"), cut).unwrap();
    let cut = at(dir, &["baseline", "save", "run"]).unable();
    assert!(
        cut.stderr.starts_with("glyphctl: run: was cut short, or is not over yet\nhint: "),
        "{}",
        cut.stderr
    );
    assert!(!dir.join("baseline").exists(), "nothing was made");
    let none = at(dir, &["baseline", "list"]).unable();
    assert!(none.stderr.starts_with("glyphctl: baseline: there is no baseline\nhint: "), "{}", none.stderr);
    let name = at(dir, &["baseline", "save", "run", "--name", "../up"]).unable();
    assert!(name.stderr.contains("a name has letters, digits"), "{}", name.stderr);
    fs::write(dir.join("file"), "x").unwrap();
    let file = at(dir, &["baseline", "save", "file"]).unable();
    assert!(file.stderr.contains("hint: a recording is what "), "{}", file.stderr);
}

#[test]
fn a_run_is_compared_with_all_of_them() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path();
    fs::write(dir.join("glyph.toml"), "[baseline]\ndir = \"baselines/main\"\n").unwrap();
    for run in 0..3 {
        let name = format!("run{run}");
        recording(dir, &name, run, Shop { first: 1 + 1_000 * run, ..SHOP });
        at(dir, &["baseline", "save", &name]).fine();
    }
    assert_eq!(fs::read_dir(dir.join("baselines/main")).unwrap().count(), 3, "where glyph.toml says");
    recording(dir, "same", 50, Shop { first: 9_000, ..SHOP });
    recording(dir, "slow", 51, Shop { first: 9_000, slower: 2.0, ..SHOP });
    let same = at(dir, &["baseline", "compare", "same"]).fine();
    assert!(same.stdout.contains("base: 1,200 traces of 4,200 spans in 3 runs"), "{}", same.stdout);
    let slow = at(dir, &["baseline", "compare", "slow", "--fail-on", "p50 > 10% and > 100us"]);
    assert_eq!(slow.code, 1, "{slow:#?}");
    assert!(slow.stdout.contains("shop db.query: p50 "), "{}", slow.stdout);
    let diff = at(dir, &["trace", "diff", "baselines/main", "slow", "--fail-on", "p50 > 10% and > 100us"]);
    assert_eq!(diff.stdout, slow.stdout, "it is trace diff");
}
