//! What both trace commands begin with: files in, resolved traces out, with a progress bar and warnings.

use std::path::Path;

use glyph_analysis::trace::{Keep, LoadError, Sources, Traces, load};

use crate::output::{failure::HintExt, progress, warn};

/// What the help says of FILE.
pub(super) const INPUT_HELP: &str = "Recordings (directories or artifacts), span files (glyph's own, OTLP/JSON, \
                                     Jaeger JSON, Zipkin v2 JSON or flat JSONL, found by content; also .gz and \
                                     .zst), or - for standard input";

/// Finds the files.
pub(crate) fn sources<P: AsRef<Path>>(inputs: &[P]) -> anyhow::Result<Sources> {
    hinted(Sources::find(inputs))
}

/// Loads them, says what is odd about single lines, and finds each span's parent.
pub(crate) fn traces(sources: &Sources, keep: Keep) -> anyhow::Result<Traces> {
    let progress = sources.progress();
    let bar = progress::Bar::start("reading", &progress);
    let loaded = hinted(load(sources, keep, &progress));
    drop(bar);
    let loaded = loaded?;
    for warning in &loaded.warnings {
        warn(warning);
    }
    if loaded.spans.is_empty() {
        warn("no spans there");
    }
    Ok(Traces::resolve(loaded.spans, loaded.oddities))
}

fn hinted<T>(result: Result<T, LoadError>) -> anyhow::Result<T> {
    result.map_err(|error| match &error {
        LoadError::NotATrace { .. } => anyhow::Error::new(error).hint(
            "looked for glyph's spans, one a line (docs/schemas/span.json), and for OTLP/JSON, Jaeger JSON, \
             Zipkin v2 JSON and flat spans with trace_id and span_id",
        ),
        LoadError::Recording(glyph_formats::recording::RecordingError::NoInfo(_)) => {
            anyhow::Error::new(error)
                .hint("name the span files in it, or a directory that glyphd --record made")
        }
        _ => anyhow::Error::new(error),
    })
}
