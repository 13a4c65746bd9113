//! What became of the scrapes: they are written, counted, and it is told who can't be scraped.

use std::{
    io,
    path::Path,
    process::ExitCode,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use anyhow::anyhow;
use glyph_analysis::text::{counted, grouped};
use glyph_formats::metrics_file::MetricsFile;
use glyphd::{
    config::ScrapeTarget,
    scrape::{Given, Scrape, Sink},
};
use indicatif::{HumanBytes, HumanDuration};
use tokio::{
    sync::Notify,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::output::{failure::HintExt, hint_at, note, progress::Line, warn};

const REDRAW: Duration = Duration::from_millis(250);

/// The file, and what is in it.
pub(super) struct Tally {
    state: Mutex<State>,
    /// Told when the file takes no more.
    broken: Notify,
    line: Line,
}

struct State {
    /// None after the end.
    file: Option<MetricsFile>,
    fault: Option<io::Error>,
    figures: Figures,
    targets: Vec<Standing>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    scrapes: u64,
    failed: u64,
    samples: u64,
    bytes: u64,
}

/// How a target is doing.
struct Standing {
    target: ScrapeTarget,
    answered: bool,
    /// Of its last good scrape.
    series: usize,
    /// Why its last one failed.
    fault: Option<(String, Option<&'static str>)>,
}

impl Tally {
    pub(super) fn new(file: MetricsFile, targets: &[ScrapeTarget], line: Line) -> Self {
        let standing = |target: &ScrapeTarget| Standing {
            target: target.clone(),
            answered: false,
            series: 0,
            fault: None,
        };
        let state = State {
            file: Some(file),
            fault: None,
            figures: Figures::default(),
            targets: targets.iter().map(standing).collect(),
        };
        Self { state: Mutex::new(state), broken: Notify::new(), line }
    }

    /// Waits until the file takes no more.
    pub(super) async fn broken(&self) {
        self.broken.notified().await;
    }

    /// Shows how far it has come, until dropped.
    pub(super) async fn show(&self, end: Option<Instant>) {
        if !self.line.is_shown() {
            return std::future::pending().await;
        }
        let mut ticks = interval(REDRAW);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            ticks.tick().await;
            self.line.tell(|| {
                let left = end.map(|end| HumanDuration(end.saturating_duration_since(Instant::now())));
                let left = left.map(|left| format!("{left:#} left"));
                left.into_iter().chain(self.state().told()).collect::<Vec<_>>().join(", ")
            });
        }
    }

    /// Ends the file and tells what is in it.
    pub(super) fn close(&self, path: &Path) -> anyhow::Result<ExitCode> {
        self.line.end();
        let mut state = self.state();
        let shown = path.display();
        let finished = state.file.take().map_or(Ok(state.figures.bytes), MetricsFile::finish);
        if let Some(fault) = state.fault.take() {
            let error =
                anyhow!("{shown}: {fault}; {} before are in it", counted(state.figures.scrapes, "scrape"));
            return Err(error.hint("what was written can be read; a full disk is the usual reason"));
        }
        state.figures.bytes = finished.map_err(|error| anyhow!("{shown}: can't be ended: {error}"))?;
        if state.targets.iter().all(|target| !target.answered) {
            return Err(state.no_target());
        }
        for silent in state.targets.iter().filter(|target| !target.answered) {
            let fault = silent.fault.as_ref().map_or("", |(fault, _)| fault);
            warn(format_args!("{} could not be scraped even once: {fault}", silent.target));
        }
        let of = counted(state.targets.len() as u64, "target");
        note(format_args!("{shown}: {of}, {}", state.told().join(", ")));
        note(format_args!(
            "next: glyphctl metrics series --data {shown}, or glyphctl alerts check --rules FILE --data {shown}"
        ));
        Ok(ExitCode::SUCCESS)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Sink for Tally {
    fn take(&self, scrape: &Scrape<'_>) {
        let mut state = self.state();
        if !state.write(scrape.lines) {
            self.broken.notify_one();
            return;
        }
        let target = scrape.target;
        state.count(target, scrape.outcome.map_err(|error| (error.to_string(), error.hint())));
        drop(state);
        match (scrape.outcome, scrape.turned) {
            (Err(error), true) => self.line.aside(|| {
                warn(format_args!("{target} can't be scraped: {error}; going on"));
                error.hint().into_iter().for_each(hint_at);
            }),
            (Ok(_), true) => self.line.aside(|| note(format_args!("{target} can be scraped again"))),
            (_, false) => {}
        }
    }
}

impl State {
    /// Tells whether it was written.
    fn write(&mut self, lines: &str) -> bool {
        let Some(file) = self.file.as_mut().filter(|_| self.fault.is_none()) else { return false };
        let written = file.write(lines.as_bytes());
        self.figures.bytes = file.bytes();
        self.fault = written.err();
        self.fault.is_none()
    }

    fn count(&mut self, target: &ScrapeTarget, outcome: Result<Given, (String, Option<&'static str>)>) {
        self.figures.scrapes += 1;
        let standing = self.targets.iter_mut().find(|standing| standing.target == *target);
        match (outcome, standing) {
            (Ok(given), Some(standing)) => {
                self.figures.samples += given.samples as u64;
                (standing.answered, standing.series) = (true, given.series);
            }
            (Err(fault), Some(standing)) => {
                self.figures.failed += 1;
                standing.fault = Some(fault);
            }
            // There are no others.
            (_, None) => {}
        }
    }

    fn told(&self) -> Vec<String> {
        let Figures { scrapes, failed, samples, bytes } = self.figures;
        let series = self.targets.iter().map(|target| target.series as u64).sum();
        vec![
            format!("{} ({failed} failed)", counted(scrapes, "scrape")),
            format!("{} samples", grouped(samples)),
            format!("{} series", grouped(series)),
            HumanBytes(bytes).to_string(),
        ]
    }

    fn no_target(&self) -> anyhow::Error {
        let told = |silent: &Standing| Some(format!("{}: {}", silent.target, silent.fault.as_ref()?.0));
        let told: Vec<_> = self.targets.iter().filter_map(told).collect();
        let hint = self.targets.iter().find_map(|target| target.fault.as_ref()?.1);
        let reason = if told.is_empty() { "there was no time for it".to_owned() } else { told.join("; ") };
        anyhow!("no target could be scraped even once: {reason}").maybe_hint(hint)
    }
}
