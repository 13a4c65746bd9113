//! The steps of an exchange as a small waterfall.

use glyph_analysis::text::duration;
use glyph_formats::Flow;

/// Columns of the bars.
const WIDE: u64 = 40;

/// A line for each step that is known, each from the end of the one before.
pub(crate) fn lines(flow: &Flow) -> Vec<String> {
    let total = flow.end_time_unix_nano.since(flow.start_time_unix_nano);
    let timings = &flow.timings;
    let steps = [
        ("resolved", timings.resolved_ns),
        ("connected", timings.connected_ns),
        ("TLS", timings.secured_ns),
        ("request sent", timings.request_sent_ns),
        ("first byte", timings.first_byte_ns),
        ("response sent", timings.response_sent_ns),
        (if flow.error.is_some() { "failed" } else { "ended" }, Some(total)),
    ];
    let known: Vec<_> = steps.into_iter().filter_map(|(name, end)| Some((name, end?))).collect();
    let last = known.iter().map(|(_, end)| *end).max().unwrap_or_default().max(1);
    let column = |ns: u64| (u128::from(ns) * u128::from(WIDE) / u128::from(last)) as u64;
    let mut before = 0;
    let mut lines = Vec::new();
    for (name, end) in known {
        let took = end.saturating_sub(before);
        let (from, to) = (column(before.min(end)), column(end));
        let bar: String =
            (0..WIDE).map(|at| if at >= from && at < to.max(from + 1) { '█' } else { '·' }).collect();
        lines.push(format!("{name:<14}{bar}  {:>8}  at {}", format!("+{}", duration(took)), duration(end)));
        before = before.max(end);
    }
    lines
}
