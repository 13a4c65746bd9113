//! Sending: who sends what when it is due, and reads the answer.
//!
//! In: requests in their order ([`Desk`]). Out: what came of each: at once where the answer is the recorded one, else to
//! those who look closer. As many threads as there are cores; on each a part of the senders, a task each, with a connection
//! of its own. Not here: what is sent, and when it is due.

mod schedule;
mod desk;
mod failure;
mod road;
mod connection;
mod seen;

use std::{
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use async_channel::Sender as Door;
use glyph_analysis::replay::Rules;
use tokio::{runtime, sync::mpsc, time::timeout};

use self::{
    connection::{Connection, Shared},
    desk::Job,
};
pub(super) use self::{
    desk::Desk,
    failure::Failure,
    road::{Road, Versions},
    seen::Seen,
};
use super::{answer, judge::Outcome, same::is_same};

/// After so many connections that were not to be had, one after the other, the server is gone.
const GONE: u64 = 32;
/// Beyond what is compared, so much of a body is looked at, so that a secret across the limit is known.
const MARGIN: usize = 4 << 10;

/// How requests are sent.
#[derive(Debug, Clone, Copy)]
pub(super) struct Options {
    /// So many requests at a time.
    pub(super) concurrency: usize,
    /// How long an answer may take, to its end.
    pub(super) timeout: Duration,
    /// How many bytes of a body are compared.
    pub(super) body_bytes: usize,
}

/// All senders.
pub(super) struct Senders {
    threads: Vec<JoinHandle<Seen>>,
    office: Arc<Office>,
    /// Closed when the last of them is done.
    ended: mpsc::Receiver<()>,
}

/// What all senders share.
struct Office {
    desk: Arc<Desk>,
    road: Arc<Road>,
    rules: Rules,
    options: Options,
    progress: Progress,
    /// Connections that were not to be had, since the last one that was.
    unreachable: AtomicU64,
    gone: Mutex<Option<Failure>>,
}

/// How far it has come.
#[derive(Debug, Default)]
struct Progress {
    answered: AtomicU64,
    pub(super) failed: AtomicU64,
}

/// One sender.
struct Sender {
    number: usize,
    office: Arc<Office>,
    connection: Connection,
    seen: Arc<Mutex<Seen>>,
    door: Door<Outcome>,
}

impl Senders {
    /// Starts them.
    pub(super) fn start(
        desk: &Arc<Desk>,
        road: Road,
        rules: Rules,
        options: Options,
        door: &Door<Outcome>,
    ) -> std::io::Result<Self> {
        let office = Arc::new(Office {
            desk: Arc::clone(desk),
            road: Arc::new(road),
            rules,
            options,
            progress: Progress::default(),
            unreachable: AtomicU64::new(0),
            gone: Mutex::default(),
        });
        let cores = thread::available_parallelism().map_or(1, usize::from).min(options.concurrency);
        let (working, ended) = mpsc::channel(1);
        let start = |n: usize| {
            let runtime = runtime::Builder::new_current_thread().enable_all().build()?;
            let (office, door, working) = (Arc::clone(&office), door.clone(), working.clone());
            let senders: Vec<_> = (n..options.concurrency).step_by(cores).collect();
            let work = move || {
                let _working = working;
                runtime.block_on(serve(&office, &senders, &door))
            };
            thread::Builder::new().name("sender".to_owned()).spawn(work)
        };
        let threads = (0..cores).map(start).collect::<Result<_, _>>()?;
        Ok(Self { threads, office, ended })
    }

    /// How many requests were answered so far, and how many were not.
    pub(super) fn so_far(&self) -> (u64, u64) {
        let Progress { answered, failed } = &self.office.progress;
        (answered.load(Ordering::Relaxed), failed.load(Ordering::Relaxed))
    }

    /// Waits until all are done.
    pub(super) async fn ended(&mut self) {
        while self.ended.recv().await.is_some() {}
    }

    /// What they saw, and why they gave up, if they did.
    pub(super) fn finish(self) -> (Seen, Option<Failure>) {
        let mut all = Seen::default();
        for thread in self.threads {
            match thread.join() {
                Ok(seen) => all.absorb(seen),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        let gone = self.office.gone.lock().unwrap_or_else(PoisonError::into_inner).take();
        (all, gone)
    }
}

/// The senders of a thread, until there is nothing left to send.
async fn serve(office: &Arc<Office>, senders: &[usize], door: &Door<Outcome>) -> Seen {
    let (seen, shared) = (Arc::<Mutex<Seen>>::default(), Arc::<Shared>::default());
    let tasks: Vec<_> = senders
        .iter()
        .map(|&number| {
            let sender = Sender {
                number,
                office: Arc::clone(office),
                connection: Connection::new(Arc::clone(&office.road), Arc::clone(&shared)),
                seen: Arc::clone(&seen),
                door: door.clone(),
            };
            tokio::spawn(sender.run())
        })
        .collect();
    for task in tasks {
        if let Err(error) = task.await
            && error.is_panic()
        {
            std::panic::resume_unwind(error.into_panic());
        }
    }
    std::mem::take(&mut *seen.lock().unwrap_or_else(PoisonError::into_inner))
}

impl Sender {
    async fn run(mut self) {
        let office = Arc::clone(&self.office);
        let mut done = None;
        while let Some((ticket, job)) = office.desk.next(self.number, done.take()).await {
            let bytes = job.planned.request.bytes();
            let outcome = self.exchange(job).await;
            if self.is_same(&outcome) {
                done = Some((ticket, bytes));
            } else {
                office.desk.done(ticket, bytes);
                // They outlive the senders.
                drop(self.door.send(outcome).await);
            }
        }
    }

    async fn exchange(&mut self, job: Job) -> Outcome {
        let request = Arc::clone(&job.planned.request);
        let options = self.office.options;
        let (began, mut sent) = (Instant::now(), None);
        let exchanged = async {
            let answered = self.connection.send(&request).await?;
            sent = Some(answered.sent);
            let exactly = request.expected.exactly.as_ref().map_or(0, |exactly| exactly.body.len() + 1);
            let limit = exactly.max(options.body_bytes.saturating_add(MARGIN));
            let answer = answer::read(answered.response, answered.sent, limit).await;
            match self.office.road.is_recorded.then(|| Failure::of_recorder(&answer)).flatten() {
                Some(failure) => Err(failure),
                None => Ok((answer, answered.http2)),
            }
        };
        let exchanged = timeout(options.timeout, exchanged).await;
        let exchanged = exchanged.unwrap_or_else(|_| {
            self.connection.abandon();
            Err(Failure::timed_out(options.timeout))
        });
        let (sent, ended) = (sent.unwrap_or(began), Instant::now());
        let mut seen = self.seen();
        seen.sent(&job, sent);
        seen.last = Some(ended);
        let answer = match exchanged {
            Ok((answer, http2)) => {
                seen.answered += 1;
                seen.bytes += answer.size;
                seen.http2 += u64::from(http2);
                drop(seen);
                self.office.reached();
                Ok(answer)
            }
            Err(failure) => {
                seen.failed(&failure);
                drop(seen);
                self.office.failed(&failure);
                Err(failure)
            }
        };
        Outcome { request, sent, ended, answer }
    }

    /// Whether the answer is the recorded one at first sight; if so, nothing is left to do.
    fn is_same(&self, Outcome { request, answer, .. }: &Outcome) -> bool {
        let (Ok(answer), Some(exactly)) = (answer, &request.expected.exactly) else { return false };
        let same = is_same(exactly, answer, &self.office.rules);
        if same {
            let took = u64::try_from(answer.took.as_nanos()).unwrap_or(u64::MAX);
            self.seen().report.add_same(request.expected.took, took);
        }
        same
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Office {
    fn reached(&self) {
        self.progress.answered.fetch_add(1, Ordering::Relaxed);
        if self.unreachable.load(Ordering::Relaxed) > 0 {
            self.unreachable.store(0, Ordering::Relaxed);
        }
    }

    fn failed(&self, failure: &Failure) {
        self.progress.failed.fetch_add(1, Ordering::Relaxed);
        if failure.is_of_connecting() && self.unreachable.fetch_add(1, Ordering::Relaxed) + 1 >= GONE {
            self.gone.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert_with(|| failure.clone());
            self.desk.stop();
        }
    }
}
