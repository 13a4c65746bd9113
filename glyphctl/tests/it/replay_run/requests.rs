//! What is sent: as it was recorded, as the user wants it changed, or not at all.

use super::{
    origin::{Origin, answer},
    recording::{Ask, Recording},
    replay, replayed,
};

fn echo() -> Origin {
    Origin::plain(|asked| answer(200, "text/plain", asked.path.clone()))
}

fn paths(origin: &Origin) -> Vec<String> {
    origin.take().into_iter().map(|asked| asked.path).collect()
}

#[test]
fn headers_are_those_of_the_recording_and_of_the_user() {
    let origin = echo();
    let ask =
        Ask::get("/a?b=c%20d").with("accept", "text/plain").with("x-old", "1").with("connection", "x-hop");
    let traceparent = "00-898114cb177d223564aa6b62429202c1-66edc61c659ab291-01";
    let ask = ask.with("x-hop", "1").with("traceparent", traceparent);
    let recording = Recording::of(&origin, [ask]);
    let sent = |flags: &[&str]| {
        assert_eq!(replay(&recording.path(), &origin.url(), flags).0, 0);
        let mut asked = origin.take();
        assert_eq!(asked.len(), 1);
        asked.remove(0)
    };
    let asked = sent(&[]);
    let names: Vec<_> = asked.headers.keys().map(String::as_str).collect();
    assert_eq!(names, ["accept", "host", "via", "x-old"]);
    assert_eq!(asked.path, "/a?b=c%20d");
    let asked = sent(&[
        "--set-header",
        "X-Env: test",
        "--set-header",
        "accept: */*",
        "--remove-header",
        "X-Old",
        "--remove-header",
        "via",
    ]);
    let mut headers = asked.headers.clone();
    headers.remove("host");
    let pairs: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(pairs, [("accept", "*/*"), ("x-env", "test")]);
    assert_eq!(sent(&["--keep-host"]).host, "glyph.test");
    assert_eq!(sent(&["--set-header", "Host: other.test:81"]).host, "other.test:81");
}

#[test]
fn the_targets_path_comes_first() {
    let origin = echo();
    let recording = Recording::of(&origin, [Ask::get("/a?b")]);
    let (code, report, _) = replay(&recording.path(), &format!("{}/v2/", origin.url()), &[]);
    assert_eq!((code, paths(&origin)), (1, vec!["/v2/a?b".to_owned()]), "{report:#}");
}

#[test]
fn filters_limits_and_loops_say_how_much() {
    let origin = echo();
    let recording = Recording::of(&origin, (0..6).map(|n| Ask::get(&format!("/{n}"))));
    let sent = |flags: &[&str]| {
        assert_eq!(replay(&recording.path(), &origin.url(), flags).0, 0);
        paths(&origin)
    };
    assert_eq!(sent(&["--path", "/[24]"]), ["/2", "/4"]);
    assert_eq!(sent(&["--limit", "2"]), ["/0", "/1"]);
    assert_eq!(sent(&["--limit", "2", "--loop", "3"]), ["/0", "/1", "/0", "/1", "/0", "/1"]);
}

#[test]
fn a_pace_is_kept_and_its_error_told() {
    let origin = echo();
    let recording = Recording::of(&origin, (0..5).map(|n| Ask::get(&format!("/{n}")).over(n)));
    for flags in [&["--rate", "50"][..], &["--speed", "2"]] {
        let run = super::harness::run(
            ["replay", "run", &recording.path(), "--target", &origin.url(), "--format", "json"]
                .iter()
                .chain(flags),
        );
        let report: serde_json::Value = serde_json::from_str(&run.stdout).unwrap();
        assert_eq!(report["sending"]["lateness"]["by"]["count"], 5, "{report:#}");
        assert!(run.stderr.contains("sent late by p50 "), "{}", run.stderr);
        if flags[0] == "--rate" {
            // The last is due 80 ms after the first.
            assert!(report["sending"]["duration_ns"].as_u64().unwrap() >= 80_000_000);
        }
        assert_eq!(paths(&origin).len(), 5);
    }
}

#[test]
fn a_request_of_which_a_part_is_missing_is_not_sent() {
    let origin = echo();
    let long = "x".repeat(5_000);
    let asks = [Ask::get("/"), Ask::new("POST", "/long", &long), Ask::new("POST", "/short", "ab")];
    let recording = Recording::with(&origin, |config, _| config.max_body_bytes = 100, asks);
    let (code, report, stderr) = replay(&recording.path(), &origin.url(), &[]);
    assert_eq!((code, paths(&origin)), (0, vec!["/".to_owned(), "/short".to_owned()]));
    let expected = serde_json::json!([{ "reason": "partial_body", "count": 1, "sequences": [2] }]);
    assert_eq!(report["sending"]["not_sent"], expected);
    assert!(
        stderr.contains("1 not sent: the recording has only part of the request's body (flow 2)"),
        "{stderr}"
    );
}

#[test]
fn a_dry_run_tells_and_sends_nothing() {
    let origin = echo();
    let recording = Recording::of(&origin, (0..3).map(|n| Ask::new("POST", &format!("/{n}"), "12345")));
    let (code, plan, _) = replay(&recording.path(), "http://nobody.invalid", &["--dry-run", "--loop", "2"]);
    assert_eq!((code, &plan["requests"], &plan["body_bytes"]), (0, &6.into(), &15.into()));
    assert_eq!(plan["hosts"], serde_json::json!([{ "host": "127.0.0.1", "requests": 3 }]));
    let run = super::harness::run([
        "replay",
        "run",
        &recording.path(),
        "--target",
        &origin.url(),
        "--dry-run",
        "--rate",
        "2",
    ]);
    assert!(run.stdout.contains("2 requests a second, in 1.00s"), "{}", run.stdout);
    assert!(origin.asked().is_empty());
}

#[test]
fn what_is_nowhere_to_be_sent_is_said_at_once() {
    let origin = echo();
    let recording = Recording::of(&origin, [Ask::get("/")]);
    let run = replayed(&recording.path(), &origin.url(), &["--method", "PUT"]).unable();
    assert!(run.stderr.contains("there is no flow to send"), "{}", run.stderr);
    let run = super::harness::run(["replay", "run", &recording.path()]).unable();
    assert!(run.stderr.contains("--target is missing\nhint: "), "{}", run.stderr);
    for flags in [&["--set-header", "nothing"][..], &["--set-header", "Content-Length: 3"]] {
        let run = replayed(&recording.path(), &origin.url(), flags).unable();
        assert!(run.stderr.contains("--set-header"), "{}", run.stderr);
    }
}
