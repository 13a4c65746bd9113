//! glyphd as `deploy/compose.yaml` and the Dockerfile start it, and the question after its health.

use std::process::Output;

use crate::{
    harness::{DaemonProcess, FakeCollector, process::command},
    prometheus::{shipped, with},
};

/// The flags of the service, and the command that asks for its health.
fn service() -> (Vec<String>, String) {
    let compose = shipped("deploy/compose.yaml");
    let (_, service) = compose.split_once("\n  glyphd:\n").unwrap();
    let (service, _) = service.split_once("\n  otel-collector:\n").unwrap();
    let items = service.lines().filter_map(|line| line.trim().strip_prefix("- "));
    let (flags, others): (Vec<_>, Vec<_>) = items.partition(|item| item.starts_with("--"));
    let asked = others.into_iter().find(|item| item.starts_with("exec ")).unwrap();
    (flags.into_iter().map(str::to_owned).collect(), asked.to_owned())
}

async fn bash(script: &str) -> Output {
    tokio::process::Command::new("bash").args(["-c", script]).output().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_container_of_the_compose_file_starts_and_is_found_healthy() {
    let collector = FakeCollector::start().await;
    let dir = tempfile::tempdir().unwrap();
    let (flags, asked) = service();
    let url = collector.url("/v1/traces");
    let there = [("http://otel-collector:4318", url.as_str())];
    let flags: Vec<_> = flags
        .iter()
        .map(|flag| if flag.starts_with("--trace-endpoint") { with(flag, &there) } else { flag.clone() })
        .collect();
    let mut daemon = command(&flags);
    daemon.current_dir(dir.path());
    let dockerfile = shipped("deploy/Dockerfile");
    let variables = dockerfile.lines().find_map(|line| line.strip_prefix("ENV ")).unwrap();
    for (name, value) in variables.split(' ').map(|pair| pair.split_once('=').unwrap()) {
        // On ports that are free.
        let (address, _) = value.rsplit_once(':').unwrap();
        daemon.env(name, format!("{address}:0"));
    }
    let daemon = DaemonProcess::spawn(daemon).await;
    assert!(daemon.proxy.ip().is_unspecified() && daemon.metrics.ip().is_unspecified());

    let asked = with(&asked, &[("9464", &daemon.metrics.port().to_string())]);
    let healthy = bash(&asked).await;
    assert!(healthy.status.success(), "{healthy:?}");
    let ended = daemon.stop().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let gone = bash(&asked).await;
    assert!(!gone.status.success(), "{gone:?}");
    for file in ["flows.jsonl", "findings.jsonl", "audit.jsonl", "traces.jsonl"] {
        assert!(dir.path().join(file).exists(), "{file}");
    }
}
