//! What a check sees in a plugin, and how that is judged.

use std::{ffi::OsStr, fs, path::Path};

use super::Plugins;
use crate::harness::{Run, run};

fn check(dir: &Path, more: &[&OsStr]) -> Run {
    run(["plugin".as_ref(), "check".as_ref(), dir.as_os_str()].iter().chain(more))
}

#[test]
fn a_plugin_that_is_right_is_shown_with_its_configuration() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("a", "exit 0\n");
    let checked = check(&dir, &[]).fine();
    let shown: Vec<_> = checked.stdout.lines().filter(|line| !line.starts_with("program")).collect();
    insta::assert_snapshot!("check_of_a_plugin", shown.join("\n"));

    // What it printed is a configuration, and the pins are right.
    let section = &checked.stdout[checked.stdout.find("[plugins.a]").unwrap()..];
    let config = plugins.path("policy.toml");
    fs::write(&config, section).unwrap();
    check(&dir, &["--config".as_ref(), config.as_os_str()]).fine();
    fs::write(dir.join("run.sh"), "exit 1\n").unwrap();
    let changed = check(&dir, &["--config".as_ref(), config.as_os_str()]);
    assert_eq!(changed.code, 1);
    assert!(changed.stdout.contains("problem: run.sh is not the file that is pinned"), "{changed:#?}");
}

#[test]
fn what_would_not_work_is_a_problem() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("a", "");
    let manifest = "name = \"a\"\nversion = \"1\"\ncommand = [\"./gone\"]\nsubscriptions = [\"FLOW_REQUEST_RAW\"]\n\
                    capabilities = [\"CAP_FLOW_INSPECT\"]\n";
    fs::write(dir.join("plugin.toml"), manifest).unwrap();
    let checked = check(&dir, &["--format".as_ref(), "json".as_ref()]);
    assert_eq!(checked.code, 1, "{checked:#?}");
    let json: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
    let expected = serde_json::json!([
        "the program ./gone is not there",
        "FLOW_REQUEST_RAW needs CAP_FLOW_INSPECT_RAW, which is not among the capabilities"
    ]);
    assert_eq!(json["problems"], expected);
    assert_eq!(json["warnings"], serde_json::json!(["without CAP_EMIT_FINDINGS it can report nothing"]));
    assert_eq!(json["program"], serde_json::Value::Null);
}

#[test]
fn what_a_plugin_may_use_and_see_is_shown() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("a", "");
    let manifest = fs::read_to_string(dir.join("plugin.toml")).unwrap();
    let asks = "read = [\"/etc/app\"]\nwrite = [\"cache\"]\n[limits]\nmemory_mib = 4096\nopen_files = 64\n";
    fs::write(dir.join("plugin.toml"), manifest + asks).unwrap();
    let checked = check(&dir, &["--format".as_ref(), "json".as_ref()]).fine();
    let json: serde_json::Value = serde_json::from_str(&checked.stdout).unwrap();
    let limit = |name: &str| {
        let limits = json["limits"].as_array().unwrap();
        let limit = limits.iter().find(|limit| limit["limit"] == name).unwrap();
        (limit["wanted"].as_u64(), limit["allowed"].as_u64())
    };
    assert_eq!(limit("memory_mib"), (Some(4_096), Some(2_048)));
    assert_eq!((limit("open_files"), limit("cpu_seconds")), ((Some(64), Some(64)), (None, None)));
    assert_eq!(json["read"], serde_json::json!([{ "path": "/etc/app", "granted": false }]));
    assert_eq!(json["write"][0]["granted"], true, "it is its own folder");
    let warnings = json["warnings"].as_array().unwrap();
    assert_eq!(warnings.len(), 2, "{warnings:?}");

    // What is printed for people grants it all.
    let checked = check(&dir, &[]).fine();
    let section = &checked.stdout[checked.stdout.find("[plugins.a]").unwrap()..];
    let config = plugins.path("policy.toml");
    fs::write(&config, section).unwrap();
    let checked = check(&dir, &["--config".as_ref(), config.as_os_str()]).fine();
    assert!(!checked.stdout.contains("warning: "), "{checked:#?}");
}

#[test]
fn what_is_not_granted_is_a_warning() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("a", "");
    let config = plugins.path("policy.toml");
    fs::write(&config, "[plugins.a]\ngrant = [\"CAP_FLOW_INSPECT\"]\n").unwrap();
    let checked = check(&dir, &["--config".as_ref(), config.as_os_str()]).fine();
    assert!(checked.stdout.contains("warning: not granted: CAP_EMIT_FINDINGS;"), "{checked:#?}");
}

#[test]
fn a_wrong_manifest_has_its_place_and_a_missing_one_a_hint() {
    let plugins = Plugins::new();
    let dir = plugins.scripted("a", "");
    fs::write(dir.join("plugin.toml"), "name = \"a\"\nversion = \"1\"\ncommand = []\n").unwrap();
    let wrong = check(&dir, &[]);
    assert_eq!((wrong.code, &*wrong.stdout), (1, ""), "{wrong:#?}");
    assert!(wrong.stderr.contains("plugin.toml:3: a command begins with a program"), "{wrong:#?}");

    fs::remove_file(dir.join("plugin.toml")).unwrap();
    let missing = check(&dir, &[]).unable();
    assert!(missing.stderr.contains("hint: a plugin is a folder with a plugin.toml"), "{missing:#?}");

    let config = plugins.path("policy.toml");
    fs::write(&config, "[plugins.a]\n\ncolour = 1\n").unwrap();
    let dir = plugins.scripted("b", "");
    let wrong = check(&dir, &["--config".as_ref(), config.as_os_str()]).unable();
    assert!(
        wrong.stderr.contains("--config: ") && wrong.stderr.contains("policy.toml:3: unknown field"),
        "{wrong:#?}"
    );
}
