use serde_json::json;

use super::{Flows, flow, json_of, mixed, text};

/// What is shown, with the recording's path put aside.
fn shown(flows: &Flows, args: &[&str]) -> String {
    flows.run("show", args).fine().stdout.replace(flows.path().to_str().unwrap(), "RECORDING")
}

#[test]
fn everything_is_shown() {
    insta::assert_snapshot!(shown(&mixed(), &["3"]));
}

#[test]
fn old_bodies_are_decoded_and_failures_told() {
    insta::assert_snapshot!(shown(&mixed(), &["4", "6", "7"]));
}

#[test]
fn a_flow_is_named_by_number_id_or_trace() {
    let flows = mixed();
    let by_number = shown(&flows, &["5"]);
    assert_eq!(shown(&flows, &["01M826AC300000000000000005"]), by_number);
    // A trace id with no letter in its beginning.
    assert_eq!(shown(&flows, &["00055555"]), by_number);
    assert_eq!(shown(&flows, &["--status", "503"]), by_number);
    let run = flows.run("show", &["01M8"]).unable();
    assert!(run.stderr.contains("7 ids begin so"), "{}", run.stderr);
    let run = flows.run("show", &["5", "99"]).unable();
    assert!(run.stderr.starts_with("glyphctl: \"99\": no flow"), "{}", run.stderr);
    let run = flows.run("show", &[]).unable();
    assert!(run.stderr.contains("which flow?"), "{}", run.stderr);
    assert_eq!(flows.run("show", &["--status", "418"]).fine().stderr, "glyphctl: no such flow there\n");
}

#[test]
fn bodies_are_shown_as_what_they_are() {
    let mut form = flow(1, "POST", "http://a.test/", 200, 1, text(""));
    form["request"]["headers"] =
        json!([["content-type", "application/x-www-form-urlencoded; charset=UTF-8"]]);
    form["request"]["body"] = text("q=a+b&empty=&name=%C3%BC%1b");
    form["response"]["headers"] = json!([["content-type", "image/png"]]);
    form["response"]["body"] = json!({"size": 70_000, "captured_size": 70_000, "complete": true,
        "digest": "glyph-hmac-sha256-00112233445566778899aabbccddeeff"});
    let mut other = flow(2, "GET", "http://a.test/", 200, 1, super::bytes(&[0xff, 0, 1]));
    other["request"]["body"] = json!({"size": 9, "captured_size": 4, "utf8": "a\tb\u{1b}", "complete": false,
        "content_encoding": ["gzip"], "charset": "windows-1252"});
    let flows = Flows::of(&[form, other]);
    insta::assert_snapshot!(shown(&flows, &["1", "2"]));
}

#[test]
fn json_is_the_flow_itself() {
    let flow = json_of(&mixed().run("show", &["3", "--format", "json"]).fine().stdout);
    assert_eq!(flow["request"]["body"]["utf8"], "{\"sku\":7,\"name\":\"blue teapot\"}");
}

#[test]
fn what_was_replaced_is_put_back_from_the_file_of_secrets() {
    let token = "glyph-redacted-0123456789ab";
    let mut login = flow(1, "POST", &format!("http://a.test/?token={token}"), 200, 1, text(""));
    login["request"]["headers"] =
        json!([["authorization", format!("Bearer {token}")], ["content-length", "52"]]);
    login["request"]["body"] = text(&format!("{{\"password\":\"{token}\",\"pin\":123456789012345}}"));
    login["request"]["body"]["redacted"] = true.into();
    login["redactions"] = json!([{"kind": "json", "place": "request.body/password"}]);
    let flows = Flows::of(&[login]);
    let path = flows.path().join("secrets");
    let lines = [
        json!({"format": 1, "key": "00"}),
        json!({"token": token, "secret": "s3cr3t"}),
        json!({"token": "123456789012345", "secret": "4711"}),
    ];
    std::fs::write(&path, lines.map(|line| line.to_string()).join("\n")).unwrap();
    let secrets = path.to_str().unwrap();
    for command in [&["show", "1"][..], &["ls"]] {
        let args = [&command[1..], &["--format", "json", "--secrets", secrets]].concat();
        let flow = json_of(&flows.run(command[0], &args).fine().stdout);
        let request = &flow["request"];
        assert_eq!(request["url"], "http://a.test/?token=s3cr3t");
        assert_eq!(request["headers"][0][1], "Bearer s3cr3t");
        assert_eq!(request["body"]["utf8"], r#"{"password":"s3cr3t","pin":4711}"#);
        assert_eq!(request["headers"][1][1], "32", "the length of what is there now");
        assert_eq!(flow["redactions"], json!([]));
    }
    let curl = flows.run("show", &["1", "--format", "curl", "--secrets", secrets]).fine().stdout;
    assert!(curl.contains("Bearer s3cr3t") && !curl.contains("replaced"), "{curl}");
    let run = flows.run("ls", &["--secrets", "/nowhere/secrets"]).unable();
    assert!(run.stderr.contains("--secrets: /nowhere/secrets"), "{}", run.stderr);
}
