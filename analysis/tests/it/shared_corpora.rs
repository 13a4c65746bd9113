use std::{path::Path, process::Command};

use glyph_analysis::trace::{Keep, Sources, Traces, load};

/// The generator writes spans by their end, children before parents, traces interleaved. Runs only where it lies.
#[test]
fn generated_spans_add_up() {
    let generator = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/corpora/gen_spans.py"));
    if !generator.exists() {
        eprintln!("skipped: {} is not here", generator.display());
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("spans.jsonl");
    let made = Command::new("python3").arg(generator).arg(&file).arg("20000").status().unwrap();
    assert!(made.success());
    let sources = Sources::find(&[&file]).unwrap();
    let loaded = load(&sources, Keep::NOTHING, &sources.progress()).unwrap();
    let summary = Traces::resolve(loaded.spans, loaded.oddities).summarize();
    assert_eq!((summary.spans, summary.rows.len(), summary.services.len()), (20_000, 12, 3));
    assert_eq!(summary.rows.iter().map(|r| r.count).sum::<u64>(), 20_000);
    for row in &summary.rows {
        assert!(row.p50_ns <= row.p90_ns && row.p90_ns <= row.p95_ns, "{row:?}");
        assert!(row.p95_ns <= row.p99_ns && row.p99_ns <= row.max_ns, "{row:?}");
        assert!(row.critical_path_ns <= row.total_ns && row.self_ns <= row.total_ns, "{row:?}");
    }
}
