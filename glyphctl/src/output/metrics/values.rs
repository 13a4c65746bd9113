//! Results as tables.

use std::{
    collections::BTreeSet,
    io::{self, Write},
};

use glyph_analysis::{
    metrics::Labels,
    promql::{RangeSeries, Value, number},
    text::{grouped, short, visible},
};

use super::{View, shown};
use crate::output::table::{Head, Table};

/// How many columns a line has at most, and at least.
const LINE: usize = 60;
const SHORTEST_LINE: usize = 8;
const LEVELS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// For a terminal.
pub(super) fn write_text(value: &Value, view: View, out: &mut dyn Write) -> io::Result<()> {
    match value {
        value if is_empty(value) => writeln!(out, "{}", caption(value, view)),
        Value::Scalar(value) => writeln!(out, "{}", number(*value)),
        Value::Text(text) => writeln!(out, "{}", visible(text)),
        Value::Vector(_) => {
            writeln!(out, "{}\n", caption(value, view))?;
            table(value, view, 0).write_text(out)
        }
        Value::Range(_) => {
            writeln!(out, "{}\n", caption(value, view))?;
            let bare = table(value, view, 0).width();
            let line = view.width.saturating_sub(bare + 2).min(LINE).min(steps(value, view));
            table(value, view, if line < SHORTEST_LINE.min(steps(value, view)) { 0 } else { line })
                .write_text(out)
        }
    }
}

/// For pull requests.
pub(super) fn write_markdown(value: &Value, view: View, out: &mut dyn Write) -> io::Result<()> {
    match value {
        Value::Scalar(_) | Value::Text(_) => write_text(value, view, out),
        value if is_empty(value) => write_text(value, view, out),
        Value::Vector(_) => {
            writeln!(out, "{}\n", caption(value, view))?;
            table(value, view, 0).write_markdown(out)
        }
        Value::Range(_) => {
            writeln!(out, "{}\n", caption(value, view))?;
            table(value, view, steps(value, view).min(20)).write_markdown(out)
        }
    }
}

/// How many samples a series can have.
fn steps(value: &Value, view: View) -> usize {
    let Value::Range(series) = value else { return 1 };
    let pairs = series.iter().flat_map(|s| s.samples.windows(2));
    let step = pairs.map(|pair| pair[1].0 - pair[0].0).min();
    step.map_or(1, |step| ((view.end - view.start) / step.max(1) + 1) as usize)
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Vector(samples) => samples.is_empty(),
        Value::Range(series) => series.is_empty(),
        Value::Scalar(_) | Value::Text(_) => false,
    }
}

fn caption(value: &Value, view: View) -> String {
    match value {
        Value::Range(series) => {
            let (start, end) = (shown(view.start), shown(view.end));
            format!("{} from {start} to {end}", counted_series(series.len()))
        }
        Value::Vector(samples) => format!("{} at {}", counted_series(samples.len()), shown(view.end)),
        _ => String::new(),
    }
}

/// The plural of series is series.
fn counted_series(count: usize) -> String {
    format!("{} series", grouped(count as u64))
}

fn table(value: &Value, view: View, line: usize) -> Table {
    let head = |title: &str, is_number| Head { title: title.to_owned(), is_number };
    match value {
        Value::Vector(samples) => Table {
            heads: vec![head("series", false), head("value", true)],
            rows: samples.iter().map(|s| vec![s.labels.to_string(), short(s.value)]).collect(),
        },
        Value::Range(series) => {
            let mut heads = vec![
                head("series", false),
                head("samples", true),
                head("min", true),
                head("max", true),
                head("last", true),
            ];
            heads.extend((line > 0).then(|| head("over time", false)));
            let row = |s: &RangeSeries| {
                let mut row = figures(s);
                row.extend((line > 0).then(|| spark(s, view, line)));
                row
            };
            Table { heads, rows: series.iter().map(row).collect() }
        }
        Value::Scalar(_) | Value::Text(_) => Table { heads: Vec::new(), rows: Vec::new() },
    }
}

