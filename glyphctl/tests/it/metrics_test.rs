//! `glyphctl metrics test`: scripts, exit codes, and the last line.

use std::{fs, path::Path};

use tempfile::TempDir;

use crate::harness::{Run, run};

const GOOD: &str = "load 1m\n  x_total 0+60x10\n\neval instant at 5m rate(x_total[5m])\n  {} 1\n";
const BAD: &str = "load 1m\n  x_total 0+60x10\n\neval instant at 5m rate(x_total[5m])\n  {} 2\n";
const PARTLY: &str =
    "load 1m\n  h {{count:1}}x10\n  x 1\n\neval instant at 1m h\n  {} 1\n\neval instant at 0 x\n  x 1\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(dir.path().join(name), text).unwrap();
    }
    dir
}

fn test(dir: &Path, args: &[&str]) -> Run {
    let at = format!("{}/", dir.display());
    let args = args.iter().map(|a| if a.starts_with('-') { (*a).to_owned() } else { format!("{at}{a}") });
    let all: Vec<String> = ["metrics", "test"].map(str::to_owned).into_iter().chain(args).collect();
    let run = run(&all);
    Run { stdout: run.stdout.replace(&at, ""), stderr: run.stderr.replace(&at, ""), ..run }
}

#[test]
fn what_passes_is_counted() {
    let dir = folder(&[("good.test", GOOD), ("partly.test", PARTLY)]);
    let run = test(dir.path(), &["good.test", "partly.test"]).fine();
    assert_eq!((run.stdout.as_str(), run.stderr.as_str()), ("2 passed, 0 failed, 1 skipped\n", ""));
    let run = test(dir.path(), &["partly.test", "--skipped"]).fine();
    assert_eq!(
        run.stdout,
        "partly.test:5: skipped: h: needs native histograms\n1 passed, 0 failed, 1 skipped\n"
    );
}

#[test]
fn what_fails_has_a_place_and_both_values() {
    let dir = folder(&[("good.test", GOOD), ("bad.test", BAD)]);
    for args in [["bad.test", "good.test"].as_slice(), &["*.test"], &[""]] {
        let run = test(dir.path(), args);
        assert_eq!(run.code, 1, "{run:#?}");
        assert_eq!(
            run.stdout,
            "bad.test:4: rate(x_total[5m]): expected {} 2, got {} 1\n1 passed, 1 failed, 0 skipped\n",
            "{args:?}"
        );
    }
}

#[test]
fn what_is_no_script_is_told_and_the_others_run() {
    let dir = folder(&[
        ("good.test", GOOD),
        ("bad.test", BAD),
        ("none.test", "hello\n"),
        ("empty.test", "\n# x\n"),
    ]);
    fs::write(dir.path().join("bytes.test"), b"\xff\xfe").unwrap();
    let args = ["none.test", "bad.test", "gone.test", "bytes.test", "empty.test", "good.test"];
    let run = test(dir.path(), &args);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.ends_with("1 passed, 1 failed, 0 skipped\n"), "{}", run.stdout);
    let told: Vec<_> = run.stderr.lines().map(|l| l.split(": ").nth(1).unwrap()).collect();
    assert_eq!(told, ["none.test:1", "gone.test", "bytes.test", "empty.test"], "{}", run.stderr);
}

#[test]
fn a_folder_without_scripts_is_an_error() {
    let dir = folder(&[("notes.txt", "")]);
    let run = test(dir.path(), &[""]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stderr.contains("has no scripts"), "{}", run.stderr);
}

#[test]
fn names_can_be_removed_early() {
    let script = r#"
load 1m
  x 1

eval instant at 0 label_replace(x * 2, "was", "$1", "__name__", "(.+)")
  {was="x"} 2
"#;
    let dir = folder(&[("names.test", script)]);
    assert_eq!(test(dir.path(), &["names.test"]).code, 0);
    assert_eq!(test(dir.path(), &["names.test", "--early-name-removal"]).code, 1);
}

#[test]
fn our_own_scripts_pass() {
    let scripts = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/promql");
    let run = run(["metrics".as_ref(), "test".as_ref(), scripts.as_os_str()]).fine();
    assert!(run.stdout.contains(" 0 failed, "), "{}", run.stdout);
}
