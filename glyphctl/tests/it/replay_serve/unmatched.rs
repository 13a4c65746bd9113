use std::{
    io::{Read, Write},
    net::TcpListener,
    thread,
};

use serde_json::{Value, json};

use super::served::{Served, exchange};
use crate::{harness::within, server::Server};

#[test]
fn what_fits_nothing_is_told_what_is_nearest() {
    let flows = [
        exchange(1, "GET", "http://a.test/items/7?page=1", 200, ""),
        exchange(2, "POST", "http://a.test/items/7", 200, ""),
        exchange(3, "GET", "http://a.test/\u{202e}<script>", 200, ""),
        exchange(4, "GET", "http://a.test/other", 200, ""),
    ];
    let served = Served::of(&flows, &[]);
    let text = served.get("/items/7?page=2");
    assert_eq!(text.status, 404);
    assert!(text.head.contains("content-type: text/plain") && text.head.contains("x-glyph-error: unmatched"));
    let near: Vec<_> =
        text.body.lines().skip_while(|line| !line.starts_with("nearest")).skip(1).take(2).collect();
    assert_eq!(near, ["  GET http://a.test/items/7?page=1", "  POST http://a.test/items/7"]);
    let json = served.ask("GET", "/items/7", &["Accept: application/json"], "");
    let value: Value = serde_json::from_str(&json.body).unwrap();
    assert_eq!(
        (&value["error"], &value["method"], &value["url"]),
        (&json!("unmatched"), &json!("GET"), &json!("/items/7"))
    );
    assert_eq!(value["nearest"][0]["url"], "http://a.test/items/7?page=1");
    let hidden = served.get("/%E2%80%AE").body;
    assert!(!hidden.contains('\u{202e}'), "{hidden}");
    let told = served.end().fine().stderr;
    assert!(told.contains("3 requests: 0 answered from the recording, 3 not matched"), "{told}");
}

#[test]
fn what_fits_nothing_can_be_passed_on() {
    let upstream = Server::text("from the server");
    let flows = [exchange(1, "GET", "http://a.test/recorded", 200, "recorded")];
    let served = Served::of(&flows, &[&format!("--forward={}", upstream.url(""))]);
    assert_eq!(served.get("/recorded").body, "recorded");
    let answer = served.ask("POST", "/new?x=1", &[], "a body");
    assert_eq!((answer.status, answer.body.as_str()), (200, "from the server"));
    // It counts an answer when it has written it, which the client may have read by then.
    within("the server's count", || upstream.answered() == 1);
    let told = served.end().fine().stderr;
    assert!(told.contains("2 requests: 1 answered from the recording, 1 passed on"), "{told}");
}

#[test]
fn what_concerns_one_connection_is_not_passed_on() {
    let upstream = TcpListener::bind("127.0.0.1:0").unwrap();
    let flows = [exchange(1, "GET", "http://a.test/recorded", 200, "recorded")];
    let to = format!("--forward=http://{}", upstream.local_addr().unwrap());
    let seen = thread::spawn(move || {
        let (mut stream, _) = upstream.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.extend(byte);
        }
        let answer =
            "HTTP/1.1 200 OK\r\nConnection: X-Back\r\nX-Back: 1\r\nX-Far: 2\r\nContent-Length: 0\r\n\r\n";
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8(head).unwrap().to_ascii_lowercase()
    });
    let served = Served::of(&flows, &[&to]);
    let answer = served.ask("GET", "/new", &["Connection: X-Near", "X-Near: 1", "X-End: 2"], "");
    let seen = seen.join().unwrap();
    assert!(!seen.contains("x-near") && seen.contains("x-end: 2"), "{seen}");
    assert!(!answer.head.contains("x-back") && answer.head.contains("x-far: 2"), "{answer:?}");
}

#[test]
fn it_is_passed_on_to_the_host_that_is_asked_for_and_never_back_here() {
    let upstream = Server::text("from the server");
    let flows = [exchange(1, "GET", "http://a.test/recorded", 200, "recorded")];
    let served = Served::of(&flows, &["--forward"]);
    assert_eq!(served.get(&upstream.url("/x")).body, "from the server");
    // The host that is asked for is this one.
    assert_eq!(served.get("/x").status, 404);
    let gone = served.get("http://127.0.0.1:1/x");
    assert!(gone.status == 502 && gone.body.contains("in vain"), "{gone:?}");
}
