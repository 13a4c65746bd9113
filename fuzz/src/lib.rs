//! What the fuzz targets do with their input: a file of it is read as a user's is, by the public interface; an
//! expression or a template is parsed and evaluated; a message is freed of its secrets; bytes of a connection are told apart
//! and counted.
//!
//! In: bytes. Out: nothing, or a panic that libFuzzer keeps the input of.

mod capture;
mod flows;
mod metrics;
mod mutate;
mod oracle;
mod expression;
mod rules;
mod sanitize;
#[path = "../../glyphd/tests/it/planted/template.rs"]
mod secrets;
mod template;
mod words;

use std::{cell::OnceCell, fs, path::PathBuf};

use glyph_analysis::trace::{
    Grouping, Keep, LoadError, Sorted, Sources, Traces, chrome, folded, load, perfetto, picture,
    waterfall::{Row, Waterfall},
};
use serde::de::IgnoredAny;
use tempfile::TempDir;

pub use capture::{http2, sniff, websocket};
pub use expression::{WORDS as EXPRESSION_WORDS, expression};
pub use flows::flows;
pub use metrics::metrics;
pub use mutate::mutate;
pub use oracle::{as_public_type, lines_and_document};
pub use rules::rules;
pub use sanitize::{WORDS as SANITIZE_WORDS, sanitize};
pub use template::{WORDS as TEMPLATE_WORDS, template};
pub use words::mutate_words;

/// A file of these bytes, always the same one.
fn file_of(bytes: &[u8]) -> Result<Sources, LoadError> {
    thread_local!(static FOLDER: OnceCell<TempDir> = const { OnceCell::new() });
    let path: PathBuf = FOLDER.with(|folder| {
        let folder = folder.get_or_init(|| tempfile::tempdir().expect("a folder for temporary files"));
        folder.path().join("input")
    });
    fs::write(&path, bytes).expect("a temporary file");
    Sources::find(&[path])
}

/// Loads a file of these bytes.
fn read(bytes: &[u8]) -> Result<Traces, LoadError> {
    let sources = file_of(bytes)?;
    let loaded = load(&sources, Keep::EVERYTHING, &sources.progress())?;
    for warning in &loaded.warnings {
        assert!(!warning.what.is_empty());
    }
    Ok(Traces::resolve(loaded.spans, loaded.oddities))
}

/// Every span of every trace, as a waterfall shows them.
fn rows(traces: &Traces) -> Vec<(u128, Vec<Row>)> {
    let path = traces.critical_path();
    let ids = traces.spans.trace_ids().iter().enumerate();
    ids.map(|(t, id)| (id.get(), Waterfall::of(traces, t, &path).rows)).collect()
}

/// Reads a file and makes all there is of it; holds the results to what is true of any file.
pub fn everything(bytes: &[u8]) {
    let traces = match read(bytes) {
        Ok(traces) => traces,
        Err(LoadError::NotATrace { line, reason, .. }) => {
            assert!(line >= 1 && !reason.is_empty());
            return;
        }
        Err(_) => return,
    };
    let spans = traces.spans.len();
    let path = traces.critical_path();
    let own = traces.self_times();
    let mut roots = 0;
    for i in 0..spans {
        let duration = traces.spans.duration(i);
        assert!(own[i] <= duration && path.own_ns[i] <= duration);
        if traces.tree.parent(i).is_none() {
            roots += u128::from(duration);
        }
    }
    assert_eq!(path.own_ns.iter().map(|ns| u128::from(*ns)).sum::<u128>(), roots);
    assert_eq!(rows(&traces).iter().map(|(_, rows)| rows.len()).sum::<usize>(), spans);
    let mut drawn = Vec::new();
    let written = chrome::write(&traces, chrome::Args::Full, &mut drawn).expect("memory takes all");
    assert_eq!(written.spans as usize, spans);
    serde_json::from_slice::<IgnoredAny>(&drawn).expect("a Chrome trace is JSON");
    let mut native = Vec::new();
    let written = perfetto::write(&traces, picture::Args::Full, &mut native).expect("memory takes all");
    assert_eq!(written.spans as usize, spans);
    // Nothing that differs between spans in memory and spans sorted by trace on disk.
    let grouping =
        Grouping::by(&["service", "name", "kind", "attr:a"].map(|key| key.parse().expect("a key")));
    let all = traces.summarize_by(&grouping);
    for memory in [0, u64::MAX] {
        let sources = file_of(bytes).expect("the same file");
        let progress = sources.progress();
        let sorted = Sorted::read(&sources, grouping.clone(), memory, &progress).expect("the same spans");
        let progress = sorted.progress();
        let mut summary = sorted.summarize(&progress).expect("the same spans");
        assert!(summary.oddities.iter().eq(all.oddities.iter()));
        // Of where they are, each knows another example.
        summary.oddities = all.oddities.clone();
        assert_eq!(summary, all);
    }
    let mut stacks = Vec::new();
    folded::write(&traces, &mut stacks).expect("memory takes all");
    for line in String::from_utf8(stacks).expect("text").lines() {
        let (_, ns) = line.rsplit_once(' ').expect("a stack and a figure");
        assert!(ns.parse::<u64>().is_ok());
    }
}

/// A target whose body is one or more of this crate's functions.
#[macro_export]
macro_rules! target {
    ($($check:ident),+) => {
        libfuzzer_sys::fuzz_target!(|data: &[u8]| { $($crate::$check(data);)+ });
        libfuzzer_sys::fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
            $crate::mutate(data, size, max_size, seed)
        });
    };
}
