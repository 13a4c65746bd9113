//! What the commands for plugins print: what a check saw, what a run found, how two runs differ.

pub(crate) mod checked;
pub(crate) mod findings;
pub(crate) mod regression;

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use schemars::schema_for;

    /// `GLYPH_BLESS=1 cargo test -p glyphctl` writes them anew.
    #[test]
    fn the_schemas_in_docs_are_those_of_the_types() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/schemas");
        let schemas = [
            ("plugin-check", schema_for!(super::checked::Checked)),
            ("plugin-run", schema_for!(super::findings::Found)),
            ("replay-plugins", schema_for!(super::regression::Regression)),
        ];
        for (name, schema) in schemas {
            let path = folder.join(format!("{name}.json"));
            let text = serde_json::to_string_pretty(&schema).unwrap() + "\n";
            if std::env::var_os("GLYPH_BLESS").is_some() {
                fs::write(&path, &text).unwrap();
            }
            let committed = fs::read_to_string(&path).unwrap_or_default();
            assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
        }
    }
}
