//! What can't be done is told in one message that names the flag, with exit code 2, and leaves nothing behind.

use std::{
    fs,
    path::{Path, PathBuf},
};

use tokio::net::TcpListener;

use crate::harness::{
    DaemonProcess, Ended,
    process::{command, run},
};

/// Runs `glyphd` with these flags, and expects it to refuse.
async fn refused(args: &[&str]) -> Ended {
    let ended = run(command(args)).await;
    assert_eq!(ended.code, Some(2), "{args:?}: {}", ended.stderr);
    assert_eq!(ended.stdout, "", "{args:?}");
    assert!(!ended.stderr.contains("panicked"), "{args:?}: {}", ended.stderr);
    assert!(!ended.stderr.contains("glyphd listens proxy="), "{args:?}: {}", ended.stderr);
    ended
}

/// Its standard error is one message about that flag, and a hint where one helps.
#[track_caller]
fn assert_names(ended: &Ended, flag: &str, what: &[&str]) {
    let first = ended.stderr.lines().next().unwrap_or_default();
    assert!(first.starts_with("glyphd: ") || first.starts_with("error: "), "{}", ended.stderr);
    assert!(first.contains(flag), "{flag}: {}", ended.stderr);
    for what in what {
        assert!(ended.stderr.contains(what), "{what}: {}", ended.stderr);
    }
}

fn all_files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        found.push(path.clone());
        if path.is_dir() {
            found.extend(all_files(&path));
        }
    }
    found
}

#[tokio::test]
async fn spans_are_not_taken_without_a_file_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("recording");
    let recorded = ["--record", recording.to_str().unwrap(), "--trace-sample-ratio", "0"];
    for more in [&[][..], &recorded] {
        let args: Vec<_> = ["--otlp-addr", "127.0.0.1:0"].iter().chain(more).copied().collect();
        let ended = refused(&args).await;
        assert_names(&ended, "--otlp-addr", &["no trace file", "hint: give --record or --trace-file"]);
    }
    assert_eq!(all_files(dir.path()), [""; 0].map(PathBuf::from));
}

#[tokio::test]
async fn an_address_in_use() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let taken = listener.local_addr().unwrap();
    let dir = tempfile::tempdir().unwrap();
    let recording = dir.path().join("recording");
    for flag in ["--proxy-addr", "--metrics-addr", "--otlp-addr"] {
        let ended = refused(&[flag, &taken.to_string(), "--record", recording.to_str().unwrap()]).await;
        assert_names(&ended, flag, &[&taken.to_string(), "in use", "hint: another process listens there"]);
        assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
    }
    assert_eq!(all_files(dir.path()), [""; 0].map(PathBuf::from));
}

