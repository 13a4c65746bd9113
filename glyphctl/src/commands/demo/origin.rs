//! The server that the demo's requests are for: small and quick, but for a few pages that are slow, large, or
//! break. What it answers depends on the request alone.

use std::{convert::Infallible, io, net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode, header};
use http_body_util::{Either, Full, StreamBody};
use hyper::{
    body::{Frame, Incoming},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, sync::mpsc, task::JoinSet};
use tokio_stream::wrappers::ReceiverStream;

/// What should not stand in a script that everybody gets: in the form of a Google API key, in parts so that it is
/// none here.
const LEAKED: [&str; 2] = ["AIza", "SyD3m0-0nlyDemoNotAKey_x7Kq2Rv9Wt41"];

/// Links: one to what is there, one to what is not, and one that somebody has put there who hopes that a machine follows
/// it: to the metadata service that clouds have inside.
const REPORT: &str = r#"<h1>Report</h1>
<a href="/api/items/7">a lamp</a> <a href="/api/items/missing">a chair</a>
<a href="http://169.254.169.254/latest/meta-data/">a bargain</a>"#;

type Broken = StreamBody<ReceiverStream<io::Result<Frame<Bytes>>>>;
type Body = Either<Full<Bytes>, Broken>;

/// A server on a free port of the loopback interface. It ends when this is dropped.
pub(super) struct Origin {
    pub(super) address: SocketAddr,
    /// An address at which nobody listens.
    pub(super) gone: SocketAddr,
    tasks: JoinSet<()>,
}

impl Origin {
    pub(super) async fn start() -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let address = listener.local_addr()?;
        // Bound and given up again.
        let gone = TcpListener::bind(("127.0.0.1", 0)).await?.local_addr()?;
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut connections = JoinSet::new();
            while let Ok((stream, _)) = listener.accept().await {
                let service =
                    service_fn(|request| async move { Ok::<_, Infallible>(answer(&request).await) });
                let connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
                // A connection that breaks is part of the story: the proxy tells of it.
                connections.spawn(async move { drop(connection.await) });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self { address, gone, tasks })
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.tasks.abort_all();
    }
}

async fn answer(request: &Request<Incoming>) -> Response<Body> {
    let path = request.uri().path();
    let number: u64 = path.rsplit('/').next().and_then(|n| n.parse().ok()).unwrap_or(0);
    match (request.method(), path) {
        (_, "/broken") => broken(),
        (_, "/search") => page(StatusCode::OK, "<h1>Results</h1>"),
        (_, "/account") => {
            let mut response = page(StatusCode::OK, "<h1>Your account</h1>");
            let cookie = header::HeaderValue::from_static("session=7c1f0e5b9a; Path=/");
            response.headers_mut().insert(header::SET_COOKIE, cookie);
            response
        }
        (_, "/export.csv") => {
            let rows = request.uri().query().and_then(|q| q.split('&').find_map(|p| p.strip_prefix("rows=")));
            let rows = rows.and_then(|n| n.parse().ok()).unwrap_or(100);
            text(StatusCode::OK, "text/csv", "1021,lamp,19.90,in stock\n".repeat(rows))
        }
        (&Method::POST, "/api/orders") => json(StatusCode::CREATED, r#"{"order":4711}"#),
        (&Method::POST, "/api/payments") => {
            json(StatusCode::SERVICE_UNAVAILABLE, r#"{"error":"bank is down"}"#)
        }
        _ if path.starts_with("/reports/") => {
            // A report takes its time: 120 to 410 ms.
            tokio::time::sleep(Duration::from_millis(120 + number * 10)).await;
            page(StatusCode::OK, REPORT)
        }
        _ if path.starts_with("/static/") => {
            let mut script = "export {};\n".repeat(2_000);
            if path.ends_with("/app.7.js") {
                script.push_str(&format!("const maps = {:?};\n", LEAKED.concat()));
            }
            text(StatusCode::OK, "text/javascript", script)
        }
        _ if path.starts_with("/api/items/missing") => {
            json(StatusCode::NOT_FOUND, r#"{"error":"no such item"}"#)
        }
        _ => json(StatusCode::OK, &format!(r#"{{"item":{number},"name":"lamp","price":19.9}}"#)),
    }
}

/// A page without the headers that would protect it.
fn page(status: StatusCode, body: &str) -> Response<Body> {
    text(status, "text/html; charset=utf-8", format!("<!doctype html><title>Shop</title>{body}"))
}

/// An answer of an API that is well kept.
fn json(status: StatusCode, body: &str) -> Response<Body> {
    let mut response = text(status, "application/json", body.to_owned());
    let nosniff = header::HeaderValue::from_static("nosniff");
    response.headers_mut().insert(header::X_CONTENT_TYPE_OPTIONS, nosniff);
    response
}

fn text(status: StatusCode, kind: &'static str, body: String) -> Response<Body> {
    let mut response = Response::new(Either::Left(Full::new(Bytes::from(body))));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, header::HeaderValue::from_static(kind));
    response
}

/// Half an answer: the rest is an error, which comes when the first half is on its way.
fn broken() -> Response<Body> {
    let (parts, body) = mpsc::channel(1);
    tokio::spawn(async move {
        let half = parts.send(Ok(Frame::data(Bytes::from_static(b"the first half")))).await;
        tokio::time::sleep(Duration::from_millis(20)).await;
        let rest = parts.send(Err(io::Error::other("the origin breaks here on purpose"))).await;
        // Whoever asked may have gone meanwhile.
        drop(half.and(rest));
    });
    Response::new(Either::Right(StreamBody::new(ReceiverStream::new(body))))
}
