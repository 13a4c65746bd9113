//! Over every protocol, as curl speaks it.

use serde_json::json;

use super::served::{Served, exchange};
use crate::harness::have;

const CODE: &str = " %{http_code} %{http_version}\n";

#[test]
fn a_connection_serves_many_requests() {
    if !have("curl") {
        return;
    }
    let mut post = exchange(2, "POST", "http://a.test/post", 201, "made");
    post["response"]["headers"] = json!([]);
    let flows = [exchange(1, "GET", "http://a.test/", 200, "hello"), post];
    let served = Served::of(&flows, &["--ca-dir", "ca"]);
    let address = served.address();
    for (scheme, flags, version) in
        [("http", "--http1.1", "1.1"), ("https", "--http1.1", "1.1"), ("https", "--http2", "2")]
    {
        let (get, post) = (format!("{scheme}://{address}/"), format!("{scheme}://{address}/post"));
        let report = "|%{http_code}|%{http_version}|%{num_connects}\n";
        let each = [flags, "--cacert", "ca/ca.pem", "-w", report];
        let args = [&each[..], &[&get, "--next", "-sS"], &each[..], &["-d", "some data", &post]].concat();
        assert_eq!(served.curl(&args), format!("hello|200|{version}|1\nmade|201|{version}|0\n"), "{scheme}");
    }
    // Some versions of curl can't use such a connection twice.
    let args = ["--http2-prior-knowledge", "-w", CODE, "-d", "some data", &format!("{}/post", served.url)];
    assert_eq!(served.curl(&args), "made 201 2\n");
}

#[test]
fn tls_is_spoken_on_the_same_port_for_any_host() {
    if !have("curl") {
        return;
    }
    let served = Served::of(&[exchange(1, "GET", "http://shop.test/", 200, "hello")], &["--ca-dir", "ca"]);
    let port = served.address().rsplit_once(':').unwrap().1;
    let resolve = format!("shop.test:{port}:127.0.0.1");
    let url = format!("https://shop.test:{port}/");
    for (flags, version) in [("--http1.1", "1.1"), ("--http2", "2"), ("--no-alpn", "1.1")] {
        let args = ["--cacert", "ca/ca.pem", "--resolve", &resolve, flags, "-w", CODE, &url];
        assert_eq!(served.curl(&args), format!("hello 200 {version}\n"), "{flags}");
    }
    let by_address = format!("https://{}/", served.address());
    assert_eq!(served.curl(&["--cacert", "ca/ca.pem", &by_address]), "hello");
    assert_eq!(served.get("/").body, "hello");
}

#[test]
fn it_is_a_proxy_for_who_wants_one() {
    if !have("curl") {
        return;
    }
    let mut secure = exchange(2, "GET", "https://shop.test/", 200, "secure");
    secure["request"]["port"] = json!(443);
    let flows = [exchange(1, "GET", "http://shop.test/", 200, "plain"), secure];
    let served = Served::of(&flows, &["--ca-dir", "ca"]);
    let url = served.url.clone();
    let through =
        |args: &[&str]| served.curl(&[&["-x", &url, "--cacert", "ca/ca.pem", "-w", CODE], args].concat());
    assert_eq!(through(&["http://shop.test/"]), "plain 200 1.1\n");
    assert_eq!(through(&["--http1.1", "https://shop.test/"]), "secure 200 1.1\n");
    assert_eq!(through(&["--http2", "https://shop.test/"]), "secure 200 2\n");
    assert_eq!(through(&["--proxytunnel", "http://shop.test/"]), "plain 200 1.1\n");
    let served = Served::of(&flows, &[]);
    let refused = served.ask("CONNECT", "shop.test:443", &[], "");
    assert!(refused.status == 501 && refused.body.contains("--ca-dir"), "{refused:?}");
}

#[test]
fn trailers_come_behind_the_body() {
    if !have("curl") {
        return;
    }
    let mut flow = exchange(1, "GET", "http://a.test/t", 200, "body");
    flow["response"]["trailers"] = json!([["X-Checksum", "17"]]);
    let served = Served::of(&[flow], &[]);
    let url = format!("{}/t", served.url);
    for flags in [&["--http2-prior-knowledge"][..], &["-H", "TE: trailers"]] {
        let told = served.curl(&[flags, &["-D", "-", &url]].concat()).to_ascii_lowercase();
        assert!(told.contains("trailer: x-checksum") && told.contains("x-checksum: 17"), "{flags:?}: {told}");
    }
}
