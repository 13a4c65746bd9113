//! The proxy's price: its CPU time for the same requests without plugins, and with two that are subscribed.

use std::time::Duration;

use serde_json::{Value, json};

use crate::{
    clock,
    daemon::{Glyphd, manifest},
    load,
};

/// In turns, three times each; medians.
pub(crate) async fn measure(glyphd: &str, requests: u64) -> anyhow::Result<Value> {
    let url = load::origin().await?;
    let two = [("one", manifest("one", "passive-headers")?), ("two", manifest("two", "passive-headers")?)];
    let (mut without, mut with, mut of_plugins, mut rates) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for _ in 0..3 {
        let (daemon, _, _) = run(glyphd, &[], &url, requests).await?;
        without.push(daemon);
        let (daemon, plugins, took) = run(glyphd, &two, &url, requests).await?;
        with.push(daemon);
        of_plugins.push(plugins);
        rates.push(requests as f64 / took.as_secs_f64());
    }
    let per_1000 = |mut runs: Vec<Duration>| {
        runs.sort_unstable();
        runs[runs.len() / 2].as_secs_f64() * 1e6 / requests as f64
    };
    rates.sort_by(f64::total_cmp);
    Ok(json!({
        "without_ms_per_1000": per_1000(without), "with_ms_per_1000": per_1000(with),
        "plugins_ms_per_1000": per_1000(of_plugins), "requests_per_second": rates[rates.len() / 2],
    }))
}

/// CPU time of the daemon, that of its plugins, and how long it took.
async fn run(
    glyphd: &str,
    manifests: &[(&str, String)],
    url: &str,
    requests: u64,
) -> anyhow::Result<(Duration, Duration, Duration)> {
    let daemon = Glyphd::start(glyphd, "", manifests).await?;
    load::drive(&daemon.proxy, url, requests / 10, load::CONNECTIONS, None).await?;
    let children = clock::descendants(daemon.pid())?;
    let of_plugins = || children.iter().map(|pid| clock::other(*pid)).sum::<anyhow::Result<Duration>>();
    let (before, plugins_before) = (clock::other(daemon.pid())?, of_plugins()?);
    let took = load::drive(&daemon.proxy, url, requests, load::CONNECTIONS, None).await?;
    let used = (clock::other(daemon.pid())? - before, of_plugins()? - plugins_before, took);
    daemon.stop().await?;
    Ok(used)
}
