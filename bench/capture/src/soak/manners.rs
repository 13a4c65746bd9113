//! The manners of clients and origins. Each does its thing once and fails if it did not go as it has to.

use std::{path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use anyhow::{Context, bail, ensure};
use http::{Method, Response};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use tokio::{io::AsyncWriteExt, net::TcpStream};

use crate::{
    load::{Road, Sender},
    pages::{self, Text},
};

/// Where everything is.
pub(super) struct Ask {
    pub(super) address: String,
    pub(super) http: String,
    pub(super) https: String,
    pub(super) ca: PathBuf,
}

type Once = fn(Arc<Ask>) -> Pin<Box<dyn Future<Output = anyhow::Result<()>> + Send>>;

pub(super) struct Manner {
    pub(super) name: &'static str,
    pub(super) once: Once,
    /// Before it does so again.
    pub(super) pause: Duration,
}

const fn manner(name: &'static str, pause_ms: u64, once: Once) -> Manner {
    Manner { name, once, pause: Duration::from_millis(pause_ms) }
}

pub(super) static MANNERS: &[Manner] = &[
    manner("pages over one connection", 50, |ask| Box::pin(pages(ask, 20))),
    manner("a page over a new connection", 20, |ask| Box::pin(pages(ask, 1))),
    manner("20 KB there and back", 20, |ask| Box::pin(echo(ask, 20_000))),
    manner("a megabyte", 200, |ask| Box::pin(whole(ask, "/big/1000000"))),
    manner("a slow origin", 0, |ask| Box::pin(whole(ask, "/slow"))),
    manner("an origin that breaks off", 50, |ask| Box::pin(broken_off(ask))),
    manner("a client that leaves with the beginning", 50, |ask| Box::pin(leaves(ask))),
    manner("a client that stops sending", 50, |ask| Box::pin(stops(ask))),
    manner("a client that reads slowly", 0, |ask| Box::pin(reads_slowly(ask))),
    manner("half a head", 50, |ask| Box::pin(half_a_head(ask))),
    manner("an origin that is not there", 50, |ask| Box::pin(nobody(ask))),
    manner("a page through CONNECT", 50, |ask| Box::pin(secured(ask))),
];

impl Ask {
    fn plain(&self, path: &str) -> anyhow::Result<Road> {
        self.road(&format!("{}{path}", self.http))
    }

    fn road(&self, url: &str) -> anyhow::Result<Road> {
        Road::new(&self.address, &url.parse()?, false, false, Some(&self.ca))
    }
}

async fn get(road: &Road, sender: &mut Sender) -> anyhow::Result<Response<Incoming>> {
    let response = sender.send(road.request(Method::GET, Text::of(0))?).await?;
    ensure!(response.status().is_success(), "it was answered {}", response.status());
    Ok(response)
}

async fn read(response: Response<Incoming>, size: u64) -> anyhow::Result<()> {
    let received = response.into_body().collect().await?.to_bytes().len() as u64;
    ensure!(received == size, "{received} bytes came, not {size}");
    Ok(())
}

async fn pages(ask: Arc<Ask>, count: u64) -> anyhow::Result<()> {
    let road = ask.plain("/1k")?;
    let mut sender = road.connect().await?;
    for _ in 0..count {
        read(get(&road, &mut sender).await?, 1024).await?;
    }
    Ok(())
}

async fn echo(ask: Arc<Ask>, size: u64) -> anyhow::Result<()> {
    let road = ask.plain("/echo")?;
    let response = road.connect().await?.send(road.request(Method::POST, Text::of(size))?).await?;
    read(response, size).await
}

async fn whole(ask: Arc<Ask>, path: &str) -> anyhow::Result<()> {
    let road = ask.plain(path)?;
    read(get(&road, &mut road.connect().await?).await?, pages::length(path)?).await
}

async fn secured(ask: Arc<Ask>) -> anyhow::Result<()> {
    let road = ask.road(&format!("{}/1k", ask.https))?;
    read(get(&road, &mut road.connect().await?).await?, 1024).await
}

async fn broken_off(ask: Arc<Ask>) -> anyhow::Result<()> {
    let road = ask.plain("/abort")?;
    let response = get(&road, &mut road.connect().await?).await?;
    ensure!(response.into_body().collect().await.is_err(), "the end of a broken body was made up");
    Ok(())
}

async fn leaves(ask: Arc<Ask>) -> anyhow::Result<()> {
    let road = ask.plain("/big/10000000")?;
    let mut sender = road.connect().await?;
    get(&road, &mut sender).await?.frame().await.context("nothing came")??;
    Ok(())
}

/// Announces more than it sends.
async fn stops(ask: Arc<Ask>) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(&ask.address).await?;
    let head = format!("POST {}/echo HTTP/1.1\r\nHost: origin\r\nContent-Length: 1000000\r\n\r\n", ask.http);
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(&[b'a'; 10_000]).await?;
    tokio::time::sleep(Duration::from_millis(20)).await;
    Ok(())
}

async fn reads_slowly(ask: Arc<Ask>) -> anyhow::Result<()> {
    let road = ask.plain("/big/10000000")?;
    let mut sender = road.connect().await?;
    let (mut response, mut received) = (get(&road, &mut sender).await?, 0);
    while let Some(frame) = response.frame().await {
        received += frame?.data_ref().map_or(0, |data| data.len());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    ensure!(received == 10_000_000, "{received} bytes came");
    Ok(())
}

async fn half_a_head(ask: Arc<Ask>) -> anyhow::Result<()> {
    let mut stream = TcpStream::connect(&ask.address).await?;
    stream.write_all(b"GET http://origin/1k HTTP/1.1\r\nHost: or").await?;
    tokio::time::sleep(Duration::from_millis(100)).await;
    Ok(())
}

async fn nobody(ask: Arc<Ask>) -> anyhow::Result<()> {
    // The port of TCP's port multiplexer, which nobody runs.
    let road = ask.road("http://127.0.0.1:1/")?;
    let response = road.connect().await?.send(road.request(Method::GET, Text::of(0))?).await?;
    if response.status() != 502 {
        bail!("it was answered {}", response.status());
    }
    Ok(())
}