#[tokio::test]
async fn values_that_no_flag_can_have() {
    for (args, flag, what) in [
        (&["--proxy-addr", "127.0.0.1:70000"][..], "--proxy-addr", "0 to 65535"),
        (&["--metrics-addr", "127.0.0.1"], "--metrics-addr", "ADDR:PORT"),
        (&["--trace-sample-ratio", "1.5"], "--trace-sample-ratio", "from 0 to 1"),
        (&["--trace-sample-ratio", "-1"], "--trace-sample-ratio", "from 0 to 1"),
        (&["--trace-sample-ratio", "NaN"], "--trace-sample-ratio", "from 0 to 1"),
        (&["--trace-endpoint", "collector:4318"], "--trace-endpoint", "http://localhost:4318"),
        (&["--trace-endpoint", "http://"], "--trace-endpoint", "http://localhost:4318"),
        (&["--trace-headers", "no-pair"], "--trace-headers", "K=V"),
        (&["--trace-headers", "bad name=1"], "--trace-headers", "bad name"),
        (&["--trace-headers", "@/nowhere/at/all"], "--trace-headers", "/nowhere/at/all"),
        (&["--drain-timeout", "18446744073709551615"], "--drain-timeout", "86400"),
        (&["--proxy-addr", "0.0.0.0:0"], "--proxy-addr", "--allow-open-proxy"),
        (&["--proxy-addr", "[::]:0"], "--proxy-addr", "--proxy-auth"),
        (&["--proxy-auth", "joe:s3cr3t"], "--proxy-auth", "@FILE"),
        (&["--proxy-auth", "@/nowhere/at/all"], "--proxy-auth", "/nowhere/at/all"),
        (&["--proxy-auth", "@/dev/null"], "--proxy-auth", "NAME:PASSWORD"),
        (
            &["--proxy-addr", "192.0.2.1:0", "--allow-open-proxy"],
            "--proxy-addr",
            "hint: this machine has no such",
        ),
        (&["--reverse", "a.test:80"], "--reverse", "http://"),
        (&["--reverse", "http://joe@a.test"], "--reverse", "no user"),
        (&["--upstream-proxy", "https://a.test"], "--upstream-proxy", "http://HOST:PORT"),
        (
            &["--upstream-proxy", "http://joe:s3cr3t@a.test"],
            "--upstream-proxy",
            "credentials do not stand in the URL",
        ),
        (&["--upstream-proxy-auth", "@x"], "required arguments", "--upstream-proxy <URL>"),
        (&["--tls-passthrough", "x"], "required arguments", "--ca-dir <DIR>"),
        (&["--ca-dir", "/dev/null/x"], "--ca-dir", "/dev/null/x"),
        (&["--upstream-ca", "/nowhere/at/all"], "--upstream-ca", "/nowhere/at/all"),
        (&["--client-cert", "x"], "required arguments", "--client-key <FILE>"),
        (&["--max-header-bytes", "1"], "--max-header-bytes", "8192"),
        (&["--max-connections", "0"], "--max-connections", "1"),
        (&["--flow-sample-ratio", "2"], "--flow-sample-ratio", "from 0 to 1"),
        (&["--flush-interval", "5"], "--flush-interval", "for example 200ms"),
        (&["--flush-interval", "2m"], "--flush-interval", "at most 1m"),
        (&["--fsync", "sometimes"], "--fsync", "never, interval, always"),
        (&["--scrape", "a:1"], "required arguments", "--record <DIR>"),
        (&["--record", "/nowhere/r", "--scrape", "http://joe@a"], "--scrape", "credentials"),
        (&["--record", "/nowhere/r", "--scrape", "a", "--scrape-token", "x"], "--scrape-token", "expected @"),
        (&["--scrape-timeout", "6s"], "--scrape-timeout", "longer than the interval, 5s"),
        (&["--rotate-bytes", "1MB"], "--rotate-bytes", "256MiB"),
        (&["--rotate-age", "10ms"], "--rotate-age", "at least 1s"),
        (&["--rotate-keep-bytes", "0"], "--rotate-keep-bytes", "at least 1KiB"),
        (&["--max-body-bytes", "lots"], "--max-body-bytes", "lots"),
        (&["--log", "loud"], "--log", "loud"),
        (&["--config", "/nowhere/at/all.toml"], "--config", "/nowhere/at/all.toml"),
        (&["--plugins-dir", "/nowhere/at/all"], "--plugins-dir", "/nowhere/at/all"),
        (&["--plugin-addr", "/nowhere/at/all.sock"], "--plugin-addr", "/nowhere/at/all.sock"),
        (&["--no-such-flag"], "--no-such-flag", "unexpected"),
    ] {
        assert_names(&refused(args).await, flag, &[what]);
    }
}

