use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::Stdio,
};

use serde_json::Value;

use crate::harness::{Run, glyphctl, names_in, run, run_with_stdin, testdata};

fn summarize(file: &Path, more: &[&str]) -> Run {
    let mut args = vec!["trace".as_ref(), "summarize".as_ref(), file.as_os_str()];
    args.extend(more.iter().map(AsRef::<std::ffi::OsStr>::as_ref));
    run(args)
}

#[test]
fn the_table_is_for_people() {
    let run = summarize(&testdata("checkout"), &[]).fine();
    insta::assert_snapshot!(run.stdout);
    assert_eq!(run.stderr, "");
}

#[test]
fn json_is_exact() {
    let run = summarize(&testdata("checkout"), &["--format", "json", "--top", "3"]).fine();
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn markdown_is_for_pull_requests() {
    insta::assert_snapshot!(
        summarize(&testdata("checkout"), &["--format", "markdown", "--top", "2"]).fine().stdout
    );
}

#[test]
fn csv_has_every_column() {
    let run = summarize(&testdata("checkout"), &["--format", "csv", "--sort", "name", "--top", "2"]).fine();
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn hidden_rows_are_counted() {
    let run = summarize(&testdata("checkout"), &["--top", "2", "--sort", "p99"]).fine();
    assert_eq!(run.stdout.lines().count(), 6, "{}", run.stdout);
    assert_eq!(run.stdout.lines().last(), Some("… and 5 more rows (--top)"));
    assert_eq!(run.stderr, "");
    let run = summarize(&testdata("checkout"), &["--top", "2", "--format", "csv"]).fine();
    assert_eq!(run.stdout.lines().count(), 3, "{}", run.stdout);
    assert_eq!(run.stderr, "glyphctl: 5 more rows not shown (--top)\n");
    let run = summarize(&testdata("checkout"), &["--top", "7"]).fine();
    assert!(!run.stdout.contains("more row"), "{}", run.stdout);
}

#[test]
fn rows_are_by_what_is_asked_for() {
    let by = "kind,attr:http.route,status";
    insta::assert_snapshot!(summarize(&testdata("checkout"), &["--by", by]).fine().stdout);
    let json = summarize(&testdata("checkout"), &["--by", by, "--format", "json", "--top", "2"]).fine();
    insta::assert_snapshot!(json.stdout);
    let repeated = ["--by", "kind", "--by", "attr:http.route", "--by", "status,kind"];
    let table = summarize(&testdata("checkout"), &["--by", by]).fine().stdout;
    assert_eq!(summarize(&testdata("checkout"), &repeated).fine().stdout, table);
}

#[test]
fn by_service_and_name_is_what_nobody_has_to_ask_for() {
    for format in ["table", "json", "markdown", "csv"] {
        let asked = summarize(&testdata("checkout"), &["--by", "service,name", "--format", format]).fine();
        assert_eq!(asked.stdout, summarize(&testdata("checkout"), &["--format", format]).fine().stdout);
    }
}

#[test]
fn attributes_do_no_harm_in_any_format() {
    let lines: String = (1..).zip(ATTRIBUTES).map(|(id, attributes)| span(id, 0, "a", attributes)).collect();
    for format in ["table", "markdown", "csv", "json"] {
        let args =
            ["trace", "summarize", "-", "--by", "attr:a|b\u{1b}\"", "--format", format, "--sort", "total"];
        let run = run_with_stdin(args, lines.as_bytes()).fine();
        let steers = |c: char| c != '\n' && glyph_analysis::text::is_hidden(c);
        assert!(!run.stdout.contains(steers), "{format}: {}", run.stdout);
        insta::assert_snapshot!(format!("attributes_{format}"), run.stdout);
    }
}

/// Values of an attribute with a bad name: hostile, the text that stands for none, empty, none.
const ATTRIBUTES: [&str; 5] = [
    r#"{"a|b\u001b\"":"\u001b[2J|`x`\n::error::=1+1"}"#,
    r#"{"a|b\u001b\"":"(none)"}"#,
    r#"{"a|b\u001b\"":""}"#,
    r#"{"a|b\u001b\"":null}"#,
    "{}",
];

/// A line with a span that lasts ten nanoseconds less than `id` microseconds.
fn span(id: u64, parent: u64, name: &str, attributes: &str) -> String {
    format!(
        "{{\"trace_id\":\"{:032x}\",\"span_id\":\"{id:016x}\",\"parent_span_id\":\"{parent:016x}\",\"name\":\"{name}\",\
         \"attributes\":{attributes},\"service_name\":\"s\",\"start_time_unix_nano\":{id}0,\
         \"end_time_unix_nano\":{id}000}}\n",
        1,
    )
}

#[test]
fn what_rows_cannot_be_by_is_told() {
    for (by, says) in [("nam", "service, name, kind, status and attr:KEY"), ("attr:", "attr:http.route")] {
        let run = summarize(&testdata("checkout"), &["--by", by]).unable();
        assert!(run.stderr.contains(says), "{}", run.stderr);
    }
    let run = summarize(&testdata("checkout"), &["--by", "kind", "--sort", "service"]).unable();
    assert_eq!(
        run.stderr,
        "glyphctl: --sort service: the rows have no such column\nhint: --by names the columns before the figures\n"
    );
}

#[test]
fn stacks_are_written_beside_the_table() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("stacks.txt");
    let run = summarize(&testdata("checkout"), &["--folded", out.to_str().unwrap()]).fine();
    assert!(run.stdout.contains("mail.send"), "{}", run.stdout);
    assert!(run.stderr.contains(": 7 stacks (for "), "{}", run.stderr);
    insta::assert_snapshot!(fs::read_to_string(&out).unwrap());
    assert_eq!(names_in(dir.path()), ["stacks.txt"]);
}

#[test]
fn stacks_of_a_deep_trace_are_cut_and_it_is_said() {
    let lines: String = (1..=10_000).map(|id| span(id, id - 1, "n", "{}")).collect();
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("stacks.txt");
    let args = ["trace", "summarize", "-", "--folded", out.to_str().unwrap()];
    let run = run_with_stdin(args, lines.as_bytes()).fine();
    let says = "9,744 spans below level 256 of a trace: counted for the ancestor there";
    assert!(run.stderr.contains(says), "{}", run.stderr);
    assert!(fs::metadata(out).unwrap().len() < 200_000);
}

#[test]
fn stacks_are_written_over_nothing_that_is_read_or_written() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("traces.jsonl");
    fs::copy(testdata("checkout"), &file).unwrap();
    let run = summarize(&file, &["--folded", file.to_str().unwrap()]).unable();
    assert!(run.stderr.contains("is one of the files to read"), "{}", run.stderr);
    let out = dir.path().join("out");
    let run = summarize(&file, &["-o", out.to_str().unwrap(), "--folded", out.to_str().unwrap()]).unable();
    assert!(run.stderr.contains("or written already"), "{}", run.stderr);
    assert_eq!(names_in(dir.path()), ["traces.jsonl"]);
    let run = summarize(&file, &["--folded", "/nonexistent/out"]).unable();
    assert!(run.stderr.contains("hint: --folded names the file"), "{}", run.stderr);
}

