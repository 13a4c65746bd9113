use serde_json::json;

use super::served::{Served, exchange};

#[test]
fn headers_fit_the_connection_and_the_content() {
    let mut flow = exchange(1, "GET", "http://a.test/", 200, "hello");
    flow["response"]["headers"] = json!([
        ["Transfer-Encoding", "chunked"],
        ["Connection", "close, x-hop"],
        ["Content-Length", "77"],
        ["ETag", "\"1\""],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
        ["Date", "Thu, 09 Oct 2025 08:53:20 GMT"]
    ]);
    flow["response"]["body"]["content_encoding"] = json!(["gzip"]);
    let served = Served::of(&[flow], &[]);
    let answer = served.get("/");
    assert_eq!(answer.body, "hello");
    for line in
        ["content-length: 5", "etag: \"1\"", "set-cookie: a=1", "set-cookie: b=2", "date: thu, 09 oct 2025"]
    {
        assert!(answer.head.contains(line), "{line}: {}", answer.head);
    }
    assert!(!answer.head.contains("chunked") && !answer.head.contains("content-encoding"), "{}", answer.head);
    let head = served.ask("HEAD", "/", &[], "");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert!(head.head.contains("content-length: 5"), "of what GET gave: {}", head.head);
}

#[test]
fn statuses_without_a_body_have_none() {
    let mut kept = exchange(1, "GET", "http://a.test/kept", 304, "some writers have a body here");
    kept["response"]["headers"] = json!([["ETag", "\"1\""]]);
    let served = Served::of(&[kept, exchange(2, "DELETE", "http://a.test/gone", 204, "")], &[]);
    let kept = served.get("/kept");
    assert!(kept.status == 304 && kept.head.contains("etag") && kept.body.is_empty(), "{kept:?}");
    let gone = served.ask("DELETE", "/gone", &[], "");
    assert!(gone.status == 204 && !gone.head.contains("content-length"), "{}", gone.head);
}

#[test]
fn a_body_that_is_not_all_there_is_an_error_unless_it_is_asked_for() {
    let mut cut = exchange(1, "GET", "http://a.test/cut", 200, "the beginning");
    cut["response"]["body"]["size"] = json!(1_000_000);
    let mut image = exchange(2, "GET", "http://a.test/image", 200, "");
    image["response"]["body"] =
        json!({"size": 9, "captured_size": 9, "digest": "glyph-hmac-sha256-00", "complete": true});
    let mut failed = exchange(3, "GET", "http://a.test/failed", 200, "");
    failed.as_object_mut().unwrap().remove("response");
    failed["error"] = json!({"kind": "connect_refused", "origin": "upstream", "message": "\u{1b}[2J"});
    let flows = [cut, image, failed];
    let served = Served::of(&flows, &["--fail-unmatched"]);
    for (target, error, says) in [
        ("/cut", "body_not_recorded", "13 of 1000000 bytes"),
        ("/image", "body_not_recorded", "by its digest only"),
        ("/failed", "no_response", "connect_refused"),
    ] {
        let answer = served.get(target);
        assert_eq!(answer.status, 502, "{target}");
        assert!(answer.head.contains(&format!("x-glyph-error: {error}")), "{}", answer.head);
        assert!(answer.body.contains(says) && !answer.body.contains('\u{1b}'), "{}", answer.body);
    }
    let ended = served.end();
    assert!(
        ended.code == 1 && ended.stderr.contains("3 recorded, but not so that they could be served"),
        "{ended:#?}"
    );
    let served = Served::of(&flows, &["--partial"]);
    assert_eq!([served.get("/cut").body, served.get("/image").body], ["the beginning", ""]);
    assert_eq!(served.get("/failed").status, 502);
}

#[test]
fn bytes_come_as_bytes() {
    let mut flow = exchange(1, "GET", "http://a.test/b", 200, "");
    flow["response"]["body"] = json!({"size": 3, "captured_size": 3, "base64": "AGF/", "complete": true});
    assert_eq!(Served::of(&[flow], &[]).get("/b").body, "\0a\u{7f}");
}
