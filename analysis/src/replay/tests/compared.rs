use glyph_formats::{Flow, flow::Redaction};

use super::sample::{flow, with_headers};
use crate::replay::{Comparison, Preset, Rules, compare};

fn places(comparison: &Comparison) -> Vec<&str> {
    comparison.differences.iter().map(|d| d.place.as_str()).collect()
}

fn differing(recorded: &Flow, new: &Flow) -> Vec<String> {
    places(&compare(recorded, new, &Rules::default())).into_iter().map(str::to_owned).collect()
}

fn headers(recorded: &[(&str, &str)], new: &[(&str, &str)]) -> Vec<String> {
    differing(&with_headers(flow("text/plain", "x"), recorded), &with_headers(flow("text/plain", "x"), new))
}

#[test]
fn headers_are_compared_by_name() {
    assert!(headers(&[("A", "1"), ("b", "2")], &[("B", "2"), ("a", "1")]).is_empty());
    assert_eq!(
        headers(&[("a", "1"), ("b", "2")], &[("a", "2"), ("c", "3")]),
        ["headers.a", "headers.b", "headers.c"]
    );
    assert!(headers(&[("vary", "x"), ("vary", "y")], &[("vary", "x, y")]).is_empty());
    assert_eq!(headers(&[("vary", "x"), ("vary", "y")], &[("vary", "y"), ("vary", "x")]), ["headers.vary"]);
}

#[test]
fn headers_that_differ_always_are_left_out() {
    assert!(
        headers(&[("Age", "1"), ("transfer-encoding", "chunked")], &[("age", "2"), ("server-timing", "x")])
            .is_empty()
    );
    assert!(headers(&[("connection", "X-Hop"), ("x-hop", "1")], &[]).is_empty());
    let mut head = (flow("text/plain", "x"), flow("text/plain", "xy"));
    for flow in [&mut head.0, &mut head.1] {
        flow.request.method = "HEAD".to_owned();
        flow.response.as_mut().unwrap().body = Default::default();
        flow.response.as_mut().unwrap().body.complete = true;
    }
    assert_eq!(differing(&head.0, &head.1), ["headers.content-length"]);
}

#[test]
fn cookies_are_told_one_by_one() {
    let (a, b) = (
        ("set-cookie", "a=glyph-redacted-00000000000a; Path=/"),
        ("set-cookie", "b=glyph-redacted-00000000000b"),
    );
    let (x, y) = (
        ("set-cookie", "a=glyph-redacted-00000000001a; Path=/"),
        ("set-cookie", "b=glyph-redacted-00000000001b"),
    );
    assert!(headers(&[a, b], &[y, x]).is_empty());
    let z = ("set-cookie", "a=glyph-redacted-00000000001a; Path=/; Secure");
    assert_eq!(headers(&[a, b], &[y, z]), ["headers.set-cookie[a]"]);
    assert_eq!(headers(&[a, b], &[x]), ["headers.set-cookie[b]"]);
}

