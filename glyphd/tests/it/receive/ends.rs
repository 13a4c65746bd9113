//! The end: what was sent before it is in the file.

use super::{PROTOBUF, receiver, receiving, sent, span};
use crate::harness::RawClient;

#[tokio::test(flavor = "multi_thread")]
async fn what_was_sent_before_the_end_is_there_though_nobody_waits_for_the_answer() {
    let daemon = receiving().await;
    let to = receiver(&daemon);
    for number in 0..50 {
        let body = sent(vec![span(number)]);
        let head = format!(
            "POST /v1/traces HTTP/1.1\r\nHost: {to}\r\nContent-Type: {PROTOBUF}\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let mut raw = RawClient::connect(to).await;
        raw.write([head.as_bytes(), &body].concat()).await;
    }
    // A connection on which nothing comes is not waited for.
    let _silent = RawClient::connect(to).await;
    let recorded = daemon.drain().await;
    let received = recorded.spans.iter().filter(|span| span.name.starts_with("span ")).count();
    assert_eq!((received, recorded.summary.spans_received), (50, 50));
}
