//! glyphctl's own spans, held against `docs/telemetry.md` both ways.

use std::{fs, path::Path};

use glyph_formats::{Span, jsonl};

use crate::harness::{glyphctl, run};

#[expect(dead_code, reason = "glyphd's tests read the rest of it")]
#[path = "../../../glyphd/tests/it/telemetry/document.rs"]
mod document;

fn spans(file: &Path) -> Vec<Span> {
    jsonl::records(file).unwrap().map(Result::unwrap).collect()
}

#[test]
fn the_document_says_of_spans_what_is_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).into_os_string().into_string().unwrap();
    let (run_dir, artifact, traces) = (path("run"), path("run.glyph.tar.zst"), path("traces.jsonl"));
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let mut record = glyphctl();
    record.args(["record", "--out", &run_dir, "--", "sh", "-c", "exit 3"]).env("TRACEPARENT", parent);
    assert_eq!(record.output().unwrap().status.code(), Some(3));
    let trace = ["--trace-file", traces.as_str()];
    let with_trace = |args: &[&str]| run(args.iter().chain(&trace));
    with_trace(&["replay", "write", &run_dir, "-o", &artifact]).fine();
    with_trace(&["replay", "load", &artifact, "--out", &path("again")]).fine();
    with_trace(&["replay", "load", &artifact, "--verify-only"]).fine();
    with_trace(&["replay", "write", &run_dir, "--dry-run"]).fine();
    with_trace(&["replay", "load", &run_dir, "--out", &path("of-a-recording")]).fine();
    with_trace(&["replay", "load", &artifact, "--case", "none"]).unable();
    fs::write(&artifact, "no artifact").unwrap();
    assert_ne!(with_trace(&["replay", &artifact]).code, 0);

    let recorded = spans(&Path::new(&run_dir).join("traces.jsonl"));
    let of_command = recorded.into_iter().filter(|span| span.name == "glyphctl.record");
    let all: Vec<_> = spans(traces.as_ref()).into_iter().chain(of_command).collect();
    let rows = document::spans(&document::text(), "### Spans of glyphctl");
    let differences = document::differences(&all, &rows);
    assert!(differences.is_empty(), "{differences:#?}");
}
