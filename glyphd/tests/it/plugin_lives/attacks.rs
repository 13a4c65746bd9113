//! A plugin that attacks whatever is in its way, beside one that only does its work.

use std::fs;

use glyph_formats::{
    AuditEntry, Finding, Flow,
    recording::{AUDIT, FINDINGS, FLOWS},
};
use glyphd::{config::Sandbox, launcher::Launcher};

use crate::{
    harness::{
        DaemonProcess, FakeOrigin, Listening, PluginsDir, peers, process::GLYPHD, records, told::until_plugin,
    },
    launcher::left_behind,
};

const PYTHON: &str = "/usr/bin/python3";

#[tokio::test(flavor = "multi_thread")]
async fn an_attacker_harms_neither_the_daemon_nor_another_plugin_and_is_on_record() {
    let launcher = Launcher::new(GLYPHD.into(), Sandbox::BestEffort).unwrap();
    if !launcher.lacks().is_empty() || peers::found(PYTHON, fs::metadata(PYTHON)).is_none() {
        eprintln!("skipped: it takes all walls, and here are not {:?}", launcher.lacks());
        return;
    }
    let canary = Listening::serving(|_| async {}).await;
    let elsewhere = tempfile::tempdir().unwrap();
    let (recording, harm) = (elsewhere.path().join("recording"), elsewhere.path().join("harm"));
    let plugins = PluginsDir::new();
    plugins.passive_headers();
    let marker = format!("attacker-of-{}", canary.address().port());
    let neighbour = plugins.path().join("passive-headers/plugin.toml");
    let denied = [
        "read:/etc/passwd".to_owned(),
        format!("read:{}", neighbour.display()),
        format!("read:{}", recording.join("recording.json").display()),
        format!("write:{}", harm.display()),
        "socket:tcp".to_owned(),
        "socket:packet".to_owned(),
        format!("tcp:{}", canary.address().port()),
        "call:ptrace".to_owned(),
        "call:mount".to_owned(),
        format!("kill:{}", std::process::id()),
    ];
    let all = denied.iter().map(String::as_str).chain(["grandchild:", "fork_bomb:", "fill_memory:"]);
    let command: Vec<_> = [PYTHON, "attack.py", &marker].into_iter().chain(all).collect();
    let dir = plugins.plugin("attacker", &command);
    fs::write(dir.join("attack.py"), include_str!("../launcher/attack.py")).unwrap();
    plugins.and("attacker", "[limits]\nmemory_mib = 64\nprocesses = 20\n");
    let policy = plugins.policy("[plugins.attacker]\nrestarts = 0\n");
    let folder = plugins.path();
    let args = [
        ["--plugins-dir", folder.to_str().unwrap()],
        ["--record", recording.to_str().unwrap()],
        ["--config", policy.to_str().unwrap()],
        ["--sandbox", "best-effort"],
    ];
    let mut daemon = DaemonProcess::start(args.as_flattened()).await;
    let metrics = daemon.metrics;
    daemon.meanwhile(until_plugin(metrics, "attacker", "given up")).await;
    daemon.meanwhile(until_plugin(metrics, "passive-headers", "connected")).await;
    let origin = FakeOrigin::ok().await;
    assert_eq!(daemon.client().await.get(&origin.url("/")).await.text(), "ok");
    let ended = daemon.stop().await;

    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for attempt in denied {
        let told = format!("{attempt} -> denied ");
        assert!(ended.stderr.contains(&told), "{attempt}: {}", ended.stderr);
    }
    assert!(ended.stderr.contains("fork_bomb: -> stopped after "), "{}", ended.stderr);
    assert_eq!(canary.connections(), 0);
    assert!(!harm.exists());
    assert_eq!(left_behind::processes(&marker), [0; 0]);
    let findings: Vec<Finding> = records::lines(&recording.join(FINDINGS));
    let flows: Vec<Flow> = records::lines(&recording.join(FLOWS));
    let works = |finding: &Finding| {
        finding.plugin == "passive-headers" && finding.flow_id.as_ref() == Some(&flows[0].id)
    };
    assert!(findings.iter().any(works), "{findings:#?}");
    let audit: Vec<AuditEntry> = records::lines(&recording.join(AUDIT));
    let of = |plugin: &str, event: &str| {
        audit.iter().filter(|e| e.plugin.as_deref() == Some(plugin) && e.event == event).collect::<Vec<_>>()
    };
    assert_eq!(of("passive-headers", "plugin_started").len(), 1, "it was not started again");
    let terminated = of("attacker", "plugin_terminated");
    assert_eq!(terminated.len(), 1, "{audit:#?}");
    let finding = findings.iter().find(|f| f.plugin == "attacker").unwrap();
    assert_eq!(finding.metadata.get("reason").unwrap().to_string(), "memory_limit");
    assert_eq!(terminated[0].trace_id, Some(finding.trace_id));
}
