//! One replay from its beginning to its end: everything is started, watched, and brought to an end in order.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use anyhow::bail;
use glyph_analysis::{replay::Report, text::grouped};
use glyphd::{app::Summary, sanitize::Sanitizer};

use super::{
    RunArgs,
    feed::feed,
    judge::Judges,
    plan::{Plan, Preparer, Tally},
    recorder::Recorder,
    send::{Desk, Failure, Road, Seen, Senders},
};
use crate::{
    commands::record::signals::Signals,
    output::{failure::HintExt, note, progress::Line},
};

/// How often it is looked how far it has come.
const LOOK: Duration = Duration::from_millis(100);

/// What came of a replay.
pub(super) struct Course {
    pub(super) report: Report,
    pub(super) seen: Seen,
    pub(super) tally: Tally,
    /// From the first request to the last answer.
    pub(super) took: Duration,
    /// Whether the user did not want to wait for the end.
    pub(super) interrupted: bool,
    /// Why it was given up.
    pub(super) gone: Option<Failure>,
    /// What the recording of it holds.
    pub(super) recorded: Option<Summary>,
}

impl Course {
    /// Sends everything.
    pub(super) async fn run(
        flags: &RunArgs,
        plan: Plan,
        preparer: Preparer,
        sanitizer: Arc<Sanitizer>,
    ) -> anyhow::Result<Self> {
        // From the first moment on, so that none is lost.
        let mut signals = Signals::listen()?;
        let (target, options) = (preparer.target().clone(), flags.options());
        let road = Road::to(&target, flags.versions(), || flags.trust()).await.map_err(hinted)?;
        // One line, and not one for each request.
        road.try_out().await.map_err(|failure| hinted(failure.into()))?;
        let recorder = match &flags.record {
            Some(dir) => {
                let ca = flags.upstream_ca.as_deref();
                Some(Recorder::start(dir, &target, ca, options.body_bytes, options.timeout).await?)
            }
            None => None,
        };
        let road = match &recorder {
            Some(recorder) => Road::through(recorder.address(), &target, flags.versions()),
            None => road,
        };
        let rules = preparer.rules().clone();
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let judges = Judges::start(cores.div_ceil(2), rules.clone(), sanitizer, target.to_string())?;
        let desk = Arc::<Desk>::default();
        let mut senders = Senders::start(&desk, road, rules, options, &judges.door())?;

        let began = Instant::now();
        let feeder = {
            let (desk, pace, times) = (Arc::clone(&desk), flags.pace(), flags.times);
            thread::Builder::new().name("feeder".to_owned()).spawn(move || {
                let fed = feed(&plan, &preparer, times, pace, &desk);
                if fed.is_err() {
                    desk.stop();
                }
                fed
            })?
        };
        let interrupted = watch(&mut senders, &desk, &mut signals, began).await?;
        let (mut seen, gone) = senders.finish();
        let fed = feeder.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        let mut report = judges.finish();
        let recorded = match recorder {
            Some(recorder) => Some(recorder.finish().await?),
            None => None,
        };
        let tally = fed?;
        report.absorb(std::mem::take(&mut seen.report));
        let took = seen.last.map_or(began.elapsed(), |last| last.saturating_duration_since(began));
        Ok(Self { report, seen, tally, took, interrupted, gone, recorded })
    }
}

fn hinted(error: anyhow::Error) -> anyhow::Error {
    let hint = error.downcast_ref::<Failure>().and_then(Failure::hint);
    error.context("--target").maybe_hint(hint)
}

/// Watches until all is sent; tells whether the user did not want to wait for that.
async fn watch(
    senders: &mut Senders,
    desk: &Desk,
    signals: &mut Signals,
    began: Instant,
) -> anyhow::Result<bool> {
    let line = Line::start();
    let mut interrupted = false;
    loop {
        tokio::select! {
            () = senders.ended() => break,
            () = tokio::time::sleep(LOOK) => {}
            _ = signals.next() => {
                if interrupted {
                    line.end();
                    bail!("interrupted before the last answers had come");
                }
                interrupted = true;
                desk.stop();
                line.aside(|| note("no more is sent; interrupt once more to leave answers that are under way"));
            }
        }
        line.tell(|| {
            let (answered, failed) = senders.so_far();
            let rate = answered as f64 / began.elapsed().as_secs_f64();
            format!("{} answered, {} failed, {rate:.0}/s", grouped(answered), grouped(failed))
        });
    }
    line.end();
    Ok(interrupted)
}
