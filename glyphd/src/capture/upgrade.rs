//! WebSocket (RFC 6455): the connection of an exchange becomes one of frames, which pass and are counted.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use glyph_formats::flow::{Frames, WebSocket};
use http::{HeaderMap, HeaderValue, Request, Response, Version, header};
use http_body_util::{Either, Full};
use hyper::{body::Incoming, upgrade::OnUpgrade};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{
    Answer, Proxy, failure::Failure, headers::lists, recorder::Recorder, tunnel::copy, websocket::FrameReader,
};

const WEBSOCKET: HeaderValue = HeaderValue::from_static("websocket");

/// A client that wants to switch to WebSocket.
#[derive(Debug)]
pub(super) struct Upgrade {
    client: OnUpgrade,
}

impl Upgrade {
    /// What a request asks for. Other protocols are not switched to: what asks for them goes on in HTTP/1.1.
    pub(super) fn asked(request: &mut Request<Incoming>) -> Option<Self> {
        (request.version() == Version::HTTP_11 && Self::granted(request.headers()))
            .then(|| Self { client: hyper::upgrade::on(request) })
    }

    /// Whether headers speak of a switch to WebSocket.
    pub(super) fn granted(headers: &HeaderMap) -> bool {
        let named = |name, wanted: &str| lists(headers, name).any(|item| item.eq_ignore_ascii_case(wanted));
        named(header::CONNECTION, "upgrade") && named(header::UPGRADE, "websocket")
    }

    /// Asks the upstream for it, too.
    pub(super) fn ask(headers: &mut HeaderMap) {
        headers.insert(header::CONNECTION, header::UPGRADE.into());
        headers.insert(header::UPGRADE, WEBSOCKET);
    }
}

impl Proxy {
    /// The upstream has switched: only now the client is told so.
    pub(super) fn switch(
        &self,
        asked: Upgrade,
        response: &mut Response<Incoming>,
        recorder: &Recorder,
    ) -> Answer {
        let upstream = hyper::upgrade::on(&mut *response);
        let mut answer = Response::new(Either::Right(Full::new(Bytes::new())));
        *answer.status_mut() = response.status();
        answer.headers_mut().clone_from(response.headers());
        recorder.switched(response);
        let (recorder, cut) = (recorder.clone(), self.cut.child_token());
        tokio::spawn(async move {
            let (client, upstream) = match tokio::try_join!(asked.client, upstream) {
                Ok((client, upstream)) => {
                    (Unannounced(TokioIo::new(client)), Unannounced(TokioIo::new(upstream)))
                }
                Err(e) => return recorder.failed(&Failure::TunnelBroken(e.to_string())),
            };
            let (mut sent, mut received) = (FrameReader::default(), FrameReader::default());
            let copied = copy(client, upstream, |b| sent.read(b), |b| received.read(b), &cut).await;
            recorder.websocket(WebSocket { sent: frames(&sent), received: frames(&received) });
            if let Err(failure) = copied {
                recorder.failed(&failure);
            }
        });
        answer
    }
}

/// A connection that may end without a word. TLS wants one (close_notify) so that nobody cuts off a message unseen; with
/// WebSocket the close frame has said it already, and many say no more.
struct Unannounced<S>(S);

impl<S: AsyncRead + Unpin> AsyncRead for Unannounced<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match ready!(Pin::new(&mut self.0).poll_read(cx, buf)) {
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Poll::Ready(Ok(())),
            read => Poll::Ready(read),
        }
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Unannounced<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(cx, buf)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write_vectored(cx, bufs)
    }
}

fn frames(read: &FrameReader) -> Frames {
    let counts = read.counts();
    Frames {
        frames: counts.frames,
        messages: counts.messages,
        bytes: counts.bytes,
        close_code: counts.close_code,
        fault: counts.fault.map(|fault| fault.to_string()),
    }
}
