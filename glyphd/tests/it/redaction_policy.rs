//! What the operator says of secrets, and what bodies look like that were not plain text.

use std::{fs, io::Write as _, os::unix::fs::PermissionsExt};

use flate2::{Compression, write::GzEncoder};
use glyph_formats::{Flow, secrets::Secrets};
use glyphd::policy::Policy;
use http::{Request, Response};

use crate::harness::{
    Ended, FakeOrigin, TestDaemon,
    client::full,
    process::{command, run},
    records::Recorded,
};

const KEY: &str = "4b7c9e1d5f60a83e";

fn policy(text: &str) -> Policy {
    toml::from_str(text).unwrap()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn header<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.as_str())
}

/// One exchange through a daemon with that policy.
async fn exchange(policy: Policy, content_type: &'static str, body: Vec<u8>, path: &str) -> Flow {
    let origin = FakeOrigin::answering(move |seen| {
        Response::builder().header("content-type", content_type).body(full(seen.body.clone())).unwrap()
    })
    .await;
    let daemon = TestDaemon::with(|config| config.policy = policy).await;
    let mut client = daemon.client().await;
    let request = Request::post(origin.url(path)).header("content-type", content_type);
    let answer = client.ask(request.body(full(body.clone())).unwrap()).await;
    assert_eq!(answer.body, body, "what passes is not touched");
    only(daemon.drain().await)
}

fn only(recorded: Recorded) -> Flow {
    let [flow] = <[Flow; 1]>::try_from(recorded.flows).unwrap();
    flow
}

