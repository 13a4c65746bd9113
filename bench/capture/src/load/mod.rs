//! Clients that send as fast as they are answered, each request when the one before it is done.

mod connection;
mod figures;

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Instant,
};

use anyhow::{bail, ensure};
use http::{Method, Request, Uri};
use http_body_util::BodyExt;
use serde_json::Value;
use tokio::task::JoinSet;

pub(crate) use connection::{Road, Sender};
use figures::{Figures, Seen};

use crate::pages::{self, Text};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// Where to connect: a proxy, or with --direct the server itself
    address: String,
    /// What to ask for; https goes through CONNECT
    url: Uri,
    /// How many connections
    #[arg(long, default_value_t = 32)]
    connections: u64,
    /// How many requests in all
    #[arg(long, default_value_t = 10_000)]
    requests: u64,
    /// Send that many bytes, and expect them back
    #[arg(long)]
    post: Option<u64>,
    /// A new connection for each request
    #[arg(long)]
    reconnect: bool,
    /// Ask the server itself
    #[arg(long)]
    direct: bool,
    /// HTTP/2 within TLS
    #[arg(long)]
    http2: bool,
    /// With HTTP/2: how many requests at a time on each connection
    #[arg(long, default_value_t = 1)]
    streams: u64,
    /// The authorities to trust
    #[arg(long)]
    ca: Option<PathBuf>,
}

/// What all clients share.
struct Work {
    road: Road,
    method: Method,
    size: u64,
    sent: u64,
    reconnect: bool,
    left: AtomicU64,
}

/// Runs it, and tells the figures.
pub(crate) async fn run(options: Options) -> anyhow::Result<Value> {
    let road =
        Road::new(&options.address, &options.url, options.direct, options.http2, options.ca.as_deref())?;
    let (method, size) = match options.post {
        Some(size) => (Method::POST, size),
        None => (Method::GET, pages::length(options.url.path())?),
    };
    let work = Arc::new(Work {
        road,
        method,
        size,
        sent: options.post.unwrap_or(0),
        reconnect: options.reconnect,
        left: AtomicU64::new(options.requests),
    });
    let (start, mut clients, mut figures) = (Instant::now(), JoinSet::new(), Figures::default());
    for _ in 0..options.connections {
        if options.http2 && !options.reconnect {
            let shared = work.road.connect().await?;
            for _ in 0..options.streams {
                clients.spawn(client(Arc::clone(&work), shared.another()));
            }
        } else {
            clients.spawn(client(Arc::clone(&work), None));
        }
    }
    while let Some(seen) = clients.join_next().await {
        figures.add(seen?);
    }
    Ok(figures.tell(start.elapsed()))
}

/// One client, until there is nothing left to be asked for.
async fn client(work: Arc<Work>, mut sender: Option<Sender>) -> Seen {
    let mut seen = Seen::default();
    while work.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
        let start = Instant::now();
        match exchange(&work, &mut sender, start, &mut seen).await {
            Ok(()) => seen.done(start.elapsed()),
            Err(e) => {
                sender = None;
                seen.failed(&e);
            }
        }
        if work.reconnect {
            sender = None;
        }
    }
    seen
}

async fn exchange(
    work: &Work,
    sender: &mut Option<Sender>,
    start: Instant,
    seen: &mut Seen,
) -> anyhow::Result<()> {
    let sender = match sender {
        Some(sender) => sender,
        none => none.insert(work.road.connect().await?),
    };
    let request = work.road.request(work.method.clone(), Text::of(work.sent))?;
    let mut response = sender.send(request).await?;
    ensure!(response.status().is_success(), "it was answered {}", response.status());
    let (mut received, mut first) = (0, true);
    while let Some(frame) = response.frame().await {
        if let Some(data) = frame?.data_ref() {
            if std::mem::take(&mut first) {
                seen.first_byte(start.elapsed());
            }
            received += data.len() as u64;
        }
    }
    if received != work.size {
        bail!("{received} bytes came, not {}", work.size);
    }
    Ok(())
}

/// A request that says what people's clients say.
pub(crate) fn request(method: Method, uri: Uri, body: Text) -> anyhow::Result<Request<Text>> {
    Ok(Request::builder()
        .method(method)
        .uri(uri)
        .header("user-agent", "capture-bench")
        .header("accept", "text/plain, */*;q=0.8")
        .header("accept-language", "en")
        .body(body)?)
}
