//! `glyphctl flows stats`: figures by host, route, status or method.

use std::{collections::HashMap, ops::ControlFlow, path::PathBuf, process::ExitCode};

use clap::{Args, ValueEnum};
use glyph_analysis::{route, text::counted};
use glyph_formats::glance::Glance;

use super::{
    filter::{FILTER_HELP, FilterArgs, path},
    source::{self, Source},
};
use crate::output::{
    self, Format,
    flows::stats::{self, Row, Stats},
    note,
};

/// Flags of `glyphctl flows stats`.
#[derive(Debug, Args)]
#[command(after_help = format!("\
Percentiles are nearest-rank: the ceil(q·n)-th of the n durations, one that really occurred. A flow is an error if it \
failed, or was answered with a status of 500 or more. A route is a path in which ids stand for all of their kind: \
{{number}}, {{uuid}}, {{hex}} (8 digits or more), {{ulid}}, {{redacted}}. Bytes are those of bodies as they passed. Each flow \
takes 8 bytes of memory, each row a little more.

{FILTER_HELP}

Examples:
  glyphctl flows stats RECORDING
  glyphctl flows stats RECORDING --by host,status --sort p99
  glyphctl flows stats RECORDING --path '/api/*' --by route --format markdown
  glyphctl flows stats RECORDING --format json | jq '.rows[] | select(.error_rate > 0.01)'"))]
pub(super) struct StatsArgs {
    #[arg(value_name = "RECORDING", help = source::INPUT_HELP)]
    input: PathBuf,
    #[command(flatten)]
    filter: FilterArgs,
    /// What the flows of a row have in common; several with commas
    #[arg(
        long,
        value_enum,
        value_name = "KEY",
        value_delimiter = ',',
        default_value = "method,host,route",
        help_heading = "Options"
    )]
    by: Vec<Key>,
    /// Which column to sort by, the greatest first
    #[arg(long, value_enum, value_name = "COLUMN", default_value_t = Column::Total, help_heading = "Options")]
    sort: Column,
    /// Print no more than so many rows
    #[arg(long, value_name = "N", help_heading = "Options")]
    top: Option<usize>,
    /// How to print the figures
    #[arg(long, value_enum, default_value_t = Format::Table, help_heading = "Options")]
    format: Format,
}

/// What the flows of a row can have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Key {
    /// The host, with its port.
    Host,
    /// The path with its ids collapsed.
    Route,
    /// The status, or what failed.
    Status,
    /// The method.
    Method,
}

/// What rows can be sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Column {
    Count,
    Errors,
    Rate,
    P50,
    P95,
    P99,
    Max,
    Total,
    Sent,
    Received,
}

/// The flows of a row.
#[derive(Debug, Default)]
struct Group {
    durations: Vec<u64>,
    errors: u64,
    sent: u64,
    received: u64,
}

/// Runs it.
pub(super) fn run(flags: &StatsArgs) -> anyhow::Result<ExitCode> {
    let filter = flags.filter.filter()?;
    let source = Source::open(&flags.input)?;
    let mut groups: HashMap<Vec<String>, Group> = HashMap::new();
    let mut extent: Option<(u64, u64)> = None;
    source.each(
        |line| filter.may(line),
        |record| {
            let flow = &record.flow;
            if filter.meets(flow) {
                let (start, end) = (flow.start_time_unix_nano, flow.end_time_unix_nano);
                extent = Some(extent.map_or((start, end), |(first, last)| (first.min(start), last.max(end))));
                groups.entry(flags.by.iter().map(|key| key.of(flow)).collect()).or_default().add(flow);
            }
            Ok(ControlFlow::Continue(()))
        },
    )?;
    let flows = groups.values().map(|group| group.durations.len() as u64).sum();
    let mut rows: Vec<_> = groups.into_iter().map(|(key, group)| group.row(key)).collect();
    rows.sort_unstable_by(|a, b| {
        flags.sort.figure(b).total_cmp(&flags.sort.figure(a)).then_with(|| a.key.cmp(&b.key))
    });
    let rows_left_out = rows.len().saturating_sub(flags.top.unwrap_or(usize::MAX)) as u64;
    rows.truncate(flags.top.unwrap_or(usize::MAX));
    let by = flags.by.iter().map(|key| key.title().to_owned()).collect();
    let (start_unix_nano, end_unix_nano) = extent.unzip();
    let stats = Stats { flows, start_unix_nano, end_unix_nano, by, rows, rows_left_out };
    output::to_stdout(|out| stats::write(&stats, flags.format, out))?;
    if stats.rows_left_out > 0 && flags.format == Format::Csv {
        note(format_args!("{} not shown (--top)", counted(stats.rows_left_out, "more row")));
    }
    Ok(ExitCode::SUCCESS)
}

impl Key {
    fn title(self) -> &'static str {
        match self {
            Self::Host => "host",
            Self::Route => "route",
            Self::Status => "status",
            Self::Method => "method",
        }
    }

    fn of(self, flow: &Glance<'_>) -> String {
        match self {
            Self::Host => format!("{}:{}", flow.request.host, flow.request.port),
            Self::Route => route::of(path(&flow.request.url)),
            Self::Method => flow.request.method.to_string(),
            Self::Status => match (&flow.error, &flow.response) {
                (Some(error), _) => error.kind.to_string(),
                (None, Some(response)) => response.status.to_string(),
                (None, None) => "none".to_owned(),
            },
        }
    }
}

impl Group {
    fn add(&mut self, flow: &Glance<'_>) {
        let (sent, received) = flow.bytes();
        let failed = flow.error.is_some() || flow.response.as_ref().is_some_and(|r| r.status >= 500);
        self.durations.push(flow.duration_ns());
        self.errors += u64::from(failed);
        self.sent = self.sent.saturating_add(sent);
        self.received = self.received.saturating_add(received);
    }

    fn row(mut self, key: Vec<String>) -> Row {
        self.durations.sort_unstable();
        let count = self.durations.len();
        // The ceil(q·n)-th, in hundredths, so that nothing is rounded.
        let percentile = |hundredths: usize| {
            let rank = (count * hundredths).div_ceil(100);
            self.durations.get(rank.saturating_sub(1)).copied().unwrap_or_default()
        };
        Row {
            key,
            count: count as u64,
            errors: self.errors,
            error_rate: self.errors as f64 / count as f64,
            p50_ns: percentile(50),
            p95_ns: percentile(95),
            p99_ns: percentile(99),
            max_ns: percentile(100),
            total_ns: self.durations.iter().fold(0, |sum: u64, ns| sum.saturating_add(*ns)),
            bytes_sent: self.sent,
            bytes_received: self.received,
        }
    }
}

impl Column {
    fn figure(self, row: &Row) -> f64 {
        let figure = match self {
            Self::Count => row.count,
            Self::Errors => row.errors,
            Self::Rate => return row.error_rate,
            Self::P50 => row.p50_ns,
            Self::P95 => row.p95_ns,
            Self::P99 => row.p99_ns,
            Self::Max => row.max_ns,
            Self::Total => row.total_ns,
            Self::Sent => row.bytes_sent,
            Self::Received => row.bytes_received,
        };
        figure as f64
    }
}
