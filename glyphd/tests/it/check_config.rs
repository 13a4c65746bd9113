//! `glyphd --check-config`: all that is wrong at once, nothing made, nothing started.

use std::{fs, path::Path};

use tokio::net::TcpListener;

use crate::harness::{
    Ended,
    process::{command, run},
};

async fn checked(dir: &Path, args: &[&str]) -> Ended {
    let mut command = command(args);
    command.arg("--check-config").current_dir(dir);
    run(command).await
}

#[tokio::test]
async fn what_is_right_is_told_and_not_done() {
    let dir = tempfile::tempdir().unwrap();
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = taken.local_addr().unwrap().to_string();
    fs::write(dir.path().join("policy.toml"), "[plugins.mine]\ngrant = []\nstart = false\n").unwrap();
    let flags = ["--record", "run1", "--ca-dir", "ca", "--config", "policy.toml", "--proxy-addr", &address];
    let ended = checked(dir.path(), &flags).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    for line in [
        format!("proxy    {address}"),
        "tls      is looked into, with the CA in ca, which is made".to_owned(),
        "record   run1".to_owned(),
        "policy   policy.toml".to_owned(),
        "plugin   mine, not started, gets in with a token; granted: nothing".to_owned(),
        "ok".to_owned(),
    ] {
        assert!(ended.stdout.lines().any(|told| told == line), "{line}: {}", ended.stdout);
    }
    assert_eq!(ended.stderr, "");
    let there: Vec<_> = fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(there, ["policy.toml"], "nothing was made");
}

#[tokio::test]
async fn every_fault_is_told_with_its_flag_or_its_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write(
        "policy.toml",
        "[plugins.a]\nqueue_capacity = 0\ncolour = 1\ngrant = []\n\n[netgate]\nrequests = 0\nattempts = 2\n",
    );
    write("plugins/a/plugin.toml", "name = \"A\"\nversion = \"1\"\ncommand = [\"./a\"]\n");
    write("plugins/b/plugin.toml", "name = \"b\"\nversion = \"1\"\ncommand = [\"./b\"]\n");
    write("ca.pem", "no certificate");
    let ended = checked(
        dir.path(),
        &[
            "--config",
            "policy.toml",
            "--plugins-dir",
            "plugins",
            "--proxy-addr",
            "0.0.0.0:8080",
            "--metrics-addr",
            "127.0.0.1:8080",
            "--upstream-ca",
            "ca.pem",
            "--flow-file",
            "plugins",
            "--record",
            "plugins",
            "--secrets",
            "ca.pem/secrets",
            "--log",
            "loud",
        ],
    )
    .await;
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert_eq!(ended.stdout, "");
    for fault in [
        "--config: policy.toml: TOML parse error at line 2,",
        "--config: policy.toml: TOML parse error at line 3,",
        "--config: policy.toml: TOML parse error at line 7,",
        "plugins/a/plugin.toml: TOML parse error at line 1,",
        "plugins/b/plugin.toml: command: there is no ",
        "--proxy-addr: beyond the loopback interface",
        "--metrics-addr 127.0.0.1:8080: is that of --proxy-addr, too",
        "--upstream-ca, --client-cert: ca.pem",
        "--flow-file plugins: is a directory",
        "--record plugins",
        "--secrets ca.pem/secrets: ca.pem is no directory",
        "--log \"loud\"",
        "12 faults were found; nothing was started",
    ] {
        let told = |line: &str| line.starts_with("glyphd: ") && line.contains(fault);
        assert!(ended.stderr.lines().any(told), "{fault}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn several_faults_of_syntax_are_told_too() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("policy.toml"), "[netgate]\nrequests = \nattempts = 2\nwindow_ms = =\n")
        .unwrap();
    let ended = checked(dir.path(), &["--config", "policy.toml"]).await;
    for line in ["at line 2,", "at line 4,"] {
        assert!(ended.stderr.contains(line), "{line}: {}", ended.stderr);
    }
}

#[tokio::test]
async fn a_start_says_the_first_of_them_only() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("policy.toml"), "[netgate]\nrequests = 0\nattempts = 0\n").unwrap();
    let mut start = command(["--config", "policy.toml", "--reverse", "nothing"]);
    start.current_dir(dir.path());
    let ended = run(start).await;
    assert_eq!(ended.code, Some(2), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("glyphd: ").count(), 1, "{}", ended.stderr);
    assert!(ended.stderr.contains("line 2"), "{}", ended.stderr);
}
