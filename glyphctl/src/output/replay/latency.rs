//! How long exchanges took, as a table.

use glyph_analysis::{
    replay::{Latencies, Quantiles},
    text::duration,
};

use crate::output::table::{Head, Table};

pub(super) fn table(latency: &Latencies) -> Table {
    let heads = [("latency", false), ("p50", true), ("p90", true), ("p99", true), ("max", true)];
    let heads = heads.map(|(title, is_number)| Head { title: title.to_owned(), is_number }).to_vec();
    let row = |title: &str, quantiles: &Quantiles| {
        let figures = [quantiles.p50_ns, quantiles.p90_ns, quantiles.p99_ns, quantiles.max_ns];
        std::iter::once(title.to_owned()).chain(figures.map(duration)).collect()
    };
    let ratio = &latency.ratio;
    let ratios = [ratio.p50, ratio.p90, ratio.p99, ratio.max].map(|ratio| format!("{ratio:.2}×"));
    let rows = vec![
        row("recorded", &latency.recorded),
        row("new", &latency.new),
        std::iter::once("ratio".to_owned()).chain(ratios).collect(),
    ];
    Table { heads, rows }
}
