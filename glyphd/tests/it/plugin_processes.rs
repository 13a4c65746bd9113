//! Plugins as processes: how they are started, listened to, and ended.

use std::{fs, time::Duration};

use glyph_formats::{Decision, span::SpanStatus};
use glyphd::telemetry::name;
use rustix::process::{Pid, test_kill_process};
use sha2::{Digest, Sha256};

use crate::harness::{
    DaemonProcess, FakeOrigin, PluginsDir, TestDaemon, Witness,
    plugin::{line_from, make_fifo},
    records::{attribute, number},
    told::until_plugin,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_ends_by_itself_is_told_everywhere() {
    let plugins = PluginsDir::new();
    plugins.script("brief", "echo one; echo two >&2; exit 3\n");
    let daemon = TestDaemon::with(|config| config.plugins_dir = Some(plugins.path())).await;
    daemon.plugins_settled().await;
    let recorded = daemon.drain().await;
    let exec = recorded.spans_named(name::RUNNER_EXEC)[0];
    assert_eq!((exec.status, number(exec, "process.exit.code")), (SpanStatus::Error, 3));
    assert_eq!(attribute(exec, "error.type"), "crashed");
    let task = recorded.spans_named(name::SUPERVISOR_TASK)[0];
    assert_eq!((task.status, attribute(task, "error.type").as_str()), (SpanStatus::Error, "given_up"));
    let stopped = recorded.audited("plugin_stopped", Decision::Info);
    assert_eq!(stopped.len(), 1);
    assert_eq!(stopped[0].reason.as_deref(), Some("exit status: 3"));
    assert_eq!(stopped[0].plugin.as_deref(), Some("brief"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_is_not_there_is_told_and_the_daemon_goes_on() {
    let plugins = PluginsDir::new();
    plugins.plugin("missing", &["./no-such-program"]);
    let daemon = TestDaemon::with(|config| config.plugins_dir = Some(plugins.path())).await;
    daemon.plugins_settled().await;
    let recorded = daemon.drain().await;
    let exec = recorded.spans_named(name::RUNNER_EXEC)[0];
    assert_eq!(attribute(exec, "error.type"), "spawn");
    assert!(exec.status_message.as_ref().unwrap().contains("No such file"), "{exec:?}");
    let stopped = recorded.audited("plugin_stopped", Decision::Info)[0];
    assert!(stopped.reason.as_ref().unwrap().starts_with("./no-such-program: "), "{stopped:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_plugin_writes_is_logged_whatever_it_is() {
    let plugins = PluginsDir::new();
    let script = "echo to stdout\necho to stderr >&2\n\
                  head -c 300000 /dev/zero | tr '\\0' x\necho\n\
                  printf '\\377\\376 no text\\n'\nprintf 'color \\033[31m\\n'\necho still there\nexit 3\n";
    plugins.script("chatty", script);
    let (dir, policy) = (plugins.path(), plugins.policy("[plugins.chatty]\nrestarts = 0\n"));
    let args = ["--plugins-dir", dir.to_str().unwrap(), "--config", policy.to_str().unwrap()];
    let mut daemon = DaemonProcess::start(args).await;
    daemon.line("a plugin is given up").await;
    let ended = daemon.stop().await;
    for want in [
        "stream=\"stdout\" line=\"to stdout\"",
        "stream=\"stderr\" line=\"to stderr\"",
        "bytes more)",
        "no text",
        "line=\"still there\"",
        "exit=\"exit status: 3\"",
    ] {
        assert!(ended.stderr.contains(want), "{want}: {}", ended.stderr);
    }
    assert!(!ended.stderr.contains('\u{1b}'), "no terminal sequence comes through");
    assert!(ended.stderr.len() < 20_000, "nor a line of any length");
    assert_eq!((ended.code, ended.warnings().len()), (Some(0), 1), "{}", ended.stderr);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_gets_its_token_in_the_environment_alone_and_little_else() {
    let plugins = PluginsDir::new();
    let dir =
        plugins.script("nosy", "env > env.txt; tr '\\0' ' ' < /proc/$$/cmdline > argv.txt; pwd > pwd.txt\n");
    let (folder, policy) = (plugins.path(), plugins.policy("[plugins.nosy]\nrestarts = 0\n"));
    let args = ["--plugins-dir", folder.to_str().unwrap(), "--config", policy.to_str().unwrap()];
    let mut command = crate::harness::process::command(args);
    command.env("GLYPH_TRACE_HEADERS", "authorization=s3cr3t").env("HOME", "/root").env("LANG", "C");
    let mut daemon = DaemonProcess::spawn(command).await;
    daemon.line("a plugin has ended by itself").await;
    daemon.stop().await;
    let env = fs::read_to_string(dir.join("env.txt")).unwrap();
    let value = |name: &str| {
        let line =
            env.lines().find(|line| line.starts_with(&format!("{name}="))).unwrap_or_else(|| panic!("{env}"));
        line.split_once('=').unwrap().1.to_owned()
    };
    let token = value("GLYPH_PLUGIN_TOKEN");
    assert_eq!((token.len(), value("GLYPH_PLUGIN_NAME").as_str(), value("LANG").as_str()), (64, "nosy", "C"));
    assert!(value("GLYPH_BUS").starts_with("unix:/"));
    let argv = fs::read_to_string(dir.join("argv.txt")).unwrap();
    assert!(argv.starts_with("sh plugin.sh") && !argv.contains(&token), "{argv}");
    assert!(!env.contains("s3cr3t") && !env.contains("HOME"), "{env}");
    let pwd = fs::read_to_string(dir.join("pwd.txt")).unwrap();
    assert_eq!(fs::canonicalize(pwd.trim()).unwrap(), fs::canonicalize(&dir).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_that_heeds_no_signal_is_killed_with_all_that_it_started() {
    let plugins = PluginsDir::new();
    // Its child heeds none either, and holds the pipes.
    let script = "trap '' TERM\n(trap '' TERM; while :; do sleep 1000; done) &\n\
                  echo \"$$ $!\" > pids\nwhile :; do sleep 1000; done\n";
    let dir = plugins.script("stubborn", script);
    make_fifo(&dir.join("pids"));
    let daemon = TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.drain_timeout = Duration::from_millis(50);
    })
    .await;
    let pids = line_from(&dir.join("pids")).await;
    let pids: Vec<_> = pids.split(' ').map(|pid| Pid::from_raw(pid.parse().unwrap()).unwrap()).collect();
    assert!(pids.iter().all(|pid| is_alive(*pid)), "{pids:?}");
    let recorded = daemon.drain().await;
    assert!(!pids.iter().any(|pid| is_alive(*pid)), "{pids:?}");
    let exec = recorded.spans_named(name::RUNNER_EXEC)[0];
    assert_eq!(exec.status, SpanStatus::Error, "it did not end as it was told to");
    assert!(attribute(exec, "glyph.exit").contains("SIGKILL"), "{exec:?}");
    let stopped = recorded.audited("plugin_stopped", Decision::Info)[0];
    assert!(stopped.reason.as_ref().unwrap().contains("SIGKILL"), "{stopped:?}");
    let signals: Vec<_> = recorded
        .audited("plugin_terminated", Decision::Info)
        .iter()
        .map(|entry| entry.reason.as_ref().unwrap().rsplit(' ').next().unwrap().to_owned())
        .collect();
    assert_eq!(signals, ["SIGTERM", "SIGKILL"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plugin_is_started_only_if_its_files_are_those_that_are_pinned() {
    let plugins = PluginsDir::new();
    let script = "echo started > started\nread -r line\n";
    let seat = plugins.fake("witness");
    let dirs = ["right", "wrong", "missing"].map(|name| plugins.script(name, script));
    make_fifo(&dirs[0].join("started"));
    let digest = hex::encode(Sha256::digest(script));
    let pin = |name, file, digest: &str| format!("[plugins.{name}]\nsha256 = {{ {file:?} = {digest:?} }}\n");
    let policy = [
        pin("right", "plugin.sh", &digest.to_uppercase()),
        pin("wrong", "plugin.sh", &"0".repeat(64)),
        pin("missing", "plugin.py", &digest),
    ];
    let daemon = TestDaemon::with(|config| {
        config.plugins_dir = Some(plugins.path());
        config.policy = toml::from_str(&policy.concat()).unwrap();
    })
    .await;
    let mut witness = Witness::of(seat.take().await);
    assert_eq!(line_from(&dirs[0].join("started")).await, "started");
    for name in ["wrong", "missing"] {
        until_plugin(daemon.metrics(), name, "gone").await;
    }
    witness.is_served(daemon.proxy(), &FakeOrigin::ok().await).await;
    let recorded = daemon.drain().await;
    witness.ended().await;
    assert!(!dirs[1].join("started").exists() && !dirs[2].join("started").exists());
    for (name, reason) in [("wrong", "is not the file that is pinned"), ("missing", "No such file")] {
        let denied = recorded.audited("plugin_started", Decision::Deny);
        let denied = denied.iter().find(|e| e.plugin.as_deref() == Some(name)).unwrap();
        assert!(denied.reason.as_ref().unwrap().contains(reason), "{denied:?}");
        let faults = recorded.counted("glyph_plugin_errors_total", &[("plugin", name), ("reason", "digest")]);
        assert!((faults - 1.0).abs() < 0.5, "{name}: {faults}");
        let spans = recorded.spans_named(name::SUPERVISOR_TASK);
        let span = spans.iter().find(|s| attribute(s, "glyph.plugin.id") == name).unwrap();
        assert_eq!((span.status, attribute(span, "error.type").as_str()), (SpanStatus::Error, "digest"));
    }
    let right = recorded.audited("plugin_started", Decision::Allow);
    let right = right.iter().find(|e| e.plugin.as_deref() == Some("right")).unwrap();
    assert_eq!(right.metadata.get("pinned_files").unwrap().to_string(), "1");
    let issued = recorded.audited("token_issued", Decision::Allow);
    assert_eq!(issued.len(), 2, "no token is made for what is not started: {issued:#?}");
}

/// Whether a process runs; one that nobody has asked for its exit yet does not.
fn is_alive(pid: Pid) -> bool {
    let stat = fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero()));
    let zombie = stat.is_ok_and(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z')));
    test_kill_process(pid).is_ok() && !zombie
}

#[tokio::test(flavor = "multi_thread")]
async fn children_that_a_plugin_leaves_behind_end_with_it() {
    let plugins = PluginsDir::new();
    let dir = plugins.script("parent", "sleep 1000 &\necho $! > pid\nexit 3\n");
    make_fifo(&dir.join("pid"));
    let daemon = TestDaemon::with(|config| config.plugins_dir = Some(plugins.path())).await;
    let pid = line_from(&dir.join("pid")).await;
    daemon.plugins_settled().await;
    let pid = Pid::from_raw(pid.parse().unwrap()).unwrap();
    daemon.drain().await;
    assert!(!is_alive(pid));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_daemon_that_stops_while_a_plugin_starts_waits_for_nothing() {
    let plugins = PluginsDir::new();
    plugins.passive_headers();
    let daemon = TestDaemon::with(|config| config.plugins_dir = Some(plugins.path())).await;
    let recorded = daemon.drain().await;
    let stopped = recorded.audited("plugin_stopped", Decision::Info);
    assert_eq!(stopped.len(), 1);
    assert_eq!(stopped[0].reason.as_deref(), Some("exit status: 0"), "the goodbye was enough");
    assert!(recorded.audited("plugin_terminated", Decision::Info).is_empty());
}
