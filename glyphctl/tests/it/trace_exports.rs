//! What goes into the files that `trace summarize` writes.

use std::{fs, path::Path};

use crate::harness::{Run, names_in, run, run_with_stdin, testdata};

/// The failed one of the two traces in `checkout`: it lasts from the beginning for 41 ms, the other from 30 to 33 ms.
const FAILED: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const FINE: &str = "5cf92f3577b34da6a3ce929d0e0e4737";

fn export(into: &Path, more: &[&str]) -> Run {
    let (input, json, stacks) = (testdata("checkout"), into.join("t.json"), into.join("t.txt"));
    let mut args = ["trace", "summarize"].map(AsRef::as_ref).to_vec();
    args.extend([
        input.as_os_str(),
        "-o".as_ref(),
        json.as_os_str(),
        "--folded".as_ref(),
        stacks.as_os_str(),
    ]);
    args.extend(more.iter().map(AsRef::<std::ffi::OsStr>::as_ref));
    run(args)
}

#[test]
fn chosen_traces_alone_are_written_and_the_summary_is_of_all() {
    let dir = tempfile::tempdir().unwrap();
    let everything = export(dir.path(), &[]).fine();
    assert!(!everything.stderr.contains("to be written"), "{}", everything.stderr);
    let table: [(&[&str], &str); 7] = [
        (&["--errors"], FAILED),
        (&["--slowest", "1"], FAILED),
        (&["--trace", "5CF9"], FINE),
        (&["--trace", "4bf", "--trace", FINE, "--slowest", "1"], FAILED),
        (&["--window", "..29ms"], FAILED),
        (&["--window", "1760000000033000000..2025-10-09T08:53:21Z", "--trace", "5"], FINE),
        (&["--window", "30ms..31ms", "--errors", "--slowest", "5"], FAILED),
    ];
    for (flags, trace) in table {
        let run = export(dir.path(), flags).fine();
        assert_eq!(run.stdout, everything.stdout, "{flags:?}");
        assert!(
            run.stderr.starts_with("glyphctl: 1 of 2 traces to be written\n"),
            "{flags:?}: {}",
            run.stderr
        );
        let (json, stacks) = (written(dir.path(), "t.json"), written(dir.path(), "t.txt"));
        let spans = if trace == FAILED { 7 } else { 2 };
        assert_eq!(json.matches(&format!("\"trace_id\":\"{trace}\"")).count(), spans, "{flags:?}: {json}");
        assert_eq!(json.matches("\"trace_id\"").count(), spans, "{flags:?}");
        // Nothing is left of the services of the other, and times count from the first span that is there.
        assert_eq!(json.matches("process_name").count(), if trace == FAILED { 3 } else { 1 }, "{json}");
        assert!(json.contains("\"ph\":\"X\",\"pid\":1,\"tid\":1,\"ts\":0.000,"), "{json}");
        assert_eq!(stacks.lines().count(), spans, "{flags:?}: {stacks}");
    }
    let run = export(dir.path(), &["--trace", "4", "--trace", "5"]).fine();
    assert!(run.stderr.starts_with("glyphctl: 2 of 2 traces to be written\n"), "{}", run.stderr);
}

fn written(dir: &Path, name: &str) -> String {
    fs::read_to_string(dir.join(name)).unwrap()
}

#[test]
fn a_choice_that_leaves_nothing_is_told_and_no_file_is_touched() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("t.json"), "mine").unwrap();
    let run = export(dir.path(), &["--window", "42ms..", "--errors", "--slowest", "3"]).unable();
    assert_eq!(
        run.stderr,
        "glyphctl: --slowest 3 --errors --window 42.0ms..: none of 2 traces is left to write; they last 41.0ms from \
         2025-10-09T08:53:20Z on\nhint: choose less strictly; without any of these flags everything is written\n"
    );
    let run = export(dir.path(), &["--trace", "ffff"]).unable();
    assert!(
        run.stderr.starts_with("glyphctl: \"ffff\": no trace with that id there\nhint: "),
        "{}",
        run.stderr
    );
    let run = export(dir.path(), &["--trace", ""]).unable();
    assert!(
        run.stderr.starts_with("glyphctl: \"\": several traces begin with that\nhint: "),
        "{}",
        run.stderr
    );
    assert_eq!(
        (names_in(dir.path()), written(dir.path(), "t.json").as_str()),
        (vec!["t.json".to_owned()], "mine")
    );
    let out = dir.path().join("t.json");
    let run =
        run_with_stdin(["trace", "summarize", "-", "--errors", "-o", out.to_str().unwrap()], b"").unable();
    assert!(
        run.stderr.ends_with("glyphctl: --errors: there are no traces to choose from\n"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_choice_without_a_file_is_told_before_anything_is_read() {
    for (flags, told) in [
        (&["--slowest", "3"][..], "--slowest 3"),
        (&["--errors", "--trace", "a", "--trace", "b"], "--errors --trace a --trace b"),
        (&["--window", "..1s"], "--window ..1.00s"),
    ] {
        let mut args = vec!["trace", "summarize", "/nonexistent"];
        args.extend(flags);
        assert_eq!(
            run(args).unable().stderr,
            format!(
                "glyphctl: {told}: chooses what goes into a file, and none is written\n\
                 hint: name the file with -o, --perfetto or --folded; the summary is of all spans\n"
            )
        );
    }
}

#[test]
fn what_is_no_window_is_told() {
    for (window, says) in [
        ("5s", "expected FROM..TO, of which one can be left out, as in 10s..20s or ..5m"),
        ("20s..10s", "ends before it begins"),
        ("10..20", "\"10\" lacks its unit, as in 10s; an instant in unix nanoseconds has 19 digits"),
        ("today..", "\"today\" is no offset such as 10s, no instant such as 2025-10-09T08:53:20Z"),
    ] {
        for command in ["summarize", "show"] {
            let run = run(["trace", command, "-", "--window", window]).unable();
            let says = format!("invalid value '{window}' for '--window <FROM..TO>': {says}");
            assert!(run.stderr.contains(&says), "{}", run.stderr);
        }
    }
}
