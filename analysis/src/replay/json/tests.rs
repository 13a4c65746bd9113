use crate::replay::{Kind, Rules, compare, tests::sample};

/// What is told of two bodies, a line each.
fn told(recorded: &str, new: &str, ignore: &[&str]) -> Vec<String> {
    let mut rules = Rules::default();
    ignore.iter().for_each(|place| rules.ignore(place).unwrap());
    let flow = |body: &str| sample::flow("application/json", body);
    let comparison = compare(&flow(recorded), &flow(new), &rules);
    assert!(comparison.left_out.is_empty());
    let side = |value: Option<String>| value.unwrap_or("-".to_owned());
    let told = comparison.differences.into_iter();
    told.map(|d| format!("{} {} {} {}", d.place, d.kind, side(d.recorded), side(d.new))).collect()
}

#[test]
fn members_are_paired_by_name_and_numbers_by_value() {
    assert!(
        told(r#"{"a":1,"b":[2,{"c":3.50}]}"#, r#" { "b": [2.0, {"c": 3.5}], "a": 1e0 } "#, &[]).is_empty()
    );
    assert_eq!(
        told(r#"{"a":1,"b":2,"c":{"d":true}}"#, r#"{"c":{"d":"true"},"e":null,"a":2}"#, &[]),
        [
            "body $.a changed 1 2",
            "body $.b missing 2 -",
            "body $.c.d changed true \"true\"",
            "body $.e added - null",
        ]
    );
    assert_eq!(told(r#"{"a":1,"a":2}"#, r#"{"a":1,"a":3}"#, &[]), ["body $.a changed 2 3"]);
    assert_eq!(told("[1]", r#"{"0":1}"#, &[]), [r#"body $ changed [1] {"0":1}"#]);
    assert_eq!(
        told(r#"{"a b":1,"":2}"#, r#"{"a b":2,"":3}"#, &[]),
        ["body $['a b'] changed 1 2", "body $[''] changed 2 3"]
    );
    assert_eq!(
        told("[12345678901234567890]", "[12345678901234567891]", &[]),
        ["body $[0] changed 12345678901234567890 12345678901234567891"]
    );
}

#[test]
fn an_element_that_came_or_went_is_one_difference() {
    let list = |ids: &[u32]| {
        let items: Vec<_> = ids.iter().map(|id| format!(r#"{{"id":{id},"price":{}}}"#, id * 10)).collect();
        format!(r#"{{"items":[{}]}}"#, items.join(","))
    };
    let all: Vec<u32> = (0..500).collect();
    let without: Vec<u32> = all.iter().copied().filter(|id| *id != 3).collect();
    assert_eq!(told(&list(&without), &list(&all), &[]), [r#"body $.items[3] added - {"id":3,"price":30}"#]);
    assert_eq!(told(&list(&all), &list(&without), &[]), [r#"body $.items[3] missing {"id":3,"price":30} -"#]);
    // One inserted beside one that changed, and another that changed further on.
    let new = list(&all).replace(r#"{"id":7,"price":70}"#, r#"{"id":900,"price":1},{"id":7,"price":71}"#);
    let new = new.replace(r#""price":4000"#, r#""price":4001"#);
    assert_eq!(
        told(&list(&all), &new, &[]),
        [
            r#"body $.items[7] added - {"id":900,"price":1}"#,
            "body $.items[7].price changed 70 71",
            "body $.items[400].price changed 4000 4001",
        ]
    );
    assert_eq!(told("[1,2,3]", "[1,9,3]", &[]), ["body $[1] changed 2 9"]);
    assert_eq!(told("[1,1,1]", "[1,1,1,1]", &[]), ["body $[3] added - 1"]);
}

#[test]
fn the_same_elements_in_another_order_are_one_difference() {
    assert_eq!(told("[1,2,3]", "[3,2,1]", &[]), ["body $ order [0]: 1 [0]: 3"]);
    assert!(told("[1,2,3]", "[3,2,1]", &["$[*]"]).is_empty());
    let long: Vec<_> = (0..3000).map(|n| n.to_string()).collect();
    let turned: Vec<_> = long.iter().rev().cloned().collect();
    assert_eq!(told(&format!("[{}]", long.join(",")), &format!("[{}]", turned.join(",")), &[]).len(), 1);
}

#[test]
fn what_is_left_out_is_left_out_with_all_below_it() {
    let (old, new) = (
        r#"{"id":1,"at":"a","items":[{"id":2,"v":{"x":1}},{"id":3,"v":{"x":1}}]}"#,
        r#"{"id":9,"at":"b","items":[{"id":8,"v":{"x":2}},{"id":7,"v":{"x":2}}]}"#,
    );
    assert_eq!(told(old, new, &[]).len(), 6);
    assert_eq!(
        told(old, new, &["$..id", "$.at"]),
        ["body $.items[0].v.x changed 1 2", "body $.items[1].v.x changed 1 2"]
    );
    assert!(told(old, new, &["$..id", "body $.at", "$.items[*].v"]).is_empty());
    assert!(told(old, new, &["$"]).is_empty() && told(old, new, &["body"]).is_empty());
    // Elements are known from each other by what is compared of them.
    assert_eq!(
        told(
            r#"[{"id":1,"v":"a"},{"id":2,"v":"b"}]"#,
            r#"[{"id":5,"v":"x"},{"id":6,"v":"a"},{"id":7,"v":"b"}]"#,
            &["$..id"]
        ),
        [r#"body $[0] added - {"id":5,"v":"x"}"#]
    );
    assert!(told(r#"{"a":1}"#, r#"{"a":1,"b":{}}"#, &["$.b"]).is_empty());
}

#[test]
fn differences_are_bounded_and_all_counted() {
    let object = |value: u32| {
        let members: Vec<_> = (0..250).map(|n| format!(r#""k{n}":{value}"#)).collect();
        format!("{{{}}}", members.join(","))
    };
    let flow = |body: &str| sample::flow("application/json", body);
    let comparison = compare(&flow(&object(1)), &flow(&object(2)), &Rules::default());
    assert_eq!((comparison.differences.len(), comparison.more), (100, 150));
    assert!(comparison.differences.iter().all(|d| d.kind == Kind::Changed));
}

#[test]
fn long_values_are_told_by_the_part_that_differs() {
    let text = |word: &str| format!(r#""{}{word}{}""#, "a".repeat(3000), "z".repeat(3000));
    let [difference] = &told(&text("one"), &text("two"), &[])[..] else { panic!() };
    assert!(difference.contains("aaaonezzz") && difference.contains("aaatwozzz") && difference.len() < 500);
}
