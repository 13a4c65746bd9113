//! Several clients at once, each with a connection to the proxy that it keeps.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use anyhow::Context;
use bytes::Bytes;
use http::Request;
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use indicatif::ProgressBar;
use tokio::{
    net::TcpStream,
    task::JoinSet,
    time::{Instant, sleep_until},
};

use super::requests::Timed;

const CLIENTS: usize = 8;

/// How many requests were answered how: by hundreds of the status code, 0 for those whose answer broke off.
pub(super) type Answers = BTreeMap<u16, usize>;

/// Sends all requests through the proxy, each when its time has come.
pub(super) async fn drive(
    proxy: SocketAddr,
    requests: Vec<Timed>,
    progress: &ProgressBar,
) -> anyhow::Result<Answers> {
    let (requests, start) = (Arc::new(requests), Instant::now());
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        clients.spawn(client(proxy, Arc::clone(&requests), start, Arc::clone(&next), progress.clone()));
    }
    let mut all = Answers::new();
    while let Some(answers) = clients.join_next().await {
        for (class, count) in answers?? {
            *all.entry(class).or_default() += count;
        }
    }
    Ok(all)
}

async fn client(
    proxy: SocketAddr,
    requests: Arc<Vec<Timed>>,
    start: Instant,
    next: Arc<AtomicUsize>,
    progress: ProgressBar,
) -> anyhow::Result<Answers> {
    let mut answers = Answers::new();
    let mut connection = None;
    while let Some(Timed { at, request }) = requests.get(next.fetch_add(1, Ordering::Relaxed)) {
        sleep_until(start + *at).await;
        let mut sender = match connection.take() {
            Some(sender) => sender,
            None => connect(proxy).await?,
        };
        let class = exchange(&mut sender, request.clone()).await;
        *answers.entry(class.unwrap_or(0)).or_default() += 1;
        if class.is_some() && sender.ready().await.is_ok() {
            connection = Some(sender);
        }
        progress.inc(1);
    }
    Ok(answers)
}

async fn connect(proxy: SocketAddr) -> anyhow::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect(proxy).await.context("can't connect to the proxy")?;
    let (sender, connection) = handshake(TokioIo::new(stream)).await?;
    // How it ends is seen by the one who sends.
    tokio::spawn(async move { drop(connection.await) });
    Ok(sender)
}

/// The class of the answer, if it came whole.
async fn exchange(sender: &mut SendRequest<Full<Bytes>>, request: Request<Full<Bytes>>) -> Option<u16> {
    let response = sender.send_request(request).await.ok()?;
    let class = response.status().as_u16() / 100;
    response.into_body().collect().await.ok()?;
    Some(class)
}
