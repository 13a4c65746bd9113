use glyph_formats::span::{SpanKind, SpanStatus};
use proptest::prelude::*;

use crate::{
    metrics::matcher::anchored,
    trace::filter::{
        Filter, Subject,
        condition::{Comparison, Condition, Field, Join, Op, Pattern, Value},
    },
};

/// Filters over few values, so that many of them are met.
fn condition() -> impl Strategy<Value = Condition> {
    let equality = prop::sample::select(&[Op::Equal, Op::NotEqual][..]);
    let ordered = prop::sample::select(&Op::ALL[..6]);
    let matching = prop::sample::select(&Op::ALL[6..]);
    let text = prop_oneof!["[ab]?", any::<String>()];
    let of_text = prop::sample::select(vec![Field::Name, Field::Service, Field::StatusMessage]);
    let key = prop_oneof![Just("k".to_owned()), Just("service.name".to_owned()), any::<String>()];
    let attribute = (any::<bool>(), key)
        .prop_map(|(is_scoped, key)| if is_scoped { Field::Attribute(key) } else { Field::Unscoped(key) });
    let pattern = prop::sample::select(vec!["a", "a|b", ".*", "[^a]", r"\w"])
        .prop_map(|text| Value::Pattern(Pattern { text: text.to_owned(), regex: anchored(text).unwrap() }));
    let float = prop_oneof![Just(1.0), Just(0.5), any::<f64>().prop_filter("finite", |f| f.is_finite())];
    let kind = prop::sample::select(vec![SpanKind::Internal, SpanKind::Server, SpanKind::Client]);
    let status = prop::sample::select(vec![SpanStatus::Unset, SpanStatus::Ok, SpanStatus::Error]);
    let comparison = prop_oneof![
        (of_text.clone(), ordered.clone(), text.clone().prop_map(Value::Text)),
        (of_text, matching.clone(), pattern.clone()),
        (Just(Field::Kind), equality.clone(), kind.prop_map(Value::Kind)),
        (Just(Field::Status), equality.clone(), status.prop_map(Value::Status)),
        (
            Just(Field::Duration),
            ordered.clone(),
            prop_oneof![0..3_i64, any::<i64>()].prop_map(Value::Duration)
        ),
        (attribute.clone(), ordered.clone(), text.prop_map(Value::Text)),
        (attribute.clone(), matching, pattern),
        (
            attribute.clone(),
            ordered,
            prop_oneof![
                prop_oneof![0..3_i64, any::<i64>()].prop_map(Value::Integer),
                float.prop_map(Value::Float),
                any::<i64>().prop_map(Value::Duration)
            ]
        ),
        (attribute, equality, prop_oneof![Just(Value::Nil), any::<bool>().prop_map(Value::Bool)]),
    ]
    .prop_map(|(field, op, value)| Condition::Comparison(Comparison { field, op, value }));
    let leaf = prop_oneof![6 => comparison, 1 => any::<bool>().prop_map(Condition::Always)];
    leaf.prop_recursive(4, 24, 4, |inner| {
        let join = prop_oneof![Just(Join::And), Just(Join::Or)];
        prop_oneof![
            inner.clone().prop_map(|inner| Condition::Not(Box::new(inner))),
            (inner.clone(), prop::collection::vec((join, inner), 1..4))
                .prop_map(|(first, rest)| Condition::Chain { first: Box::new(first), rest }),
        ]
    })
}

