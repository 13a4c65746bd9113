//! What must hold of any metrics file, text or JSON.

use std::{cell::OnceCell, fs, path::PathBuf};

use glyph_analysis::metrics::{self, MatchOp, Matcher, MetricsError, Store};
use glyph_formats::jsonl::input::Progress;
use tempfile::TempDir;

/// A file of that name with these bytes, always in the same place.
fn file_of(name: &str, bytes: &[u8]) -> PathBuf {
    thread_local!(static FOLDER: OnceCell<TempDir> = const { OnceCell::new() });
    let path = FOLDER.with(|folder| {
        folder.get_or_init(|| tempfile::tempdir().expect("a folder for temporary files")).path().join(name)
    });
    fs::write(&path, bytes).expect("a temporary file");
    path
}

/// All that a store has, comparable.
type Content = Vec<(String, Vec<i64>, Vec<u64>, Vec<(String, u64, i64)>)>;

fn content(store: &Store) -> Content {
    let series = store.series().iter().enumerate().map(|(id, series)| {
        let values = series.values.iter().map(|value| value.to_bits()).collect();
        let exemplars = store.exemplars(id as u32).iter();
        let exemplars = exemplars.map(|e| (e.labels.to_string(), e.value.to_bits(), e.time)).collect();
        (series.labels.to_string(), series.times.clone(), values, exemplars)
    });
    series.collect()
}

/// What was read, or the fault without the file's name.
fn read(files: &[PathBuf]) -> Result<Content, String> {
    match metrics::read(files, &Progress::default()) {
        Ok(reading) => {
            assert!(reading.warnings.iter().all(|w| w.count > 0 && !w.what.is_empty()));
            sound(&reading.store);
            Ok(content(&reading.store))
        }
        Err(MetricsError::Line { line, source, .. }) => {
            assert!(line >= 1);
            Err(format!("{line}: {source}"))
        }
        Err(error) => Err(error.to_string()),
    }
}

/// Samples are in order, labels are in order and not empty, and the index finds each series by its labels.
fn sound(store: &Store) {
    for (id, series) in store.series().iter().enumerate().take(64) {
        assert_eq!(series.times.len(), series.values.len());
        assert!(series.times.is_sorted_by(|a, b| a < b));
        let pairs = series.labels.pairs();
        assert!(pairs.is_sorted_by(|a, b| a.0 < b.0) && pairs.iter().all(|(_, value)| !value.is_empty()));
        let matchers = pairs.iter().map(|(name, value)| Matcher::new(name, MatchOp::Equal, value));
        let matchers: Vec<Matcher> = matchers.map(|m| m.expect("no regular expression")).collect();
        assert!(store.select(&matchers).contains(&(id as u32)));
    }
}

/// Reads a file in several ways that must come to the same.
pub fn metrics(bytes: &[u8]) {
    // As it is: the last line may be torn.
    drop(read(&[file_of("input", bytes)]));
    let compressed = [&[0x1f, 0x8b][..], &[0x28, 0xb5, 0x2f, 0xfd]];
    if compressed.iter().any(|magic| bytes.starts_with(magic)) {
        return;
    }
    for name in ["input", "input.om"] {
        // With a line end, so that no line is torn.
        let lines = [bytes, b"\n"].concat();
        let once = read(&[file_of(name, &lines)]);
        // A blank before each line keeps the reader from taking the short way; JSON does not mind it.
        let mut blank = Vec::with_capacity(2 * lines.len());
        for line in lines.split_inclusive(|b| *b == b'\n') {
            blank.push(b' ');
            blank.extend_from_slice(line);
        }
        let slowly = read(&[file_of(name, &blank)]);
        match (&once, &slowly) {
            (Ok(once), Ok(slowly)) => assert_eq!(once, slowly),
            (Err(once), Err(slowly)) => {
                assert!(once == slowly || once.contains(" column "), "{once} or {slowly}");
            }
            _ => panic!("{once:?} or {slowly:?}"),
        }
        // The same file again adds no samples.
        let path = file_of(name, &lines);
        if let (Ok(once), Ok(twice)) = (once, read(&[path.clone(), path])) {
            let samples =
                |content: Content| content.into_iter().map(|(l, t, v, _)| (l, t, v)).collect::<Vec<_>>();
            assert_eq!(samples(once), samples(twice));
        }
    }
}