#[test]
fn names_do_no_harm_in_any_format() {
    for format in ["table", "markdown", "csv", "json"] {
        let run = summarize(&testdata("hostile"), &["--format", format]).fine();
        let steers = |c: char| c != '\n' && glyph_analysis::text::is_hidden(c);
        assert!(!run.stdout.contains(steers), "{format}: {}", run.stdout);
        assert!(!run.stdout.lines().any(|l| l.trim_start().starts_with("::")), "{format}: {}", run.stdout);
    }
    insta::assert_snapshot!(summarize(&testdata("hostile"), &["--format", "markdown"]).fine().stdout);
    insta::assert_snapshot!(summarize(&testdata("hostile"), &["--format", "csv"]).fine().stdout);
}

#[test]
fn what_is_odd_is_counted_and_said() {
    let run = summarize(&testdata("odd"), &["--format", "json"]).fine();
    let json: Value = serde_json::from_str(&run.stdout).unwrap();
    let expected = serde_json::json!({
        "torn_lines": 1, "unreadable_lines": 1, "spans_without_end": 1, "end_before_start": 1,
        "duplicate_ids": 1, "orphans": 1, "cycles": 1,
    });
    assert_eq!(json["oddities"], expected);
    assert_eq!(json["spans"], 8);
    let run = summarize(&testdata("odd"), &[]).fine();
    let told = run.stderr.replace(&testdata("odd").display().to_string(), "FILE");
    insta::assert_snapshot!(told);
}

