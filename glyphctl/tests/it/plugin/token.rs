//! A plugin that the daemon does not start gets in with a token from the daemon that `glyphctl record` is.

use std::{fs, io::Write, os::unix::fs::PermissionsExt, path::Path, process::Command};

use super::Plugins;
use crate::harness::{Run, ended, glyphctl, piped, run, within};

const POLICY: &str = "[plugins.late]\nstart = false\n";

fn token(out: &Path, more: &[&str]) -> Run {
    token_of("late", out, more)
}

fn token_of(plugin: &str, out: &Path, more: &[&str]) -> Run {
    run(["plugin", "token", plugin, "--out", out.to_str().unwrap()].iter().chain(more))
}

#[test]
fn a_token_lets_a_plugin_in_that_the_daemon_did_not_start() {
    let plugins = Plugins::new();
    fs::write(plugins.path("policy.toml"), POLICY).unwrap();
    // The daemon runs until its command has read a line.
    let record = ["record", "--out", "run", "--config", "policy.toml", "--", "sh", "-c", "read line"];
    let mut daemon = piped(glyphctl().current_dir(plugins.path("")).args(record));
    let recording = plugins.path("run");
    // Written whole, when the sockets are there.
    let addresses =
        || fs::read_to_string(recording.join("recording.json")).is_ok_and(|t| t.contains("control-addr"));
    within("the daemon's addresses", addresses);

    let out = plugins.path("late.env");
    let given = token(&out, &["--recording", recording.to_str().unwrap()]).fine();
    let variables = fs::read_to_string(&out).unwrap();
    assert_eq!(fs::metadata(&out).unwrap().permissions().mode() & 0o777, 0o600);
    let names: Vec<_> =
        variables.lines().filter_map(|line| line.split_once('=')).map(|(name, _)| name).collect();
    assert_eq!(names, ["GLYPH_BUS", "GLYPH_PLUGIN_NAME", "GLYPH_PLUGIN_TOKEN"]);
    let secret = variables.lines().find_map(|line| line.strip_prefix("GLYPH_PLUGIN_TOKEN=")).unwrap();
    let told = given.stdout + &given.stderr;
    assert!(!told.contains(secret.trim_matches('\'')), "the token is not printed");
    assert!(
        told.contains("a token for late, good once, until 2") && told.contains("next: (set -a; . "),
        "{told}"
    );

    let again = token(&out, &["--recording", recording.to_str().unwrap()]).unable();
    assert!(again.stderr.contains("nothing is written over"), "{again:#?}");

    let other = plugins.path("other.env");
    let unknown = token_of("other", &other, &["--recording", recording.to_str().unwrap()]).unable();
    assert!(
        unknown.stderr.contains("no token for other: ") && unknown.stderr.contains("(404)\nhint: the daemon")
    );
    assert!(!other.exists());

    let script = format!("set -a; . '{}'; set +a; {}", out.display(), super::of_the_demo("passive-headers"));
    let plugin = piped(Command::new("sh").args(["-c", &script]));
    let audit = || fs::read_to_string(recording.join("audit.jsonl")).unwrap_or_default();
    let has_session = |line: &str| {
        line.contains("\"session_opened\"") && line.contains("\"allow\"") && line.contains("\"late\"")
    };
    within("the plugin's session", || audit().lines().any(has_session));

    daemon.stdin.take().unwrap().write_all(b"done\n").unwrap();
    ended(daemon).fine();
    // It was told goodbye.
    ended(plugin).fine();
}

#[test]
fn a_process_of_the_daemon_gets_none() {
    let plugins = Plugins::new();
    fs::write(plugins.path("policy.toml"), POLICY).unwrap();
    let glyphctl_path = env!("CARGO_BIN_EXE_glyphctl");
    let ask = format!("'{glyphctl_path}' plugin token late --out late.env --recording run");
    let record = ["record", "--out", "run", "--config", "policy.toml", "--", "sh", "-c", &ask];
    let refused = ended(piped(glyphctl().current_dir(plugins.path("")).args(record))).unable();
    assert!(
        refused.stderr.contains("no token for late: a process that glyphd started asks (403)"),
        "{refused:#?}"
    );
    assert!(!plugins.path("late.env").exists());
}

#[test]
fn a_daemon_that_is_not_there_is_told() {
    let plugins = Plugins::new();
    let out = plugins.path("late.env");
    let gone = token(&out, &["--control-addr", plugins.path("no.sock").to_str().unwrap()]).unable();
    assert!(gone.stderr.contains("hint: no daemon listens there"), "{gone:#?}");
    let which = token(&out, &[]).unable();
    assert!(which.stderr.contains("hint: name the recording that it writes"), "{which:#?}");
    let none = token(&out, &["--recording", plugins.path("").to_str().unwrap()]).unable();
    assert!(none.stderr.contains("is no recording"), "{none:#?}");

    assert!(!out.exists());
}
