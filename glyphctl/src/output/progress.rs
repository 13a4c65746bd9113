//! How far something has come: a bar for reading files, a line for what has no end. Only on a terminal, and not for
//! who wants it quiet; who wants more is told how long it took.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use console::Term;
use glyph_analysis::text::duration;
use glyph_formats::jsonl::input::Progress;
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};

use super::{detail, manner};

const REDRAW: Duration = Duration::from_millis(100);

/// A bar that follows a [`Progress`] until it is dropped.
pub(crate) struct Bar {
    what: &'static str,
    progress: Progress,
    begun: Instant,
    ended: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Bar {
    /// Starts to draw, if somebody sees it.
    pub(crate) fn start(what: &'static str, progress: &Progress) -> Self {
        let ended = Arc::new(AtomicBool::new(false));
        let thread = is_seen().then(|| {
            let (progress, ended) = (progress.clone(), Arc::clone(&ended));
            thread::spawn(move || follow(what, &progress, &ended))
        });
        Self { what, progress: progress.clone(), begun: Instant::now(), ended, thread }
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            // It has nothing to say.
            drop(thread.join());
        }
        let took = duration(u64::try_from(self.begun.elapsed().as_nanos()).unwrap_or(u64::MAX));
        detail(format_args!("{}: {} in {took}", self.what, HumanBytes(self.progress.read())));
    }
}

/// Whether somebody sees what is drawn.
pub(crate) fn is_seen() -> bool {
    Term::stderr().is_term() && !manner::is_quiet()
}

fn follow(what: &'static str, progress: &Progress, ended: &AtomicBool) {
    let (bar, template) = match progress.total {
        Some(total) => (ProgressBar::new(total), "{msg} {wide_bar} {bytes} of {total_bytes} {bytes_per_sec}"),
        None => (ProgressBar::no_length(), "{msg} {spinner} {bytes} {bytes_per_sec}"),
    };
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar.set_message(what);
    loop {
        // Short files are read before anybody could see a bar.
        thread::park_timeout(REDRAW);
        if ended.load(Ordering::Acquire) {
            break;
        }
        bar.set_position(progress.read());
    }
    bar.finish_and_clear();
}

/// One line that is drawn anew again and again.
pub(crate) struct Line(Option<ProgressBar>);

impl Line {
    /// Starts to draw, if somebody sees it.
    pub(crate) fn start() -> Self {
        Self(is_seen().then(|| {
            let line = ProgressBar::no_length();
            if let Ok(style) = ProgressStyle::with_template("{spinner} {wide_msg}") {
                line.set_style(style);
            }
            line
        }))
    }

    /// Whether anybody sees it.
    pub(crate) fn is_shown(&self) -> bool {
        self.0.is_some()
    }

    /// Draws that.
    pub(crate) fn tell(&self, what: impl FnOnce() -> String) {
        if let Some(line) = &self.0 {
            line.set_message(what());
            line.tick();
        }
    }

    /// Says something above it.
    pub(crate) fn aside(&self, say: impl FnOnce()) {
        match &self.0 {
            Some(line) => line.suspend(say),
            None => say(),
        }
    }

    /// Takes it away.
    pub(crate) fn end(&self) {
        self.0.iter().for_each(ProgressBar::finish_and_clear);
    }
}
