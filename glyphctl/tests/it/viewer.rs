//! The Chrome trace in a real viewer: speedscope in a headless Chromium.
//!
//! What is looked at is the viewer's list of profiles and the file that it exports, since it paints on a canvas. Needs
//! node, Chromium, and the packages of `tests/viewer/package.json`, in the folder that `GLYPH_NODE_MODULES` names or
//! in `target/peers/node_modules`. Without them the test is skipped, unless `GLYPH_PEERS` is `required`.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::harness::{run, testdata};

/// One lane as the viewer has it.
struct Profile {
    name: String,
    /// The name of each slice, and of the slice that it is in.
    slices: Vec<(String, Option<String>)>,
}

/// What the viewer makes of a span file; none without a viewer.
fn viewed(spans: &Path) -> Option<Vec<Profile>> {
    let (modules, chromium) = match peers() {
        Ok(peers) => peers,
        Err(missing) if env::var_os("GLYPH_PEERS").is_some_and(|v| v == "required") => {
            panic!("missing: {missing}")
        }
        Err(missing) => {
            eprintln!("skipped: {missing}");
            return None;
        }
    };
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace.json");
    let args =
        ["trace", "summarize", spans.to_str().unwrap(), "--args", "none", "-o", trace.to_str().unwrap()];
    run(args).fine();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/viewer/speedscope.mjs");
    let output = Command::new("node").arg(script).arg(modules).arg(chromium).arg(trace).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let seen: Value = serde_json::from_slice(&output.stdout).unwrap();
    let profiles = profiles(&seen["exported"]);
    let listed: Vec<_> = seen["profiles"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    assert_eq!(
        listed,
        profiles.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(),
        "the list is not what the file has"
    );
    Some(profiles)
}

/// The node packages and the browser, or what is missing.
fn peers() -> Result<(PathBuf, PathBuf), String> {
    let modules = env::var_os("GLYPH_NODE_MODULES").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/node_modules"),
        PathBuf::from,
    );
    for package in ["speedscope", "playwright-core"] {
        if !modules.join(package).is_dir() {
            return Err(format!("{package} in {}", modules.display()));
        }
    }
    in_path("node").ok_or("node")?;
    Ok((modules, in_path("chromium").ok_or("chromium")?))
}

fn in_path(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
}

/// Reads speedscope's own format.
fn profiles(exported: &Value) -> Vec<Profile> {
    let name = |event: &Value| {
        let frame = event["frame"].as_u64().unwrap() as usize;
        exported["shared"]["frames"][frame]["name"].as_str().unwrap().to_owned()
    };
    let profile = |profile: &Value| {
        let mut slices = Vec::new();
        let mut open: Vec<String> = Vec::new();
        for event in profile["events"].as_array().unwrap() {
            if event["type"] == "O" {
                slices.push((name(event), open.last().cloned()));
                open.push(name(event));
            } else {
                assert_eq!(open.pop(), Some(name(event)));
            }
        }
        assert!(open.is_empty());
        Profile { name: profile["name"].as_str().unwrap().to_owned(), slices }
    };
    exported["profiles"].as_array().unwrap().iter().map(profile).collect()
}

#[test]
fn a_viewer_shows_what_was_written() {
    let Some(profiles) = viewed(&testdata("checkout")) else { return };
    let mut text = String::new();
    for profile in profiles {
        text += &format!("{}\n", profile.name);
        for (name, within) in profile.slices {
            text += &format!("  {name}{}\n", within.map_or(String::new(), |within| format!(" in {within}")));
        }
    }
    insta::assert_snapshot!(text);
}

#[test]
fn a_viewer_nests_nothing_in_a_stranger() {
    // Times that touch, nest, overlap and coincide, in steps that a double does not hold exactly.
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    };
    let mut parents = vec![0_u64];
    let mut with_duration = Vec::new();
    let mut lines = String::new();
    for id in 1..=600_u64 {
        let parent = if id % 20 == 1 { 0 } else { id - 1 - random((id - 1) % 20) };
        parents.push(parent);
        let start = 1_760_000_000_000_000_000 + id / 20 * 2_000 + random(10) * 100;
        let end = start + random(12) * 100;
        if start < end {
            with_duration.push(id);
        }
        lines += &format!(
            "{{\"trace_id\":\"{:032x}\",\"span_id\":\"{id:016x}\",\"parent_span_id\":\"{parent:016x}\",\"name\":\"n{id}\",\
             \"service_name\":\"s{}\",\"start_time_unix_nano\":{start},\"end_time_unix_nano\":{end}}}\n",
            1,
            random(10) / 9,
        );
    }
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("traces.jsonl");
    fs::write(&file, lines).unwrap();
    let Some(profiles) = viewed(&file) else { return };
    let number = |name: &str| name[1..].parse::<u64>().unwrap();
    let mut seen = Vec::new();
    let mut nested = 0;
    for (name, within) in profiles.iter().flat_map(|p| &p.slices) {
        seen.push(number(name));
        let Some(within) = within else { continue };
        nested += 1;
        let mut above = parents[number(name) as usize];
        while above != number(within) {
            assert_ne!(above, 0, "{name} is shown in {within}");
            above = parents[above as usize];
        }
    }
    seen.sort_unstable();
    // Slices without a duration are drawn, but speedscope does not export them.
    assert_eq!(seen, with_duration, "every span is shown once");
    assert!(nested > 50, "{nested}");
}
