//! `histogram_quantile`, `histogram_quantiles`, `histogram_fraction`: of classic buckets, each histogram's rows together.

use rustc_hash::FxHashMap;

use super::{
    Call, EvalError, EvalErrorKind, Evaluated, Grid, Level, Row, Scope, TextRange, arg,
    buckets::{self, Bucket, Repaired},
};
use crate::metrics::quote::quoted;
use crate::{
    metrics::Labels,
    promql::{column::Column, note::Repairs, scope::text_of, side_by_side::side_by_side, value::number},
};

type Result<T> = std::result::Result<T, EvalError>;

/// The rows of a histogram.
struct Histogram {
    /// Without `le`.
    labels: Labels,
    nameless: bool,
    /// Upper bounds, ascending, and their rows.
    rows: Vec<(f64, Row)>,
}

impl Histogram {
    /// Its buckets at a step, ascending.
    fn at(&self, step: usize, buckets: &mut Vec<Bucket>) {
        buckets.clear();
        let there = self
            .rows
            .iter()
            .filter_map(|(bound, row)| Some(Bucket { bound: *bound, count: row.column.at(step)? }));
        buckets.extend(there);
    }

    /// What `of` makes of its buckets at each step at which it has some.
    fn map(&self, count: usize, mut of: impl FnMut(&mut Vec<Bucket>, usize) -> f64) -> Column {
        let mut buckets = Vec::with_capacity(self.rows.len());
        Column::build(count, |step| {
            self.at(step, &mut buckets);
            (!buckets.is_empty()).then(|| of(&mut buckets, step))
        })
    }

    fn row(&self, labels: Labels, column: Column) -> Row {
        Row { labels, nameless: self.nameless, column }
    }
}

pub(super) fn quantile(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated> {
    let (q_expr, expr) = (arg(call, 0, range)?, arg(call, 1, range)?);
    let q = scope.scalar(q_expr, grid)?;
    scope.check_quantiles(&q, q_expr.range);
    let histograms = histograms(scope, call, 1, range, grid)?;
    let rows = quantiles_of(scope, &histograms, &q, grid, expr.range, |labels| labels.clone());
    scope.renamed(rows, grid, range).map(Evaluated::Vector)
}

pub(super) fn quantiles(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated> {
    let expr = arg(call, 0, range)?;
    let label = text_of(arg(call, 1, range)?)?;
    if label.is_empty() {
        return Err(EvalErrorKind::Argument(format!("invalid label name {}", quoted(label))).at(range));
    }
    let histograms = histograms(scope, call, 0, range, grid)?;
    let mut rows = Vec::new();
    for q_expr in &call.args[2..] {
        let q = scope.scalar(q_expr, grid)?;
        scope.check_quantiles(&q, q_expr.range);
        let named = format_quantile(q.first().copied().unwrap_or(f64::NAN));
        let labels = |labels: &Labels| labels.with(label, &named);
        rows.extend(quantiles_of(scope, &histograms, &q, grid, expr.range, labels));
    }
    scope.renamed(rows, grid, range).map(Evaluated::Vector)
}

/// A quantile as OpenMetrics writes one: never without a decimal point.
fn format_quantile(q: f64) -> String {
    let text = number(q);
    if q.is_finite() && !text.contains('.') { format!("{text}.0") } else { text }
}

/// What the functions of native histograms alone make of floats, of which all is here: nothing.
pub(super) fn of_native(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated> {
    scope.vector(arg(call, 0, range)?, grid)?;
    Ok(Evaluated::Vector(Vec::new()))
}

pub(super) fn fraction(
    scope: &mut Scope<'_>,
    call: &Call,
    range: TextRange,
    grid: Grid,
) -> Result<Evaluated> {
    let lower = scope.scalar(arg(call, 0, range)?, grid)?;
    let upper = scope.scalar(arg(call, 1, range)?, grid)?;
    let histograms = histograms(scope, call, 2, range, grid)?;
    let rows = side_by_side(scope.settings, &histograms, grid.count, |histogram| {
        let column = histogram.map(grid.count, |b, step| buckets::fraction(lower[step], upper[step], b));
        Some(histogram.row(histogram.labels.clone(), column))
    });
    scope.renamed(rows, grid, range).map(Evaluated::Vector)
}

/// The quantile `q[step]` of each histogram; what had to be repaired for it is told.
fn quantiles_of(
    scope: &mut Scope<'_>,
    histograms: &[Histogram],
    q: &[f64],
    grid: Grid,
    place: TextRange,
    labels: impl Fn(&Labels) -> Labels + Sync,
) -> Vec<Row> {
    let computed = side_by_side(scope.settings, histograms, grid.count, |histogram| {
        let mut repairs: Option<(Repaired, (usize, usize), usize)> = None;
        let column = histogram.map(grid.count, |b, step| {
            let (value, repaired) = buckets::quantile(q[step], b);
            if let Some(repaired) = repaired {
                let (all, steps, count) = repairs.get_or_insert((repaired, (step, step), 0));
                *all = all.merged(repaired);
                (steps.1, *count) = (step, *count + 1);
            }
            value
        });
        Some((histogram.row(labels(&histogram.labels), column), repairs))
    });
    let mut rows = Vec::with_capacity(computed.len());
    for (row, repairs) in computed {
        if let Some((repaired, (first, last), count)) = repairs {
            let text = "input to histogram_quantile needed to be fixed for monotonicity (see https://prometheus.io/docs/\
                        prometheus/latest/querying/functions/#histogram_quantile)";
            let times = (grid.time(first), grid.time(last));
            let repairs = Repairs { buckets: repaired.bounds, most: repaired.most, times, count };
            let text = format!("{text}{}", metric_of(scope, &row.labels));
            scope.notes.add_repairs(text, repairs, scope.text, place);
        }
        rows.push(row);
    }
    rows
}

/// Names the metric, as Prometheus does if names go at the end.
fn metric_of(scope: &Scope<'_>, labels: &Labels) -> String {
    match labels.name() {
        name if !name.is_empty() && scope.settings.delayed_name_removal => {
            format!(" for metric name {}", quoted(name))
        }
        _ => String::new(),
    }
}

/// The histograms of a vector: rows that differ in `le` alone. A row whose `le` is no bound is told and left out.
fn histograms(
    scope: &mut Scope<'_>,
    call: &Call,
    at: usize,
    range: TextRange,
    grid: Grid,
) -> Result<Vec<Histogram>> {
    let expr = arg(call, at, range)?;
    let mut places: FxHashMap<Labels, usize> = FxHashMap::default();
    let mut histograms: Vec<Histogram> = Vec::new();
    for row in scope.vector(expr, grid)? {
        let le = row.labels.get("le");
        let Some(bound) = buckets::bound(le) else {
            let text = format!(
                "bucket label \"le\" is missing or has a malformed value of {}{}",
                quoted(le),
                metric_of(scope, &row.labels)
            );
            scope.note(Level::Warning, &text, expr.range);
            continue;
        };
        let labels = row.labels.filtered(|name| name != "le");
        let place = *places.entry(labels).or_insert_with_key(|labels| {
            histograms.push(Histogram { labels: labels.clone(), nameless: row.nameless, rows: Vec::new() });
            histograms.len() - 1
        });
        histograms[place].rows.push((bound, row));
    }
    for histogram in &mut histograms {
        histogram.rows.sort_by(|(a, _), (b, _)| a.total_cmp(b));
    }
    Ok(histograms)
}
