//! `kill -9` under load, again and again: is every line of the recording but the last whole, and how long before the kill
//! was that answered which is not in it?

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use glyph_formats::Flow;
use http::Request;
use http_body_util::{BodyExt, Empty};
use hyper::client;
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{net::TcpStream, task::JoinSet};

use crate::{daemon::Glyphd, load};

/// What was answered, and when.
type Answered = Vec<(String, Instant)>;

/// Kills so many daemons, each at another moment of its first two seconds.
pub(crate) async fn measure(glyphd: &str, kills: u64) -> anyhow::Result<Value> {
    let url = load::origin().await?;
    let (mut answered, mut lost, mut most, mut oldest, mut torn) = (0, 0, 0, Duration::ZERO, 0);
    for n in 0..kills {
        let daemon = Glyphd::start(glyphd, "", &[]).await?;
        let killed = Arc::new(AtomicBool::new(false));
        let mut clients = JoinSet::new();
        for name in 0..load::CONNECTIONS {
            clients.spawn(ask(daemon.proxy.clone(), format!("{url}/{name}"), Arc::clone(&killed)));
        }
        // 500 ms to 2 s, spread evenly and never the same.
        tokio::time::sleep(Duration::from_millis(500 + n * 1_500 * 618 / 1_000 % 1_500)).await;
        let at = Instant::now();
        let dir = daemon.kill().await?;
        killed.store(true, Ordering::Relaxed);
        let mut all = Answered::new();
        while let Some(ended) = clients.join_next().await {
            all.extend(ended??);
        }
        let (logged, is_torn) = read(&dir.path().join("recording/flows.jsonl"))?;
        let missing: Vec<_> = all.iter().filter(|(url, _)| !logged.contains(url)).collect();
        for (_, when) in &missing {
            oldest = oldest.max(at.saturating_duration_since(*when));
        }
        answered += all.len();
        lost += missing.len();
        most = most.max(missing.len());
        torn += usize::from(is_torn);
    }
    Ok(json!({
        "kills": kills, "answered": answered, "lost": lost, "most_lost": most,
        "oldest_lost_ms": oldest.as_secs_f64() * 1e3, "torn_last_lines": torn,
    }))
}

/// Asks until nobody answers any more.
async fn ask(proxy: String, url: String, killed: Arc<AtomicBool>) -> anyhow::Result<Answered> {
    let stream = TcpStream::connect(&proxy).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = client::conn::http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut answered = Answered::new();
    while !killed.load(Ordering::Relaxed) {
        let url = format!("{url}/{}", answered.len());
        let request = Request::get(&url).header("host", "origin.test").body(Empty::<Bytes>::new())?;
        let Ok(response) = sender.send_request(request).await else { break };
        if response.into_body().collect().await.is_err() {
            break;
        }
        answered.push((url, Instant::now()));
    }
    Ok(answered)
}

/// The URLs in a log, and whether its last line is torn. No other may be.
fn read(log: &Path) -> anyhow::Result<(BTreeSet<String>, bool)> {
    let bytes = fs::read(log)?;
    let mut lines: Vec<_> = bytes.split(|byte| *byte == b'\n').collect();
    let last = lines.pop().context("a last line")?;
    let parse = |line: &[u8]| {
        serde_json::from_slice::<Flow>(line).context(String::from_utf8_lossy(line).into_owned())
    };
    let urls: BTreeSet<_> =
        lines.iter().map(|line| parse(line).map(|flow| flow.request.url)).collect::<anyhow::Result<_>>()?;
    ensure!(urls.len() == lines.len(), "a flow is in the log twice");
    Ok((urls, !last.is_empty()))
}
