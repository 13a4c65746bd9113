//! Connections: plain or TLS, HTTP/1.1 or HTTP/2, direct or through a CONNECT; all on one port, told by their first bytes.

use std::{io, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use glyphd::capture::{
    prefixed::Prefixed,
    sniff::{Sniffed, sniff},
    tls::{Alpn, Leaves},
};
use http::{Method, Request, Response, StatusCode, uri::Scheme};
use hyper::{
    body::Incoming,
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo, TokioTimer};
use rustls::server::Acceptor;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpListener,
    time::{sleep, timeout},
};
use tokio_rustls::LazyConfigAcceptor;

use super::{
    response::{self, Body, Refusal},
    service::{Place, Service},
};

/// How long a client may take for its first bytes, a handshake, or the head of a request.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long is waited where the system gives no further connection.
const PAUSE: Duration = Duration::from_millis(50);

/// Takes connections.
pub(super) struct Server {
    pub(super) service: Service,
    /// With which TLS is spoken, if it is.
    pub(super) leaves: Option<Leaves>,
}

impl Server {
    /// Takes connections for ever.
    pub(super) async fn run(self: Arc<Self>, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((stream, _)) => {
                    // Answers are written whole.
                    drop(stream.set_nodelay(true));
                    let place = Place { scheme: Scheme::HTTP, within: None };
                    tokio::spawn(Arc::clone(&self).converse(Prefixed::new(Bytes::new(), stream), place));
                }
                // Files or memory are short, which passes.
                Err(_) => sleep(PAUSE).await,
            }
        }
    }

    /// Finds out what is spoken, and speaks it. Boxed, since a CONNECT may be in it.
    fn converse<S>(
        self: Arc<Self>,
        mut stream: Prefixed<S>,
        place: Place,
    ) -> Pin<Box<dyn Future<Output = ()> + Send>>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        Box::pin(async move {
            match timeout(PATIENCE, first_words(&mut stream)).await {
                Ok(Ok(Sniffed::Tls)) => self.secure(stream, place).await,
                Ok(Ok(spoken)) => self.plain(stream, spoken, place).await,
                _ => {}
            }
        })
    }

    async fn plain<S>(self: Arc<Self>, stream: Prefixed<S>, spoken: Sniffed, place: Place)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match spoken {
            Sniffed::Http2 => self.http2(stream, place).await,
            // What is no HTTP is told so by its parser.
            _ => self.http1(stream, place).await,
        }
    }

    async fn secure<S>(self: Arc<Self>, stream: Prefixed<S>, mut place: Place)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let Some(leaves) = &self.leaves else { return };
        let handshake = async {
            let start = LazyConfigAcceptor::new(Acceptor::default(), stream).await?;
            let hello = start.client_hello();
            let offered: Vec<_> = hello.alpn().into_iter().flatten().collect();
            let chosen = [Alpn::Http2, Alpn::Http1].into_iter().find(|alpn| offered.contains(&alpn.name()));
            let address = self.service.address.ip().to_string();
            let within =
                place.within.as_deref().and_then(|within| within.rsplit_once(':')).map(|(host, _)| host);
            let host = hello.server_name().or(within).unwrap_or(&address);
            let config = leaves.server_config(host, chosen).map_err(io::Error::other)?;
            let stream = start.into_stream(config).await?;
            io::Result::Ok((stream, chosen))
        };
        let Ok(Ok((stream, chosen))) = timeout(PATIENCE, handshake).await else { return };
        place.scheme = Scheme::HTTPS;
        let mut stream = Prefixed::new(Bytes::new(), stream);
        match chosen {
            Some(Alpn::Http2) => self.http2(stream, place).await,
            Some(Alpn::Http1) => self.http1(stream, place).await,
            // Who offers nothing may still speak HTTP/2.
            None => {
                if let Ok(Ok(spoken)) = timeout(PATIENCE, first_words(&mut stream)).await {
                    self.plain(stream, spoken, place).await;
                }
            }
        }
    }

    async fn http1<S>(self: Arc<Self>, stream: S, place: Place)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let place = Arc::new(place);
        let service = service_fn(move |request| Arc::clone(&self).answer(request, Arc::clone(&place)));
        let connection = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(PATIENCE)
            .auto_date_header(false)
            .pipeline_flush(true)
            .serve_connection(TokioIo::new(stream), service)
            .with_upgrades();
        // A client that goes is none of our concern.
        drop(connection.await);
    }

    async fn http2<S>(self: Arc<Self>, stream: S, place: Place)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let place = Arc::new(place);
        let service = service_fn(move |request| Arc::clone(&self).answer(request, Arc::clone(&place)));
        let connection = http2::Builder::new(TokioExecutor::new())
            .timer(TokioTimer::new())
            .auto_date_header(false)
            .serve_connection(TokioIo::new(stream), service);
        drop(connection.await);
    }

    async fn answer(
        self: Arc<Self>,
        request: Request<Incoming>,
        place: Arc<Place>,
    ) -> hyper::Result<Response<Body>> {
        if request.method() == Method::CONNECT {
            return Ok(self.connect(request));
        }
        Ok(self.service.answer(request, &place).await)
    }

    /// Speaks with the client in the place of the host that it wants.
    fn connect(self: Arc<Self>, request: Request<Incoming>) -> Response<Body> {
        let Some(authority) = request.uri().authority().map(|authority| authority.as_str().to_owned()) else {
            return response::empty(StatusCode::BAD_REQUEST);
        };
        if self.leaves.is_none() {
            let message = "CONNECT leads to TLS; glyphctl replay serve --ca-dir DIR speaks it".to_owned();
            let (method, url) = ("CONNECT", authority.as_str());
            let status = StatusCode::NOT_IMPLEMENTED;
            let refusal = Refusal { status, error: "no_ca", message, method, url, nearest: Vec::new() };
            return refusal.response(request.headers());
        }
        tokio::spawn(async move {
            if let Ok(upgraded) = hyper::upgrade::on(request).await {
                let place = Place { scheme: Scheme::HTTP, within: Some(authority) };
                self.converse(Prefixed::new(Bytes::new(), TokioIo::new(upgraded)), place).await;
            }
        });
        response::empty(StatusCode::OK)
    }
}

/// What a client begins with.
async fn first_words<S: AsyncRead + Unpin>(stream: &mut Prefixed<S>) -> io::Result<Sniffed> {
    loop {
        match sniff(stream.peeked()) {
            Sniffed::More => {}
            told => return Ok(told),
        }
        if !stream.peek_more().await? {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
