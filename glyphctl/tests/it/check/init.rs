//! A first `glyph.toml` out of a recording.

use std::fs;

use serde_json::Value;

use super::{Place, RULES, hostile, named};
use crate::harness::run;

#[test]
fn a_fresh_config_holds_for_its_recording() {
    let place = Place::shop();
    let made = place.run(&["check", "init", "run"]).fine();
    assert_eq!(
        (made.stdout.as_str(), made.stderr.as_str()),
        ("", "glyphctl: glyph.toml: 7 budgets (now: glyphctl check run)\n")
    );
    let text = fs::read_to_string(place.path("glyph.toml")).unwrap();
    insta::assert_snapshot!(text);
    place.run(&["check", "run"]).fine();

    let again = place.run(&["check", "init", "run"]).unable();
    assert!(again.stderr.starts_with("glyphctl: glyph.toml: exists already\nhint: "), "{}", again.stderr);
    assert_eq!(fs::read_to_string(place.path("glyph.toml")).unwrap(), text);
    place.pack();
    assert_eq!(place.run(&["check", "init", "run.glyph.tar.zst", "-o", "-"]).fine().stdout, text);
    let nowhere = place.run(&["check", "init", "run", "-o", "no/where.toml"]).unable();
    assert!(nowhere.stderr.contains("can't be written: No such file"), "{}", nowhere.stderr);
}

#[test]
fn a_fresh_config_takes_the_rules_beside_it() {
    let place = Place::shop();
    fs::create_dir_all(place.path("ci/alerts")).unwrap();
    place.write("ci/alerts/alerts.yaml", RULES);
    place.run(&["check", "init", "run", "-o", "ci/glyph.toml"]).fine();
    let run = place.run(&["check", "run", "--config", "ci/glyph.toml"]).fine();
    assert!(run.stdout.contains("TooHot"), "{}", run.stdout);
}

#[test]
fn a_fresh_config_is_right_whatever_the_names() {
    let (place, _) = hostile();
    place.run(&["check", "init", "run"]).fine();
    let text = fs::read_to_string(place.path("glyph.toml")).unwrap();
    assert!(!text.contains(|c| c != '\n' && glyph_analysis::text::is_hidden(c)), "{text}");
    let run = place.run(&["check", "run"]).fine();
    assert!(run.stdout.starts_with("pass: 8 checks, none failed\n"), "{}", run.stdout);
}

#[test]
fn the_demos_recording_holds_to_what_was_measured() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("demo");
    run(["demo", "--out", out.to_str().unwrap()]).fine();
    let (recording, config) = (out.join("recording"), dir.path().join("glyph.toml"));
    let (recording, config) = (recording.to_str().unwrap(), config.to_str().unwrap());
    run(["check", "init", recording, "-o", config]).fine();
    let passed = run(["check", recording, "--config", config, "--format", "json"]).fine();
    let json: Value = serde_json::from_str(&passed.stdout).unwrap();
    for name in ["metrics.om", "glyph_audit_failures_total", "glyph_trace_spans_total{outcome=\"dropped\"}"] {
        assert_eq!(named(&json, name)["value"], 0, "{json:#}");
    }
    for none in ["plugin.supervisor.task", "replay.write_flows"] {
        assert!(!passed.stdout.contains(none), "{}", passed.stdout);
    }
}
