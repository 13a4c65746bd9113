//! Whether a recording is whole; and that artifacts are taken wherever recordings are.

use std::fs;

use serde_json::{Value, json};

use super::{GENEROUS, Place, TIGHT, at_root, named};
use crate::harness::names_in;

#[test]
fn an_artifact_is_judged_as_its_recording_is() {
    let place = Place::shop();
    place.pack();
    let artifact = ["check", "run.glyph.tar.zst", "--format", "json"];
    let (_, of_directory) = place.judge(TIGHT);
    let run = place.run(&artifact);
    // What it is called stands in the commands.
    let named = run.stdout.replace("run.glyph.tar.zst", "run");
    let mut json: Value = serde_json::from_str(&named).unwrap();
    let digests = json["checks"].as_array_mut().unwrap().remove(0);
    assert_eq!((&digests["name"], &digests["message"]), (&json!("digests"), &json!("6 files as packed")));
    assert_eq!((run.code, &json), (1, &of_directory));
    let printed = place.run(&["check", "run.glyph.tar.zst"]).stdout;
    assert_eq!(place.follow(&printed), 4, "trace show takes the artifact too");
    assert_eq!(names_in(place.dir.path()), ["glyph.toml", "run", "run.glyph.tar.zst"]);
}

#[test]
fn a_changed_artifact_fails() {
    let place = Place::shop();
    place.pack();
    place.write("glyph.toml", GENEROUS);
    let file = place.path("run.glyph.tar.zst");
    let whole = fs::read(&file).unwrap();
    let check = || {
        let run = place.run(&["check", "run.glyph.tar.zst", "--format", "json"]);
        (run.code, serde_json::from_str::<Value>(&run.stdout).unwrap_or_default())
    };
    assert_eq!(check().0, 0);
    for at in [whole.len() / 3, whole.len() / 2, whole.len() - 1] {
        let mut flipped = whole.clone();
        flipped[at] ^= 0x10;
        fs::write(&file, flipped).unwrap();
        let (code, json) = check();
        assert_eq!((code, &named(&json, "digests")["state"]), (1, &json!("fail")), "byte {at}");
    }
    fs::write(&file, &whole[..whole.len() / 2]).unwrap();
    assert_eq!(check().0, 1, "cut short");

    let content = zstd::decode_all(whole.as_slice()).unwrap();
    let changed = |from: &[u8], to: &[u8]| {
        let mut bytes = content.clone();
        let at = bytes.windows(from.len()).rposition(|w| w == from).unwrap();
        bytes[at..at + to.len()].copy_from_slice(to);
        fs::write(&file, zstd::encode_all(bytes.as_slice(), 3).unwrap()).unwrap();
        check()
    };
    let (code, json) = changed(b"\"method\":\"GET\"", b"\"method\":\"PUT\"");
    let message = named(&json, "digests")["message"].as_str().unwrap();
    assert!(code == 1 && message.contains("files/flows.jsonl: was changed: sha256 "), "{message}");
    assert_eq!(changed(b"\"tools\"", b"\"tolls\"").0, 1, "a manifest that can't be read");
}

#[test]
fn what_is_no_recording_is_exit_code_2() {
    let place = Place::shop();
    place.write("glyph.toml", GENEROUS);
    place.write("notes.glyph.tar.zst", "hello");
    fs::create_dir(place.path("empty")).unwrap();
    for (what, says) in [
        ("nowhere", "No such file"),
        ("notes.glyph.tar.zst", "is no artifact"),
        ("empty", "is no recording: it has no recording.json\nhint: "),
        ("run/flows.jsonl", "run/flows.jsonl: is no recording and no artifact\nhint: "),
    ] {
        let run = place.run(&["check", what]).unable();
        assert!(run.stderr.contains(says), "{what}: {}", run.stderr);
    }
}

