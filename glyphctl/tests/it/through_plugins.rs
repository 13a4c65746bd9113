//! `glyphctl replay run --through-plugins`: the regression test for a plugin.

use std::{
    ffi::OsStr,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::{
    harness::{Run, run},
    plugin::{Plugins, of_the_demo, shop},
};

fn through(plugins: &Path, recording: &Path, more: &[&str]) -> Run {
    let args = ["replay", "run"].map(OsStr::new).into_iter();
    let args = args.chain([recording.as_os_str(), "--through-plugins".as_ref(), "--plugins-dir".as_ref()]);
    run(args.chain([plugins.as_os_str()]).chain(more.iter().map(OsStr::new)))
}

/// A plugin, and a recording in which stands what it finds.
struct Both {
    plugins: Plugins,
    recording: PathBuf,
}

impl Both {
    fn new() -> Self {
        let plugins = Plugins::new();
        let plugin = plugins.scripted("passive-headers", &of_the_demo("passive-headers"));
        let recording = plugins.path("recording");
        fs::create_dir(&recording).unwrap();
        for entry in fs::read_dir(shop()).unwrap() {
            let entry = entry.unwrap();
            fs::copy(entry.path(), recording.join(entry.file_name())).unwrap();
        }
        let args = ["plugin".as_ref(), "run".as_ref(), plugin.as_os_str(), recording.as_os_str()];
        let found = json(&run(args.into_iter().chain(["--format", "json"].map(OsStr::new))).fine());
        let findings = found["findings"].as_array().unwrap().iter();
        fs::write(
            recording.join("findings.jsonl"),
            findings.map(|finding| format!("{finding}\n")).collect::<String>(),
        )
        .unwrap();
        Self { plugins, recording }
    }

    fn through(&self, more: &[&str]) -> Run {
        through(&self.plugins.path("passive-headers"), &self.recording, more)
    }

    /// How many findings are recorded.
    fn findings(&self) -> usize {
        fs::read_to_string(self.recording.join("findings.jsonl")).unwrap().lines().count()
    }
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

#[test]
fn a_plugin_that_finds_the_same_passes() {
    let both = Both::new();
    // The folder of the plugin, and the folder in which it is.
    for dir in ["passive-headers", ""] {
        let dir = both.plugins.path(dir);
        let fine = json(&through(&dir, &both.recording, &["--format", "json"]).fine());
        assert_eq!((&fine["diverged"], &fine["cases"]), (&false.into(), &Value::Array(vec![])), "{fine:#}");
        assert_eq!(fine["plugins"][0]["unchanged"], both.findings());
        assert!(fine["cases_unchanged"].as_u64() > Some(0), "{fine:#}");
    }
    insta::assert_snapshot!("the_same", both.through(&[]).fine().stdout);
}

#[test]
fn what_is_new_and_what_is_gone_is_told_in_every_format() {
    let both = Both::new();
    // One claim is another than it was.
    let file = both.recording.join("findings.jsonl");
    let text = fs::read_to_string(&file).unwrap();
    let (before, after) = ("missing.content-security-policy\"", "missing.other\"");
    let text = text.replacen(before, after, 1).replacen("\"med\"", "\"crit\"", 1);
    fs::write(&file, text).unwrap();
    let ran = both.through(&["--format", "json"]);
    assert_eq!(ran.code, 1, "{ran:#?}");
    let told = json(&ran);
    let types = |which: &str| {
        let findings = told["plugins"][0][which].as_array().unwrap();
        findings.iter().map(|finding| finding["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(types("new"), ["passive-headers.missing.content-security-policy"]);
    assert_eq!(types("gone"), ["passive-headers.missing.other"]);
    let case = &told["cases"][0];
    assert_eq!((&case["recorded"]["severity"], &case["new"]["severity"]), (&"crit".into(), &"med".into()));
    for format in ["table", "markdown", "junit"] {
        let ran = both.through(&["--format", format]);
        assert_eq!(ran.code, 1, "{ran:#?}");
        insta::assert_snapshot!(format!("differs_as_{format}"), ran.stdout);
    }
}

#[test]
fn only_the_plugins_that_are_there_and_the_flows_that_are_meant_are_compared() {
    let both = Both::new();
    let other = both.plugins.scripted("other", &of_the_demo("passive-headers"));
    let ran = through(&other, &both.recording, &[]);
    assert_eq!(ran.code, 1, "{ran:#?}");
    let left_out = format!("not compared: {} recorded findings of passive-headers", both.findings());
    assert!(ran.stdout.contains(&left_out), "{ran:#?}");
    assert!(ran.stdout.contains("the recording has no findings of other"), "{ran:#?}");

    let of = |more: &[&str]| {
        let told = json(&both.through(&[more, &["--format", "json"]].concat()).fine());
        (told["flows"].as_u64().unwrap(), told["plugins"][0]["unchanged"].as_u64().unwrap())
    };
    let (flows, findings) = of(&[]);
    assert_eq!((flows, findings), (3, both.findings() as u64));
    // The first was not answered: there is nothing to find.
    assert_eq!(of(&["--limit", "2"]), (2, findings / 2));
    assert_eq!(of(&["--path", "/account", "--limit", "1"]), (1, findings / 2));
}

#[test]
fn an_artifact_is_taken_too_and_a_file_of_flows_has_nothing_to_compare_with() {
    let both = Both::new();
    let artifact = both.plugins.path("run.glyph.tar.zst");
    let (recording, output) = (both.recording.as_os_str(), artifact.as_os_str());
    run(["replay".as_ref(), "write".as_ref(), recording, "-o".as_ref(), output]).fine();
    let plugin = both.plugins.path("passive-headers");
    through(&plugin, &artifact, &[]).fine();
    let alone = through(&plugin, &both.recording.join("flows.jsonl"), &[]).unable();
    assert!(alone.stderr.contains("there are no findings to compare with"), "{alone:#?}");
    let empty = both.plugins.path("empty");
    fs::create_dir(&empty).unwrap();
    let none = through(&empty, &both.recording, &[]).unable();
    assert!(none.stderr.contains("there is no plugin in it"), "{none:#?}");
}
