//! `eq`, `lt` and their like. Kinds are compared with themselves alone.

use crate::rules::template::{
    fmt,
    value::{Basic, Value},
};

/// Whether the first value equals any of the others.
pub(super) fn equal(values: &[Value]) -> Result<bool, String> {
    let Some((first, others)) = values.split_first().filter(|(_, others)| !others.is_empty()) else {
        return Err("missing argument for comparison".to_owned());
    };
    let first = first.unboxed();
    for other in others {
        if equals(&first, &other.unboxed())? {
            return Ok(true);
        }
    }
    Ok(false)
}

fn equals(a: &Value, b: &Value) -> Result<bool, String> {
    match (a.basic(), b.basic()) {
        (Some(Basic::Int | Basic::Uint), Some(Basic::Int | Basic::Uint)) => Ok(a.whole() == b.whole()),
        (Some(Basic::Text), Some(Basic::Text)) => Ok(a.bytes() == b.bytes()),
        (kind, other) if kind != other => match (a, b) {
            (Value::Nil, _) | (_, Value::Nil) => Ok(false),
            _ => Err(incompatible(a, b)),
        },
        (Some(_), _) => Ok(a == b),
        (None, _) => equals_by_type(a, b),
    }
}

/// Of what is neither a number nor a text, only nil and what is in the same place are equal.
fn equals_by_type(a: &Value, b: &Value) -> Result<bool, String> {
    let is_nil = |value: &Value| matches!(value, Value::Nil | Value::Samples(None) | Value::Sample(None));
    let shown = |value: &Value| {
        String::from_utf8_lossy(&fmt::printf(b"%s", std::slice::from_ref(value))).into_owned()
    };
    if *a != Value::Nil && *b != Value::Nil && kind(a) != kind(b) {
        let (types, values) = ((a.type_name(), b.type_name()), (shown(a), shown(b)));
        return Err(format!("non-comparable types {}: {}, {}: {}", values.0, types.0, types.1, values.1));
    }
    if is_nil(a) || is_nil(b) {
        return Ok(is_nil(a) == is_nil(b));
    }
    match (a, b) {
        (Value::Sample(Some(a)), Value::Sample(Some(b))) => Ok(std::rc::Rc::ptr_eq(a, b)),
        (Value::Time(..) | Value::Duration(..), _) => Ok(false),
        _ => Err(format!("non-comparable type {}: {}", shown(b), b.type_name())),
    }
}

/// Go's kinds, as far as [`Basic`] has no name for them.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Labels(_) | Value::Args(_) => "map",
        Value::Samples(_) => "slice",
        Value::Data(_) | Value::Time(_, crate::rules::template::value::Pointed::No) => "struct",
        _ => "ptr",
    }
}

/// Whether the first of two values is less than the second.
pub(super) fn less(values: &[Value]) -> Result<bool, String> {
    const INVALID: &str = "invalid type for comparison";
    let [a, b] = values else { return Err("missing argument for comparison".to_owned()) };
    let (a, b) = (a.unboxed(), b.unboxed());
    match (a.basic().ok_or(INVALID)?, b.basic().ok_or(INVALID)?) {
        (Basic::Int | Basic::Uint, Basic::Int | Basic::Uint) => Ok(a.whole() < b.whole()),
        (Basic::Text, Basic::Text) => Ok(a.bytes() < b.bytes()),
        (Basic::Float, Basic::Float) => Ok(matches!((&a, &b), (Value::Float(a), Value::Float(b)) if a < b)),
        (kind, other) if kind != other => Err(incompatible(&a, &b)),
        _ => Err(INVALID.to_owned()),
    }
}

/// Whether the first of two values is no more than the second.
pub(super) fn less_or_equal(values: &[Value]) -> Result<bool, String> {
    Ok(less(values)? || equal(values)?)
}

fn incompatible(a: &Value, b: &Value) -> String {
    format!("incompatible types for comparison: {} and {}", a.type_name(), b.type_name())
}
