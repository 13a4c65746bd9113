//! Flow logs: read as they are, compressed, torn, and written again.

use std::{cell::OnceCell, fs, path::Path};

use glyph_formats::{Flow, jsonl};
use tempfile::TempDir;

/// Reads a file of these bytes as a flow log, whole and in pieces.
pub fn flows(bytes: &[u8]) {
    thread_local!(static FOLDER: OnceCell<TempDir> = const { OnceCell::new() });
    let path = FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().expect("a folder for temporary files"));
        folder.path().join("flows.jsonl")
    });
    let flows = read(&path, bytes);
    for flow in &flows {
        let written = serde_json::to_string(flow).expect("a flow is JSON");
        assert!(!written.contains('\n'));
        let again: Flow = serde_json::from_str(&written).expect("what was written");
        assert_eq!(*flow, again);
    }
    let compressed = bytes.starts_with(&[0x1f, 0x8b]) || bytes.starts_with(&[0x28, 0xb5, 0x2f, 0xfd]);
    if compressed {
        return;
    }
    let zstd = zstd::encode_all(bytes, 1).expect("memory takes all");
    assert_eq!(read(&path, &zstd), flows);
    // As a crash leaves them: what stands before the end is read, plain or compressed.
    for torn in [&bytes[..bytes.len() / 2], &zstd[..zstd.len() / 2]] {
        let torn = read(&path, torn);
        assert!(torn.len() <= flows.len() + 1 && torn.iter().zip(&flows).all(|(torn, flow)| torn == flow));
    }
}

/// All flows that can be read.
fn read(path: &Path, bytes: &[u8]) -> Vec<Flow> {
    fs::write(path, bytes).expect("a temporary file");
    let mut records = jsonl::records::<Flow>(path).expect("the folder can be read");
    let mut flows = Vec::new();
    for record in records.by_ref() {
        match record {
            Ok(flow) => flows.push(flow),
            Err(error) => assert!(!error.to_string().is_empty()),
        }
    }
    for warning in records.warnings() {
        assert!(!warning.what.is_empty());
    }
    flows
}
