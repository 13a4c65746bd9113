use std::io;

use super::*;
use crate::flow::ErrorOrigin;

/// A reader of few bytes at a time.
struct Drops<'a>(&'a [u8], usize);

impl Read for Drops<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.1.min(self.0.len()).min(buf.len());
        let (head, rest) = self.0.split_at(n);
        buf[..n].copy_from_slice(head);
        self.0 = rest;
        Ok(n)
    }
}

fn read(text: &str) -> (Vec<Flow>, Account) {
    let mut reader = Reader::new(text.as_bytes());
    let flows = reader.by_ref().map(|imported| imported.unwrap().flow).collect();
    (flows, reader.account().clone())
}

fn fault(text: &[u8]) -> String {
    let mut reader = Reader::new(text);
    let fault = reader.by_ref().find_map(Result::err).unwrap().to_string();
    assert!(reader.next().is_none(), "nothing comes after an error");
    fault
}

/// A document with these entries, in the order of keys that nobody expects.
fn document(entries: &str) -> String {
    format!(
        "\u{feff}{{\"comment\":\"}}]\\\"\",\"log\":{{\"pages\":[{{\"id\":\"entries\"}}],\"entries\":[{entries}],\
         \"version\":\"1.2\",\"creator\":{{\"name\":\"x\",\"version\":\"3\"}}}}}}\n"
    )
}

const LEAST: &str = r#"{"request":{"method":"GET","url":"http://a.test/"}}"#;

fn one(entry: &str) -> Flow {
    let (flows, account) = read(&document(entry));
    assert_eq!((flows.len(), &account.left_out), (1, &BTreeMap::new()), "{entry}");
    flows.into_iter().next().unwrap()
}

#[test]
fn entries_come_in_whatever_order_the_keys_do_and_in_whatever_pieces() {
    let text = document(&format!("{LEAST} ,\n{LEAST}"));
    for size in [1, 2, 7, 1 << 20] {
        let mut reader = Reader::new(Drops(text.as_bytes(), size));
        assert_eq!(reader.by_ref().map(|i| i.unwrap().flow.sequence).collect::<Vec<_>>(), [1, 2]);
        let account = reader.account();
        assert_eq!((account.creator.as_deref(), account.cut_at), (Some("x 3"), None));
        assert_eq!((account.entries, account.without_time), (2, 2));
    }
    assert_eq!(read("{\"log\":{}}").1, Account::default());
    assert_eq!(read("{\"log\":{\"entries\":null,\"creator\":7}}").1, Account::default());
}

#[test]
fn the_same_document_gives_the_same_flows_and_no_two_alike() {
    let text = document(&format!("{LEAST},{LEAST}"));
    let (flows, _) = read(&text);
    assert_eq!(flows, read(&text).0);
    assert_ne!(flows[0].id, flows[1].id);
    assert_ne!(flows[0].trace_id, flows[1].trace_id);
    assert_eq!(flows[0].id.len(), 26);
}

#[test]
fn a_document_that_is_cut_off_gives_what_was_whole() {
    let text = document(&format!("{LEAST},{LEAST}"));
    let ends: Vec<_> = text.match_indices("}}").map(|(at, _)| at + 2).take(2).collect();
    let log = text.find("\"log\":{").unwrap() + "\"log\":{".len();
    for length in 0..text.trim_end().len() {
        let mut reader = Reader::new(&text.as_bytes()[..length]);
        let flows: Vec<_> = reader.by_ref().collect();
        if length < log {
            let told = flows.into_iter().next().unwrap().unwrap_err().to_string();
            assert_eq!(told, format!("byte {length}: the document ends before its \"log\" begins"));
            continue;
        }
        assert!(flows.iter().all(Result::is_ok), "{length}");
        assert_eq!(flows.len(), ends.iter().filter(|end| **end <= length).count(), "{length}");
        assert_eq!(reader.account().cut_at, Some(length as u64));
    }
}

#[test]
fn what_is_no_har_is_told_with_its_place() {
    for (text, told) in [
        ("[]", "byte 0: expected {, with which a HAR document begins"),
        ("{\"a\":1}", "is no HAR document: it has no \"log\""),
        ("{\"log\":[1]}", "is no HAR document: it has no \"log\""),
        ("{\"log\":{\"entries\":[{}}]}}", "byte 21: expected , or ]"),
        ("{\"log\":{\"entries\":[,]}}", "byte 19: expected a value"),
        ("{\"log\":{entries:[]}}", "byte 8: expected the name of a member, in quotes"),
        ("{\"log\":{\"entries\":[\n{\"a\":\n 01}]}}", "byte 28: invalid number"),
        ("{\"log\":{\"entries\":[{\"a\" 1}]}}", "byte 24: expected `:`"),
    ] {
        assert_eq!(fault(text.as_bytes()), told, "{text}");
    }
    assert!(fault(b"{\"log\":{\"entries\":[{\"time\":\"\xff\"}]}}").contains("invalid unicode"));
    assert!(fault(b"\xff\xfe{\0").ends_with("this is UTF-16; JSON is UTF-8"));
    assert!(
        !begins(b"{\"format\":1,\"id\":\"log\",\"request\":{\"log\":{}}}") && begins(document("").as_bytes())
    );
    assert!(begins(b" {\"log\":{\"ver") && !begins(b"") && !begins(b"{\"log\":[{"));
}