/// The same, as naively as one could say it: every value a JSON value, everything evaluated. A list in a list is of no
/// type.
fn oracle(condition: &Condition, span: &Subject<'_>) -> bool {
    use serde_json::Value as Json;
    fn meets(have: &Json, op: Op, value: &Value) -> bool {
        let ordering = match (have, value) {
            (Json::String(have), Value::Text(value)) => Some(have.cmp(value)),
            (Json::Bool(have), Value::Bool(value)) => have.partial_cmp(value),
            (Json::Number(have), Value::Integer(value) | Value::Duration(value)) => match have.as_i64() {
                Some(have) => have.partial_cmp(value),
                None => have.as_f64().unwrap().partial_cmp(&(*value as f64)),
            },
            (Json::Number(have), Value::Float(value)) => have.as_f64().unwrap().partial_cmp(value),
            (Json::String(have), Value::Pattern(pattern)) => {
                return pattern.regex.is_match(have) == (op == Op::Matches);
            }
            (Json::Array(all), _) if matches!(op, Op::NotEqual | Op::MatchesNot) => {
                return all.iter().all(|one| !one.is_array() && meets(one, op, value));
            }
            (Json::Array(all), _) => return all.iter().any(|one| !one.is_array() && meets(one, op, value)),
            _ => return false,
        };
        match op {
            Op::Equal => ordering.is_some_and(|o| o.is_eq()),
            Op::NotEqual => ordering.is_some_and(|o| o.is_ne()),
            Op::Less => ordering.is_some_and(|o| o.is_lt()),
            Op::LessEqual => ordering.is_some_and(|o| o.is_le()),
            Op::Greater => ordering.is_some_and(|o| o.is_gt()),
            Op::GreaterEqual => ordering.is_some_and(|o| o.is_ge()),
            Op::Matches | Op::MatchesNot => false,
        }
    }
    match condition {
        Condition::Always(always) => *always,
        Condition::Not(inner) => !oracle(inner, span),
        Condition::Chain { first, rest } => rest.iter().fold(oracle(first, span), |left, (join, right)| {
            let right = oracle(right, span);
            if *join == Join::And { left & right } else { left | right }
        }),
        Condition::Comparison(Comparison { field, op, value }) => {
            let attributes: serde_json::Map<_, _> = serde_json::from_str(span.attributes).unwrap();
            let have = match field {
                Field::Name => span.name.into(),
                Field::Service => span.service.into(),
                Field::StatusMessage => span.status_message.into(),
                Field::Duration => span.duration_ns.into(),
                Field::Kind | Field::Status => {
                    let is_equal = *value == Value::Kind(span.kind) || *value == Value::Status(span.status);
                    return is_equal == (*op == Op::Equal);
                }
                Field::Unscoped(key) if key == "service.name" && !attributes.contains_key(key) => {
                    span.service.into()
                }
                Field::Attribute(key) | Field::Unscoped(key) => {
                    attributes.get(key).cloned().unwrap_or_default()
                }
            };
            match value {
                Value::Nil => have.is_null() == (*op == Op::Equal),
                value => meets(&have, *op, value),
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]
    #[test]
    fn what_is_printed_is_parsed_to_the_same(condition in condition()) {
        let filter = Filter(condition);
        let text = filter.to_string();
        let parsed: Filter = text.parse().map_err(|e| TestCaseError::fail(format!("{text}: {e}")))?;
        prop_assert_eq!(&parsed, &filter, "{}", text);
    }

    #[test]
    fn spans_meet_what_the_oracle_says(
        condition in condition(),
        name in "[ab]?",
        duration_ns in 0_u64..4,
        kind in prop::sample::select(vec![SpanKind::Internal, SpanKind::Server]),
        status in prop::sample::select(vec![SpanStatus::Unset, SpanStatus::Error]),
        json in prop::sample::select(vec![
            "null", "0", "1", "1.0", "0.5", "-1", "1e300", "\"a\"", "\"\\u0062\"", "true", "false", "[]", "[1,2]",
            "[\"a\",\"b\"]", "[\"a\",1]", "[null]", "[[1]]", "{}", "9223372036854775807",
        ]),
    ) {
        let attributes = format!("{{\"x\":{{}},\"k\":{json}}}");
        let span = Subject {
            name: &name, service: &name, kind, status, status_message: "a", duration_ns, attributes: &attributes,
        };
        prop_assert_eq!(condition.holds(&span), oracle(&condition, &span), "{}", condition);
    }

    #[test]
    fn no_text_is_too_odd(text in any::<String>()) {
        drop(text.parse::<Filter>());
    }

    #[test]
    fn no_order_of_parts_is_too_odd(
        parts in prop::collection::vec(prop::sample::select(vec![
            "{", "}", "(", ")", "!", "&&", "||", "=", "=~", ">", " ", "name", ".a", ".", "\"", "`", "5", "1s", "nil",
            "span.", "-", "ok", "é", "\\", ":", "\n",
        ]), 0..20),
    ) {
        let text = parts.concat();
        if let Err(error) = text.parse::<Filter>() {
            prop_assert!(!error.what.contains("unexpected"), "{}: {}", text, error);
        }
    }
}
