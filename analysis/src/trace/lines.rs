//! Traces out of span lines, for tests.

use super::{Keep, Loaded, Sources, Traces, load};

/// What is in these lines.
pub(crate) fn traces(lines: &str) -> Traces {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.jsonl");
    std::fs::write(&path, lines).unwrap();
    let sources = Sources::find(&[path]).unwrap();
    let Loaded { spans, oddities, .. } = load(&sources, Keep::EVERYTHING, &sources.progress()).unwrap();
    Traces::resolve(spans, oddities)
}

/// A span of the service `s`; `more` stands before the closing brace.
pub(crate) fn line(trace: u64, id: u64, parent: u64, name: &str, start: u64, end: u64, more: &str) -> String {
    format!(
        "{{\"trace_id\":\"{trace:032x}\",\"span_id\":\"{id:016x}\",\"parent_span_id\":\"{parent:016x}\",\
         \"name\":\"{name}\",\"service_name\":\"s\",\"start_time_unix_nano\":{start},\
         \"end_time_unix_nano\":{end}{more}}}\n"
    )
}
