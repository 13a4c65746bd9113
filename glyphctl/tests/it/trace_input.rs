//! What the trace commands read, and what they say of what they can't.

use std::{
    fs::{self, File},
    io::Write,
    path::{Path, PathBuf},
    process::Command,
};

use crate::harness::{Run, ended, glyphctl, have, piped, run, run_with_stdin, testdata};

fn fixture(name: &str, file: &str) -> PathBuf {
    testdata(name).with_file_name(file)
}

fn summarize(input: impl AsRef<Path>) -> Run {
    run(["trace".as_ref(), "summarize".as_ref(), input.as_ref().as_os_str()])
}

/// How many spans a folder of that layout gives, by a path from within it.
fn spans(folder: &Path, inputs: &[&str]) -> String {
    let args = [&["trace", "summarize"], inputs].concat();
    let run = ended(piped(glyphctl().args(args).current_dir(folder))).fine();
    run.stdout.split(',').next().unwrap().to_owned()
}

#[test]
fn what_pythons_console_exporter_prints_is_a_trace() {
    let file = fixture("python-console", "input.json");
    let args = ["trace", "show", file.to_str().unwrap(), "--attributes", "--events", "--width", "90"];
    let shown = run(args).fine();
    assert_eq!(shown.stderr, "");
    insta::assert_snapshot!(shown.stdout);
}

#[test]
fn a_server_with_its_clients_id_is_its_child() {
    let file = fixture("zipkin-shared", "input.json");
    let shown = run(["trace", "show", file.to_str().unwrap(), "--width", "90"]).fine();
    insta::assert_snapshot!(shown.stdout);
    insta::assert_snapshot!(summarize(file).fine().stderr);
}

#[test]
fn patterns_folders_and_files_are_joined_each_file_once() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["runs/a/traces.jsonl", "runs/b/traces.jsonl", "runs/b/.hidden.jsonl", "runs/b/notes.txt"] {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::copy(testdata("checkout"), path).unwrap();
    }
    let plain = fs::read(testdata("checkout")).unwrap();
    fs::write(dir.path().join("runs/b/traces.jsonl.gz"), gzip(&plain)).unwrap();
    for (inputs, expected) in [
        (&["runs/*/traces.jsonl"][..], "18 spans"),
        (&["runs/?/traces.*l"], "18 spans"),
        (&["runs/*"], "18 spans"),
        (&["runs/b"], "9 spans"),
        (&["runs/b", "runs/b/traces.jsonl", "./runs/../runs/b/traces.jsonl"], "9 spans"),
        (&["runs/[b-z]/t*l", "runs/a"], "18 spans"),
    ] {
        assert_eq!(spans(dir.path(), inputs), expected, "{inputs:?}");
    }
    fs::rename(dir.path().join("runs/a"), dir.path().join("runs/[a]")).unwrap();
    assert_eq!(spans(dir.path(), &["runs/[a]"]), "9 spans", "a name comes before a pattern");
}

#[test]
fn a_pattern_finds_artifacts_too() {
    let dir = tempfile::tempdir().unwrap();
    let recording = testdata("x").ancestors().nth(3).unwrap().join("recordings/shop");
    let packed = dir.path().join("run.glyph.tar.zst");
    run([
        "replay".as_ref(),
        "write".as_ref(),
        recording.as_os_str(),
        "--output".as_ref(),
        packed.as_os_str(),
    ])
    .fine();
    let whole = spans(dir.path(), &[recording.to_str().unwrap()]);
    assert_eq!(spans(dir.path(), &["*.zst"]), whole);
}

#[test]
fn what_names_nothing_is_told() {
    let dir = tempfile::tempdir().unwrap();
    let none = summarize(dir.path().join("*.jsonl")).unable();
    assert!(none.stderr.ends_with("/*.jsonl: no file or folder has a name like that\n"), "{}", none.stderr);
    fs::write(dir.path().join("notes.txt"), "").unwrap();
    let none = summarize(dir.path()).unable();
    let says =
        ": is no recording, and no file in it ends with .json, .jsonl, .ndjson\nhint: name the span files";
    assert!(none.stderr.contains(says), "{}", none.stderr);
}

#[test]
fn foreign_documents_are_read_from_standard_input_and_compressed_whatever_their_names() {
    let plain = fs::read(fixture("zipkin-shared", "input.json")).unwrap();
    let expected = summarize(fixture("zipkin-shared", "input.json")).fine().stdout;
    let halves = plain.split_at(plain.len() / 2);
    let members = [gzip(halves.0), gzip(halves.1)].concat();
    let frames = [zstd(halves.0), zstd(halves.1)].concat();
    let dir = tempfile::tempdir().unwrap();
    for (bytes, name) in [(&plain, "t.gz"), (&members, "t.json"), (&frames, "t.gz.json")] {
        assert_eq!(run_with_stdin(["trace", "summarize", "-"], bytes).fine().stdout, expected, "{name}");
        fs::write(dir.path().join(name), bytes).unwrap();
        assert_eq!(summarize(dir.path().join(name)).fine().stdout, expected, "{name}");
    }
}

