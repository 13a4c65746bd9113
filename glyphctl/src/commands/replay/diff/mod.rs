//! `glyphctl replay diff`: two recordings, exchange by exchange.
//!
//! `side` puts the exchanges of each into the order of `request`, which says what makes two requests the same; `pairs` goes
//! through both at once, `judge` compares what stands beside each other. Memory does not grow with the recordings.

mod judge;
mod pairs;
mod request;
mod side;

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use clap::{Args, ValueEnum};
use glyph_analysis::replay::{LeftOut, Report, Rules, Why};
use glyph_formats::jsonl::input::{Progress, is_stdin};
use glyphd::{
    cli::TraceArgs,
    telemetry::{Telemetry, name},
};

use self::{
    request::Origins,
    side::{Origin, Side},
};
use super::compare::{COMPARE_HELP, CompareArgs};
use crate::{
    commands::flows::{
        filter::{FILTER_HELP, FilterArgs},
        source::Source,
    },
    output::{failure::HintExt, progress::Bar},
    telemetry::traced,
};

/// Flags of `glyphctl replay diff`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Exchanges stand beside each other that have the same method, URL and body; where bodies differ, in the order in which they \
began. Where each recording is of one host, and these are different, the host does not count. Tokens in place of secrets are \
the same in URLs and bodies. Tunnels are left out.

{COMPARE_HELP}

{FILTER_HELP} They choose exchanges of the first recording, with what stands beside them in the second whatever it is, and those \
that are only in the second.

Exit codes: 0 nothing differs, 1 something differs, is missing or was not recorded (--fail-on), 2 there was nothing to \
compare, or it could not be read.

Examples:
  glyphctl replay diff main branch
  glyphctl replay diff main.glyph.tar.zst branch --ignore-dates --ignore-ids
  glyphctl replay diff main branch --ignore '$.items[*].price' --ignore-header etag
  glyphctl replay diff staging production --ignore-host --path '/api/*' --fail-on difference
  glyphctl replay diff main branch --format markdown >> \"$GITHUB_STEP_SUMMARY\""))]
pub(super) struct DiffArgs {
    /// What it should be: a recording (directory or artifact), a file of flows (also .gz and .zst), or - for standard input
    #[arg(value_name = "RECORDED")]
    recorded: PathBuf,
    /// What it is, the same way
    #[arg(value_name = "NEW")]
    new: PathBuf,
    #[command(flatten)]
    compare: CompareArgs,
    /// Take exchanges with different hosts for the same
    #[arg(long, help_heading = "Comparison")]
    ignore_host: bool,
    /// What makes it fail
    #[arg(
        long,
        value_name = "WHAT",
        value_enum,
        value_delimiter = ',',
        default_values_t = [FailOn::Difference, FailOn::Missing, FailOn::Extra],
        help_heading = "Comparison"
    )]
    fail_on: Vec<FailOn>,
    #[command(flatten)]
    filter: FilterArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FailOn {
    /// Exchanges that differ
    Difference,
    /// Recorded exchanges that are not in the second
    Missing,
    /// Exchanges that are only in the second
    Extra,
    /// Nothing of it
    None,
}

/// Runs it.
pub(super) fn run(flags: &DiffArgs, trace: TraceArgs) -> anyhow::Result<ExitCode> {
    let rules = flags.compare.rules()?;
    let pair = Recordings {
        recorded: &flags.recorded,
        new: &flags.new,
        ignore_host: flags.ignore_host,
        filter: &flags.filter,
    };
    let report = traced(trace, |telemetry| pair.compare(&rules, telemetry))??;
    let fails = flags.fail_on.iter().any(|what| match what {
        FailOn::Difference => report.different() > 0,
        FailOn::Missing => report.missing() > 0,
        FailOn::Extra => report.extra() > 0,
        FailOn::None => false,
    });
    let code = flags.compare.conclude(&report)?;
    Ok(if fails { code } else { ExitCode::SUCCESS })
}

/// Two recordings, and which exchanges of them are compared.
pub(in crate::commands) struct Recordings<'a> {
    pub(in crate::commands) recorded: &'a Path,
    pub(in crate::commands) new: &'a Path,
    /// Whether exchanges with different hosts are taken for the same.
    pub(in crate::commands) ignore_host: bool,
    pub(in crate::commands) filter: &'a FilterArgs,
}

impl Recordings<'_> {
    /// Compares them.
    pub(in crate::commands) fn compare(
        &self,
        rules: &Rules,
        telemetry: &Telemetry,
    ) -> anyhow::Result<Report> {
        if is_stdin(self.recorded) && is_stdin(self.new) {
            anyhow::bail!("both recordings can't come from standard input");
        }
        let (old, new) = self.sides(telemetry)?;
        let progress = Progress::of(Some(old.bytes + new.bytes));
        let _bar = Bar::start("comparing", &progress);
        let mut report = judge::all(&old, &new, rules, &progress)?;
        for _ in 0..old.tunnels + new.tunnels {
            report.leave_out(LeftOut { place: "tunnel", why: Why::Tunnel });
        }
        Ok(report)
    }

    /// Both recordings in their order.
    fn sides(&self, telemetry: &Telemetry) -> anyhow::Result<(Side, Side)> {
        let (recorded, new) = (Source::open(self.recorded)?, Source::open(self.new)?);
        let read = |source: &Source, origins: &Origins| {
            let mut span = telemetry.span(name::LOAD_FLOWS).start();
            let side = Side::read(source, self.filter, origins);
            match &side {
                Ok(side) => {
                    span.set("glyph.flows", side.index.len());
                    span.succeed();
                }
                Err(error) => span.fail("read", error.to_string()),
            }
            side
        };
        if self.ignore_host {
            return Ok((read(&recorded, &Origins::Ignored)?, read(&new, &Origins::Ignored)?));
        }
        // The first host of the one is taken for the first of the other until there is another one.
        let old = read(&recorded, &Origins::First)?;
        let origins = match &old.origin {
            Origin::Many(first) => Origins::Named(first.clone()),
            Origin::None | Origin::One(_) => Origins::First,
        };
        let other = read(&new, &origins)?;
        match (&old.origin, &other.origin) {
            (Origin::One(only), Origin::Many(first)) if only != first => {
                // Of the many, only that one is the same.
                if is_stdin(self.new) {
                    let error = anyhow::anyhow!(
                        "{}: is of several hosts, the other recording of one",
                        self.new.display()
                    );
                    return Err(error.hint(
                        "--ignore-host takes all for the same; or name a file, which can be read twice",
                    ));
                }
                let other = read(&new, &Origins::Named(only.clone()))?;
                Ok((old, other))
            }
            _ => Ok((old, other)),
        }
    }
}
