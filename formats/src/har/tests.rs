use super::*;
use crate::Flow;

/// A flow with these parts, as it stands in a file.
fn flow(request_body: &str, response: &str, more: &str) -> Flow {
    let text = format!(
        r#"{{"format":1,"id":"01M826AC3P75MGNS0WQPWA2WZX","sequence":7,
        "trace_id":"898114cb177d223564aa6b62429202c1","span_id":"66edc61c659ab291","sampled":true,
        "start_time_unix_nano":1760000000000000000,"end_time_unix_nano":1760000000010000000,"kind":"http",
        "client":"127.0.0.1:33444","request":{{"method":"POST","url":"http://a.test/p?x=1&y=a%20b&z",
        "scheme":"http","host":"a.test","port":80,"version":"HTTP/1.1",
        "headers":[["Cookie","a=1; b=x=y"],["Content-Type","text/plain"]],"body":{request_body}}}{response}{more}}}"#
    );
    serde_json::from_str(&text).unwrap()
}

const TEXT: &str = r#"{"size":2,"captured_size":2,"utf8":"hi","complete":true}"#;
const RESPONSE: &str = r#","response":{"status":302,"version":"HTTP/1.1","headers":[["Location","/next"],
    ["set-cookie","s=1; Path=/; Expires=Wed, 21 Oct 2026 07:28:00 GMT; HttpOnly"],["content-type","image/png"]],
    "body":{"size":3,"captured_size":3,"base64":"/wD+","complete":true}}"#;
const TIMINGS: &str = r#","timings":{"resolved_ns":1000000,"connected_ns":3000000,"request_sent_ns":4000000,
    "first_byte_ns":8000000,"response_sent_ns":9500000}"#;

#[test]
fn an_entry_has_all_that_har_knows() {
    let entry = Entry::of(&flow(TEXT, RESPONSE, TIMINGS)).unwrap();
    assert_eq!(entry.started_date_time, "2025-10-09T08:53:20Z");
    let Timings { blocked, dns, connect, send, wait, receive, ssl } = entry.timings;
    assert_eq!([blocked, dns, connect, send, wait, receive, ssl], [-1.0, 1.0, 2.0, 1.0, 4.0, 2.0, -1.0]);
    assert_eq!(entry.time, 10.0);
    let pair = |name: &str, value: &str| Pair { name: name.to_owned(), value: value.to_owned() };
    assert_eq!(entry.request.query_string, [pair("x", "1"), pair("y", "a b"), pair("z", "")]);
    let cookies: Vec<_> = entry.request.cookies.iter().map(|c| (&*c.name, &*c.value)).collect();
    assert_eq!(cookies, [("a", "1"), ("b", "x=y")]);
    assert_eq!(entry.request.post_data.unwrap().text, "hi");
    assert_eq!(entry.response.redirect_url, "/next");
    let cookie = &entry.response.cookies[0];
    assert_eq!(cookie.expires.as_deref(), Some("2026-10-21T07:28:00Z"));
    assert_eq!((cookie.http_only, cookie.secure), (Some(true), Some(false)));
    let content = &entry.response.content;
    assert_eq!((content.size, content.text.as_deref()), (3, Some("/wD+")));
    assert_eq!(content.encoding.as_deref(), Some("base64"));
    assert_eq!(entry.glyph.unwrap().sequence, 7);
}

#[test]
fn a_handshake_is_a_part_of_connecting() {
    let secured =
        TIMINGS.replace("\"connected_ns\":3000000", "\"connected_ns\":3000000,\"secured_ns\":3500000");
    let Timings { connect, ssl, send, .. } = Entry::of(&flow(TEXT, RESPONSE, &secured)).unwrap().timings;
    assert_eq!([connect, ssl, send], [2.5, 0.5, 0.5]);
}

#[test]
fn what_failed_has_no_status_and_waited_to_its_end() {
    let more = r#","timings":{"request_sent_ns":4000000},
        "error":{"kind":"connect_refused","origin":"upstream","message":"no"}"#;
    let entry = Entry::of(&flow(TEXT, "", more)).unwrap();
    assert_eq!((entry.response.status, entry.error.as_deref()), (0, Some("connect_refused")));
    assert_eq!((entry.timings.wait, entry.timings.receive, entry.time), (6.0, 0.0, 10.0));
    assert_eq!((entry.timings.dns, entry.timings.connect), (-1.0, -1.0));
}

#[test]
fn what_is_written_is_read() {
    let entries = vec![Entry::of(&flow(TEXT, RESPONSE, TIMINGS)).unwrap()];
    let creator = Creator { name: "glyphctl".to_owned(), version: "1".to_owned() };
    let har = Har { log: Log { version: VERSION.to_owned(), creator, entries } };
    let text = serde_json::to_string(&har).unwrap();
    assert_eq!(serde_json::from_str::<Har>(&text).unwrap(), har);
}

#[test]
fn the_least_that_others_write_is_read() {
    let text = r#"{"log":{"version":"1.2","creator":{"name":"x","version":""},"pages":[],"entries":[
        {"startedDateTime":"2025-10-09T08:53:20.000Z","time":1,"_initiator":{},"request":{"method":"GET",
        "url":"http://a/","httpVersion":"h2","cookies":[],"headers":[],"queryString":[],"headersSize":-1,
        "bodySize":0},"response":{"status":200,"statusText":"OK","httpVersion":"h2","cookies":[],"headers":[],
        "content":{"size":0,"mimeType":""},"redirectURL":"","headersSize":-1,"bodySize":-1},
        "cache":{"beforeRequest":null},"timings":{"send":0,"wait":1,"receive":0}}]}}"#;
    let har: Har = serde_json::from_str(text).unwrap();
    assert_eq!(har.log.entries[0].timings.dns, -1.0);
}