#[test]
fn a_compressed_file_that_is_cut_short_gives_what_is_left() {
    let line = fs::read(testdata("checkout")).unwrap();
    let many = line.repeat(2_000);
    for (bytes, name) in [(gzip(&many), "gzip"), (zstd(&many), "Zstandard")] {
        let run = run_with_stdin(["trace", "summarize", "-"], &bytes[..bytes.len() * 2 / 3]).fine();
        assert!(run.stderr.contains("-: the compressed file ends before its end"), "{name}: {}", run.stderr);
    }
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    zstd::encode_all(bytes, 1).unwrap()
}

/// Files that hold no spans, and part of what is said of them.
const NO_TRACES: [(&str, &str); 16] = [
    (
        "{\"traceEvents\":[{\"ph\":\"X\"}]}",
        "line 1: this is a Chrome trace, which is what -o writes: give the span",
    ),
    ("[\n{\"ph\":\"X\",\"ts\":1,\"name\":\"a\"}\n]", "line 1: this is a Chrome trace"),
    ("{\n  \"name\": \"p\",\n  \"version\": \"1\"\n}\n", "line 1: an object with \"name\""),
    ("{\"resourceMetrics\":[]}", "line 1: these are OTLP metrics, not traces"),
    (
        "{\"sequence\":1,\"client\":\"x\",\"request\":{},\"trace_id\":\"1\",\"span_id\":\"2\"}",
        "line 1: this is a file of glyph's flows",
    ),
    ("{\"name\":\"x\",\"startTimeUnixNano\":1}\n", "line 1: an object with \"name\", "),
    (
        "{\"traceId\":\"zzz\",\"spanId\":\"1\"}\n",
        "line 1: there are spans in it, but none with a trace id and a span id",
    ),
    (
        "{\"trace_id\":\"zzz\",\"span_id\":\"1\"}\n",
        "line 1: invalid value: string \"zzz\", expected 32 hexadecimal digits",
    ),
    ("# HELP up Whether.\n", "line 1: these are metrics: glyphctl metrics reads them"),
    ("{\n  traceId: 'f3b2'\n}\n", "its keys have no quotes, so it is no JSON but what JavaScript prints"),
    ("hello\n", "line 1: it is no JSON"),
    ("PK\u{3}\u{4}", "line 1: this is a ZIP archive: unpack it"),
    ("{\0\"\0a\0\"\0:\0", "line 1: this is UTF-16: convert it"),
    ("\0\u{1}\u{2}", "line 1: this is binary data"),
    ("[]", "line 1: it is an empty array"),
    ("{\"\u{1b}[2J\": 1}", "line 1: control character"),
];

#[test]
fn what_is_no_trace_is_called_by_its_name() {
    for (text, says) in NO_TRACES {
        let run = run_with_stdin(["trace", "summarize", "-"], text.as_bytes()).unable();
        assert!(run.stderr.starts_with("glyphctl: -: is no trace file: "), "{text:?}: {}", run.stderr);
        assert!(run.stderr.contains(says), "{text:?}: {}", run.stderr);
        assert!(!run.stderr.contains('\u{1b}'), "{text:?}: {}", run.stderr);
    }
    let utf16: Vec<u8> = "\u{feff}{\"trace_id\"".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let run = run_with_stdin(["trace", "summarize", "-"], &utf16).unable();
    assert!(run.stderr.contains("this is UTF-16: convert it (iconv"), "{}", run.stderr);
    let run = summarize(fixture("node-console", "input.txt")).unable();
    assert!(run.stderr.contains("what JavaScript prints"), "{}", run.stderr);
}

#[test]
fn what_we_write_ourselves_is_known() {
    let dir = tempfile::tempdir().unwrap();
    let chrome = dir.path().join("chrome.json");
    let table = run([
        "trace",
        "summarize",
        testdata("checkout").to_str().unwrap(),
        "--format",
        "json",
        "-o",
        chrome.to_str().unwrap(),
    ])
    .fine();
    let run = summarize(&chrome).unable();
    assert!(run.stderr.contains("this is a Chrome trace"), "{}", run.stderr);
    let run = run_with_stdin(["trace", "summarize", "-"], table.stdout.as_bytes()).unable();
    assert!(run.stderr.contains("this is a summary that trace summarize wrote"), "{}", run.stderr);
}

#[cfg(unix)]
#[test]
fn a_named_pipe_is_read() {
    if !have("mkfifo") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let pipe = dir.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let child = piped(glyphctl().args(["trace", "summarize"]).arg(&pipe));
    // Opening it waits for the reader.
    File::create(&pipe).unwrap().write_all(&fs::read(testdata("checkout")).unwrap()).unwrap();
    assert!(ended(child).fine().stdout.starts_with("9 spans"));
}
