use proptest::prelude::*;

use super::{
    condition::{Comparison, Field, Join, Op, Pattern, Value},
    *,
};
use crate::metrics::matcher::anchored;

const SPAN: Subject<'_> = Subject {
    name: "GET /cart",
    service: "shop",
    kind: SpanKind::Server,
    status: SpanStatus::Error,
    status_message: "refused\nby peer",
    duration_ns: 100_000_000,
    attributes: r#"{"http.status_code":503,"http.route":"/cart","big":9007199254740993,"ratio":0.5,"hit":true,
        "miss":false,"none":null,"tags":["a","b"],"empty":[],"numbers":[1,2.5],"o":{"x":1},"a b":"\u00e9\"","x-y/z":1,
        "text":"200","503":"x","neg":-7,"long":2000000}"#,
};

#[track_caller]
fn parse(text: &str) -> Filter {
    text.parse().unwrap_or_else(|error| panic!("{text}: {error}"))
}

#[track_caller]
fn matches(text: &str, span: &Subject<'_>) -> bool {
    parse(text).matches(span)
}

#[test]
fn spans_meet_conditions_on_their_fields() {
    let met = [
        "{ }",
        "{}",
        "true",
        "{ !false }",
        r#"{ name = "GET /cart" && duration >= 100ms }"#,
        r#"name="GET /cart"&&duration>=100ms"#,
        "name = `GET /cart`",
        r#"name =~ "GET .*""#,
        r#"name !~ "GET""#,
        r#"name != "get /cart""#,
        r#"name > "GET" && name <= "GET /cart""#,
        r#"service = "shop" && resource.service.name = "shop" && .service.name = "shop""#,
        "kind = server && span:kind != client",
        "status = error && status != ok && span:status != unset",
        r#"statusMessage =~ "refused.*" && statusMessage != """#,
        "duration < 1h30m && duration > 99.999999ms && duration = 100000us && span:duration != 0",
        "50ms < duration && 100ms = duration && 1s >= duration",
        ".http.status_code = 503 && span.http.status_code >= 500 && 600 > .http.status_code",
        ".http.status_code = 503.0 && .ratio < 1 && .ratio = 5e-1 && .neg = -7 && .neg < -6.5",
        r#".http.route = "/cart" && .text = "200" && .text < "3""#,
        ".big = 9007199254740993 && .big != 9007199254740992",
        ".hit && .hit = true && .hit != false && !.miss && .miss = false",
        ".nothing = nil && .none = nil && .hit != nil && .o != nil && .empty != nil",
        r#".tags = "a" && .tags =~ "b|c" && .tags != "c" && .tags !~ "c|d" && .tags > "a""#,
        r#".empty != "a" && .numbers = 2.5 && .numbers > 2 && .numbers != 3"#,
        r#"."a b" = "é\"" && span."a b" =~ `é"` && .a" "b != nil && .x-y/z = 1 && ."503" = "x""#,
        ".long = 2ms && .long < 1s",
        r#"!(name = "x" || duration < 1ms)"#,
        "!!.hit",
        // From left to right.
        "true || true && true",
        "!(true || false && false)",
        "false && true || true",
    ];
    for text in met {
        assert!(matches(text, &SPAN), "{text}");
        let inner = text.trim_matches(['{', '}', ' ']);
        assert!(inner.is_empty() || !matches(&format!("!({inner})"), &SPAN), "{text}");
    }
}

#[test]
fn what_is_missing_or_of_another_type_meets_no_comparison() {
    let unmet = [
        ".nothing = 1",
        ".nothing != 1",
        r#".nothing != "x""#,
        r#".nothing !~ "x""#,
        ".nothing",
        ".none != 1",
        r#".http.status_code = "503""#,
        r#".http.status_code != "503""#,
        ".text = 200",
        ".text != 200",
        ".text",
        ".hit != 1",
        ".hit = nil",
        ".o != 1",
        r#".tags != 1"#,
        r#".tags = "c""#,
        r#".tags != "a""#,
        r#".empty = "a""#,
        ".miss",
        r#"name =~ "cart""#,
        "true && false",
        ".service.name = nil",
        r#"span.service.name = "shop""#,
    ];
    for text in unmet {
        assert!(!matches(text, &SPAN), "{text}");
    }
    for attributes in ["", "[1]", "{", "{}"] {
        let span = Subject { attributes, ..SPAN };
        assert!(!matches(".hit", &span), "{attributes}");
        assert!(matches(".hit = nil", &span), "{attributes}");
    }
}

