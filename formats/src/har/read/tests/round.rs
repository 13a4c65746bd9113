use proptest::{option, prelude::*};

use super::*;
use crate::{
    flow::{Body, FlowError, FlowKind, Redaction, Request, Response, Timings, Tunnel},
    har::Entry,
};

fn headers() -> impl Strategy<Value = Vec<(String, String)>> {
    let name = prop_oneof!["[A-Za-z-]{1,9}", Just("Content-Encoding".to_owned()), Just("cookie".to_owned())];
    let value = prop_oneof![".{0,12}", Just("gzip".to_owned()), Just("a=1; b".to_owned())];
    proptest::collection::vec((name, value), 0..4)
}

prop_compose! {
    fn body()(
        text in option::of(prop_oneof![".{0,30}", Just("\0x".to_owned())]),
        bytes in option::of(proptest::collection::vec(any::<u8>(), 0..30)),
        gzip in any::<bool>(),
        (size, captured_size) in (0..50_u64, 0..50_u64),
        (complete, truncated, redacted) in any::<(bool, bool, bool)>(),
        digest in option::of("[a-f0-9]{4}"),
        charset in option::of("[a-z0-9-]{1,9}"),
        content_encoding in proptest::collection::vec("[a-z]{2,5}", 0..2),
    ) -> Body {
        let bytes = bytes.filter(|_| text.is_none()).map(|bytes| if gzip { zstd::encode_all(&*bytes, 1).unwrap() } else { bytes });
        let stored = text.as_ref().map(|text| text.as_bytes().to_vec()).or_else(|| bytes.clone());
        let base64 = bytes.map(|bytes| base64::Engine::encode(&base64::prelude::BASE64_STANDARD, bytes));
        let sha256 = stored.map(|bytes| hex::encode(<sha2::Sha256 as sha2::Digest>::digest(bytes)));
        Body { size, captured_size, utf8: text, base64, sha256, digest, complete, truncated, redacted, content_encoding, charset }
    }
}

prop_compose! {
    fn request()(
        url in prop_oneof![Just("http://a.test/x?y=1#z".to_owned()), Just("https://b.test:8443".to_owned()), ".{0,20}"],
        method in "[A-Z]{1,8}",
        host in "[a-z.]{0,9}",
        port in any::<u16>(),
        (headers, trailers) in (headers(), headers()),
        body in body(),
    ) -> Request {
        Request { method, url, scheme: "http".to_owned(), host, port, version: "HTTP/2".to_owned(), headers, body, trailers }
    }
}

prop_compose! {
    fn response()(status in 0..1_000_u16, (headers, trailers) in (headers(), headers()), body in body()) -> Response {
        Response { status, version: "HTTP/1.1".to_owned(), headers, body, trailers }
    }
}

prop_compose! {
    fn flow()(
        request in request(),
        response in option::of(response()),
        (sequence, start, end) in any::<(u64, u64, u64)>(),
        steps in any::<[Option<u64>; 6]>(),
        message in option::of(".{0,9}"),
        socket in option::of(any::<(u64, Option<u16>)>()),
        (sampled, unredacted) in any::<(bool, bool)>(),
        count in 1..9_u64,
    ) -> Flow {
        let [resolved_ns, connected_ns, secured_ns, request_sent_ns, first_byte_ns, response_sent_ns] = steps;
        let error = message.map(|message| FlowError { kind: "resolve".to_owned(), origin: ErrorOrigin::Glyph, message });
        let websocket = socket.map(|(frames, close_code)| {
            let sent = crate::flow::Frames { frames, close_code, ..Default::default() };
            crate::flow::WebSocket { sent, ..Default::default() }
        });
        Flow {
            format: 1, id: format!("id-{sequence}"), sequence,
            trace_id: crate::TraceId::new(u128::from(start) + 1).unwrap(),
            span_id: crate::SpanId::new(end.max(1)).unwrap(),
            sampled, start_time_unix_nano: UnixNanos(start), end_time_unix_nano: UnixNanos(end),
            kind: FlowKind::Http, client: "127.0.0.1:9".to_owned(), request, response, tunnel: None, websocket,
            timings: Timings { resolved_ns, connected_ns, secured_ns, request_sent_ns, first_byte_ns, response_sent_ns },
            error, redactions: vec![Redaction { kind: "header".into(), place: "request.url".to_owned(), count }], unredacted,
        }
    }
}

proptest! {
    #[test]
    fn a_flow_that_was_written_is_read_as_it_was(flows in proptest::collection::vec(flow(), 0..4), at in any::<prop::sample::Index>()) {
        let entries: Vec<_> = flows.iter().map(|flow| serde_json::to_string(&Entry::of(flow).unwrap()).unwrap()).collect();
        let text = document(&entries.join(","));
        let (read_back, account) = read(&text);
        prop_assert_eq!(&read_back, &flows);
        prop_assert_eq!(account.ours, flows.len() as u64);
        // Cut anywhere, it gives the first of them, or says that there is nothing.
        let cut = &text.as_bytes()[..at.index(text.len())];
        let mut reader = Reader::new(cut);
        let some: Vec<_> = reader.by_ref().map_while(Result::ok).map(|imported| imported.flow).collect();
        prop_assert_eq!(&some, &flows[..some.len()]);
    }

    #[test]
    fn whatever_stands_there_is_read_or_refused(text in prop_oneof![
        ".{0,60}",
        r#"[\[\]{}:,"\\0-9a-z ]{0,60}"#.prop_map(|inner| format!("{{\"log\":{{\"entries\":[{inner}]}}}}")),
        r#"[\[\]{}:,"\\0-9a-z ]{0,60}"#.prop_map(|inner| format!("{{\"log\":{{\"entries\":[{{\"request\":{{\"url\":\"http://a/\",\"method\":{inner}}}}}]}}}}")),
    ]) {
        let reader = Reader::new(text.as_bytes());
        prop_assert!(reader.count() < 100);
    }
}

#[test]
fn a_tunnel_has_no_entry() {
    let (mut flows, _) = read(&document(LEAST));
    flows[0].kind = FlowKind::Tunnel;
    flows[0].tunnel = Some(Tunnel::default());
    assert!(Entry::of(&flows[0]).is_none());
}