#[test]
fn what_the_user_leaves_out_is_left_out() {
    let old = with_headers(flow("application/json", r#"{"a":1}"#), &[("etag", "1"), ("x-b", "1")]);
    let mut new = with_headers(flow("application/json", r#"{"a":2}"#), &[("etag", "2"), ("x-b", "2")]);
    new.response.as_mut().unwrap().status = 500;
    let told = |ignore: &[&str]| {
        let mut rules = Rules::default();
        ignore.iter().for_each(|place| rules.ignore(place).unwrap());
        places(&compare(&old, &new, &rules)).join(" ")
    };
    assert_eq!(told(&[]), "status headers.etag headers.x-b body $.a");
    assert_eq!(told(&["status", "headers.ETag"]), "headers.x-b body $.a");
    assert_eq!(told(&["headers", "$.a"]), "status");
    assert_eq!(told(&["status", "headers", "body"]), "");
    let mut rules = Rules::default();
    assert!(rules.ignore("etag").is_err() && rules.ignore("a$").is_err() && rules.ignore("$.").is_err());
}

#[test]
fn bodies_are_compared_as_what_they_are() {
    let told = |media: &str, old: &str, new: &str| differing(&flow(media, old), &flow(media, new));
    assert_eq!(told("text/html", "<a>\n<b>\n", "<a>\n<c>\n"), ["body line 2"]);
    assert_eq!(told("text/html", "<a>\n<b>", "<a>\n<b>\n<c>"), ["body line 2"]);
    assert_eq!(told("text/plain", "", "x"), ["body"]);
    assert!(told("text/plain", r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#).is_empty());
    assert!(told("application/problem+json", "1.0", "1").is_empty());
    assert_eq!(told("application/json", "{\"a\":1", "{\"a\":2"), ["body line 1"]);
    assert!(told("application/x-www-form-urlencoded", "a=1&b=x+y", "b=x%20y&a=1").is_empty());
    assert_eq!(
        told("application/x-www-form-urlencoded", "a=1&b=2", "a=1&b=3&c="),
        ["body form.b", "body form.c"]
    );
    let lines = "{\"n\":1,\"v\":1}\n{\"n\":2,\"v\":1}\n";
    assert_eq!(
        told("application/x-ndjson", lines, &lines.replace("2,\"v\":1", "2,\"v\":2")),
        ["body line 2 $.v"]
    );
    assert_eq!(
        told("application/x-ndjson", lines, &format!("{{\"n\":0,\"v\":7}}\n{lines}")),
        ["body line 1"]
    );
    let events = "event: a\ndata: {\"n\":1}\n\n: ping\n\ndata: x\ndata: y\n\n";
    assert!(told("text/event-stream", events, &events.replace(": ping\n\n", "")).is_empty());
    assert_eq!(told("text/event-stream", events, &events.replace(":1", ":2")), ["body event 1 $.data.n"]);
    assert_eq!(
        told("text/event-stream", events, &events.replace("data: y", "data: z")),
        ["body event 2 $.data"]
    );
}

#[test]
fn bytes_are_told_by_length_and_digest() {
    let (mut old, mut new) = (flow("image/png", ""), flow("image/png", ""));
    for (flow, base64) in [(&mut old, "/wA="), (&mut new, "/wAB")] {
        let body = &mut flow.response.as_mut().unwrap().body;
        (body.utf8, body.base64, body.sha256) = (None, Some(base64.to_owned()), None);
    }
    let comparison = compare(&old, &new, &Rules::default());
    let told = comparison.differences[0].recorded.as_deref().unwrap();
    assert!(told.starts_with("2 bytes, sha256 "), "{told}");
    assert!(compare(&old, &old, &Rules::default()).is_same());
}

#[test]
fn numbers_in_place_of_secret_ones_are_tokens_where_the_flow_says_so() {
    let with = |pin: &str, other: &str, place: &str| {
        let mut flow = flow("application/json", &format!(r#"{{"user":{{"pin":{pin}}},"n":{other}}}"#));
        flow.redactions.push(Redaction { kind: "json".into(), place: place.to_owned(), count: 1 });
        flow
    };
    let (one, two) = ("123456789012345", "923456789012345");
    let at = "response.body/user/pin";
    assert!(differing(&with(one, "1", at), &with(two, "1", at)).is_empty());
    assert_eq!(differing(&with(one, one, at), &with(two, two, at)), ["body $.n"]);
    assert_eq!(differing(&with(one, "1", at), &with(two, "1", "response.body/other")), ["body $.user.pin"]);
    assert!(differing(&with(one, one, "response.body"), &with(two, two, "response.body")).is_empty());
}

#[test]
fn tokens_of_the_request_come_first() {
    let with = |sent: &str, got: &str| {
        let mut flow = flow("text/plain", got);
        flow.request.headers.push(("cookie".to_owned(), format!("sid={sent}")));
        flow
    };
    let (a, b) = ("glyph-redacted-00000000000a", "glyph-redacted-00000000000b");
    let (x, y) = ("glyph-redacted-0000000000f1", "glyph-redacted-0000000000f2");
    assert!(differing(&with(a, a), &with(x, x)).is_empty());
    assert!(differing(&with(a, b), &with(x, y)).is_empty());
    assert_eq!(differing(&with(a, a), &with(x, y)), ["body line 1"]);
    // What was sent again with the token itself, and came back.
    assert!(differing(&with(a, a), &with(a, a)).is_empty());
}

#[test]
fn a_token_that_was_added_does_not_disturb_others() {
    let old =
        flow("application/json", r#"{"t":"glyph-redacted-00000000000a","u":"glyph-redacted-00000000000b"}"#);
    let new =
        flow("application/json", r#"{"t":"glyph-redacted-0000000000f1","u":"glyph-redacted-0000000000f2"}"#);
    let new = with_headers(new, &[("set-cookie", "s=glyph-redacted-0000000000f3")]);
    assert_eq!(differing(&old, &new), ["headers.set-cookie[s]"]);
}

#[test]
fn presets_leave_dates_and_ids_out() {
    let old = r#"{"id":"550e8400-e29b-41d4-a716-446655440000","at":"2026-11-26T10:00:00Z","ts":1795370069.25,"n":1}"#;
    let new = r#"{"id":"650e8400-e29b-41d4-a716-446655440000","at":"2026-11-27T10:00:00Z","ts":1795370070.5,"n":1}"#;
    let told = |presets: &[Preset]| {
        let mut rules = Rules::default();
        presets.iter().for_each(|preset| rules.add(*preset));
        places(&compare(&flow("application/json", old), &flow("application/json", new), &rules)).join(" ")
    };
    assert_eq!(told(&[]), "body $.id body $.at body $.ts");
    assert_eq!(told(&[Preset::Dates]), "body $.id");
    assert_eq!(told(&[Preset::Dates, Preset::Ids]), "");
}

/// Not a test of behaviour: how long it takes where nothing differs.
#[test]
#[ignore = "a measurement"]
fn timing() {
    let items: Vec<_> =
        (0..40).map(|n| format!(r#"{{"id":{n},"name":"product {n}","price":{n}.5}}"#)).collect();
    let body = format!(r#"{{"items":[{}]}}"#, items.join(","));
    let headers = [
        ("server", "nginx"),
        ("etag", "\"abc\""),
        ("cache-control", "no-cache"),
        ("vary", "accept-encoding"),
        ("x-frame-options", "DENY"),
        ("x-content-type-options", "nosniff"),
        ("strict-transport-security", "max-age=63072000"),
    ];
    let (old, mut new) = (
        with_headers(flow("application/json", &body), &headers),
        with_headers(flow("application/json", &body), &headers),
    );
    new.response.as_mut().unwrap().headers[2].1 = "Sun, 22 Nov 2026 17:54:31 GMT".to_owned();
    let other = with_headers(flow("application/json", &body.replace("\"id\":7", "\"id\":777")), &headers);
    let reordered = with_headers(flow("application/json", &body.replace("\":", "\": ")), &headers);
    let rules = Rules::default();
    for (what, new) in [("equal", &new), ("one difference", &other), ("other spelling", &reordered)] {
        let start = std::time::Instant::now();
        for _ in 0..20_000 {
            std::hint::black_box(compare(std::hint::black_box(&old), std::hint::black_box(new), &rules));
        }
        eprintln!("{what}: {} bytes {:?}", body.len(), start.elapsed() / 20_000);
    }
}
