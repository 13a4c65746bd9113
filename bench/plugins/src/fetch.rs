//! What a plugin's own request costs: the CPU time that glyphd takes for it, beside that of a bare client of the same
//! library which asks the same server; and what the rate limits take for a decision.

use std::{
    convert::Infallible,
    process::Stdio,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use bytes::Bytes;
use glyph_plugin::{
    Capability, SESSION_METADATA,
    wire::{FetchHead, FetchRequest, fetch_request::Message, fetch_response, netgate_client::NetgateClient},
};
use glyphd::netgate::limiter::{Came, Rates, Window};
use http::{Request, Response, Uri};
use http_body_util::{BodyExt, Empty, Full};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::{
    client::legacy::Client,
    rt::{TokioExecutor, TokioIo},
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::{Child, Command},
    task::JoinSet,
};
use tonic::metadata::MetadataValue;

use crate::{clock, daemon::Glyphd, sessions};

/// What the server answers.
const ANSWER: [u8; 1_024] = [b'x'; 1_024];
const POLICY: &str = "[netgate]\nallow = [\"127.0.0.1\"]\nrequests = 1000000\nrequests_per_host = 1000000\n\
                      plugin_requests_per_minute = 100000000\nplugin_bytes_per_minute = 100000000000\n\
                      [plugins.fetcher]\ngrant = [\"CAP_HTTP_ACTIVE\"]\n";

/// A server in this process, for ever; its address is the first line that it prints.
pub(crate) async fn serve() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    #[expect(clippy::print_stdout, reason = "whoever started it reads that")]
    {
        println!("{}", listener.local_addr()?);
    }
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = service_fn(|_: Request<Incoming>| async {
            Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(&ANSWER))))
        });
        tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
    }
}

/// The same in a process of its own.
struct Server {
    url: String,
    _child: Child,
}

impl Server {
    async fn start() -> anyhow::Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("serve")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut lines = BufReader::new(child.stdout.take().context("its output")?).lines();
        let address = lines.next_line().await?.context("its address")?;
        Ok(Self { url: format!("http://{address}/page?x=1"), _child: child })
    }
}

/// So many requests by both, so many of them under way at a time.
pub(crate) async fn measure(glyphd: &str, requests: u32, at_a_time: u32) -> anyhow::Result<Value> {
    let server = Server::start().await?;
    let bare = bare(&server.url, requests, at_a_time).await?;
    let daemon = Glyphd::start(glyphd, POLICY, &[]).await?;
    let netgate = through(&daemon, &server.url, requests, at_a_time).await?;
    daemon.stop().await?;
    let each = |time: Duration| time.as_nanos() as f64 / f64::from(requests);
    Ok(json!({
        "bare_cpu_ns": each(bare.0),
        "bare_ns": each(bare.1),
        "glyphd_cpu_ns": each(netgate.0),
        "plugin_cpu_ns": each(netgate.1),
        "netgate_ns": each(netgate.2),
    }))
}

/// Asks that often, so many at a time.
async fn ask<F>(
    requests: u32,
    at_a_time: u32,
    ask: impl Fn() -> F + Clone + Send + 'static,
) -> anyhow::Result<()>
where
    F: Future<Output = anyhow::Result<()>> + Send,
{
    let mut askers = JoinSet::new();
    for _ in 0..at_a_time {
        let ask = ask.clone();
        askers.spawn(async move {
            for _ in 0..requests / at_a_time {
                ask().await?;
            }
            anyhow::Ok(())
        });
    }
    while let Some(asked) = askers.join_next().await {
        asked??;
    }
    Ok(())
}

async fn bare(url: &str, requests: u32, at_a_time: u32) -> anyhow::Result<(Duration, Duration)> {
    let client = Client::builder(TokioExecutor::new()).build_http::<Empty<Bytes>>();
    let url: Uri = url.parse()?;
    let one = move || {
        let response = client.get(url.clone());
        async move {
            let body = response.await?.into_body().collect().await?.to_bytes();
            ensure!(body.len() == ANSWER.len(), "half an answer");
            Ok(())
        }
    };
    ask(requests / 10, at_a_time, one.clone()).await?;
    let (cpu, began) = (clock::process(), Instant::now());
    ask(requests, at_a_time, one).await?;
    Ok((clock::process() - cpu, began.elapsed()))
}

/// The CPU time of the daemon and of the plugin, and how long it took.
async fn through(
    daemon: &Glyphd,
    url: &str,
    requests: u32,
    at_a_time: u32,
) -> anyhow::Result<(Duration, Duration, Duration)> {
    let (channel, secret) = sessions::fetching(&daemon.control, "fetcher", Capability::CapHttpActive).await?;
    let secret = MetadataValue::try_from(secret)?;
    let head = FetchHead { method: "GET".to_owned(), url: url.to_owned(), ..FetchHead::default() };
    let one = move || {
        let message = FetchRequest { message: Some(Message::Head(head.clone())) };
        let mut request = tonic::Request::new(tokio_stream::once(message));
        request.metadata_mut().insert(SESSION_METADATA, secret.clone());
        let mut netgate = NetgateClient::new(channel.clone());
        async move {
            let mut answers = netgate.fetch(request).await?.into_inner();
            let (mut size, mut whole) = (0, false);
            while let Some(answer) = answers.message().await? {
                match answer.message {
                    Some(fetch_response::Message::Body(part)) => size += part.len(),
                    Some(fetch_response::Message::End(end)) => whole = end.outcome.is_none(),
                    _ => {}
                }
            }
            ensure!(whole && size == ANSWER.len(), "no whole answer");
            Ok(())
        }
    };
    ask(requests / 10, at_a_time, one.clone()).await?;
    let before = clock::other(daemon.pid())?;
    let (cpu, began) = (clock::process(), Instant::now());
    ask(requests, at_a_time, one).await?;
    let took = began.elapsed();
    Ok((clock::other(daemon.pid())? - before, clock::process() - cpu, took))
}

/// What a decision takes with so many hosts in the window: to each in turn, while what is old leaves it.
pub(crate) fn limiter(hosts: u32, decisions: u32) -> Value {
    let window = Duration::from_secs(1);
    let rates = Rates { window, global: hosts as usize * 2, host: 10, waiting: 10_000 };
    let names: Vec<_> = (0..hosts).map(|n| format!("host-{n}.example.test")).collect();
    let mut limiter = Window::new(rates);
    let step = window / hosts;
    let mut now = Duration::ZERO;
    let mut known = 0;
    let mut run = |count: u32| {
        for name in names.iter().cycle().take(count as usize) {
            now += step;
            assert_eq!(limiter.come(name, now), Came::Admitted);
        }
        known = limiter.hosts();
    };
    run(hosts * 2);
    let cpu = clock::thread();
    run(decisions);
    let took = clock::thread() - cpu;
    json!({ "decision_ns": took.as_nanos() as f64 / f64::from(decisions), "hosts": known })
}
