//! The rate limits, reached by many at once: fair, exact, and nobody is forgotten.

use std::time::{Duration, Instant};

use glyph_plugin::{Capability, wire::FetchHead};
use glyphd::netgate::Resolver;
use tokio::task::JoinSet;

use crate::harness::{
    FakeOrigin, Got, Guest, TestDaemon,
    outlet::{get, open_to},
    records::{attribute, number},
    told::until,
};

const SECOND: Duration = Duration::from_secs(1);

/// A daemon with so many plugins, and what it holds them to.
async fn guests(count: usize, per_host: usize, all: usize) -> (TestDaemon, Vec<Guest>) {
    let names: Vec<_> = (0..count).map(|n| format!("guest-{n}")).collect();
    let daemon = TestDaemon::with(|config| {
        let plugins: Vec<_> = names.iter().map(|n| (n.as_str(), Capability::CapHttpActive)).collect();
        open_to(config, &plugins);
        config.policy.netgate.requests_per_host = per_host;
        config.policy.netgate.requests = all;
        config.policy.netgate.resolver = Resolver::of(|_| Ok(vec!["127.0.0.1".parse().unwrap()]));
    })
    .await;
    let mut guests = Vec::new();
    for name in &names {
        guests.push(Guest::of(&daemon, name).await);
    }
    (daemon, guests)
}

/// What each of a hundred waited, the shortest first, and how long it was until the last had an answer.
async fn a_hundred_at_once(guests: &[Guest], url: impl Fn(usize) -> String) -> (Vec<Got>, Duration) {
    let began = Instant::now();
    let fetches = guests.iter().enumerate().map(|(n, guest)| guest.outlet.fetch(get(url(n))));
    let mut all = JoinSet::from_iter(fetches).join_all().await;
    let took = began.elapsed();
    all.sort_by_key(Got::limited);
    (all, took)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_plugins_share_a_hosts_rate_exactly() {
    let (daemon, guests) = guests(100, 20, 1_000).await;
    let origin = FakeOrigin::ok().await;
    let (all, took) = a_hundred_at_once(&guests, |_| origin.url("/")).await;
    // Twenty at once, and twenty more each second: who came last waited four seconds, and not one in a hundred more.
    let waits: Vec<_> = all.iter().map(|got| got.limited().as_millis()).collect();
    eprintln!("the last waited {} ms; all took {took:?}", waits[99]);
    for (turn, waits) in waits.chunks(20).enumerate() {
        let due = 1_000 * turn as u128;
        // Who came later than the first by some milliseconds waited as much less.
        assert!(waits.iter().all(|ms| *ms <= due + due / 100 && *ms + 400 >= due), "turn {turn}: {waits:?}");
    }
    assert_eq!(waits.iter().filter(|ms| **ms == 0).count(), 20);
    assert!(took >= 4 * SECOND, "{took:?}");
    assert_eq!(origin.seen().len(), 100);
    drop(guests);
    let recorded = daemon.drain().await;
    let spans = recorded.spans_named("netgate.rate_limit_wait");
    assert_eq!(spans.len(), 80);
    for span in spans {
        assert_eq!(attribute(span, "glyph.rate.scope"), "host");
        let lasted = span.end_time_unix_nano.0 - span.start_time_unix_nano.0;
        let delay: f64 = attribute(span, "glyph.rate.delay_ms").parse().unwrap();
        assert!((lasted as f64 / 1e6 - delay).abs() < 5.0, "{delay} ms in a span of {lasted} ns");
    }
    let throttled = |scope| recorded.counted("glyph_http_throttle_total", &[("scope", scope)]);
    assert_eq!(
        (throttled("host").to_bits(), throttled("global").to_bits()),
        (80f64.to_bits(), 0f64.to_bits())
    );
    assert!(
        recorded.spans_named("netgate.http_request").iter().all(|s| number(s, "glyph.fetch.attempts") == 1)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn all_hosts_share_a_rate_and_a_busy_one_is_in_nobodys_way() {
    let (daemon, guests) = guests(100, 10, 50).await;
    let origin = FakeOrigin::ok().await;
    // Half of them ask a host that takes ten a second, the others one each.
    let url = |n: usize| {
        let host = if n.is_multiple_of(2) { "busy.example".to_owned() } else { format!("host-{n}.example") };
        format!("http://{host}:{}/", origin.address().port())
    };
    let (all, _) = a_hundred_at_once(&guests, url).await;
    let waits: Vec<_> = all.iter().map(|got| got.limited().as_millis()).collect();
    // Fifty at once. A second later the other forty whose host has room, with ten of the busy one's; then ten each second.
    let turns: Vec<_> = waits.iter().map(|ms| (ms + 500) / 1_000).collect();
    let count = |turn: u128| turns.iter().filter(|t| **t == turn).count();
    assert_eq!((count(0), waits.iter().filter(|ms| **ms == 0).count()), (50, 50), "{waits:?}");
    assert!(count(1) <= 50 && waits[99] >= 3_600 && waits[99] <= 4_040, "{waits:?}");
    let idle = all.iter().filter(|got| !got.head.as_ref().unwrap().url.contains("busy"));
    assert!(idle.clone().all(|got| got.limited() < Duration::from_millis(1_100)), "{waits:?}");
    drop(guests);
    let recorded = daemon.drain().await;
    let scopes: Vec<_> = recorded
        .spans_named("netgate.rate_limit_wait")
        .into_iter()
        .map(|s| attribute(s, "glyph.rate.scope"))
        .collect();
    assert!(scopes.iter().any(|s| s == "host") && scopes.iter().any(|s| s == "global"), "{scopes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_stops_waiting_keeps_nobody_and_who_waits_too_long_is_told() {
    let (daemon, guests) = guests(1, 1, 1_000).await;
    let (origin, outlet) = (FakeOrigin::ok().await, &guests[0].outlet);
    outlet.fetch(get(origin.url("/"))).await.fine();
    let began = Instant::now();
    let mut cancelled = JoinSet::from_iter((0..20).map(|_| outlet.fetch(get(origin.url("/cancelled")))));
    let throttled = "glyph_http_throttle_total{scope=\"host\"} 20";
    until("twenty who wait", async || {
        crate::harness::told::get(daemon.metrics(), "/metrics").await.contains(throttled)
    })
    .await;
    let late = outlet.fetch(FetchHead { timeout_ms: 100, ..get(origin.url("/late")) }).await;
    assert_eq!(late.failed().0.as_str_name(), "FAILED_RATE_LIMITED");
    assert_eq!(late.end.attempts, 0);
    cancelled.shutdown().await;
    outlet.fetch(get(origin.url("/next"))).await.fine();
    assert!(began.elapsed() < 3 * SECOND, "twenty waits are not waited for: {:?}", began.elapsed());
    let paths: Vec<_> = origin.seen().iter().map(|seen| seen.target.path().to_owned()).collect();
    assert!(!paths.contains(&"/late".to_owned()) && paths.len() <= 4, "{paths:?}");
    drop(guests);
    daemon.drain().await;
}
