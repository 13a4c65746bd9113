//! Traces and stacks in a real viewer: speedscope in a headless Chromium.
//!
//! What is looked at is the viewer's list of profiles and the file that it exports, since it paints on a canvas. Needs
//! node, Chromium, and the packages of `tests/viewer/package.json`, in the folder that `GLYPH_NODE_MODULES` names or
//! in `target/peers/node_modules`. Without them the test is skipped, unless `GLYPH_PEERS` is `required`.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::Value;

use crate::{
    concurrent::Concurrent,
    harness::{in_path, node_modules, peer, run, testdata},
};

/// One lane as the viewer has it.
struct Profile {
    name: String,
    /// The name of each slice, and of the slice that it is in.
    slices: Vec<(String, Option<String>)>,
}

/// What the viewer makes of a span file's Chrome trace; none without a viewer.
fn viewed(spans: &Path) -> Option<Vec<Profile>> {
    let dir = tempfile::tempdir().unwrap();
    let trace = dir.path().join("trace.json");
    let args =
        ["trace", "summarize", spans.to_str().unwrap(), "--args", "none", "-o", trace.to_str().unwrap()];
    run(args).fine();
    chrome_check::check(&fs::read(&trace).unwrap()).unwrap();
    let seen = speedscope(&trace)?;
    let profiles = profiles(&seen["exported"]);
    let listed: Vec<_> = seen["profiles"].as_array().unwrap().iter().map(|p| p.as_str().unwrap()).collect();
    assert_eq!(
        listed,
        profiles.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(),
        "the list is not what the file has"
    );
    Some(profiles)
}

/// What speedscope makes of a file; none without it.
fn speedscope(file: &Path) -> Option<Value> {
    let (modules, chromium) = peer(peers())?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/viewer/speedscope.mjs");
    let output = Command::new("node").arg(script).arg(modules).arg(chromium).arg(file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The node packages and the browser, or what is missing.
fn peers() -> Result<(PathBuf, PathBuf), String> {
    let modules = node_modules();
    for package in ["speedscope", "playwright-core"] {
        if !modules.join(package).is_dir() {
            return Err(format!("{package} in {}", modules.display()));
        }
    }
    in_path("node")?;
    Ok((modules, in_path("chromium")?))
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
    let spans = Concurrent::new();
    let with_duration: Vec<_> =
        (1..).zip(&spans.times[1..]).filter(|(_, (start, end))| start < end).map(|(id, _)| id).collect();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("traces.jsonl");
    fs::write(&file, spans.lines()).unwrap();
    let Some(profiles) = viewed(&file) else { return };
    let number = |name: &str| name[1..].parse::<u64>().unwrap();
    let mut seen = Vec::new();
    let mut nested = 0;
    for (name, within) in profiles.iter().flat_map(|p| &p.slices) {
        seen.push(number(name));
        let Some(within) = within else { continue };
        nested += 1;
        let mut above = spans.parents[number(name) as usize];
        while above != number(within) {
            assert_ne!(above, 0, "{name} is shown in {within}");
            above = spans.parents[above as usize];
        }
    }
    seen.sort_unstable();
    // Slices without a duration are drawn, but speedscope does not export them.
    assert_eq!(seen, with_duration, "every span is shown once");
    assert!(nested > 50, "{nested}");
}

#[test]
fn a_viewer_weighs_stacks_as_they_were_written() {
    for name in ["checkout", "odd", "hostile"] {
        let dir = tempfile::tempdir().unwrap();
        let stacks = dir.path().join("stacks.txt");
        run(["trace", "summarize", testdata(name).to_str().unwrap(), "--folded", stacks.to_str().unwrap()])
            .fine();
        let Some(seen) = speedscope(&stacks) else { return };
        let written: BTreeMap<_, _> = fs::read_to_string(&stacks)
            .unwrap()
            .lines()
            .map(|line| line.rsplit_once(' ').unwrap())
            .map(|(stack, ns)| (stack.to_owned(), ns.parse::<f64>().unwrap()))
            .collect();
        assert_eq!(weights(&seen["exported"]), written, "{name}");
    }
}

/// The stacks and what each has of its own, in speedscope's own format.
fn weights(exported: &Value) -> BTreeMap<String, f64> {
    let [profile] = exported["profiles"].as_array().unwrap().as_slice() else { panic!("{exported}") };
    let (mut weights, mut open, mut last) = (BTreeMap::new(), Vec::new(), 0.0);
    for event in profile["events"].as_array().unwrap() {
        let at = event["at"].as_f64().unwrap();
        if at > last {
            *weights.entry(open.join(";")).or_default() += at - last;
        }
        last = at;
        if event["type"] == "O" {
            let frame = event["frame"].as_u64().unwrap() as usize;
            open.push(exported["shared"]["frames"][frame]["name"].as_str().unwrap());
        } else {
            open.pop();
        }
    }
    weights
}
