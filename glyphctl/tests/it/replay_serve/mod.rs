//! `glyphctl replay serve`: recorded responses, over every protocol that a client may speak.

pub(crate) mod served;
mod bodies;
mod protocols;
mod unmatched;

use serde_json::json;

use self::served::{Served, exchange};
use crate::harness::run;

#[test]
fn help() {
    insta::assert_snapshot!(run(["replay", "serve", "--help"]).fine().stdout);
}

#[test]
fn repeated_requests_get_their_responses_in_order_and_then_the_last_again() {
    // In the file they stand in the order in which they ended.
    let flows = [3, 1, 2].map(|n| exchange(n, "GET", "http://a.test/poll?x=1", 200, &format!("answer {n}")));
    let served = Served::of(&flows, &[]);
    let bodies: Vec<_> = (0..4).map(|_| served.get("/poll?x=1").body).collect();
    assert_eq!(bodies, ["answer 1", "answer 2", "answer 3", "answer 3"]);
    let ended = served.end().fine();
    assert!(ended.stderr.contains("4 requests: 4 answered from the recording"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("never asked for"), "{}", ended.stderr);

    let served = Served::of(&flows, &["--once", "--fail-unmatched"]);
    assert_eq!([0; 4].map(|_| served.get("/poll?x=1").status), [200, 200, 200, 404]);
    assert!(served.get("/poll?x=1").body.contains("it was recorded 3 times"));
    assert_eq!(served.end().code, 1);
}

#[test]
fn several_hosts_answer_for_themselves() {
    let flows = [
        exchange(1, "GET", "http://a.test/", 200, "a"),
        exchange(2, "GET", "http://b.test:8080/", 200, "b"),
        exchange(3, "GET", "http://a.test/only", 200, "only a"),
    ];
    let served = Served::of(&flows, &[]);
    let body = |host: &str, target: &str| served.ask("GET", target, &[&format!("Host: {host}")], "").body;
    assert_eq!([body("B.test:8080", "/"), body("a.test", "/"), body("a.test:80", "/")], ["b", "a", "a"]);
    assert_eq!(body("x", "http://b.test:8080/"), "b", "the URL says more than the header");
    assert_eq!(served.ask("GET", "/only", &["Host: b.test:8080"], "").status, 404);
    // Under another name all of them are there, host after host.
    assert_eq!([served.get("/").body, served.get("/").body, served.get("/only").body], ["a", "b", "only a"]);
}

#[test]
fn what_has_to_be_the_same_is_for_the_user_to_say() {
    let mut flows = Vec::new();
    for (number, tenant, body) in [(1, "7", "{\"q\":1}"), (2, "8", "{\"q\":1}"), (3, "7", "{\"q\":2}")] {
        let mut flow = exchange(number, "POST", "http://a.test/q?v=1", 200, &number.to_string());
        flow["request"]["headers"] = json!([["X-Tenant", tenant], ["Content-Type", "application/json"]]);
        flow["request"]["body"] =
            json!({"size": body.len(), "captured_size": body.len(), "utf8": body, "complete": true});
        flows.push(flow);
    }
    let served = Served::of(&flows, &["--match", "body,header:x-tenant"]);
    let ask = |tenant: &str, body: &str| {
        let tenant = format!("X-Tenant: {tenant}");
        let answer = served.ask("POST", "/q?v=1", &[&tenant, "Content-Type: application/json"], body);
        if answer.status == 200 { answer.body } else { answer.status.to_string() }
    };
    let answers =
        [ask("8", "{\"q\":1}"), ask("7", "{\"q\":2}"), ask("7", "{\"q\":1}"), ask("8", "{\"q\":2}")];
    assert_eq!(answers, ["2", "3", "1", "404"]);
    let served = Served::of(&flows, &["--match", "path"]);
    assert_eq!(served.ask("POST", "/q?v=2", &[], "").body, "1");
}

#[test]
fn a_secret_fits_the_token_in_its_place() {
    let url = "http://a.test/me?access_token=glyph-redacted-0123456789ab&x=1";
    let served = Served::of(&[exchange(1, "GET", url, 200, "it is glyph-redacted-0123456789ab")], &[]);
    assert_eq!(served.get("/me?access_token=s3cret-0f-kim&x=1").body, "it is glyph-redacted-0123456789ab");
    assert_eq!(served.get("/me?access_token=s3cret-0f-kim&x=2").status, 404);
    let ended = served.end().fine();
    assert!(!ended.stderr.contains("s3cret"), "{}", ended.stderr);

    let secrets = tempfile::NamedTempFile::new().unwrap();
    let lines =
        "{\"format\":1,\"key\":\"00\"}\n{\"token\":\"glyph-redacted-0123456789ab\",\"secret\":\"kim\"}\n";
    std::fs::write(secrets.path(), lines).unwrap();
    let mut flow = exchange(1, "GET", url, 200, "it is glyph-redacted-0123456789ab");
    flow["response"]["body"]["redacted"] = json!(true);
    let served = Served::of(&[flow], &["--secrets", secrets.path().to_str().unwrap()]);
    assert_eq!(served.get("/me?access_token=kim&x=1").body, "it is kim");
}

#[test]
fn recorded_times_are_kept_if_they_are_asked_for() {
    let mut flow = exchange(1, "GET", "http://a.test/slow", 200, &"x".repeat(5_000));
    flow["timings"] = json!({"first_byte_ns": 300_000_000, "response_sent_ns": 400_000_000});
    let took = |args: &[&str]| {
        let served = Served::of(&[flow.clone()], args);
        let start = std::time::Instant::now();
        assert_eq!(served.get("/slow").body.len(), 5_000);
        start.elapsed().as_millis()
    };
    assert!(took(&["--latency"]) >= 400);
    let twice = took(&["--latency", "--speed", "2"]);
    assert!(twice >= 200, "{twice}");
}

#[test]
fn what_nobody_asked_for_is_told() {
    let flows: Vec<_> = (1..=3).map(|n| exchange(n, "GET", &format!("http://a.test/{n}"), 200, "")).collect();
    let served = Served::of(&flows, &["--path", "/[12]"]);
    assert_eq!(served.get("/2").status, 200);
    assert_eq!(served.get("/3").status, 404, "the filter left it out");
    let told = served.end().fine().stderr;
    assert!(told.contains("never asked for: 1 of 2 recorded exchanges"), "{told}");
    assert!(
        told.contains("never asked for: GET http://a.test/1") && told.contains("not matched: GET /3"),
        "{told}"
    );
}

#[test]
fn what_can_not_be_served_at_all_is_refused_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let empty = dir.path().join("flows.jsonl");
    std::fs::write(&empty, "").unwrap();
    let told = run(["replay", "serve", empty.to_str().unwrap(), "--addr", "127.0.0.1:0"]).unable().stderr;
    assert!(told.contains("no exchange to be served"), "{told}");
    let served = Served::of(&[exchange(1, "GET", "http://a.test/", 200, "")], &[]);
    let flows = served.path("flows.jsonl");
    let taken = run(["replay", "serve", flows.to_str().unwrap(), "--addr", served.address()]).unable().stderr;
    assert!(taken.contains("--addr") && taken.contains("hint: port 0"), "{taken}");
}
