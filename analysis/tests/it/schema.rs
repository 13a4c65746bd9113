//! `glyphctl trace summarize --format json` has the documented shape: `docs/schemas/trace-summary.json`.

use std::{fs, path::Path};

use glyph_analysis::trace::summary::Summary;

/// `GLYPH_BLESS=1 cargo test -p glyph-analysis` writes it anew.
#[test]
fn the_schema_of_the_summary_in_docs_is_that_of_the_type() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas/trace-summary.json");
    let text = serde_json::to_string_pretty(&schemars::schema_for!(Summary)).unwrap() + "\n";
    if std::env::var_os("GLYPH_BLESS").is_some() {
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
}
