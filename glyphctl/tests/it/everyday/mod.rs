//! What every command has: a version, colours, more or less to say; and what shells and `man` are given.

mod errors;
mod manual;
mod shells;

use std::{
    fs,
    path::PathBuf,
    process::{Command, Stdio},
};

use crate::harness::{Run, glyphctl, have, names_in};

const VERSION: &str = concat!("glyphctl ", env!("CARGO_PKG_VERSION"));
/// What turns colours on and off in a terminal.
const ESCAPE: &str = "\u{1b}[";

fn shop() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../testdata/recordings/shop")
}

fn ran(command: &mut Command) -> Run {
    let output = command.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn the_version_has_the_commit_that_it_was_built_from() {
    let short = ran(glyphctl().arg("-V")).fine();
    assert_eq!(short.stdout, format!("{VERSION}\n"));
    let long = ran(glyphctl().arg("--version")).fine().stdout;
    let Some(commit) = long.trim_end().strip_prefix(VERSION).filter(|rest| !rest.is_empty()) else {
        assert!(long.starts_with(VERSION), "{long}");
        return;
    };
    let (hash, _) = commit.trim_matches([' ', '(', ')']).split_once(' ').unwrap();
    let mut git = Command::new("git");
    git.args(["-C", env!("CARGO_MANIFEST_DIR"), "cat-file", "-e", &format!("{hash}^{{commit}}")]);
    assert!(git.status().unwrap().success(), "{long}");
}

#[test]
fn colours_are_for_who_wants_them() {
    let shown = |flags: &[&str], variables: &[(&str, &str)]| {
        let mut command = glyphctl();
        command.args(["trace", "show"]).arg(shop()).args(flags).envs(variables.iter().copied());
        ran(&mut command).fine().stdout.contains(ESCAPE)
    };
    assert!(!shown(&[], &[]), "not into a pipe");
    assert!(shown(&["--color", "always"], &[]));
    assert!(shown(&[], &[("CLICOLOR_FORCE", "1")]));
    assert!(!shown(&[], &[("CLICOLOR_FORCE", "0")]));
    assert!(!shown(&[], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]));
    assert!(shown(&["--color", "always"], &[("NO_COLOR", "1")]), "a flag comes before a variable");
    assert!(!shown(&["--color=never"], &[("CLICOLOR_FORCE", "1")]));
}

#[test]
fn a_file_has_no_colours_where_the_terminal_has() {
    if !have("python3") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("trace");
    let in_a_terminal = |flags: &[&str]| {
        let mut python = Command::new("python3");
        python.args(["-c", "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)"]);
        python.arg(env!("CARGO_BIN_EXE_glyphctl")).args(["trace", "show"]).arg(shop()).args(flags);
        python.env("TERM", "xterm").env_remove("NO_COLOR").env_remove("CLICOLOR_FORCE");
        ran(python.stdin(Stdio::null())).fine().stdout
    };
    assert!(in_a_terminal(&[]).contains(ESCAPE));
    in_a_terminal(&["-o", file.to_str().unwrap()]);
    let written = fs::read_to_string(file).unwrap();
    assert!(written.starts_with("trace ") && !written.contains(ESCAPE), "{written}");
}

#[test]
fn help_and_wrong_flags_have_the_colours_that_are_asked_for() {
    let help = |args: &[&str]| ran(glyphctl().args(args)).fine().stdout.contains(ESCAPE);
    assert!(help(&["trace", "diff", "--help", "--color", "always"]));
    assert!(!help(&["trace", "diff", "--help"]));
    let wrong = |args: &[&str]| ran(glyphctl().args(args)).unable().stderr.contains(ESCAPE);
    assert!(wrong(&["--color=always", "trace", "diff", "--frobnicate"]));
    assert!(!wrong(&["trace", "diff", "--frobnicate"]));
}

#[test]
fn who_wants_it_quiet_is_told_only_what_is_wrong() {
    let dir = tempfile::tempdir().unwrap();
    let pack = |flag: Option<&str>, name: &str| {
        let mut command = glyphctl();
        command.args(["replay", "write"]).arg(shop()).arg("-o").arg(dir.path().join(name)).args(flag);
        ran(&mut command).fine()
    };
    assert!(pack(None, "a.glyph.tar.zst").stderr.contains("files"));
    assert_eq!(pack(Some("-q"), "b.glyph.tar.zst").stderr, "");
    assert_eq!(names_in(dir.path()), ["a.glyph.tar.zst", "b.glyph.tar.zst"]);
    let missing = ran(glyphctl().args(["--quiet", "flows", "ls", "not-there"])).unable();
    assert!(missing.stderr.contains("not-there"), "{}", missing.stderr);
}

#[test]
fn who_wants_more_is_told_what_is_read_and_by_which_version() {
    let told = ran(glyphctl().args(["trace", "summarize", "-v"]).arg(shop())).fine().stderr;
    assert!(told.starts_with("glyphctl: this is glyphctl 0."), "{told}");
    assert!(told.contains("shop/traces.jsonl"), "{told}");
    assert!(
        told.lines().any(|line| line.starts_with("glyphctl: reading: ") && line.contains(" in ")),
        "{told}"
    );
    assert_eq!(ran(glyphctl().args(["trace", "summarize"]).arg(shop())).fine().stderr, "");
    let both = ran(glyphctl().args(["-q", "-v", "demo"])).unable();
    assert!(both.stderr.contains("cannot be used with"), "{}", both.stderr);
}
