//! The same work on every core.

use std::{panic, thread};

/// Lets as many threads as there are cores `work`, this one among them; what each of them came to, in no order.
pub(super) fn on_every_core<T: Send>(work: impl Fn() -> T + Sync) -> Vec<T> {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(&work)).collect();
        let mut results = vec![work()];
        for other in others {
            results.push(other.join().unwrap_or_else(|cause| panic::resume_unwind(cause)));
        }
        results
    })
}
