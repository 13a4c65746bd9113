//! Ctrl-C, and what else would end glyphctl in the middle of a file: the work ends in order, and leaves nothing half done.

use std::{
    process,
    sync::{Arc, Weak},
};

use glyph_formats::jsonl::input::Progress;

use crate::commands::record::signals::Signals;

/// What a shell tells of a program that Ctrl-C ended.
const INTERRUPTED: i32 = 130;

/// As long as it is held, a signal stops the work, and a second one the program.
#[derive(Debug)]
pub(crate) struct Heeded {
    _work: Arc<()>,
}

/// Heeds signals while the work goes on that is measured so. Must be called within a runtime.
pub(crate) fn heed(progress: &Progress) -> Option<Heeded> {
    let work = Arc::new(());
    // Where they can't be had, they do what they do.
    let signals = Signals::listen().ok()?;
    tokio::spawn(stop(signals, progress.clone(), Arc::downgrade(&work)));
    Some(Heeded { _work: work })
}

async fn stop(mut signals: Signals, progress: Progress, work: Weak<()>) {
    signals.next().await;
    if work.strong_count() > 0 {
        progress.stop();
        signals.next().await;
    }
    process::exit(INTERRUPTED);
}
