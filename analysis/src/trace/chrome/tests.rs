use chrome_check::Picture;
use proptest::prelude::*;
use serde_json::Value;

use super::*;
use crate::trace::{
    Loaded, Sources,
    arbitrary::{crowd, services, traces},
    load,
};

/// The Chrome trace of span lines, which is held to the rules of viewers.
fn chrome(lines: &[String], args: Args) -> (Value, Written) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("traces.jsonl");
    std::fs::write(&path, lines.concat()).unwrap();
    let sources = Sources::find(&[path]).unwrap();
    let Loaded { spans, oddities, .. } = load(&sources, args.keep(), &sources.progress()).unwrap();
    let mut out = Vec::new();
    let written = write(&Traces::resolve(spans, oddities), args, &mut out).unwrap();
    checked(&out, written);
    (serde_json::from_slice(&out).unwrap(), written)
}

/// What viewers make of a file, which must be as much as is told.
fn checked(file: &[u8], written: Written) -> Picture {
    let picture = chrome_check::check(file).unwrap();
    let seen = [picture.slices.len(), picture.arrows.len(), picture.instants];
    assert_eq!(seen.map(|n| n as u64), [written.spans, written.arrows, written.events]);
    picture
}

fn line(id: u64, parent: u64, service: &str, name: &str, start: u64, end: u64, more: &str) -> String {
    let base = 1_760_000_000_000_000_000;
    let (start, end, name) = (base + start, base + end, serde_json::to_string(name).unwrap());
    format!(
        "{{\"trace_id\":\"{:032x}\",\"span_id\":\"{id:016x}\",\"parent_span_id\":\"{parent:016x}\",\"name\":{name},\
         \"kind\":\"server\",\"service_name\":\"{service}\",\"start_time_unix_nano\":{start},\
         \"end_time_unix_nano\":{end}{more}}}\n",
        1
    )
}

fn events<'v>(trace: &'v Value, phase: &str) -> Vec<&'v Value> {
    trace["traceEvents"].as_array().unwrap().iter().filter(|e| e["ph"] == phase).collect()
}

#[test]
fn times_are_microseconds_since_the_first_span_with_every_nanosecond() {
    let (trace, _) = chrome(&[line(1, 0, "s", "a", 5, 1_234_572, "")], Args::None);
    let text = serde_json::to_string(&events(&trace, "X")[0]).unwrap();
    assert!(text.contains("\"ts\":0.0,") || text.contains("\"ts\":0.0}"), "{text}");
    assert_eq!(events(&trace, "X")[0]["dur"].as_f64(), Some(1_234.567));
    assert_eq!(trace["otherData"]["start_unix_nano"], "1760000000000000005");
    assert_eq!(trace["displayTimeUnit"], "ns");
}

#[test]
fn another_service_is_another_process_with_an_arrow_to_it() {
    let lines = [line(1, 0, "a", "x", 0, 100, ""), line(2, 1, "b", "y", 10, 90, "")];
    let (trace, written) = chrome(&lines, Args::Ids);
    let slices = events(&trace, "X");
    assert_ne!(slices[0]["pid"], slices[1]["pid"]);
    assert_ne!(slices[0]["tid"], slices[1]["tid"]);
    let (out, into) = (events(&trace, "s"), events(&trace, "f"));
    assert_eq!((out.len(), into.len(), written.arrows), (1, 1, 1));
    assert_eq!(
        (&out[0]["id"], &out[0]["cat"], &out[0]["name"]),
        (&into[0]["id"], &into[0]["cat"], &into[0]["name"])
    );
    assert_eq!(out[0]["id"], "0000000000000002");
    assert_eq!((&out[0]["tid"], &into[0]["tid"]), (&slices[0]["tid"], &slices[1]["tid"]));
    assert_eq!(into[0]["bp"], "e");
    assert_eq!(slices[1]["args"]["parent_span_id"], "0000000000000001");
}

