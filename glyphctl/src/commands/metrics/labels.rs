//! `glyphctl metrics labels`: which labels there are, and which values.

use std::process::ExitCode;

use clap::Args;
use glyph_analysis::response::{LabelListing, ValueListing};

use super::{
    series::selectors,
    source::{ExtentArgs, SourceArgs},
};
use crate::output::{self, Format, metrics};

/// Flags of `glyphctl metrics labels`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  glyphctl metrics labels --data RECORDING
  glyphctl metrics labels __name__ --data RECORDING    (which metrics there are)
  glyphctl metrics labels code --data RECORDING --match http_requests_total")]
pub(super) struct LabelsArgs {
    /// The label of which to list the values
    #[arg(value_name = "LABEL")]
    label: Option<String>,
    /// Only labels of series that one of these selects, such as 'up{job="x"}'
    #[arg(long = "match", value_name = "WHAT")]
    matchers: Vec<String>,
    #[command(flatten)]
    source: SourceArgs,
    #[command(flatten)]
    extent: ExtentArgs,
    /// How to print the labels
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Runs it.
pub(super) fn run(mut flags: LabelsArgs) -> anyhow::Result<ExitCode> {
    let is_name = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let label = flags.label.take().or_else(|| flags.source.take_last(is_name));
    let selectors = selectors(&flags.matchers)?;
    let store = flags.source.open()?.select(&selectors, flags.extent)?;
    output::to_stdout(|out| match &label {
        None => metrics::write_labels(&LabelListing::of(&store, &selectors), flags.format, out),
        Some(label) => metrics::write_values(&ValueListing::of(&store, &selectors, label), flags.format, out),
    })?;
    Ok(ExitCode::SUCCESS)
}
