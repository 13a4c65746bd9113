//! What must hold of any file of rules, and of any file of tests that names itself for its rules.

use std::{cell::OnceCell, fs};

use glyph_analysis::{
    metrics::Store,
    rules::{
        self, Options, RuleError,
        unit::{self, Ranges, Verdict},
    },
};
use tempfile::TempDir;

/// More samples than this are for a benchmark.
const LONGEST: usize = 2_000;

fn told(errors: &[RuleError], lines: usize) {
    assert!(!errors.is_empty());
    for error in errors {
        assert!(!error.what.is_empty() && error.place.line as usize <= lines + 1, "{error}");
    }
}

/// Reads the bytes as either.
pub fn rules(bytes: &[u8]) {
    thread_local!(static FOLDER: OnceCell<TempDir> = const { OnceCell::new() });
    let path = FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().expect("a folder for temporary files"));
        folder.path().join("rules.yaml")
    });
    fs::write(&path, bytes).expect("a temporary file");
    // To YAML a carriage return ends a line, too.
    let lines = bytes.iter().filter(|b| matches!(b, b'\n' | b'\r')).count() + 1;
    match rules::load(&path) {
        Ok(file) => {
            let mut store = Store::new();
            let few = file.groups.iter().map(|g| g.rules.len()).sum::<usize>() < 50;
            if few && file.groups.iter().all(|g| g.interval >= 1_000) {
                let options = Options { from: Some(0), to: Some(600_000), ..Options::default() };
                let check = rules::check(&[file], &mut store, options);
                assert!(check.outcome.from <= check.outcome.to);
            }
        }
        Err(errors) => told(&errors, lines),
    }
    // Numbers that make a test long are left alone.
    let digits = bytes.split(|b| !b.is_ascii_digit()).map(<[u8]>::len).max();
    if digits.is_some_and(|digits| digits > 3) || bytes.len() > LONGEST {
        return;
    }
    match unit::load(&path) {
        Ok(file) if file.evaluation_interval >= 1_000 => {
            for outcome in unit::run(&file, Ranges::Either, &|_| true) {
                assert!(!matches!(outcome.verdict, Verdict::Failed(failures) if failures.is_empty()));
            }
        }
        Ok(_) => {}
        Err(errors) => told(&errors, lines),
    }
}
