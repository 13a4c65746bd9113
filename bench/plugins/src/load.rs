//! An origin, and clients that ask it through a proxy.

use std::{
    convert::Infallible,
    time::{Duration, Instant},
};

use anyhow::ensure;
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Empty, Full};
use hyper::{client, server, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinSet,
};

/// Headers of a page that passive-headers has nothing to say about.
const HEADERS: [(&str, &str); 5] = [
    ("content-type", "text/html"),
    ("x-content-type-options", "nosniff"),
    ("content-security-policy", "default-src 'self'; frame-ancestors 'none'"),
    ("referrer-policy", "no-referrer"),
    ("cache-control", "no-store"),
];

/// Serves the same page to everybody; returns its URL.
pub(crate) async fn origin() -> anyhow::Result<String> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/page", listener.local_addr()?);
    let page = Bytes::from("<p>a page</p>\n".repeat(150));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let page = page.clone();
            let service = service_fn(move |_| {
                let mut response = Response::builder();
                for (name, value) in HEADERS {
                    response = response.header(name, value);
                }
                let response = response.body(Full::new(page.clone())).unwrap_or_default();
                async move { Ok::<_, Infallible>(response) }
            });
            let connection =
                server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            tokio::spawn(connection);
        }
    });
    Ok(url)
}

/// As many connections as the daemon is measured with.
pub(crate) const CONNECTIONS: u64 = 4;

/// Sends requests to an origin through a proxy that somebody else measures.
pub(crate) async fn through(proxy: &str, requests: u64) -> anyhow::Result<Value> {
    let url = origin().await?;
    let took = drive(proxy, &url, requests, CONNECTIONS, None).await?;
    Ok(json!({ "seconds": took.as_secs_f64() }))
}

/// Sends requests over so many connections, at most `rate` a second in all; returns how long they took.
pub(crate) async fn drive(
    proxy: &str,
    url: &str,
    requests: u64,
    connections: u64,
    rate: Option<u64>,
) -> anyhow::Result<Duration> {
    let start = Instant::now();
    let mut clients = JoinSet::new();
    for n in 0..connections {
        let share = requests / connections + u64::from(n < requests % connections);
        let pause = rate.map(|rate| Duration::from_nanos(1_000_000_000 * connections / rate));
        clients.spawn(client(proxy.to_owned(), url.to_owned(), share, pause));
    }
    while let Some(ended) = clients.join_next().await {
        ended??;
    }
    Ok(start.elapsed())
}

async fn client(proxy: String, url: String, requests: u64, pause: Option<Duration>) -> anyhow::Result<()> {
    let stream = TcpStream::connect(&proxy).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut ticks = pause.map(tokio::time::interval);
    for _ in 0..requests {
        if let Some(ticks) = &mut ticks {
            ticks.tick().await;
        }
        let request = Request::get(&url)
            .header("host", "origin.test")
            .header("user-agent", "bench")
            .header("accept", "text/html")
            .body(Empty::<Bytes>::new())?;
        let response = sender.send_request(request).await?;
        ensure!(response.status().is_success(), "{}", response.status());
        response.into_body().collect().await?;
    }
    Ok(())
}
