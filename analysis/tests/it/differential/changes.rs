//! What Prometheus has changed since 2.42, and how each change is accounted for. There is no other place for that.
//!
//! Warnings and infos about expressions came after 2.42; they are not compared.

use glyph_analysis::{
    metrics::Store,
    promql::{
        Evaluator, Expr, ExprKind, Query, Settings, Value,
        ast::{AggregateOp, At, BinaryOp, Shift, Subquery},
    },
};

use super::answer::{Answer, When};

/// A change, and what is done about it.
pub(super) struct Change {
    pub(super) name: &'static str,
    /// What 2.42 does, and what is done now.
    #[expect(dead_code, reason = "it is for readers")]
    why: &'static str,
    accounted: Accounted,
}

enum Accounted {
    /// By what is asked and when: it can't be seen.
    ByDesign(#[expect(dead_code, reason = "it is for readers")] &'static str),
    /// The server is asked for the same in its words: what an expression of this text is to it.
    Rewritten(fn(&Expr, String) -> String),
    /// A difference is one of these if this says so.
    Accepted(fn(&Case<'_>) -> bool),
}

/// A difference.
pub(super) struct Case<'a> {
    pub(super) store: &'a Store,
    pub(super) expr: &'a str,
    pub(super) when: When,
    pub(super) ours: &'a Answer,
}

const CHANGES: [Change; 17] = [
    Change {
        name: "left-open windows",
        why: "3.0 leaves a sample at the left edge of a range, of a subquery or of the lookback out",
        accounted: Accounted::ByDesign(
            "the server looks back a millisecond less; no sample or step of a subquery is on the edge of a range, \
             but in the test of the edges, where the server's ranges are a millisecond shorter",
        ),
    },
    Change {
        name: "holt_winters",
        why: "3.0 calls it double_exponential_smoothing",
        accounted: Accounted::Rewritten(|expr, text| match &expr.kind {
            ExprKind::Call(_) => text.replacen("double_exponential_smoothing", "holt_winters", 1),
            _ => text,
        }),
    },
    Change {
        name: "the name after atan2",
        why: "2.42 leaves it there",
        accounted: Accounted::Rewritten(|expr, text| match &expr.kind {
            ExprKind::Binary(b) if b.op == BinaryOp::Atan2 => format!("(({text}) + 0)"),
            _ => text,
        }),
    },
    Change {
        name: "deviation of one element",
        why: "2.42 says 0 of one infinity or NaN, later versions NaN as of several",
        accounted: Accounted::Rewritten(|expr, text| match &expr.kind {
            ExprKind::Aggregate(a) if [AggregateOp::Stddev, AggregateOp::Stdvar].contains(&a.op) => {
                format!("({text} + 0 * sum{})", &text["stddev".len()..])
            }
            _ => text,
        }),
    },
    Change {
        name: "topk of minus infinity",
        why: "2.42 fails, later versions take none as of any number below 1",
        accounted: Accounted::ByDesign("not generated"),
    },
    Change {
        name: "subqueries with no step in their window",
        why: "2.42 evaluates what `@` fixes in them once nevertheless, at the step after",
        accounted: Accounted::Accepted(|case| {
            case.any_times(|expr, _, times| match &expr.kind {
                ExprKind::Subquery(subquery) => steps_of(subquery, times).is_empty(),
                _ => false,
            })
        }),
    },
    Change {
        name: "newlines in regular expressions",
        why: "3.0 has `.` match them",
        accounted: Accounted::ByDesign("no label value has one"),
    },
    Change {
        name: "younger functions and aggregations",
        why: "2.42 has no mad_over_time, first_over_time, ts_of_*, sort_by_label, limitk, limit_ratio, step(), …",
        accounted: Accounted::ByDesign("not generated"),
    },
    Change {
        name: "UTF-8 names and numbers as durations",
        why: "2.42 parses neither",
        accounted: Accounted::ByDesign("not generated"),
    },
    Change {
        name: "compensated sums",
        why: "2.42 adds the elements of `sum` and `avg` up as they come; later versions keep what rounding takes away",
        accounted: Accounted::ByDesign(
            "values are moderate, differences below 1e-9 none, and what jumps is given exact numbers alone",
        ),
    },
    Change {
        name: "dates of what is no time",
        why: "what Go makes of NaN and infinity as a time differs between processors",
        accounted: Accounted::ByDesign("dates are asked of numbers below 1e10"),
    },
    Change {
        name: "small differences between buckets",
        why: "later versions take counts that differ by less than 1e-12 of their size for equal",
        accounted: Accounted::ByDesign("counts are whole numbers"),
    },
    Change {
        name: "counters that begin in the window",
        why: "2.42 bounds the extrapolation to the window's begin by the counter's zero first, by half an interval \
              second; 3.0 has it the other way round",
        accounted: Accounted::Accepted(begins_in_a_window),
    },
    Change {
        name: "predict_linear of a fixed window",
        why: "2.42 moves the window of `@` with the steps",
        accounted: Accounted::Accepted(|case| {
            case.any(|expr, _, _| match &expr.kind {
                ExprKind::Call(call) => {
                    call.function.name == "predict_linear" && shift(&call.args[0]).at.is_some()
                }
                _ => false,
            })
        }),
    },
    Change {
        name: "timestamp of a fixed and shifted selector",
        why: "Prometheus forgets the offset of `timestamp(x @ 1 offset 1s)`, but not when it fetches samples; nobody \
              can want that",
        accounted: Accounted::Accepted(|case| {
            case.any(|expr, _, _| match &expr.kind {
                ExprKind::Call(call) if call.function.name == "timestamp" => {
                    shift(&call.args[0]).at.is_some() && shift(&call.args[0]).offset != 0
                }
                _ => false,
            })
        }),
    },
    Change {
        name: "several partners in a comparison",
        why: "2.42 fails if several elements that the comparison leaves have the same partner, later versions also if \
              it leaves them out",
        accounted: Accounted::Accepted(|case| {
            let too_many =
                matches!(case.ours, Answer::Failed(why) if why.starts_with("multiple matches for labels"));
            too_many
                && case.any(|expr, _, _| match &expr.kind {
                    ExprKind::Binary(b) => b.op.compares() && !b.is_bool,
                    _ => false,
                })
        }),
    },
    Change {
        name: "ties",
        why: "which of equal elements `topk` and `bottomk` take depends on the order in which series were written",
        accounted: Accounted::Accepted(ties),
    },
];

/// The change that explains a difference, if one does.
pub(super) fn explains(case: &Case<'_>) -> Option<&'static Change> {
    CHANGES.iter().find(|change| matches!(change.accounted, Accounted::Accepted(applies) if applies(case)))
}

/// The expression as 2.42 understands it.
pub(super) fn in_old_words(text: &str) -> String {
    Query::parse(text).map_or(text.to_owned(), |query| rewritten(&query.expr, text))
}

fn rewritten(expr: &Expr, text: &str) -> String {
    let mut children = expr.children();
    children.sort_by_key(|child| child.range.start);
    let (mut own, mut at) = (String::new(), expr.range.start);
    for child in children {
        own.extend([&text[at..child.range.start], &rewritten(child, text)]);
        at = child.range.end;
    }
    own.push_str(&text[at..expr.range.end]);
    CHANGES.iter().fold(own, |own, change| match change.accounted {
        Accounted::Rewritten(rewrite) => rewrite(expr, own),
        _ => own,
    })
}

/// `offset` and `@` of what can have them.
fn shift(expr: &Expr) -> Shift {
    match &expr.bare().kind {
        ExprKind::Selector(selector) | ExprKind::Range { selector, .. } => selector.shift,
        ExprKind::Subquery(subquery) => subquery.shift,
        _ => Shift::default(),
    }
}

/// Whether in a window of a `rate` or `increase` a counter's zero is where the order of the bounds matters.
fn begins_in_a_window(case: &Case<'_>) -> bool {
    case.any(|expr, text, time| match &expr.kind {
        ExprKind::Call(call) if ["rate", "increase"].contains(&call.function.name) => {
            let window = call.args[0].bare();
            is_begin_in(case.store, window, &text[window.range.start..window.range.end], time)
        }
        _ => false,
    })
}

/// Whether two elements that `topk` or `bottomk` choose from are equal.
fn ties(case: &Case<'_>) -> bool {
    case.any(|expr, text, time| match &expr.kind {
        ExprKind::Aggregate(a) if [AggregateOp::Topk, AggregateOp::Bottomk].contains(&a.op) => {
            let Some(Value::Vector(elements)) =
                value(case.store, &text[a.expr.range.start..a.expr.range.end], time)
            else {
                return false;
            };
            let mut values: Vec<f64> = elements.iter().map(|s| s.value + 0.0).collect();
            values.sort_by(f64::total_cmp);
            values.windows(2).any(|pair| pair[0] == pair[1] || (pair[0].is_nan() && pair[1].is_nan()))
        }
        _ => false,
    })
}

impl Case<'_> {
    /// Whether something is so of one of the expressions in this one, at one of the times at which it is evaluated.
    fn any(&self, mut is_so: impl FnMut(&Expr, &str, i64) -> bool) -> bool {
        self.any_times(|expr, text, times| times.iter().any(|time| is_so(expr, text, *time)))
    }

    /// Whether something is so of one of the expressions in this one and the times at which it is evaluated.
    fn any_times(&self, mut is_so: impl FnMut(&Expr, &str, &[i64]) -> bool) -> bool {
        let (start, end, times): (i64, i64, Vec<i64>) = match self.when {
            When::At(time) => (time, time, vec![time]),
            When::Range { start, end, step } => (start, end, (start..=end).step_by(step as usize).collect()),
        };
        let seconds = |ms: i64| format!("@ {}.{:03}", ms / 1_000, ms % 1_000);
        let text = self.expr.replace("@ start()", &seconds(start)).replace("@ end()", &seconds(end));
        let Ok(query) = Query::parse(&text) else { return false };
        let mut open = vec![(&query.expr, times)];
        while let Some((expr, times)) = open.pop() {
            if is_so(expr, &text, &times) {
                return true;
            }
            let inner = match &expr.kind {
                ExprKind::Subquery(subquery) => steps_of(subquery, &times),
                _ => times,
            };
            open.extend(expr.children().into_iter().map(|child| (child, inner.clone())));
        }
        false
    }
}

/// When a subquery evaluates what is in it, if it is itself evaluated at `times`.
fn steps_of(subquery: &Subquery, times: &[i64]) -> Vec<i64> {
    let step = subquery.step.unwrap_or(Settings::default().subquery_step);
    let of = |time: &i64| {
        let end = shifted(subquery.shift, *time);
        ((end - subquery.window).div_euclid(step) + 1..=end.div_euclid(step)).map(move |i| i * step)
    };
    let mut steps: Vec<i64> = times.iter().flat_map(of).collect();
    steps.sort_unstable();
    steps.dedup();
    steps
}

fn shifted(shift: Shift, now: i64) -> i64 {
    let base = match shift.at {
        Some(At::Time(time)) => time,
        _ => now,
    };
    base - shift.offset
}

fn value(store: &Store, text: &str, time: i64) -> Option<Value> {
    let query = Query::parse(text).ok()?;
    Evaluator::new(&query, Settings::default()).instant(store, time).ok()
}

fn is_begin_in(store: &Store, window: &Expr, text: &str, time: i64) -> bool {
    let range = match &window.kind {
        ExprKind::Range { window, .. } => *window,
        ExprKind::Subquery(subquery) => subquery.window,
        _ => return false,
    };
    let begin = shifted(shift(window), time) - range;
    let Some(Value::Range(series)) = value(store, text, time) else { return false };
    series.iter().any(|s| {
        let ([(first, value), .., (last, _)], intervals) = (s.samples.as_slice(), s.samples.len() - 1) else {
            return false;
        };
        let grown = |pair: &[(i64, f64)]| match pair[1].1 < pair[0].1 {
            true => pair[1].1,
            false => pair[1].1 - pair[0].1,
        };
        let increase: f64 = s.samples.windows(2).map(grown).sum();
        let (sampled, to_begin) = ((last - first) as f64, (first - begin) as f64);
        let (interval, to_zero) = (sampled / intervals as f64, sampled * value / increase);
        to_begin >= 1.1 * interval && (0.5 * interval..1.1 * interval).contains(&to_zero)
    })
}
