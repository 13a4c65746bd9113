use std::{fs, path::Path};

use crate::promqltest;

/// Prometheus' own scripts, where they are.
const SUITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance/promql");

#[test]
fn prometheus_own_scripts_pass() {
    let Ok(entries) = fs::read_dir(Path::new(SUITE)) else { return };
    let mut files: Vec<_> =
        entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "test")).collect();
    files.sort();
    let mut failed = Vec::new();
    for file in files {
        let outcome = promqltest::run(&fs::read_to_string(&file).unwrap());
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        eprintln!("{name}: {outcome}");
        for line in &outcome.skipped {
            if !line.ends_with("native histograms") {
                eprintln!("  skipped {line}");
            }
        }
        failed.extend(outcome.failed.into_iter().map(|line| format!("{name}, {line}")));
    }
    assert!(failed.is_empty(), "\n{}", failed.join("\n"));
}
