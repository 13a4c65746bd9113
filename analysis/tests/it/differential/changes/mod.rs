//! What Prometheus has changed since 2.42, and the few things that it does and nobody can want: how each is accounted
//! for. There is no other place for that.
//!
//! Warnings and infos about expressions came after 2.42; they are not compared.

mod case;

use glyph_analysis::promql::{
    Expr, ExprKind, Query,
    ast::{AggregateOp, BinaryOp},
};

pub(super) use self::case::Case;
use self::case::{begins_in_a_window, leads_to_infinity, shift, steps_of, ties};
use super::answer::Answer;

/// A change, and what is done about it.
pub(super) struct Change {
    pub(super) name: &'static str,
    /// What 2.42 does, what is done now, and why it can't be seen, if so.
    pub(super) why: &'static str,
    accounted: Accounted,
}

enum Accounted {
    /// By what is asked and when: it can't be seen.
    ByDesign,
    /// The server is asked for the same in its words: what an expression of this text is to it.
    Rewritten(fn(&Expr, String) -> String),
    /// A difference is one of these if this says so.
    Accepted(fn(&Case<'_>) -> bool),
}

const CHANGES: [Change; 21] = [
    Change {
        name: "left-open windows",
        why: "3.0 leaves a sample at the left edge of a range, of a subquery or of the lookback out: the \
              server looks back a millisecond less; no sample or step of a subquery is on the edge of a \
              range, but in the test of the edges, where the server's ranges are a millisecond shorter",
        accounted: Accounted::ByDesign,
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
        why: "2.42 fails, later versions take none as of any number below 1: not generated",
        accounted: Accounted::ByDesign,
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
        why: "3.0 has `.` match them: no label value has one",
        accounted: Accounted::ByDesign,
    },
    Change {
        name: "younger functions and aggregations",
        why: "2.42 has no mad_over_time, first_over_time, ts_of_*, sort_by_label, limitk, limit_ratio, \
              step(), …: not generated",
        accounted: Accounted::ByDesign,
    },
    Change {
        name: "UTF-8 names and numbers as durations",
        why: "2.42 parses neither: not generated",
        accounted: Accounted::ByDesign,
    },
    Change {
        name: "compensated sums",
        why: "2.42 adds the elements of `sum` and `avg` up as they come; later versions keep what rounding \
              takes away: values are moderate, differences below 1e-9 none, and what jumps is given exact \
              numbers alone",
        accounted: Accounted::ByDesign,
    },
    Change {
        name: "dates of what is no time",
        why: "what Go makes of NaN and infinity as a time differs between processors: dates are asked of \
              numbers below 1e10",
        accounted: Accounted::ByDesign,
    },
    Change {
        name: "small differences between buckets",
        why: "later versions take counts that differ by less than 1e-12 of their size for equal: counts are \
              whole numbers",
        accounted: Accounted::ByDesign,
    },
    Change {
        name: "counters that begin in the window",
        why: "2.42 bounds the extrapolation to the window's begin by the counter's zero first, by half an \
              interval second; 3.0 has it the other way round",
        accounted: Accounted::Accepted(begins_in_a_window),
    },
    Change {
        name: "lines through infinity",
        why: "2.42 makes NaN of an infinite value where it keeps what rounding takes away; later versions go on with \
              infinity",
        accounted: Accounted::Accepted(leads_to_infinity),
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
        why: "Prometheus forgets the offset of `timestamp(x @ 1 offset 1s)`, but not when it fetches \
              samples; nobody can want that",
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
        name: "what is fixed in a parameter",
        why: "Prometheus, to this day, moves what `@` fixes in the parameter of an aggregation with the steps; nobody can \
              want that",
        accounted: Accounted::Accepted(|case| {
            case.any_times(|expr, _, times| match &expr.kind {
                ExprKind::Aggregate(a) => times.len() > 1 && a.param.as_ref().is_some_and(fixes),
                _ => false,
            })
        }),
    },
    Change {
        name: "fixed subqueries that begin together",
        why: "Prometheus forgets to move what `@` fixes in a fixed subquery, if that has its first step when the subquery \
              around it has its own; nobody can want that either",
        accounted: Accounted::Accepted(|case| {
            case.any_times(|expr, _, times| match &expr.kind {
                ExprKind::Subquery(subquery) => {
                    subquery.shift.at.is_some() && steps_of(subquery, times).first() == times.first()
                }
                _ => false,
            })
        }),
    },
    Change {
        name: "several partners in a comparison",
        why: "2.42 fails if several elements that the comparison leaves have the same partner, later \
              versions also if it leaves them out",
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
        name: "unary minus of series that are the same",
        why: "2.42 fails if two have the same labels without their names, later versions only if both are there at the \
              same time",
        accounted: Accounted::Accepted(|case| {
            !matches!(case.ours, Answer::Failed(_))
                && case
                    .any_times(|expr, _, times| matches!(expr.kind, ExprKind::Negate(_)) && times.len() > 1)
        }),
    },
    Change {
        name: "ties",
        why: "which of equal elements `topk` and `bottomk` take depends on the order in which series were \
              written",
        accounted: Accounted::Accepted(ties),
    },
];

/// Whether there is an `@` in an expression.
fn fixes(expr: &Expr) -> bool {
    shift(expr).at.is_some() || expr.children().into_iter().any(fixes)
}

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
