//! Flags that say what is compared and how that is told: those of `replay run` and `replay diff`.

use std::process::ExitCode;

use clap::{Args, ValueEnum};
use glyph_analysis::replay::{Preset, Report, RuleError, Rules};

use super::CHANGED;
use crate::output::{self, replay::ReportFormat};

/// The flags.
#[derive(Debug, Args)]
#[command(next_help_heading = "Comparison")]
pub(super) struct CompareArgs {
    /// Leave that out: status, headers, body, headers.etag, or a place in JSON: '$.created_at', '$..id', '$.items[*].price'
    #[arg(long, value_name = "PLACE")]
    ignore: Vec<String>,
    /// Leave the header of that name out
    #[arg(long, value_name = "NAME")]
    ignore_header: Vec<String>,
    /// Leave values out that are of one kind on both sides
    #[arg(long, value_name = "SET", value_enum, value_delimiter = ',')]
    preset: Vec<PresetName>,
    /// How to print what differs
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum PresetName {
    /// Dates and times
    Dates,
    /// UUIDs, ULIDs, trace ids and other ids in hexadecimal
    Ids,
}

impl CompareArgs {
    /// What is left out.
    pub(super) fn rules(&self) -> Result<Rules, RuleError> {
        let mut rules = Rules::default();
        self.ignore.iter().try_for_each(|text| rules.ignore(text))?;
        self.ignore_header.iter().for_each(|name| rules.ignore_header(name));
        for preset in &self.preset {
            rules.add(match preset {
                PresetName::Dates => Preset::Dates,
                PresetName::Ids => Preset::Ids,
            });
        }
        Ok(rules)
    }

    /// How to print.
    pub(super) fn format(&self) -> ReportFormat {
        self.format
    }

    /// Prints the report, and says how to end: 0 if nothing differs, 1 if something does, 2 if there was nothing to compare.
    pub(super) fn conclude(&self, report: &Report) -> anyhow::Result<ExitCode> {
        output::to_stdout(|out| output::replay::write(report, self.format, out))?;
        if report.compared() == 0 {
            anyhow::bail!("nothing was compared");
        }
        Ok(if report.diverged() { ExitCode::from(CHANGED) } else { ExitCode::SUCCESS })
    }
}