#[tokio::test(flavor = "multi_thread")]
async fn a_compressed_body_is_recorded_as_what_it_says_and_its_headers_fit() {
    let json = format!(r#"{{"user":"joe","password":"{KEY}","n":1}}"#);
    let body = gzip(json.as_bytes());
    let origin = {
        let body = body.clone();
        FakeOrigin::answering(move |_| {
            let response = Response::builder().header("content-type", "application/json");
            response.header("content-encoding", "gzip").body(full(body.clone())).unwrap()
        })
        .await
    };
    let daemon = TestDaemon::start().await;
    let answer = daemon.client().await.get(&origin.url("/")).await;
    assert_eq!(answer.body, body);
    let flow = only(daemon.drain().await);
    let response = flow.response.unwrap();
    let text = response.body.utf8.unwrap();
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&value["user"], &value["n"]), (&"joe".into(), &1.into()));
    assert!(value["password"].as_str().unwrap().starts_with("glyph-redacted-"), "{text}");
    assert_eq!((response.body.content_encoding, response.body.redacted), (vec!["gzip".to_owned()], true));
    assert_eq!(header(&response.headers, "content-encoding"), None);
    assert_eq!(header(&response.headers, "content-length"), Some(text.len().to_string().as_str()));
    assert_eq!(response.body.size, body.len() as u64);
    let [redaction] = flow.redactions.as_slice() else { panic!("{:?}", flow.redactions) };
    assert_eq!((&*redaction.kind, redaction.place.as_str()), ("json", "response.body/password"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_are_recorded_by_digest_or_in_full_as_the_operator_wants() {
    let bytes: Vec<u8> = (0..=255).collect();
    let flow = exchange(Policy::default(), "image/x-noise", bytes.clone(), "/").await;
    let (request, response) = (flow.request.body, flow.response.unwrap().body);
    assert!(request.digest.as_deref().unwrap().starts_with("glyph-hmac-sha256-"));
    assert_eq!(request.digest, response.digest, "equal bodies stay equal");
    assert_eq!((request.size, request.utf8, request.base64, request.sha256), (256, None, None, None));
    let full = policy("[redaction]\nbinary_bodies = \"full\"\n");
    let flow = exchange(full, "image/x-noise", bytes, "/").await;
    assert!(flow.request.body.base64.unwrap().starts_with("AAECAwQF"));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_operator_adds_rules_and_takes_some_away() {
    let policy = policy(
        r#"[redaction]
        headers = ["x-tenant"]
        names = ["iban"]
        email = true
        patterns = [{ name = "badge", regex = "badge-([0-9]{6})" }]
        [redaction.allow]
        names = ["csrf_token"]
        values = ["public-.*"]
        "#,
    );
    let body = r#"{"iban":"DE02120300000000202051","mail":"joe@example.test","note":"badge-123456",
        "csrf_token":"4b7c9e1d5f60","token":"public-token-1"}"#;
    let flow = exchange(policy, "application/json", body.into(), "/?iban=DE02120300000000202051").await;
    let text = flow.request.body.utf8.unwrap();
    for gone in ["DE02", "joe@", "123456"] {
        assert!(!text.contains(gone) && !flow.request.url.contains(gone), "{text}");
    }
    assert!(text.contains("badge-glyph-redacted-"), "{text}");
    assert!(text.contains("\"csrf_token\":\"4b7c9e1d5f60\"") && text.contains("public-token-1"), "{text}");
    let kinds: Vec<_> = flow.redactions.iter().map(|r| (&*r.kind, r.place.as_str())).collect();
    for kind in [
        ("query", "request.query.iban"),
        ("json", "request.body/iban"),
        ("email", "request.body"),
        ("custom-badge", "request.body"),
    ] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn redaction_can_be_off_for_a_scope_and_the_flow_says_so() {
    let policy = "[[redaction.scopes]]\npaths = [\"/open/*\"]\nredact = \"off\"\n";
    for (path, unredacted) in [("/open/x", true), ("/closed", false)] {
        let body = format!("password={KEY}").into_bytes();
        let content_type = "application/x-www-form-urlencoded";
        let flow = exchange(self::policy(policy), content_type, body, path).await;
        assert_eq!(flow.unredacted, unredacted);
        assert_eq!(flow.request.body.utf8.unwrap().contains(KEY), unredacted);
        assert_eq!(flow.redactions.is_empty(), unredacted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_in_the_policy_is_told_with_its_line_before_anything_starts() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("policy.toml");
    fs::write(&path, "[redaction]\nemail = true\npatterns = [{ name = \"x\", regex = \"(\" }]\n").unwrap();
    let Ended { code, stderr, .. } = run(command(["--config".as_ref(), path.as_os_str()])).await;
    assert_eq!(code, Some(2));
    assert!(stderr.contains("policy.toml") && stderr.contains("line 3"), "{stderr}");
    assert!(stderr.contains("unclosed group"), "{stderr}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_secrets_puts_back_what_was_there() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secrets");
    let origin = FakeOrigin::ok().await;
    let daemon = TestDaemon::with(|config| config.secrets_file = Some(path.clone())).await;
    let json = format!(r#"{{"password":"{KEY}","pin":4711,"inner":"{{\"token\":\"a\\\"b{KEY}\"}}"}}"#);
    let url = origin.url(&format!("/?access_token=a%2Fb{KEY}"));
    let request = Request::post(&url).header("authorization", format!("Bearer {KEY}"));
    daemon.client().await.ask(request.body(full(json.clone())).unwrap()).await;
    let flow = only(daemon.drain().await);
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let secrets = Secrets::load(&path).unwrap();
    let body = flow.request.body.utf8.unwrap();
    assert!(!body.contains(KEY) && !body.contains("4711"), "{body}");
    assert_eq!(secrets.restore(&body), json);
    assert_eq!(secrets.restore(&flow.request.url), url);
    let credentials = header(&flow.request.headers, "authorization").unwrap();
    assert_eq!(secrets.restore(credentials), format!("Bearer {KEY}"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_of_secrets_that_is_there_is_another_recordings() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("secrets");
    fs::write(&path, "precious").unwrap();
    let Ended { code, stderr, .. } = run(command(["--secrets".as_ref(), path.as_os_str()])).await;
    assert_eq!(code, Some(2));
    assert!(stderr.contains("--secrets") && stderr.contains("exists"), "{stderr}");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
}
