//! Python's clients, told of proxy and CA as its users do: by the environment.

use std::ffi::OsString;

use tokio::process::Command;

use super::{BOTH, HOST, Stage, body, client, ended, fine, said};
use crate::harness::{Ended, peers};

/// Where `.ci/run` puts the packages.
pub(crate) fn packages() -> OsString {
    let built =
        || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/python").into_os_string();
    std::env::var_os("GLYPH_PYTHON_PACKAGES").unwrap_or_else(built)
}

/// Python with one of the scripts; none if a module of those is missing.
pub(crate) async fn script(modules: &[&str], name: &str) -> Option<Command> {
    let mut imports = client("python3");
    imports.env("PYTHONPATH", packages()).args(["-c", &format!("import {}", modules.join(", "))]);
    let there = ended("python3", imports).await?;
    let missing = std::io::Error::other(there.stderr.trim().to_owned());
    peers::found(&modules.join(", "), if there.code == Some(0) { Ok(()) } else { Err(missing) })?;
    let mut command = client("python3");
    command.env("PYTHONPATH", packages()).env("PYTHONDONTWRITEBYTECODE", "1");
    command.arg(format!("{}/tests/clients/{name}", env!("CARGO_MANIFEST_DIR")));
    Some(command)
}

/// Runs it against a [`super::site`] over TLS; returns what it printed, and the recorded exchanges: version and URL.
async fn run(stage: Stage, mut command: Command, args: &[&str]) -> (String, Vec<(String, String)>) {
    let origin = stage.secure(BOTH).await;
    let base = format!("https://{HOST}:{}", origin.port());
    command.env("https_proxy", stage.proxy()).arg(&base).args(args);
    let ended: Option<Ended> = ended("python3", command).await;
    let printed = fine(ended.unwrap());
    let recorded = stage.drain().await;
    let flows = recorded.flows.iter().map(|flow| {
        let (_, url, version, status) = said(flow);
        assert_eq!(status, 200);
        if url.ends_with("/gzip") {
            assert_eq!(body(flow), "compressed, and read again");
        }
        if url.ends_with("/upload") {
            assert_eq!((flow.request.method.as_str(), flow.request.body.size), ("POST", 100_000));
        }
        (version.to_owned(), url.strip_prefix(&base).unwrap().to_owned())
    });
    (printed, flows.collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_speaks_through_the_proxy() {
    let Some(mut command) = script(&["requests"], "requests_client.py").await else { return };
    let stage = Stage::new().await;
    command.env("REQUESTS_CA_BUNDLE", &stage.ca);
    let (printed, flows) = run(stage, command, &[]).await;
    let sum = u64::from(b'x') * 100_000;
    assert_eq!(
        printed,
        format!("200 HTTP/1.1 GET /a\n200 compressed, and read again\n200 100000 bytes, sum {sum}\n")
    );
    let flows: Vec<_> = flows.iter().map(|(version, path)| (version.as_str(), path.as_str())).collect();
    assert_eq!(flows, [("HTTP/1.1", "/a"), ("HTTP/1.1", "/gzip"), ("HTTP/1.1", "/upload")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn requests_that_does_not_trust_the_ca_is_a_flow() {
    let Some(mut command) = script(&["requests"], "requests_client.py").await else { return };
    let stage = Stage::new().await;
    let origin = stage.secure(BOTH).await;
    command.env("https_proxy", stage.proxy()).arg(format!("https://{HOST}:{}", origin.port()));
    let ended = ended("python3", command).await.unwrap();
    assert!(ended.code == Some(1) && ended.stderr.contains("CERTIFICATE_VERIFY_FAILED"), "{}", ended.stderr);
    let recorded = stage.drain().await;
    let kinds: Vec<_> = recorded.flows.iter().map(|f| f.error.as_ref().unwrap().kind.as_str()).collect();
    assert_eq!(kinds, ["client_tls"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn httpx_speaks_both_versions_through_the_proxy() {
    for (args, version, seen) in [(&[][..], "HTTP/1.1", "HTTP/1.1"), (&["http2"], "HTTP/2", "HTTP/2.0")] {
        let Some(mut command) = script(&["httpx", "h2"], "httpx_client.py").await else { return };
        let stage = Stage::new().await;
        command.env("SSL_CERT_FILE", &stage.ca);
        let (printed, flows) = run(stage, command, args).await;
        let sum = u64::from(b'x') * 100_000;
        let lines = [
            format!("{version} 200 {seen} GET /a"),
            format!("{version} 200 compressed, and read again"),
            format!("{version} 200 100000 bytes, sum {sum}"),
            "20".to_owned(),
        ];
        assert_eq!(printed.lines().collect::<Vec<_>>(), lines);
        assert_eq!(flows.len(), 23);
        assert!(flows.iter().all(|(spoken, _)| spoken == version), "{flows:?}");
    }
}
