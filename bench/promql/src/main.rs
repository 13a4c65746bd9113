//! Answers PromQL over a recording that it has read once, as a Prometheus with the data loaded does.
//!
//! In: files of metrics as arguments; on standard input a question a line: `[time, expression]` or `[start, end, step,
//! expression]` as JSON, times in seconds. Out: `null` once the files are read, then for each question a line with what
//! Prometheus' API gives as `data`. Not here: any measurement; that is done from outside, alike for both.

mod answer;

use std::{
    env,
    io::{self, BufRead, BufWriter, Write},
    path::Path,
};

use anyhow::{Context, Result};
use glyph_analysis::{
    metrics::{self, Store},
    promql::{Evaluator, Query, Settings},
};
use glyph_formats::jsonl::input::Progress;
use serde_json::Value as Json;

fn main() -> Result<()> {
    let mut files = Vec::new();
    for path in env::args().skip(1) {
        files.extend(metrics::files_of(Path::new(&path))?);
    }
    let store = metrics::read(&files, &Progress::default())?.store;
    let mut out = BufWriter::with_capacity(1 << 20, io::stdout().lock());
    writeln!(out, "null")?;
    out.flush()?;
    for question in io::stdin().lock().lines() {
        let question = question?;
        answer(&store, &question, &mut out).with_context(|| question.clone())?;
        out.write_all(b"\n")?;
        out.flush()?;
    }
    Ok(())
}

fn answer(store: &Store, question: &str, out: &mut impl Write) -> Result<()> {
    let words: Vec<Json> = serde_json::from_str(question)?;
    let (expr, times) = words.split_last().context("an empty question")?;
    let query = Query::parse(expr.as_str().context("the last word is no expression")?)?;
    let ms = |time: &Json| Ok((time.as_f64().context("a time is no number")? * 1e3).round() as i64);
    let times: Vec<i64> = times.iter().map(ms).collect::<Result<_>>()?;
    let mut evaluator = Evaluator::new(&query, Settings::default());
    match times.as_slice() {
        [time] => answer::instant(&evaluator.instant(store, *time)?, *time, out)?,
        [start, end, step] => answer::range(&evaluator.range(store, *start, *end, *step)?, out)?,
        _ => anyhow::bail!("one time, or start, end and step"),
    }
    Ok(())
}