#[test]
fn a_recording_that_was_cut_short_fails() {
    let place = Place::shop();
    let info = fs::read_to_string(place.path("run/recording.json")).unwrap();
    let lines = info.lines().filter(|line| !line.contains("end_time_unix_nano"));
    let info: String = lines.collect::<Vec<_>>().join("\n");
    let segments = r#""segments": {"flows.jsonl": ["flows.000001.jsonl.zst", "flows.000002.jsonl"]}"#;
    place.write("run/recording.json", &info.replace(r#""segments": {}"#, segments));
    place.write("run/flows.000002.jsonl.zst", "");
    for name in ["traces.jsonl", "audit.jsonl"] {
        let text = fs::read_to_string(place.path("run").join(name)).unwrap();
        place.write(&format!("run/{name}"), &text[..text.len() - 30]);
    }
    let findings = fs::read_to_string(place.path("run/findings.jsonl")).unwrap();
    place.write("run/findings.jsonl", &format!("not json\n{findings}"));
    place.write("run/metrics.om", "# TYPE up gauge\nup 1 1000.0\nup 1 10");
    let run = place.check(GENEROUS, &[]);
    assert_eq!(run.code, 1, "{run:#?}");
    insta::assert_snapshot!(run.stdout);
}

#[test]
fn files_of_something_else_fail_and_the_rest_is_judged() {
    let place = Place::shop();
    place.write("run/traces.jsonl", "hello\nworld\n");
    place.write("run/metrics.om", "hello{ 1 1\n");
    let (code, json) = place.judge(GENEROUS);
    assert_eq!(code, 1);
    let message = |name| named(&json, name)["message"].as_str().unwrap();
    assert!(message("traces.jsonl").contains("traces.jsonl: is no trace file: line 1"), "{json:#}");
    assert!(message("metrics.om").contains("metrics.om:1: the labels are not well formed"), "{json:#}");
    assert_eq!(named(&json, "proxy.capture_flow p95")["state"], "undecided");
}

#[test]
fn what_was_dropped_fails() {
    let place = Place::shop();
    let samples = "glyph_flow_log_dropped_total{reason=\"queue_full\"} 2 1.0
glyph_flow_log_dropped_total{reason=\"stopped\"} 1 1.0
glyph_trace_spans_total{exporter=\"file\",outcome=\"exported\"} 7 1.0
glyph_audit_failures_total 1 1.0
glyph_flow_log_dropped_total{reason=\"queue_full\"} 4 2.0
glyph_flow_log_dropped_total{reason=\"stopped\"} 1 2.0
glyph_trace_spans_total{exporter=\"file\",outcome=\"exported\"} 9 2.0
glyph_audit_failures_total 1 2.0
# EOF
";
    place.write("run/metrics.om", samples);
    let (code, json) = place.judge(GENEROUS);
    assert_eq!(code, 1);
    let found = |name| (&named(&json, name)["state"], &named(&json, name)["value"]);
    assert_eq!(found("glyph_flow_log_dropped_total"), (&json!("fail"), &json!(5)));
    assert_eq!(found("glyph_audit_failures_total"), (&json!("fail"), &json!(1)));
    assert_eq!(found("glyph_trace_spans_total{outcome=\"dropped\"}"), (&json!("pass"), &json!(0)));
    let said = named(&json, "glyph_flow_log_dropped_total")["message"].as_str().unwrap();
    assert_eq!(said, "5 lost flows, over the limit of 0");
}

#[test]
fn other_commands_take_artifacts() {
    let place = Place::shop();
    place.pack();
    let of = |what: &str| place.run(&["trace", "summarize", what, "--format", "json"]).fine().stdout;
    assert_eq!(of("run.glyph.tar.zst"), of("run"));
    let shown = |what: &str| place.run(&["trace", "show", what, "686303df"]).fine().stdout;
    // Its commands name what was named.
    assert_eq!(shown("run.glyph.tar.zst").replace("run.glyph.tar.zst", "run"), shown("run"));
    let artifact = fs::read(place.path("run.glyph.tar.zst")).unwrap();
    let over = place.run(&["trace", "summarize", "run.glyph.tar.zst", "-o", "run.glyph.tar.zst"]).unable();
    assert!(over.stderr.contains("is one of the files to read"), "{}", over.stderr);
    assert!(fs::read(place.path("run.glyph.tar.zst")).unwrap() == artifact);

    let place = Place::with("testdata/metrics/outage");
    place.pack();
    let rules = at_root("alerts/alerts.yaml");
    let alerts = |what: &str| {
        place.run(&[
            "alerts",
            "check",
            "--rules",
            rules.to_str().unwrap(),
            "--data",
            what,
            "--format",
            "json",
        ])
    };
    assert_eq!(alerts("run.glyph.tar.zst").stdout, alerts("run").stdout);
    fs::write(place.path("run.glyph.tar.zst"), &artifact[..artifact.len() / 2]).unwrap();
    let broken = alerts("run.glyph.tar.zst").unable();
    assert!(broken.stderr.contains("is damaged") && broken.stderr.contains("\nhint: "), "{}", broken.stderr);
}