#[test]
fn compressed_files_standard_input_and_recordings_are_read() {
    let plain = fs::read(testdata("checkout")).unwrap();
    let expected = summarize(&testdata("checkout"), &["--format", "json"]).fine().stdout;
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("recording.json"), RECORDING).unwrap();
    fs::write(dir.path().join("traces.jsonl"), &plain).unwrap();
    assert_eq!(summarize(dir.path(), &["--format", "json"]).fine().stdout, expected);
    let stdin = run_with_stdin(["trace", "summarize", "-", "--format", "json"], &plain).fine();
    assert_eq!(stdin.stdout, expected);
}

const RECORDING: &str =
    r#"{"format":1,"glyph_version":"0.1.0","service_name":"glyphd","start_time_unix_nano":1}"#;

#[test]
fn several_files_are_one() {
    let text = fs::read_to_string(testdata("checkout")).unwrap();
    let (first, second) = text.split_at(text.match_indices('\n').nth(3).unwrap().0 + 1);
    let dir = tempfile::tempdir().unwrap();
    let files = [dir.path().join("a.jsonl"), dir.path().join("b.jsonl")];
    fs::write(&files[0], first).unwrap();
    fs::write(&files[1], second).unwrap();
    let both = summarize(&files[0], &[files[1].to_str().unwrap(), "--format", "json"]).fine();
    assert_eq!(both.stdout, summarize(&testdata("checkout"), &["--format", "json"]).fine().stdout);
}

#[test]
fn the_chrome_trace_is_written_beside_the_table() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("trace.json");
    let run = summarize(&testdata("checkout"), &["-o", out.to_str().unwrap()]).fine();
    assert!(run.stdout.contains("mail.send"), "{}", run.stdout);
    assert!(run.stderr.contains("9 spans on"), "{}", run.stderr);
    let text = fs::read_to_string(&out).unwrap();
    let picture = chrome_check::check(text.as_bytes()).unwrap();
    assert_eq!((picture.slices.len(), picture.arrows.len(), picture.instants), (9, 4, 1));
    insta::assert_snapshot!(text);
    assert_eq!(names_in(dir.path()), ["trace.json"]);
    let by_long_name = dir.path().join("same.json");
    summarize(&testdata("checkout"), &["--chrome", by_long_name.to_str().unwrap()]).fine();
    assert_eq!(fs::read(out).unwrap(), fs::read(by_long_name).unwrap());
}

#[test]
fn perfettos_own_format_is_written_beside_the_table() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("trace.pftrace");
    let run =
        summarize(&testdata("checkout"), &["--perfetto", out.to_str().unwrap(), "--args", "none"]).fine();
    assert!(run.stdout.contains("mail.send"), "{}", run.stdout);
    let says = format!("glyphctl: {}: 9 spans on 4 lanes, 4 arrows (open it in ", out.display());
    assert!(run.stderr.starts_with(&says), "{}", run.stderr);
    assert_eq!(names_in(dir.path()), ["trace.pftrace"]);
    let short = fs::metadata(&out).unwrap().len();
    summarize(&testdata("checkout"), &["--perfetto", out.to_str().unwrap()]).fine();
    assert!(short < fs::metadata(&out).unwrap().len());
    let run = summarize(&testdata("checkout"), &["--perfetto", "/nonexistent/out"]).unable();
    assert!(run.stderr.contains("hint: --perfetto names the file"), "{}", run.stderr);
    let run = summarize(&testdata("checkout"), &["--args", "ids"]).unable();
    assert!(run.stderr.contains("--perfetto"), "{}", run.stderr);
}

