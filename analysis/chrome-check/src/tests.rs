use serde_json::{Value, json};

use super::*;

/// A file that is right, made of a parent and two children of which one is another service's.
fn right() -> Vec<Value> {
    let name = |pid: u64, tid: u64, what: &str, name: &str| json!({"ph": "M", "ts": 0, "pid": pid, "tid": tid, "name": what, "args": {"name": name}});
    let arrow = |ph: &str, n: u64, ts: f64| json!({"ph": ph, "pid": n, "tid": n, "ts": ts, "id": "2", "cat": "c", "name": "n", "bp": "e"});
    vec![
        name(1, 0, "process_name", "a"),
        name(2, 0, "process_name", "b"),
        name(1, 1, "thread_name", "lane 1"),
        name(2, 2, "thread_name", "lane 1"),
        json!({"ph": "X", "pid": 1, "tid": 1, "ts": 1.0, "dur": 0.5, "name": "parent"}),
        arrow("s", 1, 1.0),
        json!({"ph": "X", "pid": 1, "tid": 1, "ts": 1.125, "dur": 0.375, "name": "child"}),
        json!({"ph": "i", "pid": 1, "tid": 1, "ts": 1.2, "s": "t", "name": "event"}),
        json!({"ph": "X", "pid": 2, "tid": 2, "ts": 1.2, "dur": 0.7, "name": "other"}),
        arrow("f", 2, 1.2),
    ]
}

fn checked(events: &[Value]) -> Result<Picture, Fault> {
    check(json!({"traceEvents": events}).to_string().as_bytes())
}

#[test]
fn what_is_right_is_a_picture() {
    let picture = checked(&right()).unwrap();
    let within: Vec<_> =
        picture.slices.iter().map(|s| (s.name.as_str(), s.start, s.duration, s.within)).collect();
    assert_eq!(
        within,
        [("parent", 1_000, 500, None), ("child", 1_125, 375, Some(0)), ("other", 1_200, 700, None)]
    );
    assert_eq!((picture.arrows, picture.instants), (vec![(0, 2)], 1));
}

/// What is said of the right file with one thing wrong in it.
fn said(spoil: impl FnOnce(&mut Vec<Value>)) -> String {
    let mut events = right();
    spoil(&mut events);
    checked(&events).unwrap_err().to_string()
}

#[test]
fn every_rule_can_be_broken() {
    const PARENT: usize = 4;
    const BEGIN: usize = 5;
    const CHILD: usize = 6;
    const INSTANT: usize = 7;
    const OTHER: usize = 8;
    const END: usize = 9;
    let set = |at: usize, key: &'static str, value: Value| said(move |e| e[at][key] = value);
    let text = [
        check(b"[]").unwrap_err().to_string(),
        said(|e| drop(e[0].as_object_mut().unwrap().remove("ts"))),
        said(|e| drop(e[PARENT].as_object_mut().unwrap().remove("dur"))),
        set(PARENT, "dur", json!(-0.5)),
        set(PARENT, "ts", json!(1.0001)),
        set(PARENT, "args", json!([])),
        set(INSTANT, "s", json!(null)),
        set(INSTANT, "ph", json!("B")),
        set(OTHER, "tid", json!(3)),
        set(1, "pid", json!(1)),
        set(1, "args", json!({"name": "a"})),
        set(3, "tid", json!(1)),
        set(CHILD, "ts", json!(0.9)),
        set(CHILD, "dur", json!(0.376)),
        // 1.1 + 0.2 is more than 1.0 + 0.3.
        said(|e| {
            e[PARENT]["dur"] = json!(0.3);
            e[CHILD]["ts"] = json!(1.1);
            e[CHILD]["dur"] = json!(0.2);
        }),
        set(CHILD, "ts", json!(1.5)),
        said(|e| {
            e[CHILD]["ts"] = json!(1.0);
            e[CHILD]["dur"] = json!(0);
        }),
        set(END, "bp", json!(null)),
        set(END, "id", json!("3")),
        set(END, "id", json!("x")),
        set(BEGIN, "ts", json!(0.9)),
        set(BEGIN, "ts", json!(1.21)),
        set(END, "ts", json!(1.91)),
        said(|e| drop(e.remove(END))),
        said(|e| {
            let again = e[BEGIN].clone();
            e.push(again);
        }),
        said(|e| {
            let end = e.remove(END);
            e.insert(BEGIN, end);
        }),
    ];
    insta::assert_snapshot!(text.join("\n"));
}

#[test]
fn an_arrow_is_tied_to_what_started_last() {
    let mut events = right();
    events[5]["ts"] = json!(1.21);
    events[6]["dur"] = json!(0.2);
    assert_eq!(
        checked(&events).unwrap_err().to_string(),
        "event 9: arrow \"2\" ends without a beginning before it"
    );
    events[9]["ts"] = json!(1.4);
    assert_eq!(checked(&events).unwrap().arrows, [(1, 2)], "the child has it");
    events[5]["ts"] = json!(1.35);
    assert_eq!(
        checked(&events).unwrap_err().to_string(),
        "event 5: arrow \"2\" is tied to a slice that is over"
    );
}
