//! What a daemon tells of itself while it runs: metrics, and how its plugins are.

use std::{net::SocketAddr, time::Duration};

use tokio::time::interval;

use super::{Client, within};

/// How often something is asked that is waited for.
const POLL: Duration = Duration::from_millis(20);

/// Asks until it is so.
#[track_caller]
pub(crate) fn until<F: AsyncFnMut() -> bool>(what: &str, mut is_so: F) -> impl Future<Output = ()> {
    within(what, async move {
        let mut ticks = interval(POLL);
        while !is_so().await {
            ticks.tick().await;
        }
    })
}

/// The value of a series: the last one, where there are many scrapes of it.
#[track_caller]
pub(crate) fn value(text: &str, name: &str, labels: &[(&str, &str)]) -> f64 {
    let is_it = |line: &&str| {
        let rest = line.strip_prefix(name).filter(|rest| rest.starts_with(['{', ' ']));
        rest.is_some_and(|rest| labels.iter().all(|(k, v)| rest.contains(&format!("{k}=\"{v}\""))))
    };
    let line = text.lines().rfind(is_it).unwrap_or_else(|| panic!("no {name}{labels:?} in {text}"));
    // A count may have an exemplar behind it.
    let line = line.split(" # ").next().unwrap_or_default();
    let after = line.rfind("} ").map_or_else(|| line.find(' ').unwrap(), |at| at + 1);
    line[after..].split_whitespace().next().unwrap().parse().unwrap()
}

/// What a daemon's metrics address answers.
pub(crate) async fn get(metrics: SocketAddr, path: &str) -> String {
    Client::connect(metrics).await.get(path).await.text()
}

/// The value of a series now.
pub(crate) async fn counted(metrics: SocketAddr, name: &str, labels: &[(&str, &str)]) -> f64 {
    value(&get(metrics, "/metrics").await, name, labels)
}

/// Waits until a plugin is doing so.
pub(crate) async fn until_plugin(metrics: SocketAddr, plugin: &str, state: &str) {
    let line = format!("plugin {plugin}: {state}\n");
    until(&line, async || get(metrics, "/readyz").await.contains(&line)).await;
}

#[test]
fn a_series_is_found_by_its_name_and_labels() {
    let text = "# TYPE a counter\na_total{x=\"1\",y=\"2\"} 3 17.5\na_total_more 4\na_total{y=\"2\",x=\"1\"} 5 # {trace_id=\"7\"} 8 9\nb 6\n";
    assert_eq!(value(text, "a_total", &[("x", "1"), ("y", "2")]).to_bits(), 5f64.to_bits());
    assert_eq!(value(text, "b", &[]).to_bits(), 6f64.to_bits());
}
