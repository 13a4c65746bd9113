//! Flags that say what is compared and how that is told: those of `replay run` and `replay diff`.

use std::process::ExitCode;

use anyhow::Context;
use clap::Args;
use glyph_analysis::replay::{Preset, Report, RuleError, Rules};

use super::DIVERGED;
use crate::output::{
    self,
    failure::HintExt,
    replay::{ReportFormat, why_nothing},
};

/// What the help says behind the flags.
pub(super) const COMPARE_HELP: &str = "\
Compared are the status, headers and trailers by name, and bodies as what they are: JSON by its members, lines and events of \
JSON one by one, forms by their fields, other text to its first difference, all else byte for byte. Left out is what differs \
always: Date, Age, what is of one connection, Content-Length and -Encoding, and how long the server took. Tokens in place of \
secrets are compared by the order in which they first appear. Of a body that a recording cut, what is there is compared; \
docs/replay.md says it all.";

/// The flags.
#[derive(Debug, Args)]
#[command(next_help_heading = "Comparison")]
pub(super) struct CompareArgs {
    // What stands in brackets is no link.
    #[arg(
        long,
        value_name = "WHAT",
        help = "Leave that out: status, headers, body, headers.NAME, or a place in JSON and all below it: '$.created_at', \
                '$..id', '$.items[*].price'; for lines and events each is a document of its own"
    )]
    ignore: Vec<String>,
    /// Leave the header of that name out
    #[arg(long, value_name = "NAME")]
    ignore_header: Vec<String>,
    /// Leave out what that expression matches on both sides, in headers, in strings of JSON and in text: 'nonce="[^"]*"'
    #[arg(long, value_name = "REGEX")]
    ignore_text: Vec<String>,
    /// Leave out dates where both are of one form: RFC 3339, HTTP's, or unix times no further apart than the exchanges and a day
    #[arg(long)]
    ignore_dates: bool,
    /// Leave out ids where both are of one form: UUIDs, ULIDs, or 16 to 128 hexadecimal digits, equally many
    #[arg(long)]
    ignore_ids: bool,
    /// How to print what differs
    #[arg(long, value_enum, default_value_t = ReportFormat::Table)]
    format: ReportFormat,
}

impl CompareArgs {
    /// What is left out.
    pub(super) fn rules(&self) -> anyhow::Result<Rules> {
        let mut rules = Rules::default();
        let ignored: Result<(), RuleError> = self.ignore.iter().try_for_each(|text| rules.ignore(text));
        ignored.map_err(|e| {
            anyhow::anyhow!("--ignore {e}")
                .hint("places stand in the report as they can be ignored: --ignore 'body $.items[*].price'")
        })?;
        let ignored: Result<(), RuleError> =
            self.ignore_text.iter().try_for_each(|regex| rules.ignore_text(regex));
        ignored.context("--ignore-text")?;
        self.ignore_header.iter().for_each(|name| rules.ignore_header(name));
        if self.ignore_dates {
            rules.add(Preset::Dates);
        }
        if self.ignore_ids {
            rules.add(Preset::Ids);
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
        match why_nothing(report) {
            Some(why) => Err(anyhow::anyhow!(why)),
            None if report.diverged() => Ok(ExitCode::from(DIVERGED)),
            None => Ok(ExitCode::SUCCESS),
        }
    }
}
