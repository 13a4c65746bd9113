//! Posts that are refused, each with what OTLP has for it.

use std::process::Command;

use http::{Method, Request};
use prost::Message;

use super::{JSON, PROTOBUF, gzip, post, post_spans, receiver, receiving, sent, span};
use crate::harness::{Client, RawClient, TestDaemon, client::empty, within};

/// `google.rpc.Status`, as a client reads it.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

const MIB: usize = 1 << 20;

/// Names and values.
type Headers<'a> = &'a [(&'a str, &'a str)];

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_post_of_spans_is_told_what_it_should_be() {
    let daemon = receiving().await;
    let to = receiver(&daemon);
    let protobuf = ("content-type", PROTOBUF);
    let json = ("content-type", JSON);
    let gzipped = ("content-encoding", "gzip");
    let bomb = gzip(&vec![0; 64 * MIB]);
    let table: [(&str, Headers<'_>, Vec<u8>, u16, &str); 12] = [
        ("/v1/spans", &[protobuf], vec![], 404, "/v1/traces"),
        ("/", &[], vec![], 404, "/v1/traces"),
        ("/v1/traces", &[], vec![], 415, "application/x-protobuf or application/json"),
        ("/v1/traces", &[("content-type", "text/plain")], vec![], 415, "application/json"),
        ("/v1/traces", &[protobuf], b"no protobuf".to_vec(), 400, "no OTLP"),
        ("/v1/traces", &[json], b"{\"resourceSpans\":7}".to_vec(), 400, "no OTLP"),
        (
            "/v1/traces",
            &[json],
            format!("{{\"resourceSpans\":\"{}\"}}", "x".repeat(MIB)).into(),
            400,
            "no OTLP",
        ),
        ("/v1/traces", &[json], "[".repeat(100_000).into_bytes(), 400, "no OTLP"),
        ("/v1/traces", &[protobuf, gzipped], b"no gzip".to_vec(), 400, "gzip"),
        ("/v1/traces", &[protobuf, ("content-encoding", "x-own")], vec![1], 400, "x-own"),
        ("/v1/traces", &[protobuf, gzipped], bomb, 413, "8 MiB"),
        ("/v1/traces", &[json], vec![b' '; 9 * MIB], 413, "8 MiB"),
    ];
    for (path, headers, body, status, what) in table {
        let answer = post(to, path, headers, body).await;
        assert_eq!(answer.status.as_u16(), status, "{path} {headers:?}: {}", answer.text());
        let message = match headers.first() {
            Some((_, PROTOBUF)) => {
                assert_eq!(answer.headers["content-type"], PROTOBUF);
                Status::decode(answer.body).unwrap().message
            }
            Some((_, JSON)) => {
                let status: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
                assert!(status["code"].is_i64(), "{status}");
                status["message"].as_str().unwrap().to_owned()
            }
            _ => answer.text(),
        };
        assert!(message.contains(what), "{path} {headers:?}: {message}");
        assert!(message.len() < 400, "it quotes no more than is of use");
    }
    let get = Request::builder().method(Method::GET).uri("/v1/traces").header("host", "x");
    let answer = Client::connect(to).await.ask(get.body(empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), &answer.headers["allow"]), (405, &"POST".parse().unwrap()));

    // None of that keeps the next one from being taken.
    assert_eq!(post_spans(to, vec![span(0)]).await.status, 200);
    let recorded = daemon.drain().await;
    assert_eq!(recorded.summary.spans_received, 1);
    let posts =
        |status| recorded.counted("glyph_received_posts_total", &[("signal", "traces"), ("status", status)]);
    assert_eq!((posts("200"), posts("400"), posts("413"), posts("415")), (1.0, 6.0, 2.0, 2.0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_grows_beyond_what_may_be_is_refused_as_it_comes() {
    let daemon = receiving().await;
    let mut raw = RawClient::connect(receiver(&daemon)).await;
    raw.write("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n").await;
    raw.write("Transfer-Encoding: chunked\r\n\r\n").await;
    let chunk = format!("{:x}\r\n{}\r\n", MIB, " ".repeat(MIB));
    for _ in 0..12 {
        raw.write(&chunk).await;
    }
    raw.write("0\r\n\r\n").await;
    let head = raw.head().await;
    assert!(head.starts_with("HTTP/1.1 413 "), "{head}");
    daemon.drain().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_hangs_has_senders_come_again_and_nothing_is_lost() {
    let dir = tempfile::tempdir().unwrap();
    let fifo = dir.path().join("traces");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let daemon = TestDaemon::with(|config| {
        config.otlp_addr = Some("127.0.0.1:0".parse().unwrap());
        config.trace.file = Some(fifo.clone());
    })
    .await;
    let to = receiver(&daemon);
    // Nobody reads: the pipe takes 64 KiB, and then it hangs; 64 MiB of lines may wait.
    let large = |number| {
        let mut one = span(number);
        one.name = format!("{} {}", one.name, "x".repeat(7 * MIB));
        one
    };
    let mut taken = 0;
    let refused = loop {
        let answer = post_spans(to, vec![large(taken)]).await;
        if answer.status != 200 {
            break answer;
        }
        taken += 1;
        assert!(taken < 40, "there is a bound");
    };
    assert_eq!((refused.status.as_u16(), &refused.headers["retry-after"]), (503, &"1".parse().unwrap()));
    assert_eq!(Status::decode(refused.body).unwrap().code, 14);
    assert!(taken > 4, "{taken}");

    // Somebody reads.
    let reader = tokio::task::spawn_blocking(move || std::fs::read_to_string(fifo).unwrap());
    within("room", async {
        while post_spans(to, vec![large(taken)]).await.status != 200 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    let recorded = daemon.drain().await;
    assert_eq!(recorded.summary.spans_received, taken + 1);
    let text = reader.await.unwrap();
    for number in 0..=taken {
        assert_eq!(text.matches(&format!("\"span {number} xxx")).count(), 1, "{number}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_at_the_receiver_through_the_proxy() {
    let daemon = receiving().await;
    let url = format!("http://{}/v1/traces", receiver(&daemon));
    let request = Request::post(&url).header("content-type", PROTOBUF);
    let body = crate::harness::client::full(sent(vec![span(0)]));
    let answer = daemon.client().await.ask(request.body(body).unwrap()).await;
    assert_eq!(answer.status, 508);
    let recorded = daemon.drain().await;
    assert_eq!(recorded.flow().error.as_ref().unwrap().kind, "loop");
    assert_eq!(recorded.summary.spans_received, 0);
}