#[test]
fn what_no_flow_can_be_made_of_is_left_out_and_counted() {
    let request = |url: &str| format!(r#"{{"request":{{"method":"GET","url":"{url}"}}}}"#);
    let urls =
        ["data:image/png;base64,AA", "blob:http://a.test/1", "chrome-extension://x/y", "data:,", "", "/x"];
    let mut entries: Vec<_> = urls.map(request).into();
    entries.extend(["{}", "7", "null", r#"{"request":[]}"#, LEAST].map(str::to_owned));
    let (flows, account) = read(&document(&entries.join(",")));
    let left_out: Vec<_> = account.left_out.iter().map(|(why, n)| (why.as_str(), *n)).collect();
    assert_eq!((flows.len(), account.entries), (1, 11));
    assert_eq!(
        left_out,
        [
            ("of blob: URLs", 1),
            ("of chrome-extension: URLs", 1),
            ("of data: URLs", 2),
            ("that are no objects", 2),
            ("without a request", 4)
        ]
    );
    let large = request(&format!("http://a.test/{}", "x".repeat(500)));
    let text = document(&[&large, LEAST].map(String::from).join(","));
    let mut reader = Reader { largest: 500, ..Reader::new(text.as_bytes()) };
    assert_eq!(reader.by_ref().count(), 1);
    assert_eq!(reader.account().left_out.values().sum::<u64>(), 1);
}

#[test]
fn what_is_loose_is_taken_as_it_is_meant() {
    let flow = one(
        r#"{"startedDateTime":"2025-10-09 10:53:20.1234567+0200","time":"12.5","connection":443,"cache":null,
        "request":{"method":"POST","url":"HTTPS://A.test","httpVersion":"h2","headers":[{"name":":authority",
        "value":"a.test"},{"name":"x","value":7},null],"cookies":[{"name":"a","value":"1"},{"name":"b"}],
        "postData":{"mimeType":"application/x-www-form-urlencoded","params":[{"name":"q","value":"a b"}]}},
        "response":{"status":"200","httpVersion":"HTTP/2.0","headers":[{"name":"set-cookie","value":"a=1\nb=2"}],
        "content":{"size":-1,"mimeType":null,"text":"hi"},"bodySize":-1},
        "timings":{"blocked":1,"dns":-1,"connect":3,"ssl":2,"send":0.5,"wait":4,"receive":4,"_queued":1}}"#,
    );
    assert_eq!(flow.start_time_unix_nano, UnixNanos(1_760_000_000_123_456_700));
    assert_eq!(flow.end_time_unix_nano.since(flow.start_time_unix_nano), 12_500_000);
    let t = flow.timings;
    assert_eq!((t.resolved_ns, t.connected_ns, t.secured_ns), (None, Some(2_000_000), Some(4_000_000)));
    assert_eq!((t.request_sent_ns, t.first_byte_ns), (Some(4_500_000), Some(8_500_000)));
    let asked = &flow.request;
    assert_eq!((asked.url.as_str(), asked.version.as_str()), ("https://a.test/", "HTTP/2"));
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let kind = header("Content-Type", "application/x-www-form-urlencoded");
    assert_eq!(asked.headers, [header("x", "7"), header("Cookie", "a=1; b="), kind]);
    assert_eq!(asked.body.utf8.as_deref(), Some("q=a+b"));
    let answered = flow.response.unwrap();
    assert_eq!(answered.headers, [header("set-cookie", "a=1"), header("set-cookie", "b=2")]);
    assert_eq!((answered.status, answered.body.utf8.as_deref()), (200, Some("hi")));
    assert_eq!((flow.client.as_str(), flow.unredacted), ("har:443", true));
}

#[test]
fn a_handshake_beside_connecting_is_known_by_the_whole_time() {
    let entry = |time: u64| {
        format!(
            r#"{{"request":{{"method":"GET","url":"http://a.test/"}},"time":{time},
            "timings":{{"dns":1,"connect":10,"ssl":8,"send":0,"wait":20,"receive":1}}}}"#
        )
    };
    let secured = |time| one(&entry(time)).timings.secured_ns.unwrap();
    assert_eq!((secured(32), secured(40)), (11_000_000, 19_000_000));
}

