//! What both trace commands begin with: files in, resolved traces out, with a progress bar and warnings.

use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};
use glob::MatchOptions;
use glyph_analysis::trace::{
    Filter, Grouping, Keep, LoadError, Oddities, Sorted, Sources, Traces,
    diff::Sample,
    graph::{self, ServiceGraph},
    load,
    load::Warning,
    load_only, parquet,
    summary::Summary,
};
use glyph_formats::jsonl::input::Progress;

use crate::{
    commands::recording::Opened,
    output::{self, failure::HintExt, progress, warn},
};

/// What the help says of FILE.
pub(super) const INPUT_HELP: &str = "Recordings (directories or artifacts), span files (glyph's own, OTLP/JSON, \
                                     Jaeger JSON, Zipkin v2 JSON, flat JSONL or Python's console spans, found by \
                                     content; also .gz and .zst), folders of them, patterns in quotes \
                                     ('runs/*/traces.jsonl'), or - for standard input";

/// Opens what the user names. A name that is no file's and has a `*`, `?` or `[` in it is a pattern for several.
pub(crate) fn open(inputs: &[PathBuf]) -> anyhow::Result<Vec<Opened>> {
    let mut opened = Vec::new();
    for input in inputs {
        for path in matching(input)? {
            opened.push(Opened::open(&path)?);
        }
    }
    Ok(opened)
}

/// A name in which several may be meant.
pub(crate) fn pattern(input: &Path) -> Option<&str> {
    input.to_str().filter(|text| text.contains(['*', '?', '[']))
}

/// What the pattern stands for, sorted; anything else for itself.
pub(crate) fn matching(input: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let Some(pattern) = pattern(input).filter(|_| !input.exists()) else {
        return Ok(vec![input.to_owned()]);
    };
    // As in a shell: what is hidden is named with its dot.
    let options = MatchOptions { require_literal_leading_dot: true, ..MatchOptions::new() };
    let found = glob::glob_with(pattern, options).with_context(|| format!("{pattern}: is no pattern"))?;
    let found =
        found.collect::<Result<Vec<_>, _>>().with_context(|| format!("{pattern}: can't be looked up"))?;
    if found.is_empty() {
        return Err(anyhow!("{pattern}: no file or folder has a name like that"));
    }
    Ok(found)
}

/// Finds the files.
pub(crate) fn sources<P: AsRef<Path>>(inputs: &[P]) -> anyhow::Result<Sources> {
    hinted(Sources::find(inputs))
}

/// Loads them, says what is odd about single lines, and finds each span's parent.
pub(crate) fn traces(sources: &Sources, keep: Keep) -> anyhow::Result<Traces> {
    let loaded = reading(sources, |progress| load(sources, keep, progress))?;
    told(&loaded.warnings, loaded.spans.is_empty());
    Ok(Traces::resolve(loaded.spans, loaded.oddities))
}

/// All traces, and those that were chosen of them with what is kept of these; none if that is all of them. If `may_choose`
/// and where the files can be read again, nothing else is ever held of the others than `keep_all`.
pub(super) fn chosen(
    sources: &Sources,
    keep_all: Keep,
    keep_chosen: Keep,
    may_choose: bool,
    choose: impl FnOnce(&Traces) -> anyhow::Result<Option<Vec<usize>>>,
) -> anyhow::Result<(Traces, Option<Traces>)> {
    let keep_both = keep_all.or(keep_chosen);
    let reads_again = may_choose && keep_both != keep_all && sources.can_be_read_again();
    let all = traces(sources, if reads_again { keep_all } else { keep_both })?;
    let Some(chosen) = choose(&all)? else { return Ok((all, None)) };
    if !reads_again || chosen.is_empty() {
        let only = all.only(&chosen);
        return Ok((all, Some(only)));
    }
    let progress = sources.progress();
    let ids = chosen.iter().map(|t| all.spans.trace_ids()[*t]);
    // What is odd has been told of all of them.
    let loaded = with_bar("reading again", &progress, || load_only(sources, ids, keep_chosen, &progress))?;
    Ok((all, Some(Traces::resolve(loaded.spans, Oddities::default()))))
}

