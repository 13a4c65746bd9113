//! What queries give, and what is done with it; `args`.

use std::{collections::BTreeMap, rc::Rc};

use super::{Context, Given, NIL_POINTER};
use crate::rules::template::value::Value;

/// The samples that an expression gives now.
pub(super) fn query(context: &Context<'_>, expression: &str) -> Given {
    let samples = (context.query)(expression)?;
    Ok(Value::Samples(Some(samples.into_iter().map(Rc::new).collect())))
}

/// The first of them.
pub(super) fn first(samples: &Value) -> Given {
    match samples {
        Value::Samples(Some(samples)) if !samples.is_empty() => Ok(Value::Sample(Some(samples[0].clone()))),
        _ => Err("first() called on vector with no elements".to_owned()),
    }
}

/// A label of a sample.
pub(super) fn label(name: &str, sample: &Value) -> Given {
    match sample {
        Value::Sample(Some(sample)) => Ok(Value::text(sample.labels.get(name))),
        _ => Err(NIL_POINTER.to_owned()),
    }
}

/// The number of a sample.
pub(super) fn value(sample: &Value) -> Given {
    match sample {
        Value::Sample(Some(sample)) => Ok(Value::Float(sample.value).boxed()),
        _ => Err(NIL_POINTER.to_owned()),
    }
}

/// Sorted by a label; those that have the same stay as they are.
pub(super) fn sort(label: &str, samples: &Value) -> Given {
    let Value::Samples(Some(samples)) = samples else { return Ok(samples.clone()) };
    let mut sorted = samples.to_vec();
    sorted.sort_by(|a, b| a.labels.get(label).cmp(b.labels.get(label)));
    Ok(Value::Samples(Some(sorted.into())))
}

/// `arg0`, `arg1` and so on.
pub(super) fn args(values: &[Value]) -> Value {
    let named = |(i, value): (usize, &Value)| (format!("arg{i}"), value.unboxed().boxed());
    Value::Args(Rc::new(values.iter().enumerate().map(named).collect::<BTreeMap<_, _>>()))
}
