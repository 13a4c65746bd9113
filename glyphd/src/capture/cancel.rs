//! Work that ends early when it is told to.

use std::{
    future::poll_fn,
    mem,
    pin::{Pin, pin},
    task::Poll,
};

use tokio_util::sync::CancellationToken;

/// Waits for `work`, at most until `token` is cancelled; none then, and `work` can go on. What a token's own
/// `run_until_cancelled` does, but that one asks the token whenever the work is woken, which each request would pay. Asked once, it
/// wakes the task that asked, and until it does a look at its flag is enough. So `work` stays in one task.
pub(super) async fn until_cancelled<F>(token: &CancellationToken, mut work: Pin<&mut F>) -> Option<F::Output>
where
    F: Future + ?Sized,
{
    let mut cancelled = pin!(token.cancelled());
    let mut is_asked = false;
    poll_fn(|cx| {
        if let Poll::Ready(done) = work.as_mut().poll(cx) {
            return Poll::Ready(Some(done));
        }
        if mem::replace(&mut is_asked, true) && !token.is_cancelled() {
            return Poll::Pending;
        }
        cancelled.as_mut().poll(cx).map(|()| None)
    })
    .await
}
