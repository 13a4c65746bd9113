//! What holds of every exchange.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::sample::{flow, with_headers};
use crate::replay::{Preset, Rules, compare};

fn token() -> impl Strategy<Value = String> {
    (0_u64..6).prop_map(|n| format!("glyph-redacted-{n:012x}"))
}

/// JSON, with tokens, dates and ids in it.
fn document() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        (-1e9_f64..1e9).prop_map(Value::from),
        "[a-cé\\\\\" ]{0,6}".prop_map(Value::from),
        token().prop_map(Value::from),
        (token(), token()).prop_map(|(a, b)| Value::from(format!("{a}/{b}"))),
        Just(Value::from("2026-11-26T10:00:00Z")),
        Just(Value::from("550e8400-e29b-41d4-a716-446655440000")),
    ];
    leaf.prop_recursive(4, 40, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::vec(("[a-f]{1,2}| |'", inner), 0..6)
                .prop_map(|members| Value::from(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn rules(presets: bool) -> Rules {
    let mut rules = Rules::default();
    if presets {
        rules.add(Preset::Dates);
        rules.add(Preset::Ids);
    }
    rules
}

/// All tokens, each by another.
fn renamed(text: &str, to: impl Fn(u64) -> u64) -> String {
    let mut renamed = String::new();
    let mut parts = text.split("glyph-redacted-");
    renamed.push_str(parts.next().unwrap());
    for part in parts {
        let number = u64::from_str_radix(&part[..12], 16).unwrap();
        renamed.push_str(&format!("glyph-redacted-{:012x}{}", to(number), &part[12..]));
    }
    renamed
}

/// Where the leaves are.
fn leaves(value: &Value, at: &str, found: &mut Vec<(String, String)>) {
    let told = |name: &str| match name {
        " " => "[' ']".to_owned(),
        "'" => r"['\'']".to_owned(),
        name => format!(".{name}"),
    };
    match value {
        Value::Array(elements) if !elements.is_empty() => {
            for (index, element) in elements.iter().enumerate() {
                leaves(element, &format!("{at}/{index}"), found);
            }
        }
        Value::Object(members) if !members.is_empty() => {
            for (name, member) in members {
                leaves(member, &format!("{at}/{name}"), found);
            }
        }
        _ => {
            let mut place = "$".to_owned();
            for part in at.split('/').skip(1) {
                place.push_str(
                    &part.parse::<usize>().map_or_else(|_| told(part), |index| format!("[{index}]")),
                );
            }
            found.push((at.to_owned(), place));
        }
    }
}

proptest! {
    #[test]
    fn nothing_differs_from_itself(document in document(), header in token(), presets: bool) {
        let flow = with_headers(flow("application/json", &document.to_string()), &[("x-a", &header)]);
        prop_assert_eq!(compare(&flow, &flow, &rules(presets)), Default::default());
    }

    #[test]
    fn neither_order_nor_spelling_counts(document in document(), presets: bool) {
        let (plain, pretty) = (document.to_string(), serde_json::to_string_pretty(&document).unwrap());
        let comparison =
            compare(&flow("application/json", &plain), &flow("application/json", &pretty), &rules(presets));
        prop_assert_eq!(comparison, Default::default());
    }

    #[test]
    fn renaming_all_tokens_changes_nothing(document in document(), header in token(), by in 1_u64..1000) {
        let with = |to: &dyn Fn(u64) -> u64| {
            let flow = flow("application/json", &renamed(&document.to_string(), to));
            with_headers(flow, &[("x-a", &renamed(&header, to))])
        };
        let comparison = compare(&with(&|n| n), &with(&|n| n * 7 + by), &rules(false));
        prop_assert_eq!(comparison, Default::default());
    }

    #[test]
    fn a_change_in_one_place_is_told_there_and_nowhere_else(
        document in document(), which: prop::sample::Index, presets: bool,
    ) {
        let mut places = Vec::new();
        leaves(&document, "", &mut places);
        let (pointer, place) = which.get(&places);
        let mut changed = document.clone();
        *changed.pointer_mut(pointer).unwrap() = json!("changed 7");
        let recorded = flow("application/json", &json!({ "x": document }).to_string());
        let new = flow("application/json", &json!({ "x": changed }).to_string());
        let told = compare(&recorded, &new, &rules(presets)).differences;
        prop_assert_eq!(told.len(), 1, "{:?}", told);
        let expected = format!("body $.x{}", &place[1..]);
        prop_assert_eq!(&told[0].place, &expected);
    }

    #[test]
    fn text_of_any_kind_is_compared_without_harm(old in "\\PC{0,40}", new in "\\PC{0,40}", media in 0_usize..5) {
        let media = ["text/plain", "application/json", "application/x-ndjson", "text/event-stream",
            "application/x-www-form-urlencoded"][media];
        let (old, new) = (flow(media, &old), flow(media, &new));
        let there = compare(&old, &new, &rules(true)).is_same();
        prop_assert_eq!(there, compare(&new, &old, &rules(true)).is_same());
    }
}
