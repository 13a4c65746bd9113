//! What somebody is told who does something wrong: what it is, and what helps.

use std::fs;

use super::shop;
use crate::harness::{Run, run};

/// What is said, which names all of `what`.
#[track_caller]
fn told(args: &[&str], what: &[&str]) -> Run {
    let run = run(args).unable();
    for what in what {
        assert!(run.stderr.contains(what), "{args:?} says nothing of {what:?}: {}", run.stderr);
    }
    run
}

#[test]
fn what_is_mistyped_is_told_with_what_was_meant() {
    told(&["trcae"], &["a similar subcommand exists: 'trace'"]);
    told(&["trace", "sumarize"], &["a similar subcommand exists: 'summarize'"]);
    told(&["trace", "diff", "--fail-no", "x"], &["a similar argument exists: '--fail-on'"]);
    told(&["flows", "ls", "x", "--format", "jsno"], &["a similar value exists: 'json'"]);
}

#[test]
fn what_is_not_there_is_no_recording_without_anything_in_it() {
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("text");
    fs::write(&text, "hello\n").unwrap();
    told(&["replay", "load", "not-there"], &["glyphctl: not-there: No such file", "hint: "]);
    told(&["replay", "load", text.to_str().unwrap()], &["text:1: ", "hint: "]);
    let checked = told(&["check", "not-there"], &["glyphctl: not-there: No such file"]);
    assert!(!checked.stderr.contains("glyph.toml"), "{}", checked.stderr);
}

#[test]
fn a_fault_is_told_in_a_line_with_what_helps() {
    let shop = shop().display().to_string();
    let grep = told(&["flows", "grep", &shop, "(", "-e"], &["(: is no regular expression: unclosed group"]);
    assert_eq!(grep.stderr.lines().count(), 1, "{}", grep.stderr);
    told(&["metrics", "series", "--data", &shop], &["metrics.om", "hint: the recording has no metrics"]);
    told(
        &["replay", "export", &shop, "-o", "/not/there.har"],
        &["-o /not/there.har", "hint: its folder must"],
    );
    told(&["replay", "serve", &shop, "--addr", "127.0.0.1:70000"], &["--addr", "0 to 65535"]);
    told(&["replay", "run", &shop, "--target", "localhost:1"], &["expected http:// or https://"]);
    told(&["metrics", "query", "--prometheus", "localhost:1", "up"], &["for example http://localhost:9090"]);
}