#[test]
fn a_file_that_is_no_trace_is_one_clear_message() {
    let dir = tempfile::tempdir().unwrap();
    let (file, out) = (dir.path().join("notes.txt"), dir.path().join("out.json"));
    for text in ["hello\nworld\n", "hello", "{\"traceEvents\":[]}\n", "[]", "\u{0}\u{0}\u{0}"] {
        fs::write(&file, text).unwrap();
        let run = summarize(&file, &["-o", out.to_str().unwrap()]).unable();
        let says = format!("glyphctl: {}: is no trace file: line 1: ", file.display());
        assert!(run.stderr.starts_with(&says), "{text:?}: {}", run.stderr);
        assert!(run.stderr.lines().nth(1).unwrap().starts_with("hint: "), "{}", run.stderr);
        assert_eq!(names_in(dir.path()), ["notes.txt"]);
    }
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let run = run(["trace", "summarize", "/nonexistent/traces.jsonl"]).unable();
    assert_eq!(run.stderr, "glyphctl: /nonexistent/traces.jsonl: No such file or directory (os error 2)\n");
}

#[test]
fn a_directory_that_is_no_recording_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let run = summarize(dir.path(), &[]).unable();
    assert!(run.stderr.contains("is no recording: it has no recording.json\nhint: "), "{}", run.stderr);
}

#[test]
fn an_output_that_cannot_be_written_is_told_at_once() {
    let run = summarize(&testdata("checkout"), &["-o", "/nonexistent/out.json"]).unable();
    let says =
        "glyphctl: /nonexistent/out.json: can't be written: No such file or directory (os error 2)\nhint: ";
    assert!(run.stderr.starts_with(says), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_device_is_never_written_over() {
    let run = summarize(&testdata("checkout"), &["-o", "/dev/null"]).unable();
    assert_eq!(
        run.stderr,
        "glyphctl: /dev/null: can't be written: is no regular file\n\
         hint: -o names the file for the Chrome trace; its folder must exist\n"
    );
}

#[test]
fn an_input_is_never_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("traces.jsonl");
    fs::copy(testdata("checkout"), &file).unwrap();
    let run = summarize(&file, &["-o", dir.path().join("./traces.jsonl").to_str().unwrap()]).unable();
    assert!(run.stderr.contains("is one of the files to read"), "{}", run.stderr);
    assert_eq!(fs::read(&file).unwrap(), fs::read(testdata("checkout")).unwrap());
}

#[test]
fn an_empty_file_is_no_failure() {
    let run = run_with_stdin(["trace", "summarize", "-"], b"").fine();
    assert!(run.stdout.starts_with("0 spans, 0 traces, 0 services"), "{}", run.stdout);
    assert_eq!(run.stderr, "glyphctl: warning: no spans there\n");
}

#[test]
fn a_line_that_is_no_utf8_is_left_out() {
    let mut bytes = fs::read(testdata("checkout")).unwrap();
    bytes.extend(b"{\"trace_id\":\"\xff\"}\n");
    let run = run_with_stdin(["trace", "summarize", "-"], &bytes).fine();
    assert!(
        run.stderr.contains("-:10: is no span and was left out: the bytes from column 14 are no UTF-8"),
        "{}",
        run.stderr
    );
}

#[test]
fn a_reader_that_goes_is_no_failure() {
    let mut child = glyphctl()
        .args(["trace", "show", "--slowest", "100000"])
        .arg(testdata("checkout"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), String::from_utf8(output.stderr).unwrap()), (Some(0), String::new()));
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!(run(["trace", "summarize", "--help"]).fine().stdout);
}