#[tokio::test]
async fn a_secret_in_a_wrong_flag_is_not_repeated() {
    for args in [["--trace-headers", "s3cr3t"], ["--trace-endpoint", "http://joe:s3cr3t@collector:4318"]] {
        let ended = refused(&args).await;
        assert_names(&ended, args[0], &[]);
        let shown = ended.stderr.replace(&format!("'{}'", args[1]), "");
        assert!(!shown.contains("s3cr3t"), "{}", ended.stderr);
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_written_takes_the_others_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    fs::write(dir.path().join("file"), "").unwrap();
    let under_file = path("file/traces.jsonl");
    for flag in ["--trace-file", "--findings-file", "--audit-file"] {
        let ended = refused(&[
            "--flow-file",
            &path("flows.jsonl"),
            "--record",
            &path("recording"),
            flag,
            &under_file,
        ])
        .await;
        assert_names(&ended, flag, &[&under_file, "hint: "]);
        assert_eq!(ended.stderr.lines().count(), 2, "{}", ended.stderr);
        assert_eq!(all_files(dir.path()), [dir.path().join("file")]);
    }
    assert_names(
        &refused(&["--trace-file", &path("")]).await,
        "--trace-file",
        &["hint: the flag wants a file"],
    );
}

#[tokio::test]
async fn a_recording_that_exists() {
    let dir = tempfile::tempdir().unwrap();
    let here = dir.path().to_str().unwrap();
    fs::write(dir.path().join("mine"), "precious").unwrap();
    let other = tempfile::tempdir().unwrap();
    let traces = other.path().join("traces.jsonl");
    let ended = refused(&["--record", here, "--trace-file", traces.to_str().unwrap()]).await;
    assert_names(&ended, "--record", &[here, "exists", "hint: a recording is never written over"]);
    assert_eq!(all_files(dir.path()), [dir.path().join("mine")]);
    assert!(!traces.exists(), "nothing else is made either");
}

#[tokio::test]
async fn a_file_that_was_there_before_stays() {
    let dir = tempfile::tempdir().unwrap();
    let flows = dir.path().join("flows.jsonl");
    fs::write(&flows, "precious\n").unwrap();
    refused(&["--flow-file", flows.to_str().unwrap(), "--trace-file", "/dev/null/x"]).await;
    assert_eq!(fs::read_to_string(&flows).unwrap(), "precious\n");
}

#[tokio::test]
async fn a_plugin_or_a_policy_that_is_wrong_is_told_with_file_and_line() {
    let dir = tempfile::tempdir().unwrap();
    let plugin = dir.path().join("plugins/one");
    fs::create_dir_all(&plugin).unwrap();
    let manifest = plugin.join("plugin.toml");
    fs::write(
        &manifest,
        "name = \"one\"\nversion = \"1\"\ncommand = [\"sh\"]\nsubscriptions = [\"FLOWS\"]\n",
    )
    .unwrap();
    let recording = dir.path().join("recording");
    let ended = refused(&[
        "--plugins-dir",
        dir.path().join("plugins").to_str().unwrap(),
        "--record",
        recording.to_str().unwrap(),
    ])
    .await;
    assert_names(
        &ended,
        "--plugins-dir",
        &[manifest.to_str().unwrap(), "line 4", "\"FLOWS\" is no subscription"],
    );
    assert!(!recording.exists());

    let policy = dir.path().join("policy.toml");
    fs::write(&policy, "[plugins.one]\ngrant = [\"CAP_FLY\"]\n").unwrap();
    let ended = refused(&["--config", policy.to_str().unwrap()]).await;
    assert_names(&ended, "--config", &[policy.to_str().unwrap(), "line 2", "\"CAP_FLY\" is no capability"]);
}

#[tokio::test]
async fn two_plugins_of_one_name() {
    let dir = tempfile::tempdir().unwrap();
    for folder in ["one", "two"] {
        fs::create_dir(dir.path().join(folder)).unwrap();
        let manifest = "name = \"same\"\nversion = \"1\"\ncommand = [\"sh\"]\n";
        fs::write(dir.path().join(folder).join("plugin.toml"), manifest).unwrap();
    }
    let ended = refused(&["--plugins-dir", dir.path().to_str().unwrap()]).await;
    let second = dir.path().join("two/plugin.toml");
    assert_names(
        &ended,
        "--plugins-dir",
        &[second.to_str().unwrap(), "another plugin is called \"same\" already"],
    );
}

#[tokio::test]
async fn a_socket_is_shared_with_nobody_and_left_to_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let socket = dir.path().join("plugins.sock");
    let args = ["--plugin-addr", socket.to_str().unwrap()];
    let daemon = DaemonProcess::start(args).await;
    let ended = refused(&args).await;
    assert_names(&ended, "--plugin-addr", &[socket.to_str().unwrap(), "in use", "hint: "]);
    // The one that has it keeps it.
    assert!(socket.exists());
    assert_eq!(daemon.stop().await.code, Some(0));
    assert!(!socket.exists(), "it goes with its daemon");

    let daemon = DaemonProcess::start(args).await;
    daemon.signal(rustix::process::Signal::KILL);
    assert_eq!(daemon.ended().await.code, None);
    assert!(socket.exists());
    let daemon = DaemonProcess::start(args).await;
    assert_eq!(daemon.stop().await.code, Some(0), "what a crash left is no obstacle");

    refused(&["--plugin-addr", socket.to_str().unwrap(), "--trace-file", "/dev/null/x"]).await;
    assert!(!socket.exists(), "nor does a start that fails leave one");
    fs::write(&socket, "precious").unwrap();
    refused(&args).await;
    assert_eq!(fs::read_to_string(&socket).unwrap(), "precious", "a file is no socket");
}

#[tokio::test]
async fn help_and_version_are_answers_and_not_faults() {
    let help = run(command(["--help"])).await;
    assert_eq!((help.code, help.stderr.as_str()), (Some(0), ""));
    for flag in ["--record", "--trace-endpoint", "--plugins-dir", "GLYPH_TRACE_HEADERS"] {
        assert!(help.stdout.contains(flag), "{flag}");
    }
    let version = run(command(["--version"])).await;
    assert!(version.stdout.starts_with(concat!("glyphd ", env!("CARGO_PKG_VERSION"))), "{}", version.stdout);
}
