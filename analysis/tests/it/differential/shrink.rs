//! A difference made as small as it gets: less expression, fewer times, fewer series, fewer samples.
//!
//! Greedy: whatever still differs is kept. Other data needs another server, so data is shrunk only so often.

use glyph_analysis::promql::{Expr, Query};

use super::{
    Trial,
    answer::When,
    world::{Series, World},
};

/// How many servers are started for one difference at most.
const SERVERS: usize = 150;

/// What is left of a difference: the world, the expression and the time.
pub(super) fn shrink(trial: &Trial<'_>, expr: String, when: When) -> (World, String, When) {
    let (expr, when) = expression(trial, expr, when);
    let mut servers = 0;
    let differs = |world: &World| {
        servers += 1;
        servers <= SERVERS && trial.elsewhere(world, |trial| trial.difference(&expr, when).is_some())
    };
    (data(trial.world, differs), expr, when)
}

fn expression(trial: &Trial<'_>, mut expr: String, mut when: When) -> (String, When) {
    if let When::Range { start, end, step } = when {
        let instants = (start..=end).step_by(step as usize).map(When::At);
        let last = end - (end - start) % step;
        let pairs =
            (start..last).step_by(step as usize).map(|at| When::Range { start: at, end: at + step, step });
        let smaller = instants.chain(pairs).find(|when| trial.difference(&expr, *when).is_some());
        when = smaller.unwrap_or(when);
    }
    while let Some(smaller) = smaller(&expr).into_iter().find(|expr| trial.difference(expr, when).is_some()) {
        expr = smaller;
    }
    (expr, when)
}

/// The expression with a part of it in the place of what it is a part of, and without one shift.
fn smaller(text: &str) -> Vec<String> {
    let Ok(query) = Query::parse(text) else { return Vec::new() };
    let (mut found, mut open) = (Vec::new(), vec![&query.expr]);
    while let Some(whole) = open.pop() {
        let mut parts = whole.children();
        while let Some(part) = parts.pop() {
            if part.value_type() == whole.value_type() {
                found.push(replaced(text, whole, &text[part.range.start..part.range.end]));
            }
            parts.extend(part.children());
        }
        let source = &text[whole.range.start..whole.range.end];
        let shifts = [" offset ", " @ "].into_iter().filter_map(|shift| source.rfind(shift));
        found.extend(shifts.map(|at| replaced(text, whole, &source[..at])));
        open.extend(whole.children());
    }
    found.sort_by_key(String::len);
    found.retain(|smaller| smaller.len() < text.len());
    found
}

fn replaced(text: &str, whole: &Expr, part: &str) -> String {
    format!("{}{part}{}", &text[..whole.range.start], &text[whole.range.end..])
}

fn data(world: &World, mut differs: impl FnMut(&World) -> bool) -> World {
    let series = fewer(world.0.clone(), |series| differs(&World(series.to_vec())));
    let mut world = World(series);
    for i in 0..world.0.len() {
        let Series { labels, samples } = world.0[i].clone();
        let others = world.clone();
        let with = |samples: &[(i64, f64)]| {
            let mut world = others.clone();
            world.0[i] = Series { labels: labels.clone(), samples: samples.to_vec() };
            world
        };
        world = with(&fewer(samples, |samples| differs(&with(samples))));
    }
    world
}

/// As few as there can be: halves are left out, then quarters, and so on.
fn fewer<T: Clone>(mut all: Vec<T>, mut will_do: impl FnMut(&[T]) -> bool) -> Vec<T> {
    let mut size = all.len().div_ceil(2);
    while size > 0 {
        let mut at = 0;
        while at < all.len() {
            let end = (at + size).min(all.len());
            let rest = [&all[..at], &all[end..]].concat();
            if will_do(&rest) { all = rest } else { at = end }
        }
        size /= 2;
    }
    all
}
