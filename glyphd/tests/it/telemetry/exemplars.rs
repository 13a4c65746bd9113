//! Exemplars: each leads to a span that is in the trace file, and stands on the bucket of what it is an example of.

use std::collections::BTreeSet;

use glyph_formats::{Span, SpanId, TraceId};

use super::stage::{everything, scrape};
use crate::harness::{FakeOrigin, TestDaemon, told};

/// One bucket with what is said of it.
#[derive(Debug)]
struct Bucket {
    series: String,
    upper: f64,
    exemplar: Option<Exemplar>,
}

#[derive(Debug)]
struct Exemplar {
    trace: TraceId,
    span: SpanId,
    value: f64,
    at: f64,
}

/// The buckets of a scrape.
fn buckets(text: &str) -> Vec<Bucket> {
    let is_exemplar = |line: &str| line.contains(" # {");
    let elsewhere: Vec<_> = text
        .lines()
        .filter(|line| {
            is_exemplar(line) && !line.contains("_bucket{") && !line.contains("_terminations_total{")
        })
        .collect();
    assert_eq!(elsewhere, Vec::<&str>::new(), "exemplars stand on buckets");
    let bucket = |line: &str| {
        let (sample, exemplar) = line.split_once(" # ").map_or((line, None), |(s, e)| (s, Some(e)));
        let (name, rest) = sample.split_once("le=\"").unwrap();
        let (upper, labels) = rest.split_once('"').unwrap();
        let series = format!("{name}{}", labels.trim_start_matches(','));
        let upper = if upper == "+Inf" { f64::INFINITY } else { upper.parse().unwrap() };
        Bucket { series, upper, exemplar: exemplar.map(exemplar_of) }
    };
    text.lines().filter(|line| line.contains("_bucket{")).map(bucket).collect()
}

fn exemplar_of(text: &str) -> Exemplar {
    let label = |name: &str| {
        let after = text.split_once(&format!("{name}=\"")).unwrap().1;
        after.split('"').next().unwrap().to_owned()
    };
    let (_, numbers) = text.split_once("} ").unwrap();
    let (value, at) = numbers.split_once(' ').unwrap();
    Exemplar {
        trace: label("trace_id").parse().unwrap(),
        span: label("span_id").parse().unwrap(),
        value: value.parse().unwrap(),
        at: at.parse().unwrap(),
    }
}

/// Every exemplar is in its bucket, and its span in the file, and it was there at that time.
#[track_caller]
fn all_lead_somewhere(scrape: &str, spans: &[Span]) {
    let there: BTreeSet<_> = spans.iter().map(|span| (span.trace_id, span.span_id)).collect();
    let mut lower = f64::NEG_INFINITY;
    for bucket in buckets(scrape) {
        if let Some(exemplar) = &bucket.exemplar {
            assert!(there.contains(&(exemplar.trace, exemplar.span)), "no such span: {bucket:?}");
            assert!(exemplar.value <= bucket.upper && exemplar.value > lower, "above {lower}: {bucket:?}");
            let span = spans.iter().find(|s| s.span_id == exemplar.span).unwrap();
            let began = span.start_time_unix_nano.0 as f64 / 1e9;
            assert!(exemplar.at >= began && exemplar.at < began + 60.0, "{bucket:?} {span:?}");
        }
        lower = if bucket.upper.is_infinite() { f64::NEG_INFINITY } else { bucket.upper };
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_histogram_of_durations_leads_to_spans() {
    let mut text = String::new();
    let recorded = everything(|_| {}, async |daemon| text = scrape(daemon).await).await;
    all_lead_somewhere(&text, &recorded.spans);
    let buckets = buckets(&text);
    for series in [
        "glyph_http_request_duration_seconds_bucket{via=\"proxy\"",
        "glyph_http_request_duration_seconds_bucket{via=\"netgate\"",
        "glyph_flow_dispatch_seconds_bucket{",
        "glyph_plugin_event_duration_seconds_bucket{plugin=\"guest\",event=\"flow\"",
        "glyph_plugin_event_duration_seconds_bucket{plugin=\"guest\",event=\"finding\"",
        "glyph_rpc_duration_seconds_bucket{component=\"plugin_bus\",method=\"GrantCapabilities\"",
        "glyph_rpc_duration_seconds_bucket{component=\"plugin_bus\",method=\"EventStream\"",
        "glyph_span_duration_seconds_bucket{span=\"netgate.rate_limit_wait\"",
    ] {
        let with = |bucket: &&Bucket| bucket.series.starts_with(series) && bucket.exemplar.is_some();
        assert!(buckets.iter().any(|bucket| with(&bucket)), "{series}: {text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_what_is_sampled_is_an_example_and_that_at_any_moment_of_the_load() {
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| config.trace.sample_ratio = 0.3).await;
    let mut client = daemon.client().await;
    let mut scrapes = Vec::new();
    for _ in 0..20 {
        for _ in 0..20 {
            client.get(&origin.url("/")).await;
        }
        scrapes.push(scrape(&daemon).await);
    }
    told::until("every exchange to be counted", async || {
        let labels = [("via", "proxy"), ("status", "200")];
        let name = "glyph_http_request_duration_seconds_count";
        told::counted(daemon.metrics(), name, &labels).await as u64 == 400
    })
    .await;
    let recorded = daemon.drain().await;
    assert!(recorded.flows.iter().any(|flow| !flow.sampled));
    let (mut seen, mut examples) = (BTreeSet::new(), 0);
    for scrape in &scrapes {
        all_lead_somewhere(scrape, &recorded.spans);
        let found = buckets(scrape).into_iter().filter_map(|bucket| bucket.exemplar);
        seen.extend(found.inspect(|_| examples += 1).map(|exemplar| exemplar.trace));
    }
    assert!(seen.len() > 10 && examples > 100, "{} traces in {examples} exemplars", seen.len());
}
