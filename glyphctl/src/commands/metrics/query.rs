//! `glyphctl metrics query`: an expression in, samples in, its value out.

use std::process::ExitCode;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use glyph_analysis::{
    promql::{Evaluator, Level, Note, Query, Settings, Value, needs},
    response::{ErrorType, QueryResponse},
};

use super::{
    prometheus::Want,
    source::{Source, SourceArgs},
    time,
};
use crate::output::{
    self,
    failure::{ExpressionFault, HintExt},
    metrics::{self, QueryFormat, View},
    note, warn,
};

/// How many steps a range has that names none; Prometheus' own interface does the same.
const STEPS: i64 = 250;
/// How many steps a query may have.
const MOST_STEPS: i64 = 1_000_000;

/// Flags of `glyphctl metrics query`.
#[derive(Debug, Args)]
#[command(after_help = "\
The expression is evaluated here, as Prometheus 3 does it. Without --time, --start, --end and --step it is evaluated at \
the time of the last sample; with some of the last three over a range, by default all of the recording in 250 steps.

With --prometheus, the samples that the expression needs are fetched from a server with Prometheus' HTTP API \
(Prometheus, Thanos, Mimir, VictoriaMetrics) and evaluated here. Such a server does not tell where series ended: they \
count for --lookback more. Its times default to now, and the hour before.

--format json is what Prometheus' HTTP API answers; an error is an answer too (and exit code 2). docs/promql.md says \
what of PromQL there is. A faulty expression is shown with a mark under the fault.

Exit codes: 0 there is a result, 2 there is none.

Examples:
  glyphctl metrics query --data RECORDING 'rate(http_requests_total[5m])'
  glyphctl metrics query --data run.om.gz 'sum by (job) (up)' --time 2025-10-09T08:53:20Z
  glyphctl metrics query --data RECORDING 'histogram_quantile(0.95, sum by (le) (rate(x_bucket[1m])))' --step 15s --format plot
  glyphctl metrics query --data a.om b.om --start 1760000000 --end 1760003600 --step 1m --format csv -- 'up == 0'
  glyphctl metrics query --prometheus https://metrics.example/select/0/prometheus 'up' --format json | jq .data
  GLYPH_PROMETHEUS_TOKEN=… glyphctl metrics query --prometheus https://metrics.example 'up'")]
pub(super) struct QueryArgs {
    /// The expression
    #[arg(value_name = "EXPR")]
    expr: Option<String>,
    #[command(flatten)]
    source: SourceArgs,
    /// When: RFC 3339, or seconds since the epoch [default: the last sample's time]
    #[arg(long, value_name = "TIME", value_parser = time::time, allow_negative_numbers = true, conflicts_with_all = ["start", "end", "step"])]
    time: Option<i64>,
    /// The first time of a range [default: the first sample's]
    #[arg(long, value_name = "TIME", value_parser = time::time, allow_negative_numbers = true)]
    start: Option<i64>,
    /// The last time of a range [default: the last sample's]
    #[arg(long, value_name = "TIME", value_parser = time::time, allow_negative_numbers = true)]
    end: Option<i64>,
    /// How far the times of a range are apart: 15s, 1m30s, or seconds [default: 1/250 of the range]
    #[arg(long, value_name = "DURATION", value_parser = time::span)]
    step: Option<i64>,
    /// How old a sample may be to count as now
    #[arg(long, value_name = "DURATION", value_parser = time::span, default_value = "5m")]
    lookback: i64,
    /// How many values a query may hold at once, 8 bytes each
    #[arg(long, value_name = "N", default_value_t = Settings::default().max_samples)]
    max_samples: usize,
    /// Remove metric names at the end, as Prometheus does with the feature promql-delayed-name-removal
    #[arg(long)]
    delayed_name_removal: bool,
    /// How to print the result
    #[arg(long, value_enum, default_value_t = QueryFormat::Table)]
    format: QueryFormat,
}

/// When an expression is evaluated, in milliseconds since the epoch.
#[derive(Debug, Clone, Copy)]
enum When {
    At(i64),
    Over { start: i64, end: i64, step: i64 },
}

/// Runs it.
pub(super) fn run(mut flags: QueryArgs) -> anyhow::Result<ExitCode> {
    let done = evaluate(&mut flags);
    if let (Err(error), QueryFormat::Json) = (&done, flags.format) {
        let fault = error.downcast_ref::<ExpressionFault>();
        let kind = fault.map_or(ErrorType::Internal, |fault| fault.kind);
        let response = QueryResponse::failure(kind, format!("{error:#}"));
        output::to_stdout(|out| metrics::write_response(&response, out))?;
    }
    done.map(|()| ExitCode::SUCCESS)
}

fn evaluate(flags: &mut QueryArgs) -> anyhow::Result<()> {
    let expr = flags.expr.take().or_else(|| flags.source.take_last(|_| true));
    let Some(text) = expr else {
        return Err(anyhow!("there is no expression")
            .hint("glyphctl metrics query --data FILE 'rate(http_requests_total[5m])'"));
    };
    let query = Query::parse(&text).map_err(|e| ExpressionFault::of_parser(&text, &e))?;
    let settings = Settings {
        lookback: flags.lookback,
        delayed_name_removal: flags.delayed_name_removal,
        max_samples: flags.max_samples,
        ..Settings::default()
    };
    let source = flags.source.open()?;
    let when = when(flags, &source)?;
    let (start, end) = match when {
        When::At(time) => (time, time),
        When::Over { start, end, .. } => (start, end),
    };
    let needs = needs::of(&query.expr, settings, start, end);
    let wanted: Vec<_> = needs
        .iter()
        .map(|n| Want { matchers: &n.selector.matchers, after: n.after, until: n.until })
        .collect();
    let store = source.store(&wanted)?;
    let mut evaluator = Evaluator::new(&query, settings);
    let value = match when {
        When::At(time) => evaluator.instant(&store, time),
        When::Over { start, end, step } => evaluator.range(&store, start, end, step).map(Value::Range),
    };
    let value = value.map_err(|e| ExpressionFault::of_evaluator(&text, &e))?;
    let notes = evaluator.notes();
    if flags.format != QueryFormat::Json {
        notes.iter().for_each(tell);
    }
    let view = View { start, end, width: output::width(), in_colour: output::in_colour() };
    output::to_stdout(|out| metrics::write(&value, &notes, flags.format, view, out))
}

fn tell(told: &Note) {
    match told.level {
        Level::Warning => warn(&told.text),
        Level::Info => note(format_args!("info: {}", told.text)),
    }
}

fn when(flags: &QueryArgs, source: &Source) -> anyhow::Result<When> {
    let (first, last) = source.extent();
    if flags.start.is_none()
        && flags.end.is_none()
        && flags.step.is_none()
        && flags.format != QueryFormat::Plot
    {
        return Ok(When::At(flags.time.unwrap_or(last)));
    }
    if let Some(time) = flags.time {
        return Ok(When::At(time));
    }
    let end = flags.end.unwrap_or(last);
    let start = flags.start.unwrap_or(first);
    if end < start {
        bail!("--end is before --start: {} is before {}", metrics::shown(end), metrics::shown(start));
    }
    let step = flags.step.unwrap_or_else(|| ((end - start) / STEPS / 1_000).max(1) * 1_000);
    if (end - start) / step >= MOST_STEPS {
        return Err(anyhow!("more than {MOST_STEPS} steps"))
            .context("--step")
            .map_err(|e| e.hint("a longer --step, or --start and --end closer together, make fewer"));
    }
    Ok(When::Over { start, end, step })
}
