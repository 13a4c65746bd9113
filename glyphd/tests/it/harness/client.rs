//! Clients of the proxy: one that speaks HTTP, and one that writes what it is told.

use std::{net::SocketAddr, path::Path};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode, Version};
use http_body_util::{BodyExt, Full, combinators::BoxBody};
use hyper::{
    body::Incoming,
    client::conn::{http1, http2},
};
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::{TcpStream, UnixStream},
};

use super::within;

pub(crate) type Body = BoxBody<Bytes, std::io::Error>;

/// One connection, most often to the proxy.
pub(crate) struct Client {
    sender: http1::SendRequest<Body>,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) version: Version,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

pub(crate) fn empty() -> Body {
    full(Bytes::new())
}

pub(crate) fn full(bytes: impl Into<Bytes>) -> Body {
    Full::new(bytes.into()).map_err(|never| match never {}).boxed()
}

impl Client {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self::over(within("a connection", TcpStream::connect(address)).await.unwrap()).await
    }

    pub(crate) async fn connect_unix(socket: &Path) -> Self {
        Self::over(within("a connection", UnixStream::connect(socket)).await.unwrap()).await
    }

    async fn over(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static) -> Self {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.unwrap();
        tokio::spawn(connection);
        Self { sender }
    }

    /// Sends a request; the answer's body is on its way.
    pub(crate) async fn send(&mut self, request: Request<Body>) -> hyper::Result<Response<Incoming>> {
        within("the connection", self.sender.ready()).await?;
        within("an answer's head", self.sender.send_request(request)).await
    }

    /// Sends a request and takes the whole answer.
    pub(crate) async fn ask(&mut self, request: Request<Body>) -> Answer {
        whole(self.send(request).await.unwrap()).await.unwrap()
    }

    pub(crate) async fn get(&mut self, url: &str) -> Answer {
        self.ask(Request::get(url).body(empty()).unwrap()).await
    }

    pub(crate) async fn request(&mut self, method: Method, url: &str) -> Answer {
        self.ask(Request::builder().method(method).uri(url).body(empty()).unwrap()).await
    }

    pub(crate) async fn get_with(&mut self, url: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = Request::get(url);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.ask(request.body(empty()).unwrap()).await
    }
}

/// One connection over HTTP/2 without TLS.
pub(crate) async fn http2(address: SocketAddr) -> http2::SendRequest<Body> {
    http2_over(within("a connection", TcpStream::connect(address)).await.unwrap()).await
}

/// The same on a connection that is there.
pub(crate) async fn http2_over(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> http2::SendRequest<Body> {
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = within("a handshake", handshake).await.unwrap();
    tokio::spawn(connection);
    sender
}

/// The rest of an answer.
pub(crate) async fn whole(response: Response<Incoming>) -> hyper::Result<Answer> {
    let (head, body) = response.into_parts();
    let body = within("an answer's body", body.collect()).await?;
    Ok(Answer { status: head.status, version: head.version, headers: head.headers, body: body.to_bytes() })
}

/// A connection of bytes.
pub(crate) struct RawClient {
    pub(crate) stream: TcpStream,
}

impl RawClient {
    pub(crate) async fn connect(address: SocketAddr) -> Self {
        Self { stream: within("a connection", TcpStream::connect(address)).await.unwrap() }
    }

    pub(crate) async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        within("room to write", self.stream.write_all(bytes.as_ref())).await.unwrap();
    }

    /// The head of a message, with its empty line.
    pub(crate) async fn head(&mut self) -> String {
        head(&mut self.stream).await
    }

    /// So many bytes.
    pub(crate) async fn exactly(&mut self, count: usize) -> Vec<u8> {
        let mut bytes = vec![0; count];
        within("bytes", self.stream.read_exact(&mut bytes)).await.unwrap();
        bytes
    }

    /// All there is until the other side closes, or breaks off.
    pub(crate) async fn rest(&mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        // A reset is an end too.
        within("the end", self.stream.read_to_end(&mut bytes)).await.ok();
        bytes
    }
}

/// Reads the head of a message; less of it if the other side closes.
pub(crate) async fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match within("a message's head", stream.read_u8()).await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}
