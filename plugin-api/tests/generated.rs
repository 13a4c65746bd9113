//! The committed code is what the `.proto` gives. `GLYPH_BLESS=1 cargo test -p glyph-plugin` writes it anew.

use std::{fs, path::Path};

use tonic_prost_build::Builder;

/// The messages and the plugin's side; and the daemon's, whose flow events are encoded already (`src/encoded.rs`).
#[test]
fn the_generated_code_is_current() {
    current("src/generated/glyph.plugin.v1.rs", |builder| builder.bytes(".").build_server(false));
    current("src/generated/server.rs", |builder| {
        builder
            .build_client(false)
            .extern_path(".glyph.plugin.v1", "crate::wire")
            .extern_path(".glyph.plugin.v1.BusMessage", "crate::encoded::BusMessage")
    });
}

fn current(file: &str, options: impl FnOnce(Builder) -> Builder) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let out = tempfile::tempdir().unwrap();
    let descriptors = protox::compile(["glyph_plugin_v1.proto"], [root.join("proto")]).unwrap();
    let builder = tonic_prost_build::configure().out_dir(out.path()).emit_rerun_if_changed(false);
    options(builder).compile_fds(descriptors).unwrap();
    let fresh = fs::read_to_string(out.path().join("glyph.plugin.v1.rs")).unwrap();
    let path = root.join(file);
    if std::env::var_os("GLYPH_BLESS").is_some() {
        fs::write(&path, &fresh).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == fresh, "{} is out of date: run with GLYPH_BLESS=1", path.display());
}
