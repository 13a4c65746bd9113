//! An OpenTelemetry collector that takes spans over OTLP/HTTP.

use std::{io::Read, sync::Arc, time::Instant};

use bytes::Bytes;
use flate2::read::GzDecoder;
use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message;
use tokio::sync::mpsc;

use super::{
    FakeOrigin,
    client::{self, Body},
    secure::{Authority, Identity, SecureOrigin},
    within,
};

/// One post of spans.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) path: String,
    pub(crate) at: Instant,
    headers: HeaderMap,
    pub(crate) request: ExportTraceServiceRequest,
}

impl Post {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn spans(&self) -> impl Iterator<Item = &Span> {
        self.request.resource_spans.iter().flat_map(|r| &r.scope_spans).flat_map(|s| &s.spans)
    }

    /// Of that post.
    async fn of(request: Request<Incoming>) -> Self {
        let at = Instant::now();
        let (head, body) = request.into_parts();
        let mut body = body.collect().await.unwrap().to_bytes();
        if head.headers.get("content-encoding").is_some_and(|coding| coding == "gzip") {
            let mut whole = Vec::new();
            GzDecoder::new(&*body).read_to_end(&mut whole).unwrap();
            body = Bytes::from(whole);
        }
        let request = ExportTraceServiceRequest::decode(body).unwrap();
        Self { path: head.uri.path().to_owned(), at, headers: head.headers, request }
    }
}

/// A collector.
pub(crate) struct FakeCollector {
    server: Server,
    posts: mpsc::UnboundedReceiver<Post>,
}

enum Server {
    Plain(FakeOrigin),
    Secure(SecureOrigin),
}

impl FakeCollector {
    /// One that takes everything.
    pub(crate) async fn start() -> Self {
        Self::answering(|_| Response::new(client::empty())).await
    }

    /// One that answers each post so.
    pub(crate) async fn answering(answer: impl Fn(&Post) -> Response<Body> + Send + Sync + 'static) -> Self {
        let (service, posts) = Self::service(answer);
        Self { server: Server::Plain(FakeOrigin::serving(service).await), posts }
    }

    /// One behind TLS, which knows its clients by certificates of that authority, if there is one.
    pub(crate) async fn secure(identity: Identity, clients: Option<&Authority>) -> Self {
        let (service, posts) = Self::service(|_| Response::new(client::empty()));
        let server = SecureOrigin::with(identity, &["http/1.1"], clients, service).await;
        Self { server: Server::Secure(server), posts }
    }

    #[expect(clippy::type_complexity, reason = "what a server does with a request")]
    fn service(
        answer: impl Fn(&Post) -> Response<Body> + Send + Sync + 'static,
    ) -> (
        impl Fn(Request<Incoming>) -> std::pin::Pin<Box<dyn Future<Output = Response<Body>> + Send>>
        + Clone
        + Send
        + Sync
        + 'static,
        mpsc::UnboundedReceiver<Post>,
    ) {
        let (tell, posts) = mpsc::unbounded_channel();
        let answer = Arc::new(answer);
        let service = move |request| {
            let (tell, answer) = (tell.clone(), Arc::clone(&answer));
            Box::pin(async move {
                let post = Post::of(request).await;
                let answer = answer(&post);
                tell.send(post).ok();
                answer
            }) as _
        };
        (service, posts)
    }

    /// Its URL, with that path.
    pub(crate) fn url(&self, path: &str) -> String {
        match &self.server {
            Server::Plain(origin) => origin.url(path),
            Server::Secure(origin) => format!("https://localhost:{}{path}", origin.port()),
        }
    }

    /// Everything that was posted, once the daemon has stopped.
    pub(crate) fn posts(&mut self) -> Vec<Post> {
        let mut posts = Vec::new();
        while let Ok(post) = self.posts.try_recv() {
            posts.push(post);
        }
        posts
    }

    /// The next post.
    pub(crate) async fn next(&mut self) -> Post {
        within("spans", self.posts.recv()).await.unwrap()
    }
}
