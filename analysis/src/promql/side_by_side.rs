//! The same work on each of many series, on all cores.

use rayon::prelude::*;

use super::evaluate::Settings;

/// With fewer values than these to be found, one thread is done before another has begun.
const WORTH_MORE_THREADS: usize = 1 << 14;

/// What `of` makes of each item, on all cores if there is enough to do; in the items' order.
pub(super) fn side_by_side<T: Sync, R: Send>(
    settings: Settings,
    items: &[T],
    steps: usize,
    of: impl Fn(&T) -> Option<R> + Sync,
) -> Vec<R> {
    if !settings.one_thread && items.len() > 1 && items.len().saturating_mul(steps) >= WORTH_MORE_THREADS {
        items.par_iter().filter_map(&of).collect()
    } else {
        items.iter().filter_map(of).collect()
    }
}
