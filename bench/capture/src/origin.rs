//! The origin: the same pages plain and with TLS, over HTTP/1.1 and HTTP/2.

use std::{convert::Infallible, path::PathBuf, sync::Arc};

use http::Request;
use hyper::{
    body::Incoming,
    rt::{Read, Write},
    server::conn::{http1, http2},
    service::service_fn,
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::{certificates, pages, say};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where the certificates go: ca.pem, server.pem, server.key
    folder: PathBuf,
}

/// Serves for ever. Connections end as they end: what breaks is for clients to tell.
pub(crate) async fn serve(options: &Options) -> anyhow::Result<()> {
    let acceptor = TlsAcceptor::from(Arc::new(certificates::server(&options.folder)?));
    let plain = TcpListener::bind("127.0.0.1:0").await?;
    let secured = TcpListener::bind("127.0.0.1:0").await?;
    say(&json!({
        "http": format!("http://{}", plain.local_addr()?),
        "https": format!("https://localhost:{}", secured.local_addr()?.port()),
    }));
    tokio::spawn(async move {
        loop {
            let stream = accept(&secured).await;
            tokio::spawn(handshake(acceptor.clone(), stream));
        }
    });
    loop {
        let stream = accept(&plain).await;
        tokio::spawn(http1(TokioIo::new(stream)));
    }
}

/// The next connection, without the delay that small writes would have.
pub(crate) async fn accept(listener: &TcpListener) -> TcpStream {
    loop {
        if let Ok((stream, _)) = listener.accept().await
            && stream.set_nodelay(true).is_ok()
        {
            return stream;
        }
    }
}

async fn handshake(acceptor: TlsAcceptor, stream: TcpStream) {
    let Ok(stream) = acceptor.accept(stream).await else { return };
    if stream.get_ref().1.alpn_protocol() == Some(b"h2") {
        let connection = http2::Builder::new(TokioExecutor::new());
        drop(connection.serve_connection(TokioIo::new(stream), service_fn(page)).await);
    } else {
        http1(TokioIo::new(stream)).await;
    }
}

async fn http1(io: impl Read + Write + Unpin) {
    drop(http1::Builder::new().serve_connection(io, service_fn(page)).await);
}

async fn page(request: Request<Incoming>) -> Result<http::Response<pages::Page>, Infallible> {
    Ok(pages::answer(request))
}