#[test]
fn times_are_read_as_they_are_written() {
    for (text, nanos) in [
        ("2025-10-09T08:53:20Z", 0),
        ("2025-10-09T08:53:20.5+00:00", 500_000_000),
        ("2025-10-09T10:53:20.123+02", 123_000_000),
        ("2025-10-09T08:53:20.1234567", 123_456_700),
        ("2025-10-09 08:53:20,250", 250_000_000),
        ("2025-10-09T03:23:20.000-0530", 0),
    ] {
        let entry = LEAST.replacen('{', &format!("{{\"startedDateTime\":\"{text}\","), 1);
        assert_eq!(one(&entry).start_time_unix_nano.0, 1_760_000_000_000_000_000 + nanos, "{text}");
    }
}

/// The response's body of an entry with that content, those headers and that size.
fn body(content: &str, headers: &str, size: i64) -> (crate::flow::Body, Vec<(String, String)>) {
    let flow = one(&format!(
        r#"{{"request":{{"method":"GET","url":"http://a.test/"}},"response":{{"status":200,"headers":[{headers}],
        "content":{{{content}}},"bodySize":{size}}}}}"#
    ));
    let response = flow.response.unwrap();
    (response.body, response.headers)
}

#[test]
fn bodies_are_contents_and_their_headers_fit_them() {
    let coded = r#"{"name":"Content-Encoding","value":"br"},{"name":"content-length","value":"9"},
        {"name":"content-type","value":"text/html; charset=ISO-8859-1"}"#;
    let (stored, headers) = body(r#""size":6,"text":"h\u00e9llo""#, coded, 9);
    assert_eq!((stored.utf8.as_deref(), stored.size, stored.captured_size), (Some("h\u{e9}llo"), 9, 9));
    assert_eq!(
        (stored.content_encoding.join(","), stored.charset.as_deref()),
        ("br".to_owned(), Some("ISO-8859-1"))
    );
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let kind = header("content-type", "text/html; charset=utf-8");
    assert_eq!(headers, [header("content-length", "6"), kind]);
    assert!(!stored.is_partial());

    let (stored, _) = body(r#""size":2,"text":"/wA=","encoding":"base64""#, "", 2);
    assert_eq!((stored.base64.as_deref(), stored.utf8, stored.size), (Some("/wA="), None, 2));
    let (stored, _) = body(r#""size":2,"text":"/wA=","mimeType":"image/png""#, "", 2);
    assert_eq!(stored.base64.as_deref(), Some("/wA="), "what it is, is not told");
    let (stored, _) = body(r#""size":4,"text":"/wA=","mimeType":"image/png""#, "", 4);
    assert_eq!(stored.utf8.as_deref(), Some("/wA="));
    let (stored, _) = body(r#""size":5,"text":"aGVsbG8=","encoding":"base64""#, "", -1);
    assert_eq!(stored.utf8.as_deref(), Some("hello"));

    let (stored, _) = body(r#""size":1000,"text":"the beginning""#, "", 1000);
    assert!(stored.is_partial() && stored.captured_size == 13 && stored.size == 1_000);
    let (stored, _) = body(r#""size":1000"#, "", 400);
    assert!(stored.is_partial() && stored.size == 1_000);
    let (stored, _) = body(r#""mimeType":"x""#, "", -1);
    assert!(stored.is_partial(), "whether there was one is not known");
    let (stored, _) = body(r#""size":0"#, "", 0);
    assert!(!stored.is_partial() && stored.size == 0);
}

#[test]
fn what_came_to_no_answer_says_why() {
    let entry =
        r#"{"request":{"method":"GET","url":"http://a.test/"},"response":{"status":0,"_error":"ERR"}}"#;
    for (said, kind, origin) in [
        ("net::ERR_CONNECTION_REFUSED", "connect_refused", ErrorOrigin::Upstream),
        ("net::ERR_CERT_AUTHORITY_INVALID", "upstream_tls", ErrorOrigin::Upstream),
        ("NS_ERROR_UNKNOWN_HOST", "resolve", ErrorOrigin::Upstream),
        ("net::ERR_ABORTED", "client_gone", ErrorOrigin::Client),
        ("", "upstream_closed", ErrorOrigin::Upstream),
    ] {
        let flow = one(&entry.replace("ERR\"", &format!("{said}\"")));
        let error = flow.error.unwrap();
        assert_eq!((error.kind.as_str(), error.origin), (kind, origin), "{said}");
        assert!(flow.response.is_none() && !error.message.is_empty());
    }
}

#[test]
fn messages_of_a_websocket_are_counted() {
    let flow = one(
        r#"{"request":{"method":"GET","url":"wss://a.test/chat"},"response":{"status":101},"_webSocketMessages":
        [{"type":"send","time":1,"opcode":1,"data":"hello"},{"type":"receive","data":"x"},{"type":"receive","data":"y"}]}"#,
    );
    let socket = flow.websocket.unwrap();
    assert_eq!((socket.sent.messages, socket.sent.bytes, socket.received.messages), (1, 5, 2));
    assert_eq!((flow.request.scheme.as_str(), flow.request.port), ("https", 443));
}

mod round;
