//! The peer: what a forward proxy has to do, and nothing else. A pool, a tunnel, both bodies as they come.

use clap::Args;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{Either, Empty};
use hyper::{
    body::{Bytes, Incoming},
    server::conn::http1,
    service::service_fn,
    upgrade::OnUpgrade,
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioIo},
};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use crate::{origin::accept, say};

type Pool = Client<HttpConnector, Incoming>;
type Answer = Response<Either<Incoming, Empty<Bytes>>>;

#[derive(Debug, Args)]
pub(crate) struct Options {
    /// Pass the case of headers' names on, as hyper's own example of a proxy does
    #[arg(long)]
    keep_case: bool,
}

/// Serves for ever.
pub(crate) async fn serve(options: &Options) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    say(&json!({ "proxy": listener.local_addr()?.to_string() }));
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let pool: Pool =
        Client::builder(TokioExecutor::new()).http1_preserve_header_case(options.keep_case).build(connector);
    let mut server = http1::Builder::new();
    server.preserve_header_case(options.keep_case);
    loop {
        let stream = accept(&listener).await;
        let pool = pool.clone();
        let service = service_fn(move |request| forward(pool.clone(), request));
        let connection = server.serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection.with_upgrades());
    }
}

async fn forward(
    pool: Pool,
    mut request: Request<Incoming>,
) -> Result<Answer, hyper_util::client::legacy::Error> {
    if request.method() == Method::CONNECT {
        let authority = request.uri().authority().map(ToString::to_string).unwrap_or_default();
        let mut answer = Response::new(Either::Right(Empty::new()));
        match TcpStream::connect(authority).await {
            Ok(upstream) => drop(tokio::spawn(tunnel(hyper::upgrade::on(&mut request), upstream))),
            Err(_) => *answer.status_mut() = StatusCode::BAD_GATEWAY,
        }
        return Ok(answer);
    }
    for name in ["proxy-connection", "connection", "keep-alive"] {
        request.headers_mut().remove(name);
    }
    Ok(pool.request(request).await?.map(Either::Left))
}

async fn tunnel(client: OnUpgrade, mut upstream: TcpStream) {
    if let Ok(client) = client.await {
        drop(tokio::io::copy_bidirectional(&mut TokioIo::new(client), &mut upstream).await);
    }
}
