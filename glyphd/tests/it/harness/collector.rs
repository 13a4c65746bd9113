//! An OpenTelemetry collector that takes spans over OTLP/HTTP.

use http::{HeaderMap, Request, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use opentelemetry_proto::tonic::{collector::trace::v1::ExportTraceServiceRequest, trace::v1::Span};
use prost::Message;
use tokio::sync::mpsc;

use super::{FakeOrigin, client, within};

/// One post of spans.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) path: String,
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
}

/// A collector that takes everything.
pub(crate) struct FakeCollector {
    origin: FakeOrigin,
    posts: mpsc::UnboundedReceiver<Post>,
}

impl FakeCollector {
    pub(crate) async fn start() -> Self {
        let (tell, posts) = mpsc::unbounded_channel();
        let origin = FakeOrigin::serving(move |request: Request<Incoming>| {
            let tell = tell.clone();
            async move {
                let (head, body) = request.into_parts();
                let body = body.collect().await.unwrap().to_bytes();
                let request = ExportTraceServiceRequest::decode(body).unwrap();
                let path = head.uri.path().to_owned();
                tell.send(Post { path, headers: head.headers, request }).ok();
                Response::new(client::empty())
            }
        })
        .await;
        Self { origin, posts }
    }

    /// Its URL, with that path.
    pub(crate) fn url(&self, path: &str) -> String {
        self.origin.url(path)
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
