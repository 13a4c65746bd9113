//! Servers behind the proxy: one that speaks HTTP, and one that writes what it is told.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, Uri};
use http_body_util::BodyExt;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

use super::{
    Listening,
    client::{self, Body},
};

/// A request as it came to an origin.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: Method,
    pub(crate) target: Uri,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) trailers: Option<HeaderMap>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }
}

/// An HTTP server on a free port. It ends with the test.
pub(crate) struct FakeOrigin {
    listening: Listening,
    seen: Arc<Mutex<Vec<Seen>>>,
}

/// An answer with a text.
pub(crate) fn text(body: impl Into<Bytes>) -> Response<Body> {
    Response::builder().header("content-type", "text/plain").body(client::full(body)).unwrap()
}

impl FakeOrigin {
    /// Answers every request with `ok`.
    pub(crate) async fn ok() -> Self {
        Self::answering(|_| text("ok")).await
    }

    /// Takes each request whole, and answers it.
    pub(crate) async fn answering(
        answer: impl Fn(&Seen) -> Response<Body> + Clone + Send + Sync + 'static,
    ) -> Self {
        let seen = Arc::<Mutex<Vec<Seen>>>::default();
        let all = Arc::clone(&seen);
        let mut origin = Self::serving(move |request| {
            let (answer, all) = (answer.clone(), Arc::clone(&all));
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap();
                let trailers = body.trailers().cloned();
                let (method, target, headers) = (head.method, head.uri, head.headers);
                let seen = Seen { method, target, headers, body: body.to_bytes(), trailers };
                all.lock().unwrap().push(seen.clone());
                answer(&seen)
            }
        })
        .await;
        origin.seen = seen;
        origin
    }

    /// Hands each request, whose body is on its way, to `answer`.
    pub(crate) async fn serving<A, F>(answer: A) -> Self
    where
        A: Fn(Request<Incoming>) -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Response<Body>> + Send + 'static,
    {
        let each = move |stream| {
            let answer = answer.clone();
            let service = service_fn(move |request| {
                let answer = answer(request);
                async move { Ok::<_, Infallible>(answer.await) }
            });
            http1::Builder::new().serve_connection(TokioIo::new(stream), service)
        };
        Self { listening: Listening::serving(each).await, seen: Arc::default() }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }

    /// The requests so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    /// How many connections were made to it.
    pub(crate) fn connections(&self) -> usize {
        self.listening.connections()
    }
}

/// A server that does with each connection what it is told.
pub(crate) struct RawOrigin {
    listening: Listening,
}

impl RawOrigin {
    pub(crate) async fn serving<A, F>(each: A) -> Self
    where
        A: Fn(TcpStream) -> F + Send + 'static,
        F: Future<Output = ()> + Send + 'static,
    {
        Self { listening: Listening::serving(each).await }
    }

    /// Reads a request's head, writes `answer`, and closes.
    pub(crate) async fn answering(answer: &'static [u8]) -> Self {
        Self::serving(move |mut stream| async move {
            client::head(&mut stream).await;
            tokio::io::AsyncWriteExt::write_all(&mut stream, answer).await.unwrap();
        })
        .await
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.listening.address()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address())
    }
}

/// An address where nobody listens.
pub(crate) async fn nobody() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}