#[test]
fn every_event_has_a_phase_and_a_time() {
    let (trace, _) = chrome(&[line(1, 0, "a", "x", 0, 100, "")], Args::None);
    for event in trace["traceEvents"].as_array().unwrap() {
        assert!(event["ph"].is_string() && event["ts"].is_number(), "{event}");
    }
    let names: Vec<_> = events(&trace, "M").iter().map(|e| e["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["process_name", "process_sort_index", "thread_name", "thread_sort_index"]);
}

#[test]
fn args_are_what_was_asked_for() {
    let more = r#","status":"error","status_message":"it \"broke\"","attributes":{"k":["v",1]},"events":[{"name":"e\u001b","time":1760000000000000050,"attributes":{"a":true}},{"name":"f","time_unix_nano":1760000000000000060}]"#;
    let lines = [line(1, 0, "a", "na\"me\u{7}", 0, 100, more)];
    let (none, written) = chrome(&lines, Args::None);
    assert!(events(&none, "X")[0].get("args").is_none());
    assert_eq!(events(&none, "X")[0]["name"], "na\"me\u{7}");
    assert_eq!((events(&none, "i").len(), written.events), (2, 2));
    assert!(events(&none, "i")[0].get("args").is_none());
    let (ids, _) = chrome(&lines, Args::Ids);
    assert_eq!(events(&ids, "X")[0]["args"].as_object().unwrap().len(), 2);
    let (full, _) = chrome(&lines, Args::Full);
    let args = &events(&full, "X")[0]["args"];
    assert_eq!((&args["status"], &args["status_message"]), (&"error".into(), &"it \"broke\"".into()));
    assert_eq!(args["attributes"], serde_json::json!({"k": ["v", 1]}));
    assert_eq!(events(&full, "i")[0]["args"], serde_json::json!({"a": true}));
    assert_eq!(events(&full, "i")[1]["ts"].as_f64(), Some(0.06));
}

#[test]
fn no_spans_are_a_trace_too() {
    let (trace, written) = chrome(&[], Args::Full);
    assert_eq!(trace["traceEvents"], serde_json::json!([]));
    assert_eq!(written, Written::default());
}

#[test]
fn arrows_to_spans_with_one_id_are_kept_apart() {
    let lines = [
        line(1, 0, "a", "x", 0, 100, ""),
        line(2, 1, "b", "y", 10, 90, ""),
        line(2, 1, "b", "z", 20, 80, ""),
        line(3, 1, "c", "w", 30, 70, ""),
    ];
    let (trace, _) = chrome(&lines, Args::None);
    let ids: Vec<_> = events(&trace, "f").iter().map(|e| e["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["0000000000000002", "0000000000000001", "0000000000000003"]);
}

#[test]
fn events_that_are_none_are_left_out() {
    let more = r#","events":[{"name":5,"time":1760000000000000050},{"name":"e","time":1760000000000000050,"attributes":[]}]"#;
    let (trace, written) = chrome(&[line(1, 0, "a", "x", 0, 100, more)], Args::Full);
    assert_eq!(written.events, 1);
    assert!(events(&trace, "i")[0].get("args").is_none());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn viewers_see_the_spans_as_they_are(f in crowd(), services in services()) {
        let traces = traces(&f, &services);
        let mut out = Vec::new();
        let written = write(&traces, Args::None, &mut out).unwrap();
        let picture = checked(&out, written);
        let base = *f.start.iter().min().unwrap();
        // The name of a span is its position.
        let span = |slice: usize| picture.slices[slice].name.parse::<usize>().unwrap();
        let mut seen: Vec<_> = (0..f.start.len()).map(span).collect();
        for (at, slice) in picture.slices.iter().enumerate() {
            let i = span(at);
            prop_assert_eq!((slice.start, slice.start + slice.duration), (f.start[i] - base, f.end[i] - base));
            prop_assert_eq!(slice.thread.pid, u64::from(services[i]) + 1);
            if let Some(within) = slice.within {
                prop_assert_eq!(Some(span(within)), f.tree.parent(i));
            }
        }
        // An arrow is tied to what starts inside its span at that instant, if something does.
        let slices = &picture.slices;
        let around = |slice: &usize| slices[*slice].within.filter(|w| slices[*w].start == slices[*slice].start);
        let outwards = |slice: usize| std::iter::successors(Some(slice), around);
        let mut pointed_at = Vec::new();
        for (from, to) in &picture.arrows {
            let to = outwards(*to).last().unwrap();
            let parent = f.tree.parent(span(to));
            prop_assert!(outwards(*from).any(|from| Some(span(from)) == parent));
            pointed_at.push(to);
        }
        // Who has no arrow is inside the parent, or starts before it, or has none.
        for (at, slice) in picture.slices.iter().enumerate() {
            let starts_later = f.tree.parent(span(at)).is_some_and(|parent| f.start[parent] <= f.start[span(at)]);
            let has_arrow = pointed_at.contains(&at);
            prop_assert_eq!(starts_later && slice.within.is_none(), has_arrow);
        }
        seen.sort_unstable();
        prop_assert!(seen.into_iter().eq(0..f.start.len()));
    }
}
