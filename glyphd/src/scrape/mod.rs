//! Scrapes: what other programs serve as metrics, asked for every so often, as lines of a recording.
//!
//! In: targets, and how often. Out: of every scrape the lines that a recording has of it, whole, and what came of it; a
//! scrape that failed has lines, too (`up` is 0 there). The targets do not wait for each other. Not here: files, and
//! who is told what.

mod target;
mod fetch;
mod track;
mod scraper;

use std::{collections::BTreeSet, sync::Arc, time::Duration};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use self::scraper::Scraper;
pub(crate) use self::track::Track;
pub use self::{
    fetch::ScrapeError,
    target::{Access, ScrapeTarget, TargetError, label},
    track::Given,
};

/// How long a target may take, whatever the interval, if nothing else is said.
const TIMEOUT: Duration = Duration::from_secs(10);

/// How often targets are scraped, and how long each may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// From the beginning of a scrape to that of the next.
    pub every: Duration,
    /// How long a scrape may take.
    pub timeout: Duration,
}

impl Pace {
    /// So often, and each within that time, or 10 s.
    pub fn every(every: Duration) -> Self {
        Self { every, timeout: every.min(TIMEOUT) }
    }
}

/// A scrape that was made.
#[derive(Debug)]
pub struct Scrape<'a> {
    /// Of what.
    pub target: &'a ScrapeTarget,
    /// What a recording has of it: whole lines.
    pub lines: &'a str,
    /// What the target gave, or why nothing.
    pub outcome: Result<Given, &'a ScrapeError>,
    /// Whether it came out otherwise than the one before. A target counts as up before its first.
    pub turned: bool,
}

/// Where scrapes go.
pub trait Sink: Send + Sync + 'static {
    /// Takes a scrape. It may take its time; other targets' scrapes may come meanwhile.
    fn take(&self, scrape: &Scrape<'_>);
}

/// Targets, ready to be asked. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Scrapers(Vec<Scraper>);

impl Scrapers {
    /// One for each target.
    ///
    /// # Errors
    /// If two can't be told apart in a recording, or a file that one needs can't be used.
    pub fn new(targets: &[ScrapeTarget]) -> Result<Self, TargetError> {
        let mut labels = BTreeSet::new();
        let new = |target: &ScrapeTarget| {
            if !labels.insert((target.job().to_owned(), target.instance().to_owned())) {
                return Err(TargetError::Twice(target.to_string()));
            }
            Scraper::new(target)
        };
        Ok(Self(targets.iter().map(new).collect::<Result<_, _>>()?))
    }

    /// Scrapes each now, at that pace until `stop`, and once more then. Dropped, it stops at once.
    pub async fn run(&self, pace: Pace, sink: Arc<dyn Sink>, stop: impl Future<Output = ()>) {
        let (mut tasks, stopped) = (JoinSet::new(), CancellationToken::new());
        for scraper in &self.0 {
            tasks.spawn(scraper.clone().run(Arc::clone(&sink), pace, stopped.clone()));
        }
        stop.await;
        stopped.cancel();
        while tasks.join_next().await.is_some() {}
    }
}
