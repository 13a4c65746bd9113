//! Pairs of exchanges, read and compared on all cores.

use std::{
    collections::HashMap,
    num::NonZero,
    sync::{
        Arc, Mutex,
        mpsc::{self, Receiver},
    },
    thread,
};

use anyhow::Context;
use glyph_analysis::replay::{Report, Rules, compare};
use glyph_formats::{
    Flow,
    jsonl::{
        index::{LineIndex, Place},
        input::Progress,
    },
};

use super::{
    pairs::{self, Pair},
    request,
    side::{Side, is_chosen},
};

/// Pairs go from thread to thread by so many.
const BATCH: usize = 64;
/// So many batches wait.
const WAITING: usize = 8;
/// So many pairs whose keys are equal by chance are held to be paired anew.
const MISMATCHED: usize = 1 << 12;

/// Compares all of both.
pub(super) fn all(old: &Side, new: &Side, rules: &Rules, progress: &Progress) -> anyhow::Result<Report> {
    let judge = Judge { old: &old.index, new: &new.index, rules, progress };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(8);
    let (sender, batches) = mpsc::sync_channel::<Vec<Pair>>(WAITING);
    // When the last worker has gone, nobody waits for it to take more.
    let batches = Arc::new(Mutex::new(batches));
    thread::scope(|scope| {
        let judge = &judge;
        let start = |batches: Arc<_>| scope.spawn(move || judge.work(&batches));
        let workers: Vec<_> = (0..threads).map(|_| start(Arc::clone(&batches))).collect();
        drop(batches);
        let mut batch = Vec::with_capacity(BATCH);
        let mut done = pairs::each(judge.old, judge.new, |pair| {
            batch.push(pair);
            if batch.len() < BATCH {
                return Ok(());
            }
            let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
            sender.send(full).context("comparing has ended")
        });
        if done.is_ok() {
            done = sender.send(batch).context("comparing has ended");
        }
        drop(sender);
        let (mut report, mut mismatched) = (Report::new(), Vec::new());
        for worker in workers {
            let work = worker.join().map_err(|_| anyhow::anyhow!("a thread that compares has failed"))?;
            // What a worker says of an error comes before that nobody took its work.
            let work = work?;
            report.absorb(work.report);
            mismatched.extend(work.mismatched);
        }
        done?;
        judge.pair_anew(&mismatched, &mut report)?;
        Ok(report)
    })
}

struct Judge<'a> {
    old: &'a LineIndex,
    new: &'a LineIndex,
    rules: &'a Rules,
    progress: &'a Progress,
}

/// What a thread has done.
#[derive(Default)]
struct Work {
    report: Report,
    /// Pairs that are none: their keys are equal by chance.
    mismatched: Vec<(Place, Place)>,
    buffer: Vec<u8>,
}

impl Judge<'_> {
    fn work(&self, batches: &Mutex<Receiver<Vec<Pair>>>) -> anyhow::Result<Work> {
        let mut work = Work::default();
        loop {
            let next =
                batches.lock().map_err(|_| anyhow::anyhow!("a thread that compares has failed"))?.recv();
            let Ok(batch) = next else { return Ok(work) };
            batch.into_iter().try_for_each(|pair| self.pair(pair, &mut work))?;
        }
    }

    fn pair(&self, pair: Pair, work: &mut Work) -> anyhow::Result<()> {
        match pair {
            (Some(old), Some(new)) => {
                let (recorded, flow) = (self.flow(self.old, &old, work)?, self.flow(self.new, &new, work)?);
                if request::are_same(&recorded, &flow) {
                    self.compare(&recorded, &flow, is_chosen(&old), &mut work.report);
                } else if work.mismatched.len() < MISMATCHED {
                    work.mismatched.push((old, new));
                } else {
                    self.alone(Some((&old, &recorded)), Some((&new, &flow)), &mut work.report);
                }
            }
            (Some(old), None) if is_chosen(&old) => {
                let flow = self.flow(self.old, &old, work)?;
                work.report.add_missing(&flow);
            }
            (None, Some(new)) if is_chosen(&new) => {
                let flow = self.flow(self.new, &new, work)?;
                work.report.add_extra(&flow);
            }
            _ => {}
        }
        Ok(())
    }

    fn compare(&self, recorded: &Flow, new: &Flow, chosen: bool, report: &mut Report) {
        if chosen {
            report.add(recorded, new, &compare(recorded, new, self.rules));
        }
    }

    fn alone(&self, old: Option<(&Place, &Flow)>, new: Option<(&Place, &Flow)>, report: &mut Report) {
        if let Some((_, flow)) = old.filter(|(place, _)| is_chosen(place)) {
            report.add_missing(flow);
        }
        if let Some((_, flow)) = new.filter(|(place, _)| is_chosen(place)) {
            report.add_extra(flow);
        }
    }

    /// Pairs those whose keys were equal by chance by what they are.
    fn pair_anew(&self, mismatched: &[(Place, Place)], report: &mut Report) -> anyhow::Result<()> {
        let (mut work, mut news) = (Work::default(), HashMap::<_, Vec<Place>>::new());
        for (_, new) in mismatched.iter().rev() {
            let flow = self.flow(self.new, new, &mut work)?;
            news.entry(request::target(&flow)).or_default().push(*new);
        }
        for (old, _) in mismatched {
            let recorded = self.flow(self.old, old, &mut work)?;
            let new = news.get_mut(&request::target(&recorded)).and_then(Vec::pop);
            match new {
                Some(new) => {
                    let flow = self.flow(self.new, &new, &mut work)?;
                    self.compare(&recorded, &flow, is_chosen(old), report);
                }
                None => self.alone(Some((old, &recorded)), None, report),
            }
        }
        for new in news.into_values().flatten() {
            let flow = self.flow(self.new, &new, &mut work)?;
            self.alone(None, Some((&new, &flow)), report);
        }
        Ok(())
    }

    fn flow(&self, index: &LineIndex, place: &Place, work: &mut Work) -> anyhow::Result<Flow> {
        index.line(place, &mut work.buffer).context("a recording can't be read again")?;
        self.progress.add(work.buffer.len() as u64);
        serde_json::from_slice(&work.buffer).context("a flow")
    }
}
