use std::fs;

use super::{Flows, flow, json_of, mixed, shop, text};
use crate::harness::{run, run_with_stdin};

#[test]
fn a_flow_is_a_line() {
    insta::assert_snapshot!(mixed().run("ls", &[]).fine().stdout);
}

#[test]
fn a_narrow_terminal_shows_the_most_telling() {
    let listed = mixed().run("ls", &["--width", "72"]).fine().stdout;
    assert!(listed.lines().all(|line| line.chars().count() <= 72), "{listed}");
    insta::assert_snapshot!(listed);
}

#[test]
fn some_of_them_are_listed_if_wanted() {
    let flows = mixed();
    assert_eq!(flows.numbers(&["--limit", "2"]), [1, 2]);
    assert_eq!(flows.numbers(&["--tail", "2"]), [6, 7]);
    assert_eq!(flows.numbers(&["--slowest", "3"]), [7, 5, 4]);
    assert_eq!(flows.numbers(&["--slowest", "0"]), [0; 0]);
    assert_eq!(flows.numbers(&["--limit", "0"]), [0; 0]);
    flows.run("ls", &["--limit", "1", "--tail", "1"]).unable();
}

#[test]
fn json_is_the_flow_with_its_bodies_decoded_or_as_it_is_stored() {
    let flows = mixed();
    let decoded = json_of(&flows.run("ls", &["--id", "4", "--format", "json"]).fine().stdout);
    let body = &decoded["response"]["body"];
    assert_eq!(
        (&body["utf8"], &body["content_encoding"][0]),
        (&"{\"name\":\"hidden teapot\"}".into(), &"gzip".into())
    );
    assert!(!decoded["response"]["headers"].to_string().contains("Encoding"), "{decoded}");
    let stored = fs::read_to_string(flows.path().join("flows.jsonl")).unwrap();
    assert_eq!(flows.run("ls", &["--format", "json", "--raw"]).fine().stdout, stored);
}

#[test]
fn a_recording_is_a_directory_an_artifact_or_a_file_with_its_closed_segments() {
    let dir = tempfile::tempdir().unwrap();
    let lines = fs::read_to_string(shop().join("flows.jsonl")).unwrap();
    let (first, rest) = lines.split_at(lines.find('\n').unwrap() + 1);
    fs::write(dir.path().join("flows.000001.jsonl.zst"), zstd::encode_all(first.as_bytes(), 3).unwrap())
        .unwrap();
    fs::write(dir.path().join("flows.jsonl"), rest).unwrap();
    let artifact = dir.path().join("shop.glyph.tar.zst");
    run(["replay", "write", shop().to_str().unwrap(), "-o", artifact.to_str().unwrap()]).fine();
    let expected = run(["flows", "ls", shop().to_str().unwrap()]).fine().stdout;
    for path in [dir.path().to_owned(), dir.path().join("flows.jsonl"), artifact] {
        assert_eq!(run(["flows", "ls", path.to_str().unwrap()]).fine().stdout, expected, "{path:?}");
    }
    assert_eq!(run_with_stdin(["flows", "ls", "-"], lines.as_bytes()).fine().stdout, expected);
}

#[test]
fn what_a_crash_left_is_told_and_what_is_no_flow_is_refused() {
    let lines = fs::read_to_string(shop().join("flows.jsonl")).unwrap();
    let run = run_with_stdin(["flows", "ls", "-"], &lines.as_bytes()[..lines.len() - 40]).fine();
    assert_eq!(run.stdout.lines().count(), 3);
    assert!(run.stderr.contains("-:3: the last line is torn"), "{}", run.stderr);
    let run = run_with_stdin(["flows", "ls", "-"], b"{\"a\":1}\n");
    assert_eq!(run.code, 2);
    assert!(run.stderr.contains("-:1: ") && run.stderr.contains("\nhint: "), "{}", run.stderr);
    let run = crate::harness::run(["flows", "ls", "/nowhere"]).unable();
    assert!(run.stderr.starts_with("glyphctl: /nowhere: "), "{}", run.stderr);
}

#[test]
fn traffic_steers_nothing() {
    let evil = "\u{1b}[2J\u{9b}5m\u{202e}##[error]";
    let mut flow =
        flow(1, "GET", &format!("http://a.test/{evil}"), 500, 1, text(&format!("::error::x\n{evil}\r\n\tx")));
    flow["response"]["headers"][0][1] = evil.into();
    flow["request"]["headers"][1] = serde_json::json!([evil, evil]);
    flow["redactions"] = serde_json::json!([{"kind": evil, "place": format!("request.{evil}")}]);
    flow["error"] = serde_json::json!({"kind": evil, "origin": "client", "message": evil});
    let flows = Flows::of(&[flow]);
    for (command, args) in [
        ("ls", &[][..]),
        ("ls", &["--format", "json"]),
        ("ls", &["--format", "har"]),
        ("ls", &["--format", "curl"]),
        ("show", &["1"]),
        ("show", &["1", "--raw"]),
        ("grep", &["-e", "error|x"]),
        ("grep", &["-e", "error|x", "--format", "json", "-C", "2"]),
        ("grep", &["-e", "error|x", "-C", "2"]),
        ("stats", &["--by", "route,status"]),
        ("stats", &["--by", "route", "--format", "markdown"]),
        ("stats", &["--by", "route", "--format", "csv"]),
    ] {
        let printed = flows.run(command, args).fine().stdout;
        assert!(
            !printed.contains(|c| c != '\n' && glyph_analysis::text::is_hidden(c)),
            "{command} {args:?}: {printed}"
        );
        assert!(
            !printed.lines().any(|line| line.trim_start().starts_with("::")),
            "{command} {args:?}: {printed}"
        );
        let is_json = args.contains(&"json") || args.contains(&"har");
        assert!(is_json || !printed.contains("##["), "{command} {args:?}: {printed}");
    }
}
