//! The committed code is what the `.proto` gives. `GLYPH_BLESS=1 cargo test -p glyph-plugin` writes it anew.

use std::{fs, path::Path};

#[test]
fn the_generated_code_is_current() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = tempfile::tempdir().unwrap();
    let descriptors = protox::compile(["glyph_plugin_v1.proto"], [root.join("proto")]).unwrap();
    tonic_prost_build::configure()
        .out_dir(out.path())
        .emit_rerun_if_changed(false)
        .compile_fds(descriptors)
        .unwrap();
    let fresh = fs::read_to_string(out.path().join("glyph.plugin.v1.rs")).unwrap();
    let path = root.join("src/generated/glyph.plugin.v1.rs");
    if std::env::var_os("GLYPH_BLESS").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "{} is out of date: run with GLYPH_BLESS=1", path.display());
}
