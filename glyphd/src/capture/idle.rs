//! A connection on which nothing moves is given up: whatever waits for it (a body that stalls, a client that does not
//! read, a tunnel, an upgrade) ends with `TimedOut`. So does the head of a request that comes too slowly.
//!
//! `tokio-io-timeout` times reading and writing each by itself, so that a long download would end for want of bytes from
//! the client. hyper's timer for heads is set anew for every request, which costs more than anything else we do there.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep},
};

/// What a client's connection is about at the moment: if no exchange is under way, what comes is the head of the next.
#[derive(Debug, Default)]
pub(super) struct Heads {
    underway: AtomicUsize,
    /// With HTTP/2 other things come in between, too.
    are_frames: AtomicBool,
}

impl Heads {
    pub(super) fn exchange_begins(&self) {
        self.underway.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn exchange_ends(&self) {
        self.underway.fetch_sub(1, Ordering::Relaxed);
    }

    /// From now on HTTP/2 is spoken.
    pub(super) fn are_frames(&self) {
        self.are_frames.store(true, Ordering::Relaxed);
    }

    /// Whether what comes is a head.
    pub(super) fn are_due(&self) -> bool {
        self.underway.load(Ordering::Relaxed) == 0 && !self.are_frames.load(Ordering::Relaxed)
    }
}

/// A stream that fails when no byte has passed for a while, in either direction, though somebody waits for one.
#[derive(Debug)]
pub(crate) struct Idle<S> {
    inner: S,
    limit: Duration,
    /// Since somebody began to wait.
    since: Instant,
    /// Whether bytes have passed since then.
    moved: bool,
    head: Option<Head>,
    timer: Pin<Box<Sleep>>,
    /// Whom the timer wakes.
    waiting: Option<Waker>,
}

/// The head of a request, as far as time is concerned.
#[derive(Debug)]
struct Head {
    heads: Arc<Heads>,
    limit: Duration,
    /// When its first byte came.
    since: Option<Instant>,
}

impl<S> Idle<S> {
    pub(super) fn new(inner: S, limit: Duration) -> Self {
        let timer = Box::pin(sleep(limit));
        Self { inner, limit, since: Instant::now(), moved: false, head: None, timer, waiting: None }
    }

    /// One on which the heads of requests have to come within another limit.
    pub(super) fn with_heads(inner: S, limit: Duration, heads: Arc<Heads>, head_limit: Duration) -> Self {
        let timer = Box::pin(sleep(limit.min(head_limit)));
        let head = Some(Head { heads, limit: head_limit, since: None });
        Self { inner, limit, since: Instant::now(), moved: false, head, timer, waiting: None }
    }

    pub(super) fn get_ref(&self) -> &S {
        &self.inner
    }

    /// What came of an attempt to move bytes.
    fn judge<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
        bytes: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        match &polled {
            Poll::Ready(Ok(value)) => self.moved |= bytes(value) > 0,
            Poll::Ready(Err(_)) => {}
            Poll::Pending => {
                if std::mem::take(&mut self.moved) {
                    self.since = Instant::now();
                    if let Some(head) = &mut self.head {
                        let begun = head.since.unwrap_or(self.since);
                        head.since = head.heads.are_due().then_some(begun);
                    }
                }
                // The timer is asked only where it has run out, or would wake somebody else.
                if !self.timer.is_elapsed()
                    && self.waiting.as_ref().is_some_and(|waiting| waiting.will_wake(cx.waker()))
                {
                    return Poll::Pending;
                }
                self.waiting = Some(cx.waker().clone());
                // It is set anew only where it has run out, not for each byte.
                while self.timer.as_mut().poll(cx).is_ready() {
                    let (due, next) = self.due();
                    let now = Instant::now();
                    if due <= now {
                        return Poll::Ready(Err(self.stalled()));
                    }
                    self.timer.as_mut().reset(due.min(now + next));
                }
            }
        }
        polled
    }

    /// When it is given up if nothing changes, and how soon that may have become earlier.
    fn due(&self) -> (Instant, Duration) {
        let due = self.since + self.limit;
        match &self.head {
            Some(Head { limit, since: Some(since), heads }) if heads.are_due() => {
                (due.min(*since + *limit), *limit)
            }
            Some(Head { limit, .. }) => (due, *limit),
            None => (due, self.limit),
        }
    }

    fn stalled(&self) -> io::Error {
        let seconds = self.limit.as_secs_f64();
        io::Error::new(io::ErrorKind::TimedOut, format!("nothing passed for {seconds} s"))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Idle<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        let polled = Pin::new(&mut self.inner).poll_read(cx, buf);
        let read = buf.filled().len() - before;
        self.judge(cx, polled, |()| read)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Idle<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write(cx, buf);
        self.judge(cx, polled, |written| *written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_flush(cx);
        self.judge(cx, polled, |()| 0)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let polled = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.judge(cx, polled, |()| 0)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let polled = Pin::new(&mut self.inner).poll_write_vectored(cx, bufs);
        self.judge(cx, polled, |written| *written)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt, duplex};

    use super::*;

    const LIMIT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn it_ends_when_nothing_passes_and_not_before() {
        let (near, mut far) = duplex(16);
        let mut near = Idle::new(near, LIMIT);
        let mut byte = [0; 1];
        let begun = Instant::now();
        while begun.elapsed() < LIMIT * 3 {
            // Only one direction moves.
            near.write_all(b"x").await.unwrap();
            far.read_exact(&mut byte).await.unwrap();
            tokio::task::yield_now().await;
        }
        let begun = Instant::now();
        let error = near.read(&mut byte).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(begun.elapsed() >= LIMIT, "{:?}", begun.elapsed());
    }

    #[tokio::test]
    async fn a_head_has_to_come_in_time_and_a_body_has_not() {
        let heads = Arc::new(Heads::default());
        let (near, mut far) = duplex(16);
        let mut near = Idle::with_heads(near, LIMIT * 100, Arc::clone(&heads), LIMIT);
        let mut ticks = tokio::time::interval(LIMIT / 5);
        heads.exchange_begins();
        for in_time in [true, false] {
            let mut came = Ok(0);
            for _ in 0..15 {
                let mut byte = [0; 1];
                came = tokio::select! {
                    biased;
                    came = near.read(&mut byte) => came,
                    _ = ticks.tick() => {
                        far.write_all(b"x").await.unwrap();
                        continue;
                    }
                };
                if came.is_err() {
                    break;
                }
            }
            assert_eq!(came.map_err(|e| e.kind()).is_ok(), in_time, "byte by byte");
            heads.exchange_ends();
        }
    }
}
