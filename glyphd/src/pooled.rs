//! What a pool of connections needs, whoever has it: connections that tell it what they are, and where they run.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use hyper::rt::{Executor, Read, ReadBufCursor, Write};
use hyper_util::{
    client::legacy::connect::{Connected, Connection},
    rt::TokioIo,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::client::TlsStream;
use tokio_util::{either::Either, sync::CancellationToken};

/// A connection, with TLS or without; what is told of it is found among the extensions of its responses.
#[derive(Debug)]
pub(crate) struct Pooled<S, T> {
    stream: TokioIo<Either<S, Box<TlsStream<S>>>>,
    http2: bool,
    to_proxy: bool,
    pub(crate) told: T,
}

impl<S: AsyncRead + AsyncWrite + Unpin, T> Pooled<S, T> {
    /// Without TLS.
    pub(crate) fn plain(stream: S, http2: bool, told: T) -> Self {
        Self { stream: TokioIo::new(Either::Left(stream)), http2, to_proxy: false, told }
    }

    /// With TLS, in which the protocol was agreed on.
    pub(crate) fn secured(stream: TlsStream<S>, told: T) -> Self {
        let http2 = stream.get_ref().1.alpn_protocol() == Some(b"h2");
        Self { stream: TokioIo::new(Either::Right(Box::new(stream))), http2, to_proxy: false, told }
    }

    /// The same, by way of a proxy, which gets whole URLs.
    pub(crate) fn by_proxy(self) -> Self {
        Self { to_proxy: true, ..self }
    }

    /// Whether HTTP/2 is spoken on it.
    pub(crate) fn is_http2(&self) -> bool {
        self.http2
    }

    /// Whether it leads to a proxy.
    pub(crate) fn is_to_proxy(&self) -> bool {
        self.to_proxy
    }

    /// What was agreed on in the handshake of TLS.
    pub(crate) fn agreed(&self) -> Option<&[u8]> {
        match self.stream.inner() {
            Either::Left(_) => None,
            Either::Right(tls) => tls.get_ref().1.alpn_protocol(),
        }
    }
}

impl<S, T: Clone + Send + Sync + 'static> Connection for Pooled<S, T> {
    fn connected(&self) -> Connected {
        let connected = Connected::new().extra(self.told.clone()).proxy(self.to_proxy);
        if self.http2 { connected.negotiated_h2() } else { connected }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, T: Unpin> Read for Pooled<S, T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin, T: Unpin> Write for Pooled<S, T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }
}

/// Runs connections. One whose other end takes no more bytes would otherwise be there for ever, and hold its exchange.
#[derive(Debug, Clone)]
pub(crate) struct UntilCut(pub(crate) CancellationToken);

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for UntilCut {
    fn execute(&self, connection: F) {
        // A token of its own: each poll of what waits for one takes its lock.
        tokio::spawn(self.0.child_token().run_until_cancelled_owned(connection));
    }
}
