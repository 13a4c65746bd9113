//! `glyphctl metrics series`: which series there are.

use std::process::ExitCode;

use clap::Args;
use glyph_analysis::{
    metrics::Matcher,
    response::{SeriesListing, selector},
};

use super::source::{ExtentArgs, SourceArgs};
use crate::output::{self, Format, failure::ExpressionFault, metrics};

/// Flags of `glyphctl metrics series`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  glyphctl metrics series --data RECORDING
  glyphctl metrics series --data RECORDING 'http_requests_total{code=~\"5..\"}' up
  glyphctl metrics series --data run.om --format csv > series.csv
  glyphctl metrics series --prometheus http://localhost:9090 'up' --start 2025-10-09T08:00:00Z")]
pub(super) struct SeriesArgs {
    /// Only series that one of these selects, such as 'up{job="x"}'
    #[arg(value_name = "MATCHER")]
    matchers: Vec<String>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    extent: ExtentArgs,
    /// How to print the series
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Runs it.
pub(super) fn run(mut flags: SeriesArgs) -> anyhow::Result<ExitCode> {
    while let Some(matcher) = flags.source.take_last(|text| selector(text).is_ok()) {
        flags.matchers.push(matcher);
    }
    let selectors = selectors(&flags.matchers)?;
    let store = flags.source.open()?.select(&selectors, flags.extent)?;
    let listing = SeriesListing::of(&store, &selectors);
    output::to_stdout(|out| metrics::write_series(&listing, flags.format, out))?;
    Ok(ExitCode::SUCCESS)
}

/// Texts as selectors.
pub(super) fn selectors(texts: &[String]) -> anyhow::Result<Vec<Vec<Matcher>>> {
    let of = |text: &String| selector(text).map_err(|e| ExpressionFault::of_parser(text, &e).into());
    texts.iter().map(of).collect()
}
