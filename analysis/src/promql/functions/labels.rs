//! `label_replace` and `label_join`.

use super::{Call, EvalError, EvalErrorKind, Sample, Scope, TextRange, Value, arg, distinct};
use crate::{
    metrics::{labels::NAME, matcher::anchored},
    promql::evaluate::text_of,
};

type Result<T> = std::result::Result<T, EvalError>;

/// An element with a label set anew. A new name is one that stays.
fn relabelled(sample: Sample, label: &str, value: &str) -> Sample {
    let nameless = sample.nameless && label != NAME;
    Sample { labels: sample.labels.with(label, value), nameless, ..sample }
}

fn label_name(call: &Call, at: usize, range: TextRange, function: &str) -> Result<String> {
    let expr = arg(call, at, range)?;
    let name = text_of(expr)?;
    if name.is_empty() {
        let text = format!("invalid destination label name in {function}(): {name:?}");
        return Err(EvalErrorKind::Argument(text).at(expr.range));
    }
    Ok(name.to_owned())
}

pub(super) fn replace(scope: &mut Scope<'_>, call: &Call, range: TextRange, time: i64) -> Result<Value> {
    let samples = scope.vector(arg(call, 0, range)?, time)?;
    let target = label_name(call, 1, range, "label_replace")?;
    let replacement = text_of(arg(call, 2, range)?)?;
    let source = text_of(arg(call, 3, range)?)?;
    let pattern = arg(call, 4, range)?;
    let regex = anchored(text_of(pattern)?).map_err(|e| {
        EvalErrorKind::Argument(format!("invalid regular expression in label_replace(): {e}"))
            .at(pattern.range)
    })?;
    let of = |sample: Sample| match regex.captures(sample.labels.get(source)) {
        Some(captures) => {
            let mut value = String::new();
            captures.expand(replacement, &mut value);
            drop(captures);
            relabelled(sample, &target, &value)
        }
        None => sample,
    };
    Ok(Value::Vector(distinct(samples.into_iter().map(of).collect(), range)?))
}

pub(super) fn join(scope: &mut Scope<'_>, call: &Call, range: TextRange, time: i64) -> Result<Value> {
    let samples = scope.vector(arg(call, 0, range)?, time)?;
    let target = label_name(call, 1, range, "label_join")?;
    let separator = text_of(arg(call, 2, range)?)?;
    let sources: Vec<&str> = call.args.iter().skip(3).map(text_of).collect::<Result<_>>()?;
    let of = |sample: Sample| {
        let values: Vec<&str> = sources.iter().map(|source| sample.labels.get(source)).collect();
        let joined = values.join(separator);
        relabelled(sample, &target, &joined)
    };
    Ok(Value::Vector(distinct(samples.into_iter().map(of).collect(), range)?))
}
