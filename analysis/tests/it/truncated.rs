//! Small files of every format, cut at every byte and changed at every byte: read, or refused with a reason.

use std::{fs, io::Write, path::Path};

use glyph_analysis::trace::{Keep, LoadError, Sources, Traces, chrome, folded, load};

/// Small files, and how many spans each holds.
fn samples() -> Vec<(&'static str, Vec<u8>, usize)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../testdata/traces");
    let read = |name: &str| fs::read(folder.join(name)).unwrap();
    let glyph = read("checkout/input.jsonl");
    let two_lines: Vec<u8> = glyph.split_inclusive(|b| *b == b'\n').take(2).flatten().copied().collect();
    let otlp = br#"{"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":"s"}}]},"scopeSpans":[{"spans":[{"traceId":"a","spanId":"1","kind":2,"startTimeUnixNano":"1","endTimeUnixNano":"9","attributes":[{"key":"n","value":{"intValue":"5"}}],"events":[{"timeUnixNano":"3","name":"e"}]}]}]}]}"#;
    let jaeger = br#"{"data":[{"traceID":"a","spans":[{"traceID":"a","spanID":"1","operationName":"n","startTime":1,"duration":2,"processID":"p","references":[],"tags":[{"key":"error","value":true}],"logs":[]}],"processes":{"p":{"serviceName":"s"}}}]}"#;
    let flat = br#"{"traceId":"a1","spanId":"3","parentSpanId":"1","name":"camel","kind":"client","startTimeUnixNano":13,"durationNano":4,"serviceName":"c"}"#;
    vec![
        ("glyph", two_lines, 2),
        ("otlp", otlp.to_vec(), 1),
        ("jaeger", jaeger.to_vec(), 1),
        ("zipkin", read("zipkin-shared/input.json"), 6),
        ("flat", flat.to_vec(), 1),
        ("python", read("python-console/input.json"), 3),
    ]
}

/// Everything that is done with a file, and how many spans it has.
fn all_of(path: &Path) -> Result<usize, LoadError> {
    let sources = Sources::find(&[path])?;
    let loaded = load(&sources, Keep::EVERYTHING, &sources.progress())?;
    let traces = Traces::resolve(loaded.spans, loaded.oddities);
    let summary = traces.summarize();
    chrome::write(&traces, chrome::Args::Full, &mut Vec::new()).unwrap();
    folded::write(&traces, &mut Vec::new()).unwrap();
    Ok(summary.spans as usize)
}

fn check(path: &Path, bytes: &[u8], most: usize, what: &str) {
    fs::write(path, bytes).unwrap();
    match all_of(path) {
        Ok(spans) => assert!(spans <= most, "{what}"),
        Err(LoadError::NotATrace { line, reason, .. }) => {
            let lines = bytes.iter().filter(|b| **b == b'\n').count() as u64 + 1;
            assert!((1..=lines).contains(&line) && !reason.is_empty(), "{what}: {line}: {reason}");
        }
        Err(other) => panic!("{what}: {other}"),
    }
}

#[test]
fn files_cut_at_every_byte_are_read_up_to_there_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t");
    for (name, bytes, spans) in samples() {
        fs::write(&path, &bytes).unwrap();
        assert_eq!(all_of(&path).unwrap(), spans, "{name}");
        for cut in 0..bytes.len() {
            check(&path, &bytes[..cut], spans, &format!("{name} cut at {cut}"));
        }
    }
}

#[test]
fn files_with_any_byte_replaced_are_read_or_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t");
    for (name, bytes, spans) in samples() {
        for at in (0..bytes.len()).step_by(3) {
            let with = [0, 0xff, b'"', b'{', b'\n', b'9'][at % 6];
            let mut bytes = bytes.clone();
            bytes[at] = with;
            check(&path, &bytes, spans, &format!("{name} with {with:#x} at {at}"));
        }
    }
}

#[test]
fn compressed_files_cut_at_every_byte_give_what_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("t");
    for (name, bytes, spans) in samples() {
        let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gz.write_all(&bytes).unwrap();
        let gz = gz.finish().unwrap();
        // Before its fourth byte it is not known to be compressed.
        for cut in 4..gz.len() {
            fs::write(&path, &gz[..cut]).unwrap();
            match all_of(&path) {
                Ok(left) => assert!(left <= spans, "{name} cut at {cut}"),
                Err(LoadError::NotATrace { .. } | LoadError::Read(_)) => {}
                Err(other) => panic!("{name} cut at {cut}: {other}"),
            }
        }
    }
}
