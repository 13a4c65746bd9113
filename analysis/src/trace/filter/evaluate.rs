//! Whether a span meets a condition.
//!
//! In: a [`Condition`] and a [`Subject`]. Out: yes or no. Called once a span: nothing is allocated but for what is
//! escaped in JSON.

use std::{borrow::Cow, cmp::Ordering};

use serde_json::value::RawValue;

use super::{
    Subject,
    condition::{Comparison, Condition, Field, Join, Op, Value},
};
use crate::trace::attribute;

impl Condition {
    pub(super) fn holds(&self, span: &Subject<'_>) -> bool {
        match self {
            Self::Always(always) => *always,
            Self::Not(inner) => !inner.holds(span),
            Self::Chain { first, rest } => {
                rest.iter().fold(first.holds(span), |so_far, (join, next)| match join {
                    Join::And => so_far && next.holds(span),
                    Join::Or => so_far || next.holds(span),
                })
            }
            Self::Comparison(comparison) => comparison.holds(span),
        }
    }
}

impl Comparison {
    fn holds(&self, span: &Subject<'_>) -> bool {
        let Self { field, op, value } = self;
        match (field, value) {
            (Field::Name, _) => text_meets(span.name, *op, value),
            (Field::Service, _) => text_meets(span.service, *op, value),
            (Field::StatusMessage, _) => text_meets(span.status_message, *op, value),
            (Field::Kind, Value::Kind(kind)) => op.admits_equal(span.kind == *kind),
            (Field::Status, Value::Status(status)) => op.admits_equal(span.status == *status),
            (Field::Duration, Value::Duration(ns)) => {
                op.admits(i128::from(span.duration_ns).cmp(&i128::from(*ns)))
            }
            (Field::Attribute(key), _) => json_meets(attribute::find(span.attributes, key), *op, value),
            (Field::Unscoped(key), _) => match attribute::find(span.attributes, key) {
                None if key == "service.name" => {
                    // It is always there.
                    if *value == Value::Nil {
                        *op == Op::NotEqual
                    } else {
                        text_meets(span.service, *op, value)
                    }
                }
                json => json_meets(json, *op, value),
            },
            // The parser lets none of these through.
            (Field::Kind | Field::Status | Field::Duration, _) => false,
        }
    }
}

impl Op {
    fn admits(self, ordering: Ordering) -> bool {
        match self {
            Self::Equal => ordering.is_eq(),
            Self::NotEqual => ordering.is_ne(),
            Self::Less => ordering.is_lt(),
            Self::LessEqual => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterEqual => ordering.is_ge(),
            Self::Matches | Self::MatchesNot => false,
        }
    }

    fn admits_equal(self, is_equal: bool) -> bool {
        (self == Self::Equal && is_equal) || (self == Self::NotEqual && !is_equal)
    }
}

fn text_meets(text: &str, op: Op, value: &Value) -> bool {
    match value {
        Value::Text(wanted) => op.admits(text.cmp(wanted.as_str())),
        Value::Pattern(pattern) => pattern.regex.is_match(text) == (op == Op::Matches),
        _ => false,
    }
}

/// Whether an attribute meets it. `json` is none if there is no such attribute.
fn json_meets(json: Option<&str>, op: Op, value: &Value) -> bool {
    let json = json.filter(|json| *json != "null");
    if *value == Value::Nil {
        return op.admits_equal(json.is_none());
    }
    let Some(json) = json else { return false };
    if !json.starts_with('[') {
        return scalar_meets(json, op, value);
    }
    let elements = serde_json::from_str::<Vec<&RawValue>>(json).unwrap_or_default();
    let mut meet = elements.iter().map(|element| scalar_meets(element.get(), op, value));
    if matches!(op, Op::NotEqual | Op::MatchesNot) {
        meet.all(|meets| meets)
    } else {
        meet.any(|meets| meets)
    }
}

/// False, whatever the operator, if the types are different ones; numbers and durations are of one type.
fn scalar_meets(json: &str, op: Op, value: &Value) -> bool {
    match (json.as_bytes().first(), value) {
        (Some(b'"'), _) => {
            let text: Option<Cow<'_, str>> = attribute::text(json);
            text.is_some_and(|text| text_meets(&text, op, value))
        }
        (Some(b't' | b'f'), Value::Bool(wanted)) => op.admits_equal((json == "true") == *wanted),
        (Some(b'-' | b'0'..=b'9'), Value::Integer(wanted) | Value::Duration(wanted)) => {
            match json.parse::<i128>() {
                Ok(number) => op.admits(number.cmp(&i128::from(*wanted))),
                Err(_) => float_meets(json, op, *wanted as f64),
            }
        }
        (Some(b'-' | b'0'..=b'9'), Value::Float(wanted)) => float_meets(json, op, *wanted),
        _ => false,
    }
}

fn float_meets(json: &str, op: Op, wanted: f64) -> bool {
    let number = json.parse::<f64>().ok();
    number.and_then(|number| number.partial_cmp(&wanted)).is_some_and(|ordering| op.admits(ordering))
}
