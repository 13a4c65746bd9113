//! The JSON Schemas of the records (draft 2020-12), as they stand in `docs/schemas/`.

use schemars::{Schema, schema_for};

use crate::{
    AuditEntry, Cases, Finding, Flow, Span,
    artifact::{Contents, Manifest},
    case::Case,
    provenance::Provenance,
    recording::RecordingInfo,
    secrets::Line,
};

/// Every record kind, and what `glyphctl` prints of an artifact, with its schema, by the name of its file in `docs/schemas/`.
pub fn all() -> Vec<(&'static str, Schema)> {
    vec![
        ("flow", schema_for!(Flow)),
        ("secrets", schema_for!(Line)),
        ("span", schema_for!(Span)),
        ("finding", schema_for!(Finding)),
        ("cases", schema_for!(Cases)),
        ("case", schema_for!(Case)),
        ("audit", schema_for!(AuditEntry)),
        ("recording", schema_for!(RecordingInfo)),
        ("manifest", schema_for!(Manifest)),
        ("artifact", schema_for!(Contents)),
        ("provenance", schema_for!(Provenance)),
    ]
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    /// `GLYPH_BLESS=1 cargo test -p glyph-formats` writes them anew.
    #[test]
    fn the_schemas_in_docs_are_those_of_the_types() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas");
        for (name, schema) in super::all() {
            let path = folder.join(format!("{name}.json"));
            let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            if std::env::var_os("GLYPH_BLESS").is_some() {
                fs::create_dir_all(&folder).unwrap();
                fs::write(&path, &text).unwrap();
            }
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
        }
    }
}
