//! Aggregations: the elements of a vector in groups, and what becomes of each group.

mod fold;
mod pick;

use rustc_hash::FxHashMap;

use self::fold::Fold;
use super::{
    ast::{Aggregate, AggregateOp, Grouping, TextRange},
    error::{EvalError, EvalErrorKind},
    evaluate::{Scope, text_of},
    note::Level,
    value::{Sample, number},
    window::quantile,
};
use crate::metrics::{Labels, labels::NAME};

/// The elements of each group, in the order in which groups come up.
pub(super) struct Groups {
    pub(super) members: Vec<(Labels, Vec<Sample>)>,
}

impl Groups {
    fn of(samples: Vec<Sample>, grouping: &Grouping) -> Self {
        let mut places: FxHashMap<Labels, usize> = FxHashMap::default();
        let mut members: Vec<(Labels, Vec<Sample>)> = Vec::new();
        for sample in samples {
            let labels = group_labels(&sample.labels, grouping);
            let place = *places.entry(labels).or_insert_with_key(|labels| {
                members.push((labels.clone(), Vec::new()));
                members.len() - 1
            });
            members[place].1.push(sample);
        }
        Self { members }
    }
}

/// The labels of the group to which these labels belong.
fn group_labels(labels: &Labels, grouping: &Grouping) -> Labels {
    let named = |name: &str| grouping.labels.iter().any(|l| l == name);
    if grouping.without {
        return labels.filtered(|name| name != NAME && !named(name));
    }
    labels.filtered(named)
}

/// The value of an aggregation.
pub(super) fn evaluate(scope: &mut Scope<'_>, a: &Aggregate, time: i64) -> Result<Vec<Sample>, EvalError> {
    use AggregateOp as A;
    let samples = scope.vector(&a.expr, time)?;
    let start: fn(f64) -> Fold = match a.op {
        A::Sum => Fold::sum,
        A::Avg => Fold::avg,
        A::Min => Fold::min,
        A::Max => Fold::max,
        A::Count => Fold::count,
        A::Group => Fold::group,
        A::Stdvar => Fold::stdvar,
        A::Stddev => Fold::stddev,
        A::Topk | A::Bottomk | A::Quantile | A::CountValues | A::Limitk | A::LimitRatio => {
            return with_param(scope, a, samples, time);
        }
    };
    Ok(Groups::of(samples, &a.grouping).members.into_iter().map(|group| folded(group, start)).collect())
}

/// The value of an aggregation that has a parameter.
fn with_param(
    scope: &mut Scope<'_>,
    a: &Aggregate,
    samples: Vec<Sample>,
    time: i64,
) -> Result<Vec<Sample>, EvalError> {
    let Some(param) = &a.param else {
        return Err(EvalErrorKind::Argument("a parameter is missing".to_owned()).at(a.expr.range));
    };
    let groups = |samples| Groups::of(samples, &a.grouping);
    Ok(match a.op {
        AggregateOp::CountValues => count_values(samples, text_of(param)?, &a.grouping),
        AggregateOp::Topk | AggregateOp::Bottomk => {
            let k = pick::limit(scope.scalar(param, time)?).map_err(|e| e.at(param.range))?;
            pick::pick(groups(samples), k, a.op == AggregateOp::Topk)
        }
        AggregateOp::Quantile => {
            let q = scope.scalar(param, time)?;
            scope.check_quantile(q, param.range);
            let values = |members: Vec<Sample>| members.iter().map(|s| s.value).collect();
            let of =
                |(labels, members)| Sample { labels, value: quantile(q, values(members)), nameless: false };
            groups(samples).members.into_iter().map(of).collect()
        }
        _ => return Err(EvalErrorKind::Unsupported("this aggregation".to_owned()).at(a.expr.range)),
    })
}

impl Scope<'_> {
    /// Warns of a quantile that is none.
    pub(super) fn check_quantile(&mut self, q: f64, range: TextRange) {
        if !(0.0..=1.0).contains(&q) {
            let text = format!("quantile value should be between 0 and 1, got {}", number(q));
            self.note(Level::Warning, &text, range);
        }
    }
}

fn folded((labels, members): (Labels, Vec<Sample>), start: fn(f64) -> Fold) -> Sample {
    let mut values = members.iter().map(|s| s.value);
    let mut fold = start(values.next().unwrap_or(f64::NAN));
    values.for_each(|value| fold.add(value));
    Sample { labels, value: fold.result(), nameless: false }
}

/// How many elements have each value; the value becomes a label.
fn count_values(samples: Vec<Sample>, label: &str, grouping: &Grouping) -> Vec<Sample> {
    let mut grouping = grouping.clone();
    if !grouping.without {
        grouping.labels.push(label.to_owned());
    }
    let marked =
        samples.into_iter().map(|s| Sample { labels: s.labels.with(label, &number(s.value)), ..s }).collect();
    Groups::of(marked, &grouping).members.into_iter().map(|group| folded(group, Fold::count)).collect()
}
