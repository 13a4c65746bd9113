use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

const LINE: &str = "{\"trace_id\":\"0af7651916cd43dd8448eb211c80319c\",\"span_id\":\"b7ad6b7169203331\",\"name\":\"a b\",\
                    \"kind\":\"server\",\"attributes\":{\"k\":[1,{}]},\"start_time_unix_nano\":5,\"end_time_unix_nano\":9,\"service_name\":\"s\"}";

/// The fields, which must not depend on the line before.
fn fields_of(line: &str) -> Option<Fields<'_>> {
    let mut order = Order::default();
    let fields = scan(line, &mut order);
    assert_eq!(scan(line, &mut order), fields, "{line}");
    assert!(scan(LINE, &mut order).is_some(), "{line}");
    assert_eq!(scan(line, &mut order), fields, "{line}");
    fields
}

#[test]
fn a_line_gives_its_fields() {
    let fields = fields_of(LINE).unwrap();
    assert_eq!((fields.name, fields.service_name, fields.kind), ("a b", "s", Some("server")));
    assert_eq!((fields.start, fields.end, fields.attributes), (5, 9, "{\"k\":[1,{}]}"));
}

#[test]
fn what_is_unusual_is_left_to_others() {
    assert_eq!(fields_of(&LINE[..LINE.len() - 1]), None);
    for (usual, unusual) in [
        ("a b", "a\\u0020b"),
        ("\"a b\"", "7"),
        ("\"name\"", "\"n\\u0061me\""),
        (":5,", ":05,"),
        (":5,", ":5.0,"),
        (":5,", ":5e0,"),
        (":5,", ":-5,"),
        (":5,", ":18446744073709551616,"),
        (":5,", ":5,\"start_time_unix_nano\":6,"),
        ("\"s\"}", "\"s\"},"),
        ("\"s\"}", "\"s\",}"),
        ("{\"trace_id\"", "[{\"trace_id\""),
        ("\"service_name\"", "\"service\""),
    ] {
        assert!(LINE.contains(usual));
        let line = LINE.replace(usual, unusual);
        assert_eq!(fields_of(&line), None, "{line}");
    }
}

/// Pieces of JSON, right and wrong, in which every rule of the grammar is at stake.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"\"",
        "\"\\n\"",
        "\"\\u00e9\"",
        "\"\\u00g\"",
        "\"\\x\"",
        "\"é",
        "\u{1}",
        "\"a b c d e f g\"",
        "\"",
        "\\",
        "0",
        "-0",
        "-",
        "01",
        "1.5",
        "1.",
        ".5",
        "1e9",
        "1E-9",
        "1e",
        "1e+",
        "true",
        "fals",
        "null",
        " ",
        "\t",
        "{}",
        "[]",
        "\u{b}",
        "\"k\":",
        "\"k\":1",
        ",\"k\":",
    ]);
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4096))]

    /// The oracle is the parser that reads what this one gives back.
    #[test]
    fn a_value_is_taken_if_it_is_json_and_then_whole(text in pieces()) {
        let line = LINE.replace("{\"k\":[1,{}]}", &text);
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        match serde_json::from_str::<&RawValue>(text) {
            Ok(_) => prop_assert_eq!(fields_of(&line).map(|f| f.attributes), Some(text)),
            Err(_) => prop_assert!(serde_json::from_str::<&RawValue>(&line).is_ok() || fields_of(&line).is_none()),
        }
    }

    #[test]
    fn integers_are_whole_numbers_of_64_bits(number in any::<u64>(), digits in 1_usize..=20) {
        let number = number.to_string();
        let number = &number[..digits.min(number.len())];
        let line = LINE.replace(":5,", &format!(":{number},"));
        prop_assert_eq!(fields_of(&line).unwrap().start, number.parse::<u64>().unwrap());
    }
}
