//! A plugin over a recording: what it finds, and what keeps it from the end.

use std::{
    ffi::OsStr,
    fs,
    io::{BufRead, BufReader},
    path::Path,
};

use rustix::process::{Pid, Signal, kill_process, test_kill_process};

use super::{Plugins, of_the_demo, python_packages, shop};
use crate::harness::{Run, ended, glyphctl, peer, piped, run};

fn over_shop(dir: &Path, more: &[&str]) -> Run {
    let args = ["plugin".as_ref(), "run".as_ref(), dir.as_os_str()];
    let shop = shop();
    run(args.into_iter().chain([shop.as_os_str()]).chain(more.iter().map(OsStr::new)))
}

#[test]
fn findings_come_in_every_format() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("headers", &of_the_demo("passive-headers"));
    let table = over_shop(&dir, &[]).fine();
    insta::assert_snapshot!("run_as_table", table.stdout);
    insta::assert_snapshot!("run_account", table.stderr);
    insta::assert_snapshot!("run_as_markdown", over_shop(&dir, &["--format", "markdown"]).fine().stdout);
    insta::assert_snapshot!("run_as_csv", over_shop(&dir, &["--format", "csv"]).fine().stdout);
    let json = over_shop(&dir, &["--format", "json", "--limit", "2"]).fine();
    let json: serde_json::Value = serde_json::from_str(&json.stdout).unwrap();
    assert_eq!((&json["plugin"], &json["flows"]), (&"headers".into(), &2.into()));
    assert_eq!(json["findings"][0]["plugin"], "headers");
}

#[test]
fn a_finding_can_fail_the_command() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("headers", &of_the_demo("passive-headers"));
    assert_eq!(over_shop(&dir, &["--fail-on", "low"]).code, 1);
    over_shop(&dir, &["--fail-on", "crit"]).fine();
}

#[test]
fn the_policy_says_what_is_granted() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("headers", &of_the_demo("passive-headers"));
    let config = plugins.path("policy.toml");
    let with = |grant: &str| {
        fs::write(&config, format!("[plugins.headers]\ngrant = {grant}\nstart = false\n")).unwrap();
        over_shop(&dir, &["--config", config.to_str().unwrap()])
    };
    let blind = with("[\"CAP_EMIT_FINDINGS\"]").fine();
    assert!(
        blind.stderr.contains("warning: not shown for want of a capability: FLOW_RESPONSE"),
        "{blind:#?}"
    );
    let mute = with("[\"CAP_FLOW_INSPECT\"]");
    assert!(mute.stderr.contains("the plugin lacks CAP_EMIT_FINDINGS"), "{mute:#?}");
    assert_eq!(mute.stdout, "");
}

#[test]
fn a_plugin_that_does_not_connect_is_told_with_its_last_words() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("broken", "echo on my way\necho no such thing >&2\nexit 3\n");
    let ran = over_shop(&dir, &[]).unable();
    assert!(ran.stderr.contains("broken| on my way\n"), "{ran:#?}");
    let why = "glyphctl: the plugin broken did not connect: exit status: 3: no such thing\nhint: ";
    assert!(ran.stderr.contains(why), "{ran:#?}");

    fs::write(dir.join("plugin.toml"), "name = \"broken\"\nversion = \"1\"\ncommand = [\"./gone\"]\n")
        .unwrap();
    let ran = over_shop(&dir, &[]).unable();
    assert!(ran.stderr.contains("did not connect: ./gone: No such file"), "{ran:#?}");
}

#[test]
fn a_plugin_that_ends_early_is_told() {
    let Some(packages) = peer(python_packages()) else { return };
    let plugins = Plugins::new();
    let dir = plugins.python("early", &packages, "glyph_bus.os._exit(7)");
    let ran = over_shop(&dir, &[]).unable();
    assert!(ran.stderr.contains("the plugin early ended before it had answered everything ("), "{ran:#?}");
    assert!(ran.stderr.contains("exit status: 7"), "{ran:#?}");
}

#[test]
fn raw_flows_are_not_in_a_recording_and_that_is_said() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("headers", &of_the_demo("passive-headers"));
    let manifest = fs::read_to_string(dir.join("plugin.toml")).unwrap();
    fs::write(dir.join("plugin.toml"), manifest.replace("FLOW_RESPONSE", "FLOW_RESPONSE_RAW")).unwrap();
    let ran = over_shop(&dir, &[]).fine();
    assert!(ran.stderr.contains("glyphctl: headers wants raw flows; a recording has none"), "{ran:#?}");
}

#[test]
fn what_is_no_recording_is_told_before_anything_starts() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("a", "echo started\n");
    let spans = shop().join("traces.jsonl");
    let ran = run(["plugin".as_ref(), "run".as_ref(), dir.as_os_str(), spans.as_os_str()]).unable();
    assert!(
        ran.stderr.contains("hint: a plugin is shown a recording") && !ran.stderr.contains("started"),
        "{ran:#?}"
    );
}

#[test]
fn an_interrupt_ends_the_plugin_too() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("stuck", "echo $$\nexec cat\n");
    let mut child =
        piped(glyphctl().args(["plugin".as_ref(), "run".as_ref(), dir.as_os_str(), shop().as_os_str()]));
    let mut line = String::new();
    BufReader::new(child.stderr.as_mut().unwrap()).read_line(&mut line).unwrap();
    let plugin =
        line.trim_end().strip_prefix("stuck| ").and_then(|pid| pid.parse().ok()).and_then(Pid::from_raw);
    kill_process(Pid::from_raw(child.id().cast_signed()).unwrap(), Signal::INT).unwrap();
    let ran = ended(child).unable();
    assert_eq!(ran.stderr, "glyphctl: interrupted\n");
    assert!(test_kill_process(plugin.unwrap()).is_err(), "the plugin is gone");
}
