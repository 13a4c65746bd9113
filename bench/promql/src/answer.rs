//! Values as Prometheus' API writes them. Answers have millions of points: they are written as they are walked.

use std::io::{self, Write};

use glyph_analysis::{
    metrics::Labels,
    promql::{RangeSeries, Value, number},
};

/// What an instant query gives, at `time` in milliseconds.
pub(crate) fn instant(value: &Value, time: i64, out: &mut impl Write) -> io::Result<()> {
    match value {
        Value::Scalar(value) => {
            out.write_all(br#"{"resultType":"scalar","result":"#)?;
            point(time, *value, out)?;
        }
        Value::Text(text) => {
            out.write_all(br#"{"resultType":"string","result":["#)?;
            seconds(time, out)?;
            out.write_all(b",")?;
            serde_json::to_writer(&mut *out, text)?;
            out.write_all(b"]")?;
        }
        Value::Vector(samples) => {
            out.write_all(br#"{"resultType":"vector","result":["#)?;
            each(samples, out, |sample, out| {
                metric(&sample.labels, out)?;
                out.write_all(br#","value":"#)?;
                point(time, sample.value, out)?;
                out.write_all(b"}")
            })?;
        }
        Value::Range(series) => return range(series, out),
    }
    out.write_all(b"}")
}

/// What a query over a range gives.
pub(crate) fn range(series: &[RangeSeries], out: &mut impl Write) -> io::Result<()> {
    out.write_all(br#"{"resultType":"matrix","result":["#)?;
    each(series, out, |series, out| {
        metric(&series.labels, out)?;
        out.write_all(br#","values":["#)?;
        each(&series.samples, out, |(time, value), out| point(*time, *value, out))?;
        out.write_all(b"}")
    })?;
    out.write_all(b"}")
}

/// The elements of an array that is open, and its end.
fn each<T, W: Write>(
    all: &[T],
    out: &mut W,
    mut write: impl FnMut(&T, &mut W) -> io::Result<()>,
) -> io::Result<()> {
    for (i, element) in all.iter().enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        write(element, out)?;
    }
    out.write_all(b"]")
}

/// Begins an element.
fn metric(labels: &Labels, out: &mut impl Write) -> io::Result<()> {
    out.write_all(br#"{"metric":{"#)?;
    for (i, (name, value)) in labels.pairs().iter().enumerate() {
        if i > 0 {
            out.write_all(b",")?;
        }
        serde_json::to_writer(&mut *out, &**name)?;
        out.write_all(b":")?;
        serde_json::to_writer(&mut *out, &**value)?;
    }
    out.write_all(b"}")
}

fn point(time: i64, value: f64, out: &mut impl Write) -> io::Result<()> {
    out.write_all(b"[")?;
    seconds(time, out)?;
    // A number's own text needs no memory; what is none has Prometheus' name.
    if value.is_finite() { write!(out, ",\"{value}\"]") } else { write!(out, ",\"{}\"]", number(value)) }
}

fn seconds(time: i64, out: &mut impl Write) -> io::Result<()> {
    match time % 1_000 {
        0 => write!(out, "{}", time / 1_000),
        _ => write!(out, "{}", time as f64 / 1e3),
    }
}
