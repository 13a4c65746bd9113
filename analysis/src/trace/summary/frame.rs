//! Grouping and percentiles, which are polars'.

use glyph_formats::span::SpanStatus;
use polars::prelude::*;

use super::{Key, Row, key::Values};
use crate::trace::columns::Spans;

/// The figures of each group of spans that have the same values for all of `by`, in no particular order.
pub(super) fn rows(
    spans: &Spans,
    by: &[Key],
    self_ns: Vec<u64>,
    critical_path_ns: Vec<u64>,
) -> PolarsResult<Vec<Row>> {
    if spans.is_empty() {
        return Ok(Vec::new());
    }
    let duration: Vec<u64> = (0..spans.len()).map(|i| spans.duration(i)).collect();
    // Self time and critical path are no more than the duration, so that one sum tells of all three.
    let too_much = duration.iter().map(|ns| u128::from(*ns)).sum::<u128>() > u128::from(u64::MAX);
    let is_error: Vec<u32> = spans.status.iter().map(|s| u32::from(*s == SpanStatus::Error)).collect();
    let groups: Vec<Values<'_>> = by.iter().map(|key| Values::of(spans, key)).collect();
    let key_column = |k: usize| format!("key {k}");
    let keys = groups.iter().enumerate().map(|(k, values)| Column::new(key_column(k).into(), &*values.codes));
    let figures = [
        Column::from(UInt32Chunked::from_vec("errors".into(), is_error).into_series()),
        Column::from(UInt64Chunked::from_vec("duration".into(), duration).into_series()),
        Column::from(UInt64Chunked::from_vec("self".into(), self_ns).into_series()),
        Column::from(UInt64Chunked::from_vec("critical".into(), critical_path_ns).into_series()),
    ];
    let frame = DataFrame::new(spans.len(), keys.chain(figures).collect())?;
    // `Equiprobable` is the nearest rank: the element at `ceil(q·n) - 1`.
    let percentile = |q: f64| col("duration").quantile(lit(q), QuantileMethod::Equiprobable);
    let sum = |column: &str| match too_much {
        false => col(column).sum(),
        true => col(column).cast(DataType::Float64).sum(),
    };
    let grouped = frame
        .lazy()
        .group_by((0..by.len()).map(|k| col(key_column(k))).collect::<Vec<_>>())
        .agg([
            len().alias("count"),
            col("errors").sum(),
            percentile(0.50).alias("p50"),
            percentile(0.90).alias("p90"),
            percentile(0.95).alias("p95"),
            percentile(0.99).alias("p99"),
            col("duration").max().alias("max"),
            sum("duration").alias("total"),
            sum("self").alias("self"),
            sum("critical").alias("critical"),
        ])
        .collect()?;

    let integers = |column: &str| -> PolarsResult<Vec<u64>> { integers(grouped.column(column)?) };
    let codes: Vec<Vec<u64>> =
        (0..by.len()).map(|k| integers(&key_column(k))).collect::<PolarsResult<_>>()?;
    let (count, errors) = (integers("count")?, integers("errors")?);
    let (p50, p90, p95, p99) = (integers("p50")?, integers("p90")?, integers("p95")?, integers("p99")?);
    let (max, total) = (integers("max")?, integers("total")?);
    let (self_time, critical) = (integers("self")?, integers("critical")?);
    Ok((0..grouped.height())
        .map(|i| {
            let mut row = Row {
                count: count[i],
                errors: errors[i],
                p50_ns: p50[i],
                p90_ns: p90[i],
                p95_ns: p95[i],
                p99_ns: p99[i],
                max_ns: max[i],
                total_ns: total[i],
                self_ns: self_time[i],
                critical_path_ns: critical[i],
                ..Row::default()
            };
            for (values, codes) in groups.iter().zip(&codes) {
                values.tell(codes[i] as u32, &mut row);
            }
            row
        })
        .collect())
}

/// A column as integers; doubles too large for one become the largest.
fn integers(column: &Column) -> PolarsResult<Vec<u64>> {
    if column.dtype().is_float() {
        let column = column.cast(&DataType::Float64)?;
        return Ok(column.f64()?.iter().map(|v| v.unwrap_or_default() as u64).collect());
    }
    let column = column.cast(&DataType::UInt64)?;
    Ok(column.u64()?.iter().map(Option::unwrap_or_default).collect())
}
