//! Interim answers (1xx; RFC 9110, 15.2) on their way to a client over HTTP/1.1. hyper's server sends none, so they are
//! written where a message may begin: before the final answer of an exchange, behind everything of the one before.
//!
//! In: heads from the upstream's connection. Out: their bytes between hyper's. A client over HTTP/2 gets none.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Arc, Mutex, MutexGuard,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Waker, ready},
};

use bytes::{Buf, BytesMut};
use http::{HeaderMap, StatusCode};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{headers::for_client, locked};

/// What may wait for one client, in bytes. What comes beyond that is not passed on.
const MOST: usize = 64 << 10;

/// Those of one connection.
#[derive(Debug, Default)]
pub(super) struct Interim {
    queue: Mutex<Queue>,
    /// Whether something is in the queue.
    waits: AtomicBool,
}

#[derive(Debug, Default)]
struct Queue {
    bytes: BytesMut,
    /// Whether some of the first one has been written.
    begun: bool,
    /// Whether an exchange waits for its final answer.
    open: bool,
    /// Whether a message may begin: all of the last one is out.
    between: bool,
    connection: Option<Waker>,
}

/// An exchange that waits for its final answer.
#[derive(Debug)]
pub(super) struct Awaiting(Arc<Interim>);

impl Interim {
    /// From now on, until what is returned is dropped, there is an exchange to which interim answers belong.
    pub(super) fn open(self: &Arc<Self>) -> Awaiting {
        self.queue().open = true;
        Awaiting(Arc::clone(self))
    }

    /// One has come. 100 is said to a client by us, and 101 is a final answer.
    pub(super) fn push(&self, status: StatusCode, headers: &HeaderMap) {
        if status == StatusCode::CONTINUE || status == StatusCode::SWITCHING_PROTOCOLS {
            return;
        }
        let mut headers = headers.clone();
        for_client(&mut headers);
        let length: usize = headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum();
        let mut queue = self.queue();
        if !queue.open || queue.bytes.len() + length > MOST {
            return;
        }
        let reason = status.canonical_reason().unwrap_or_default();
        queue.bytes.extend_from_slice(format!("HTTP/1.1 {} {reason}\r\n", status.as_str()).as_bytes());
        for (name, value) in &headers {
            for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
                queue.bytes.extend_from_slice(part);
            }
        }
        queue.bytes.extend_from_slice(b"\r\n");
        self.waits.store(true, Ordering::Relaxed);
        if let Some(connection) = queue.connection.take() {
            connection.wake();
        }
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        locked(&self.queue)
    }
}

impl Drop for Awaiting {
    fn drop(&mut self) {
        let mut queue = self.0.queue();
        queue.open = false;
        // The final answer comes next. What could not be written by now is in its way no more.
        if !queue.between && !queue.begun {
            queue.bytes.clear();
            self.0.waits.store(false, Ordering::Relaxed);
        }
    }
}

/// A client's connection, with interim answers between what is written to it.
#[derive(Debug)]
pub(super) struct WithInterim<S> {
    stream: S,
    interim: Arc<Interim>,
}

impl<S> WithInterim<S> {
    pub(super) fn new(stream: S, interim: Arc<Interim>) -> Self {
        Self { stream, interim }
    }

    pub(super) fn into_inner(self) -> S {
        self.stream
    }
}

impl<S: AsyncWrite + Unpin> WithInterim<S> {
    /// Writes those that wait, if they may begin here.
    fn poll_interim(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if !self.interim.waits.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        let mut queue = self.interim.queue();
        if !queue.between && !queue.begun {
            return Poll::Ready(Ok(()));
        }
        while !queue.bytes.is_empty() {
            let written = ready!(Pin::new(&mut self.stream).poll_write(cx, &queue.bytes))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            queue.bytes.advance(written);
            queue.begun = true;
        }
        queue.begun = false;
        self.interim.waits.store(false, Ordering::Relaxed);
        Poll::Ready(Ok(()))
    }

    /// Before something else is written: it is a message, or a part of one.
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_interim(cx))?;
        self.interim.queue().between = false;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for WithInterim<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        ready!(self.poll_message(cx))?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    /// hyper flushes when it has nothing more to write, and whenever its connection has been woken.
    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_flush(cx))?;
        let mut queue = self.interim.queue();
        queue.between = true;
        if queue.open {
            match &mut queue.connection {
                Some(waker) => waker.clone_from(cx.waker()),
                none => *none = Some(cx.waker().clone()),
            }
        }
        drop(queue);
        if !self.interim.waits.load(Ordering::Relaxed) {
            return Poll::Ready(Ok(()));
        }
        ready!(self.poll_interim(cx))?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_message(cx))?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for WithInterim<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}
