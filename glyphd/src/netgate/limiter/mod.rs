//! The rate limits: who sends waits for room in the windows.
//!
//! In: hosts. Out: who may go on, in the order of [`Window`], which decides and knows no clock. Here are the clock and
//! those who wait: one task admits them, at the moment at which the window says that there is room.

mod window;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use tokio::{
    sync::{Notify, oneshot},
    time::sleep_until,
};
use tokio_util::task::AbortOnDropHandle;

pub use window::{Came, Rates, Scope, Ticket, Window};

/// How long somebody waited, and for which window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Waited {
    pub(crate) delay: Duration,
    pub(crate) scope: Scope,
}

/// As many wait as may.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// A wait that has begun.
#[derive(Debug)]
pub(crate) struct Waiting {
    scope: Scope,
    since: Instant,
    admitted: oneshot::Receiver<()>,
    place: InQueue,
}

/// Dropped, the place is free.
#[derive(Debug)]
struct InQueue(Arc<Shared>, Ticket);

#[derive(Debug)]
struct Shared {
    /// All times are counted from here.
    start: Instant,
    queues: Mutex<Queues>,
    /// Somebody began to wait.
    wait_began: Notify,
}

#[derive(Debug)]
struct Queues {
    window: Window,
    waiting: HashMap<Ticket, oneshot::Sender<()>>,
}

/// The limits at work.
#[derive(Debug)]
pub(crate) struct Limiter {
    shared: Arc<Shared>,
    _admitting: AbortOnDropHandle<()>,
}

impl Limiter {
    /// Must be called on a runtime.
    pub(crate) fn new(rates: Rates) -> Self {
        let queues = Queues { window: Window::new(rates), waiting: HashMap::new() };
        let shared = Shared { start: Instant::now(), queues: Mutex::new(queues), wait_began: Notify::new() };
        let shared = Arc::new(shared);
        let admitting = tokio::spawn(admit(Arc::clone(&shared)));
        Self { shared, _admitting: AbortOnDropHandle::new(admitting) }
    }

    /// Goes at once, or begins to wait.
    pub(crate) fn come(&self, host: &str) -> Result<Option<Waiting>, Full> {
        let since = Instant::now();
        let mut queues = self.shared.queues();
        match queues.window.come(host, since - self.shared.start) {
            Came::Admitted => Ok(None),
            Came::Full => Err(Full),
            Came::Waits(ticket, scope) => {
                let (admit, admitted) = oneshot::channel();
                queues.waiting.insert(ticket, admit);
                drop(queues);
                self.shared.wait_began.notify_one();
                let place = InQueue(Arc::clone(&self.shared), ticket);
                Ok(Some(Waiting { scope, since, admitted, place }))
            }
        }
    }
}

impl Waiting {
    /// For which window.
    pub(crate) fn scope(&self) -> Scope {
        self.scope
    }

    /// Waits. Who stops waiting has lost nothing and keeps nobody.
    pub(crate) async fn admitted(self) -> Waited {
        let Self { scope, since, admitted, place } = self;
        // Its other end goes with this place alone.
        drop(admitted.await);
        drop(place);
        Waited { delay: since.elapsed(), scope }
    }
}

impl Drop for InQueue {
    fn drop(&mut self) {
        let mut queues = self.0.queues();
        queues.waiting.remove(&self.1);
        queues.window.leave(self.1);
    }
}

impl Shared {
    fn queues(&self) -> MutexGuard<'_, Queues> {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Admits who waits, as there is room.
async fn admit(shared: Arc<Shared>) {
    loop {
        let due = shared.queues().window.due();
        match due {
            // Who comes meanwhile is not due any earlier.
            Some(due) => sleep_until((shared.start + due).into()).await,
            None => shared.wait_began.notified().await,
        }
        let now = shared.start.elapsed();
        let mut queues = shared.queues();
        while let Some(ticket) = queues.window.admit(now) {
            if let Some(admit) = queues.waiting.remove(&ticket) {
                // Who has left the queue is not in it, and so is not admitted.
                admit.send(()).ok();
            }
        }
    }
}