#[test]
fn the_canonical_text_is_what_tempo_understands() {
    let table = [
        ("{}", "{ true }"),
        ("service=`a`", r#"{ resource.service.name = "a" }"#),
        ("1.5s<duration", "{ duration > 1500ms }"),
        (".cache.hit||.a=1&&!.b", "{ .cache.hit = true || .a = 1 && !(.b = true) }"),
        (r#"(.a"x y"=1&&(.b=2.0||.c=nil))"#, r#"{ ."ax y" = 1 && (.b = 2.0 || .c = nil) }"#),
        (r#"span."5a\\" =~ `\.\n`"#, r#"{ span."5a\\" =~ "\\.\\n" }"#),
        (r#"name="\u001b\n\t""#, r#"{ name = "\u001b\n\t" }"#),
        ("span:kind=server && duration >= 0", "{ kind = server && duration >= 0h }"),
    ];
    for (text, canonical) in table {
        assert_eq!(parse(text).to_string(), canonical, "{text}");
        assert_eq!(parse(canonical), parse(text), "{text}");
    }
}

#[test]
fn faults_are_told_with_their_place() {
    let texts = [
        "",
        "   ",
        "{ duration > x }",
        "duration > 100",
        "duration > ",
        "duration >> 1s",
        "duration",
        "duration == 1s",
        "duration > 100mss",
        "duration =~ \"1s\"",
        "name = 5",
        "name = nil",
        "name = GET",
        "name = \"GET",
        "name = \"a\\q\"",
        "name =~ \"(\"",
        "name =~ 5",
        "\"x\" =~ name",
        "name = .a",
        "1 = 1",
        "kind = \"server\"",
        "kind < server",
        "kind = unspecified",
        "status = failed",
        "status > ok",
        ".a > true",
        ".a < nil",
        ".a = ok",
        ".a =~ 1",
        ".",
        "span. = 1",
        ".\"a",
        "!.a = 1",
        "!name = \"a\"",
        "{ .a",
        "(.a",
        ".a)",
        "{ .a } }",
        "{ .a } | count() > 2",
        "{ .a } >> { .b }",
        "{ .a } && { .b }",
        ".a | select(.b)",
        ".a + 1 = 2",
        ".a = 1 + 1",
        ".a = 1 ~ 2",
        "-.a = 1",
        "traceDuration > 1s",
        "rootName = \"a\"",
        "parent.a = 1",
        "event:name = \"x\"",
        "link.a = 1",
        "trace:id = \"1\"",
        "span:childCount > 1",
        "resource.k8s.pod = \"a\"",
        "count() > 1",
        "http.route = \"/\"",
        "colour = 1",
        ".a = 1 &&",
        ".a = 1 .b = 2",
        ".a = 1 and .b = 2",
        "name = 'a'",
        "é = 1",
        ".a = 1 ||\n  colour = 2",
        ".a = 99999999999999999999h",
    ];
    let told: String = texts
        .iter()
        .map(|text| {
            let error = text.parse::<Filter>().expect_err(text);
            format!("{error}\n{}\n\n", error.shown().unwrap_or_default())
        })
        .collect();
    insta::assert_snapshot!(told);
}

#[test]
fn hostile_nesting_ends_with_an_error() {
    for open in ["(", "!", "!(", "{", ".a && ("] {
        let text = format!("{} .a", open.repeat(100_000));
        let error = text.parse::<Filter>().unwrap_err();
        assert!(error.shown().is_none() && error.to_string().len() < 200, "{error}");
    }
    let deep = format!("{}.a{}", "(".repeat(100), ")".repeat(100));
    assert!(matches(&deep.replace(".a", ".hit"), &SPAN));
    // As long as one likes.
    assert!(matches(&["true"; 100_000].join(" && "), &SPAN));
    assert!(matches(&format!("{}true", ".miss || .hit && ".repeat(10_000)), &SPAN));
}

#[test]
fn only_attributes_are_looked_for_in_attributes() {
    for text in
        ["{}", "name = \"a\" && !(duration > 1s || statusMessage = \"\")", "service = \"a\" || kind = server"]
    {
        assert!(!parse(text).needs_attributes(), "{text}");
    }
    for text in [".a", "span.a = 1", "name = \"a\" || !(kind = server && .service.name = \"x\")"] {
        assert!(parse(text).needs_attributes(), "{text}");
    }
}

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
