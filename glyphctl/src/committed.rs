//! Files in `docs/` that are made from the code, held to it by tests. `GLYPH_BLESS=1` writes them anew.

use std::{fs, path::Path};

use serde::Serialize;

/// Holds `docs/NAME` to a text.
#[track_caller]
pub(crate) fn assert_committed(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs").join(name);
    if std::env::var_os("GLYPH_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
}

/// Holds `docs/schemas/NAME.json` to a schema.
#[track_caller]
pub(crate) fn assert_schema(name: &str, schema: &impl Serialize) {
    let text = serde_json::to_string_pretty(schema).unwrap() + "\n";
    assert_committed(&format!("schemas/{name}.json"), &text);
}