fn figures(series: &RangeSeries) -> Vec<String> {
    let values = || series.samples.iter().map(|(_, value)| *value).filter(|v| !v.is_nan());
    let figure = |value: Option<f64>| short(value.unwrap_or(f64::NAN));
    vec![
        series.labels.to_string(),
        series.samples.len().to_string(),
        figure(values().reduce(f64::min)),
        figure(values().reduce(f64::max)),
        figure(series.samples.last().map(|(_, value)| *value)),
    ]
}

/// A series as a line of so many columns, each the mean of what falls into it; blank where nothing does.
fn spark(series: &RangeSeries, view: View, columns: usize) -> String {
    let finite = || series.samples.iter().filter(|(_, v)| v.is_finite());
    let least = finite().map(|(_, v)| *v).fold(f64::INFINITY, f64::min);
    let most = finite().map(|(_, v)| *v).fold(f64::NEG_INFINITY, f64::max);
    let start = view.start;
    let span = (view.end - start).max(1) as f64;
    let mut sums = vec![(0.0, 0u32); columns];
    for (time, value) in finite() {
        let at = ((time - start) as f64 / span * (columns as f64 - 1.0)).round();
        let (sum, count) = &mut sums[(at.max(0.0) as usize).min(columns - 1)];
        *sum += (value - least) / (most - least).max(f64::MIN_POSITIVE);
        *count += 1;
    }
    let level = |(sum, count): &(f64, u32)| match count {
        0 => ' ',
        _ => LEVELS[((sum / f64::from(*count) * 7.0).round() as usize).min(7)],
    };
    sums.iter().map(level).collect::<String>().trim_end().to_owned()
}

/// A line for each sample, a column for each label: exact.
pub(super) fn write_csv(value: &Value, view: View, out: &mut dyn Write) -> io::Result<()> {
    let time =
        |ms: i64| if ms % 1_000 == 0 { (ms / 1_000).to_string() } else { (ms as f64 / 1e3).to_string() };
    let none = Labels::empty();
    let mut samples: Vec<(&Labels, String, String)> = Vec::new();
    match value {
        Value::Scalar(value) => samples.push((&none, time(view.end), number(*value))),
        Value::Text(text) => samples.push((&none, time(view.end), visible(text).into_owned())),
        Value::Vector(all) => {
            samples.extend(all.iter().map(|s| (&s.labels, time(view.end), number(s.value))));
        }
        Value::Range(all) => {
            for series in all {
                let of = |(at, value): &(i64, f64)| (&series.labels, time(*at), number(*value));
                samples.extend(series.samples.iter().map(of));
            }
        }
    }
    let names: BTreeSet<&str> =
        samples.iter().flat_map(|(labels, ..)| labels.pairs().iter().map(|(name, _)| &**name)).collect();
    let is_text = matches!(value, Value::Text(_));
    let mut heads: Vec<_> =
        names.iter().map(|name| Head { title: (*name).to_owned(), is_number: false }).collect();
    heads.push(Head { title: "time".to_owned(), is_number: true });
    heads.push(Head { title: "value".to_owned(), is_number: !is_text });
    let row = |(labels, time, value): (&Labels, String, String)| {
        let mut row: Vec<_> = names.iter().map(|name| labels.get(name).to_owned()).collect();
        row.extend([time, value]);
        row
    };
    Table { heads, rows: samples.into_iter().map(row).collect() }.write_csv(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_as_high_as_its_values() {
        let view = View { start: 0, end: 7, width: 80, in_colour: false };
        let of = |samples: &[(i64, f64)]| {
            spark(&RangeSeries { labels: Labels::empty(), samples: samples.to_vec() }, view, 8)
        };
        let steps: Vec<_> = (0..8).map(|i| (i, i as f64)).collect();
        assert_eq!(of(&steps), "▁▂▃▄▅▆▇█");
        assert_eq!(of(&[(0, 5.0), (7, 5.0)]), "▁      ▁");
        assert_eq!(of(&[(0, 1.0), (1, f64::NAN), (3, 9.0)]), "▁  █");
        assert_eq!(of(&[]), "");
    }

    #[test]
    fn series_are_their_own_plural() {
        assert_eq!([0, 1, 2_000].map(counted_series), ["0 series", "1 series", "2,000 series"]);
    }
}
