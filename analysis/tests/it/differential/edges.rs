//! Windows with samples exactly on their edges.
//!
//! Windows of 2.42 are closed on the left; one that is a millisecond shorter holds what a left-open one holds. That
//! is true of functions that do not look at how long the window is: no rates here.

use regex::Regex;

use super::{
    answer::When,
    changes, compare,
    world::{SCRAPE, Series, World},
};
use glyph_analysis::metrics::{Labels, stale::MARKER};

/// A sample at every scrape, from zero; every fifth is missing, every ninth is a marker.
fn regular() -> World {
    let value = |i: i64| if i % 9 == 8 { MARKER } else { (i * i % 31) as f64 };
    let samples = (0..200).filter(|i| i % 5 != 4).map(|i| (i * SCRAPE, value(i)));
    let labels = Labels::of([("__name__", "x")]);
    let rare = (0..10).map(|i| (i * 300_000, i as f64));
    let other = Series { labels: Labels::of([("__name__", "rare")]), samples: rare.collect() };
    World(vec![Series { labels, samples: samples.collect() }, other])
}

/// The expression with each range a millisecond shorter.
fn shorter(expr: &str) -> String {
    let range = Regex::new(r"\[(\d+)s").unwrap();
    let less = |captures: &regex::Captures<'_>| {
        let seconds: i64 = captures[1].parse().unwrap();
        format!("[{}s999ms", seconds - 1)
    };
    range.replace_all(&changes::in_old_words(expr), less).into_owned()
}

#[test]
fn windows_are_open_on_the_left() {
    let functions = ["count", "sum", "min", "max", "last", "avg", "stddev", "present"];
    let windows = [
        "x[15s]",
        "x[30s]",
        "x[60s]",
        "x[300s]",
        "rare[300s]",
        "rare[600s]",
        "x[45s] offset 15s",
        "x[60s] offset -30s",
        "x[60s] @ 300",
        "rare[300s:60s]",
        "x[60s:15s]",
        "x[60s:20s]",
        "x[75s:15s] offset 15s",
        "count_over_time(x[30s])[60s:15s]",
        "x[90s:]",
        "x[60s:30s] @ 600",
    ];
    let others =
        ["x", "rare", "x offset 285s", "rare @ 600", "rare offset 1s", "absent(rare)", "timestamp(rare)"];
    let mut questions = Vec::new();
    for time in [0, 15_000, 299_999, 300_000, 300_001, 599_000, 600_000, 1_200_000, 3_000_000] {
        for when in [When::At(time), When::Range { start: time, end: time + 150_000, step: SCRAPE }] {
            questions.extend(others.map(|expr| (expr.to_owned(), when)));
            questions.extend(windows.iter().map(|w| ((*w).to_owned(), when)));
            for window in windows {
                questions.extend(functions.map(|name| (format!("{name}_over_time({window})"), when)));
                questions.push((format!("changes({window})"), when));
            }
        }
    }
    let Some(tally) = compare(&regular(), shorter, &questions) else { return };
    assert!(tally.differences.is_empty(), "{}", tally.differences.join("\n"));
}
