//! What a proxy gets to see in bad weather, all at once and for as long as is wanted: pages of all sizes, clients and
//! origins that break off, that are slow, that are not there.

mod manners;

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::Arc,
    time::{Duration, Instant},
};

use http::Uri;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use manners::{Ask, MANNERS, Manner};

#[derive(Debug, clap::Args)]
pub(crate) struct Options {
    /// The proxy
    address: String,
    /// The origin without a path, plain
    http: String,
    /// The origin without a path, with TLS
    https: String,
    /// The authorities to trust
    #[arg(long)]
    ca: PathBuf,
    /// For how long
    #[arg(long, default_value_t = 180)]
    seconds: u64,
    /// How many clients of each manner
    #[arg(long, default_value_t = 3)]
    clients: u64,
}

/// How often a client did what it does, and how often it did not end as it should.
#[derive(Debug, Default)]
struct Count {
    done: u64,
    unexpected: u64,
    why: Option<String>,
}

/// Runs it, and tells of each manner how it went.
pub(crate) async fn run(options: Options) -> anyhow::Result<Value> {
    let ask = Arc::new(Ask {
        address: options.address,
        http: options.http.parse::<Uri>()?.to_string().trim_end_matches('/').to_owned(),
        https: options.https.trim_end_matches('/').to_owned(),
        ca: options.ca,
    });
    let end = Instant::now() + Duration::from_secs(options.seconds);
    let mut clients = JoinSet::new();
    for manner in MANNERS {
        for _ in 0..options.clients {
            clients.spawn(client(manner, Arc::clone(&ask), end));
        }
    }
    let mut counts: BTreeMap<&str, Count> = BTreeMap::new();
    while let Some(ended) = clients.join_next().await {
        let (name, seen) = ended?;
        let count = counts.entry(name).or_default();
        count.done += seen.done;
        count.unexpected += seen.unexpected;
        count.why = seen.why.or(count.why.take());
    }
    let told = |c: &Count| json!({ "done": c.done, "unexpected": c.unexpected, "why": c.why });
    Ok(counts.iter().map(|(name, count)| ((*name).to_owned(), told(count))).collect::<Value>())
}

async fn client(manner: &'static Manner, ask: Arc<Ask>, end: Instant) -> (&'static str, Count) {
    let mut count = Count::default();
    while Instant::now() < end {
        match (manner.once)(Arc::clone(&ask)).await {
            Ok(()) => count.done += 1,
            Err(e) => {
                count.unexpected += 1;
                count.why = Some(format!("{e:#}"));
            }
        }
        tokio::time::sleep(manner.pause).await;
    }
    (manner.name, count)
}
