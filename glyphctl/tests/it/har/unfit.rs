use std::fs;

use super::{document, import, lines};
use crate::harness::{names_in, run};

#[test]
fn a_document_that_is_cut_off_gives_what_was_whole() {
    let dir = tempfile::tempdir().unwrap();
    let [har, out] = ["cut.har", "out.jsonl"].map(|name| dir.path().join(name));
    let text = fs::read(document("chromium.har")).unwrap();
    let end = String::from_utf8(text.clone()).unwrap().find("data:image").unwrap();
    fs::write(&har, &text[..end]).unwrap();
    let told = import(&har, &out, &[]).fine().stderr;
    assert!(told.contains(&format!("the document is cut off at byte {end}; 2 flows before it")), "{told}");
    assert_eq!(lines(&out).len(), 2);
}

#[test]
fn what_is_no_har_is_refused_with_its_place_and_nothing_is_left() {
    let dir = tempfile::tempdir().unwrap();
    let [har, out, folder, secrets] =
        ["bad.har", "out.jsonl", "out", "secrets"].map(|name| dir.path().join(name));
    for (text, told) in [
        ("{\"log\":{\"entries\":[{\"a\" 1}]}}", "bad.har: byte 24: expected `:`"),
        ("{\"a\":[]}", "bad.har: is no HAR document: it has no \"log\"\nhint: a HAR document has"),
        ("", "bad.har: byte 0: the document ends before its \"log\" begins"),
    ] {
        fs::write(&har, text).unwrap();
        for out in [&out, &folder] {
            let refused = import(&har, out, &["--secrets", secrets.to_str().unwrap()]).unable();
            assert!(refused.stderr.contains(told), "{}", refused.stderr);
            assert_eq!(names_in(dir.path()), ["bad.har"]);
        }
    }
}

#[test]
fn nothing_is_written_over() {
    let dir = tempfile::tempdir().unwrap();
    let [out, secrets] = ["out.jsonl", "secrets"].map(|name| dir.path().join(name));
    let har = document("safari.har");
    for there in [&out, &secrets] {
        fs::write(there, "mine").unwrap();
        let refused = import(&har, &out, &["--secrets", secrets.to_str().unwrap()]).unable();
        assert!(
            refused.stderr.contains("exists already") && refused.stderr.contains("hint: "),
            "{}",
            refused.stderr
        );
        assert_eq!(fs::read_to_string(there).unwrap(), "mine");
        fs::remove_file(there).unwrap();
    }
    let refused = import(&har, &dir.path().join("out.jsonl.gz"), &[]).unable();
    assert!(refused.stderr.contains("flows are written into"), "{}", refused.stderr);
    assert!(names_in(dir.path()).is_empty());
}

#[test]
fn what_is_left_out_is_counted_and_hidden_characters_stay_hidden() {
    let dir = tempfile::tempdir().unwrap();
    let har = dir.path().join("x.har");
    let entries = ["data:,x", "x\\u001b[2J:y", "http://a.test/\\u202ex"]
        .map(|url| format!("{{\"request\":{{\"method\":\"GET\",\"url\":\"{url}\"}}}}"));
    fs::write(&har, format!("{{\"log\":{{\"entries\":[{}]}}}}", entries.join(","))).unwrap();
    let listed = run(["flows", "ls", har.to_str().unwrap()]).fine();
    assert!(listed.stderr.contains("2 entries left out: ") && listed.stderr.contains("1 of data: URLs"));
    for text in [&listed.stderr, &listed.stdout] {
        assert!(!text.contains('\u{1b}') && !text.contains('\u{202e}'), "{text}");
    }
}
