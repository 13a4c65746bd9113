//! Two recordings, held against each other: what stands beside what, what is told of it, and how it ends.

mod flows;
mod recorded;

use std::{fs, io::Write};

use self::flows::{Two, counts, get, groups};
use crate::harness::{run, run_with_stdin};

#[test]
fn changes_are_named_each_in_its_place() {
    let mut changed = [
        get("/a", r#"{"items":[{"id":1,"price":2},{"id":2,"price":3}],"at":"2026-11-26T10:00:00Z"}"#),
        get("/b", "[1]"),
        get("/c", "[1]"),
    ];
    let recorded = changed.clone();
    changed[0].got =
        r#"{"at":"2026-11-27T10:00:00Z","items":[{"id":1,"price":2.0},{"id":2,"price":4}]}"#.to_owned();
    changed[1].status = 500;
    let two = Two::new(&recorded, &changed);
    let report = two.report(&[]);
    assert_eq!(
        groups(&report),
        ["body $.at changed 1", "body $.items[*].price changed 1", "status changed 1"]
    );
    assert_eq!((counts(&report), report["verdict"].as_str()), ([3, 2, 0, 0], Some("different")));
    assert_eq!(
        groups(&two.report(&["--ignore-dates", "--ignore", "status"])),
        ["body $.items[*].price changed 1"]
    );
    let place = report["groups"][1]["place"].as_str().unwrap();
    assert_eq!(groups(&two.report(&["--ignore", place, "--ignore", "$..at"])), ["status changed 1"]);
    assert_eq!(
        two.diff(&["--ignore", "status", "--ignore", "$.items", "--ignore-text", r"2026-\d\d-\d\d"]).code,
        0
    );
    assert_eq!(two.diff(&[]).code, 1);
    assert_eq!(two.diff(&["--ignore", "body", "--ignore", "status"]).code, 0);
    for format in ["table", "markdown", "junit"] {
        insta::assert_snapshot!(format!("changes_as_{format}"), two.diff(&["--format", format]).stdout);
    }
}

#[test]
fn requests_are_the_same_by_method_url_and_body_then_by_their_order() {
    let post = |sent: &str, got: &str, start| get("/x", got).post(sent).at(start);
    // Lines stand in the order in which exchanges ended.
    let recorded = [
        post("one", "1", 30),
        post("two", "2", 20),
        post("three", "3", 10),
        get("/x", "0").at(50),
        get("/x", "9").at(40),
    ];
    let new = [
        get("/x", "9").at(4),
        post("three", "3", 1),
        get("/x", "0").at(5),
        post("two", "2", 2),
        post("one", "1", 3),
    ];
    let two = Two::new(&recorded, &new);
    assert_eq!(counts(&two.report(&[])), [5, 0, 0, 0]);
    // Bodies that have no like are taken in the order in which they began.
    let recorded = [post("nonce 1", "1", 10), post("nonce 2", "2", 20), post("same", "s", 15)];
    let new = [post("nonce 8", "2", 6), post("nonce 9", "1", 5), post("same", "s", 9)];
    assert_eq!(counts(&Two::new(&recorded, &new).report(&[])), [3, 0, 0, 0]);
    // The first of many are paired.
    let recorded = [get("/x", "1").at(1), get("/x", "2").at(2), get("/x", "3").at(3)];
    let report = Two::new(&recorded, &recorded[..2]).report(&[]);
    assert_eq!(
        (counts(&report), report["missing_exchanges"][0]["sequence"].as_u64()),
        ([2, 0, 1, 0], Some(3))
    );
}

#[test]
fn tokens_in_requests_are_the_same() {
    let asked = |token: &str| {
        get(&format!("/x?api_key=glyph-redacted-{token}"), "1")
            .post(&format!("password=glyph-redacted-{token}"))
    };
    let (one, other) = (asked("00000000000a"), asked("0000000000ff"));
    assert_eq!(counts(&Two::new(&[one], &[other]).report(&[])), [1, 0, 0, 0]);
}

#[test]
fn a_host_counts_unless_each_recording_has_one() {
    let (a, b, c) = ("http://a.test:8080", "http://b.test", "https://c.test:444");
    let of = |origin: &str, got: &str| get("/x", got).of(origin);
    let counted =
        |recorded: &[flows::Asked], new: &[flows::Asked]| counts(&Two::new(recorded, new).report(&[]));
    assert_eq!(counted(&[of(a, "1")], &[of(c, "1")]), [1, 0, 0, 0]);
    let both = [of(a, "1"), of(b, "2")];
    assert_eq!(counted(&both, &[of(b, "2"), of(a, "1")]), [2, 0, 0, 0]);
    assert_eq!(counted(&both, &[of(b, "2"), of(c, "1")]), [1, 0, 1, 1]);
    assert_eq!(counted(&both, &[of(b, "2")]), [1, 0, 1, 0]);
    assert_eq!(counted(&[of(b, "2")], &both), [1, 0, 0, 1]);
    let two = Two::new(&[of(a, "1"), of(b, "2")], &[of(c, "1").at(1), of(c, "2").at(2)]);
    assert_eq!(two.diff(&[]).code, 2);
    assert_eq!(counts(&two.report(&["--ignore-host"])), [2, 0, 0, 0]);
}

#[test]
fn what_is_on_one_side_only_is_told_with_what_is_near() {
    let recorded = [get("/", "1"), get("/api/users/1", "1"), get("/api/users/1", "1")];
    let new = [get("/", "1"), get("/api/users/one", "1"), get("/favicon.ico", "1")];
    let two = Two::new(&recorded, &new);
    let report = two.report(&[]);
    assert_eq!(counts(&report), [1, 0, 2, 2]);
    let missing = &report["missing_exchanges"][0];
    assert_eq!(
        (missing["count"].as_u64(), missing["nearest"][0].as_str()),
        (Some(2), Some("GET http://a.test:8080/api/users/one"))
    );
    let code = |fail_on: &str| two.diff(&["--fail-on", fail_on]).code;
    assert_eq!([code("difference"), code("missing"), code("difference,extra"), code("none")], [0, 1, 1, 0]);
}

#[test]
fn where_nothing_is_common_nothing_is_green() {
    let two = Two::new(&[get("/a", "1")], &[get("/b", "1")]);
    let run = two.diff(&["--fail-on", "none"]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stderr.contains("nothing was compared: no exchange stands beside another"), "{run:#?}");
    assert_eq!(two.report(&[])["verdict"], "nothing");
    let empty = Two::new(&[], &[]).diff(&[]);
    assert!(empty.code == 2 && empty.stderr.contains("there is no exchange"), "{empty:#?}");
}

#[test]
fn a_filter_chooses_what_was_recorded_and_what_stands_beside_it() {
    let (mut recorded, mut new) =
        ([get("/a", "1"), get("/b", "1"), get("/c", "1")], [get("/a", "2"), get("/b", "2"), get("/d", "1")]);
    recorded[1].status = 404;
    new[0].status = 500;
    let two = Two::new(&recorded, &new);
    assert_eq!(counts(&two.report(&["--path", "/a"])), [1, 1, 0, 0]);
    assert_eq!(counts(&two.report(&["--status", "200"])), [1, 1, 1, 1]);
    assert_eq!(counts(&two.report(&["--status", "404"])), [1, 1, 0, 0]);
    assert_eq!(two.diff(&["--path", "/nowhere"]).code, 2);
}

#[test]
fn recordings_come_in_all_forms() {
    let exchanges: Vec<_> =
        (0..300).map(|n| get(&format!("/{n}"), &format!(r#"{{"n":{n}}}"#)).at(n)).collect();
    let two = Two::new(&exchanges, &exchanges);
    let (plain, text) = (two.path("a.jsonl"), fs::read(two.path("b.jsonl")).unwrap());
    fs::write(two.path("b.zst"), zstd::encode_all(text.as_slice(), 3).unwrap()).unwrap();
    let mut gz =
        flate2::write::GzEncoder::new(fs::File::create(two.path("b.gz")).unwrap(), Default::default());
    gz.write_all(&text).unwrap();
    gz.finish().unwrap();
    for other in ["b.zst", "b.gz"] {
        let run = run(["replay", "diff", &two.path(other), &plain]).fine();
        assert!(
            run.stdout.starts_with("no difference: 300 exchanges are as they were recorded\n"),
            "{run:#?}"
        );
    }
    assert_eq!(run_with_stdin(["replay", "diff", &plain, "-"], &text).code, 0);
    assert!(run(["replay", "diff", "-", "-"]).unable().stderr.contains("standard input"));
    // What a crash leaves.
    fs::write(two.path("b.jsonl"), &text[..text.len() - 10]).unwrap();
    let torn = two.diff(&[]);
    assert!(torn.code == 1 && torn.stderr.contains("the last line is torn"), "{torn:#?}");
    assert_eq!(counts(&two.report(&[])), [299, 0, 1, 0]);
}

#[test]
fn what_is_wrong_with_a_rule_is_said() {
    let two = Two::new(&[get("/a", "1")], &[get("/a", "1")]);
    let wrong = |rule: &str| two.diff(&["--ignore", rule]).unable().stderr;
    assert!(wrong("etag").contains("--ignore etag: expected status, headers, body"), "{}", wrong("etag"));
    assert!(wrong("$[?@.a]").contains("filters, slices"), "{}", wrong("$[?@.a]"));
    assert!(two.diff(&["--ignore-text", "("]).unable().stderr.contains("--ignore-text"));
    assert!(run(["replay", "diff", "nowhere", "nowhere"]).unable().stderr.contains("nowhere"));
}

#[test]
fn the_help_teaches() {
    insta::assert_snapshot!("help", run(["replay", "diff", "--help"]).fine().stdout);
}