/// Summarises them in so many MiB, and says what is odd about single lines.
pub(super) fn summary(sources: &Sources, grouping: Grouping, memory: u64) -> anyhow::Result<Summary> {
    let memory = beside_durations(memory);
    let sorted = reading(sources, |progress| Sorted::read(sources, grouping, memory, progress))?;
    let warnings = sorted.warnings().to_vec();
    let progress = sorted.progress();
    let summary = with_bar("summing up", &progress, || sorted.summarize(&progress))?;
    told(&warnings, summary.spans == 0 && summary.spans_left_out.is_none_or(|more| more == 0));
    Ok(summary)
}

/// Takes what is compared of them, in so many MiB, and says what is odd about single lines.
pub(super) fn sample(sources: &Sources, grouping: Grouping, memory: u64) -> anyhow::Result<Sample> {
    let memory = memory.saturating_mul(1 << 20);
    let sorted = reading(sources, |progress| Sorted::read(sources, grouping, memory, progress))?;
    let warnings = sorted.warnings().to_vec();
    let progress = sorted.progress();
    let sample = with_bar("sorting", &progress, || Sample::of_files(sorted, &progress))?;
    told(&warnings, false);
    Ok(sample)
}

/// Finds who calls whom in so many MiB, and says what is odd about single lines.
pub(super) fn graph(sources: &Sources, filter: Option<Filter>, memory: u64) -> anyhow::Result<ServiceGraph> {
    let memory = beside_durations(memory);
    let sorted = reading(sources, |progress| graph::Sorted::read(sources, filter, memory, progress))?;
    let warnings = sorted.warnings().to_vec();
    let progress = sorted.progress();
    let graph = with_bar("finding calls", &progress, || sorted.graph(&progress))?;
    told(&warnings, graph.spans == 0);
    Ok(graph)
}

/// Sorts them for an export in so many MiB, and says what is odd about single lines.
pub(super) fn exported(
    sources: &Sources,
    filter: Option<Filter>,
    memory: u64,
) -> anyhow::Result<parquet::Sorted> {
    let memory = memory.saturating_mul(1 << 20);
    let sorted = reading(sources, |progress| parquet::Sorted::read(sources, filter, memory, progress))?;
    told(sorted.warnings(), sorted.is_empty());
    Ok(sorted)
}

/// How many bytes of so many MiB the spans may take: the rest is for the durations.
fn beside_durations(mib: u64) -> u64 {
    mib.saturating_mul(3 << 18)
}

/// Reads the files, with a bar.
fn reading<T>(sources: &Sources, read: impl FnOnce(&Progress) -> Result<T, LoadError>) -> anyhow::Result<T> {
    let progress = sources.progress();
    output::reading(sources.files());
    with_bar("reading", &progress, || read(&progress))
}

fn with_bar<T>(
    what: &'static str,
    progress: &Progress,
    run: impl FnOnce() -> Result<T, LoadError>,
) -> anyhow::Result<T> {
    let bar = progress::Bar::start(what, progress);
    let result = hinted(run());
    drop(bar);
    result
}

fn told(warnings: &[Warning], is_empty: bool) {
    for warning in warnings {
        warn(warning);
    }
    if is_empty {
        warn("no spans there");
    }
}

fn hinted<T>(result: Result<T, LoadError>) -> anyhow::Result<T> {
    result.map_err(|error| match &error {
        LoadError::NotATrace { .. } => anyhow::Error::new(error).hint(
            "looked for glyph's spans, one a line (docs/schemas/span.json), and for OTLP/JSON, Jaeger JSON, \
             Zipkin v2 JSON, flat spans with trace_id and span_id, and the console output of Python's OpenTelemetry",
        ),
        LoadError::NothingThere(_) => anyhow::Error::new(error)
            .hint("name the span files in it, or a directory that glyphd --record made"),
        _ => anyhow::Error::new(error),
    })
}
