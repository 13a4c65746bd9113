//! How long a plugin takes from its start to its hello, without walls and with them.

use anyhow::Context;
use glyph_formats::{Span, jsonl, recording::TRACES, span::SpanKind};
use serde_json::{Value, json};

use crate::daemon::{Glyphd, manifest};

/// In turns, so many times each; medians.
pub(crate) async fn measure(glyphd: &str, starts: usize) -> anyhow::Result<Value> {
    let (mut without, mut with) = (Vec::new(), Vec::new());
    for _ in 0..starts {
        without.push(once(glyphd, "off").await?);
        with.push(once(glyphd, "best-effort").await?);
    }
    let median = |mut all: Vec<f64>| {
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    Ok(json!({ "without_ms": median(without), "with_ms": median(with) }))
}

/// From the start of its process to the end of its stream's handshake, in milliseconds: as the daemon's spans have it.
async fn once(glyphd: &str, sandbox: &str) -> anyhow::Result<f64> {
    let plugin = [("one", manifest("one", "passive-headers")?)];
    let daemon = Glyphd::start_with(glyphd, "", &plugin, &["--sandbox", sandbox]).await?;
    let dir = daemon.stop().await?;
    let spans = jsonl::records::<Span>(&dir.path().join("recording").join(TRACES))?;
    let spans: Vec<Span> = spans.collect::<Result<_, _>>()?;
    let of = |name: &str, kind| spans.iter().find(|span| span.name == name && span.kind == kind);
    let started = of("plugin.runner.exec", SpanKind::Internal).context("no start")?.start_time_unix_nano;
    let welcomed = of("plugin_bus.EventStream", SpanKind::Server).context("no hello")?.end_time_unix_nano;
    Ok(welcomed.since(started) as f64 / 1e6)
}
