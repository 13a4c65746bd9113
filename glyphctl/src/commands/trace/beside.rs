//! What stands beside traces in a recording, read with a progress bar.

use std::path::Path;

use glyph_analysis::pivot::Records;
use glyph_formats::{TraceId, jsonl::segments, recording::TRACES};

use crate::output::{progress::Bar, warn};

/// The records of these traces; oddities of the files are told.
pub(crate) fn records(
    dir: &Path,
    wanted: impl Fn(TraceId) -> bool + Clone + Send + 'static,
) -> anyhow::Result<Records> {
    let progress = Records::progress(dir);
    let bar = Bar::start("reading", &progress);
    let records = Records::read(dir, wanted, &progress);
    drop(bar);
    let records = records?;
    records.warnings.iter().for_each(warn);
    Ok(records)
}

/// Whether the recording has a file of spans.
pub(crate) fn has_spans(dir: &Path) -> anyhow::Result<bool> {
    Ok(!segments::existing(&dir.join(TRACES))?.is_empty())
}
