//! What `--format json` prints is what its schema in `docs/schemas/` says, for every command that has it; and
//! `docs/reference/files.md` lists all schemas. `GLYPH_BLESS=1` writes that anew.

#[path = "../../../glyphd/tests/it/harness/schema.rs"]
mod schema;

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::harness::{glyphctl, names_in};

/// A schema, what it is of, and commands over recordings of the test data that print such a thing. What has none takes
/// more than that, and is held to its schema where it is tested.
struct Documented {
    name: &'static str,
    of: &'static str,
    printed: &'static [&'static [&'static str]],
    /// Whether a line is a document.
    by_line: bool,
}

const fn file(name: &'static str, of: &'static str) -> Documented {
    Documented { name, of, printed: &[], by_line: false }
}

const fn printed(
    name: &'static str,
    of: &'static str,
    printed: &'static [&'static [&'static str]],
) -> Documented {
    Documented { name, of, printed, by_line: false }
}

const fn lines(
    name: &'static str,
    of: &'static str,
    printed: &'static [&'static [&'static str]],
) -> Documented {
    Documented { name, of, printed, by_line: true }
}

const ALL: &[Documented] = &[
    // What lies in recordings and artifacts.
    lines(
        "flow",
        "a line of `flows.jsonl`; what `flows ls` and `flows show` print",
        &[&["flows", "ls", "SHOP"], &["flows", "show", "SHOP", "--method", "GET"]],
    ),
    file("span", "a line of `traces.jsonl`"),
    file("finding", "a line of `findings.jsonl`"),
    file("audit", "a line of `audit.jsonl`"),
    file("recording", "`recording.json`"),
    file("secrets", "a line of the file that `glyphd --secrets` writes"),
    file("cases", "`cases.json`"),
    file("manifest", "`manifest.json`, the first file of an artifact"),
    file("provenance", "`provenance.replay.json`, beside what `replay load --out` unpacks"),
    // What is written by hand, as TOML.
    file("glyph-toml", "`glyph.toml`, for `check` ([config.md](config.md))"),
    file("policy", "the policy of `glyphd --config` ([config.md](config.md))"),
    file("plugin", "`plugin.toml`, a plugin's manifest ([config.md](config.md))"),
    // What is printed.
    printed(
        "alerts-check",
        "`alerts check`",
        &[&["alerts", "check", "--rules", "ALERTS", "--data", "OUTAGE"]],
    ),
    printed("alerts-lint", "`alerts lint`", &[&["alerts", "lint", "--rules", "ALERTS"]]),
    printed(
        "artifact",
        "`replay load`, `replay write --dry-run`",
        &[&["replay", "write", "SHOP", "-n"], &["replay", "load", "ARTIFACT"]],
    ),
    // The artifact lies where the commands are run.
    printed("baseline-list", "`baseline list`", &[&["baseline", "list", "--baseline", "."]]),
    file("ca-show", "`ca show`"),
    file("case", "`replay load --case`"),
    printed("check", "`check`", &[&["check", "SHOP"]]),
    lines("flows-grep", "a line of `flows grep`", &[&["flows", "grep", "SHOP", "a"]]),
    printed("flows-stats", "`flows stats`", &[&["flows", "stats", "SHOP"]]),
    printed(
        "metrics-label-values",
        "`metrics labels LABEL`",
        &[&["metrics", "labels", "__name__", "--data", "OUTAGE"]],
    ),
    printed("metrics-labels", "`metrics labels`", &[&["metrics", "labels", "--data", "OUTAGE"]]),
    printed(
        "metrics-query",
        "`metrics query`",
        &[
            &["metrics", "query", "--data", "OUTAGE", "up"],
            &["metrics", "query", "--data", "OUTAGE", "up", "--step", "5m"],
        ],
    ),
    printed("metrics-series", "`metrics series`", &[&["metrics", "series", "--data", "OUTAGE"]]),
    file("plugin-check", "`plugin check`"),
    file("plugin-run", "`plugin run`"),
    printed(
        "replay-dry-run",
        "`replay run --dry-run`",
        &[&["replay", "run", "SHOP", "--target", "http://127.0.0.1:1", "-n"]],
    ),
    file("replay-plugins", "`replay run --through-plugins`"),
    printed("replay-report", "`replay run`, `replay diff`", &[&["replay", "diff", "SHOP", "SHOP"]]),
    printed("trace-diff", "`trace diff`, `baseline compare`", &[&["trace", "diff", "SHOP", "SHOP"]]),
    printed("trace-graph", "`trace graph`", &[&["trace", "graph", "SHOP"]]),
    printed("trace-show", "`trace show`", &[&["trace", "show", "SHOP"]]),
    printed("trace-summary", "`trace summarize`", &[&["trace", "summarize", "SHOP"]]),
];

fn at_root(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn schema_of(name: &str) -> Value {
    let path = at_root(&format!("docs/schemas/{name}.json"));
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn what_commands_print_as_json_keeps_to_its_schema() {
    let dir = tempfile::tempdir().unwrap();
    let shop = at_root("testdata/recordings/shop").display().to_string();
    let artifact = dir.path().join("shop.glyph.tar.zst").display().to_string();
    let alerts = at_root("alerts/alerts.yaml").display().to_string();
    fs::write(dir.path().join("glyph.toml"), "[[budget]]\nspan = \"proxy.capture_flow\"\np95 = \"60m\"\n")
        .unwrap();
    let packed = glyphctl().args(["replay", "write", &shop, "-o", &artifact]).output().unwrap();
    assert!(packed.status.success(), "{packed:?}");
    let outage = at_root("testdata/metrics/outage").display().to_string();
    let place = |word: &str| match word {
        "SHOP" => shop.clone(),
        "OUTAGE" => outage.clone(),
        "ARTIFACT" => artifact.clone(),
        "ALERTS" => alerts.clone(),
        word => word.to_owned(),
    };
    for documented in ALL {
        let schema = schema_of(documented.name);
        for command in documented.printed {
            let args = command.iter().copied().map(place).chain(["--format".to_owned(), "json".to_owned()]);
            let output = glyphctl().current_dir(dir.path()).args(args).output().unwrap();
            let text = String::from_utf8(output.stdout).unwrap();
            let told = String::from_utf8_lossy(&output.stderr);
            assert!(!text.trim().is_empty(), "{command:?}: {told}");
            let documents = if documented.by_line { text.lines().collect() } else { vec![text.as_str()] };
            for document in documents {
                let faults = schema::faults(&schema, &serde_json::from_str(document).unwrap());
                assert!(faults.is_empty(), "{command:?} and {}.json: {faults:?}", documented.name);
            }
        }
    }
}

#[test]
fn every_command_with_json_has_a_schema() {
    let reference = fs::read_to_string(at_root("docs/reference/glyphctl.md")).unwrap();
    let told: String = ALL.iter().map(|documented| documented.of).collect::<Vec<_>>().join("; ");
    for section in reference.split("\n## ").skip(1) {
        let (name, help) = section.split_once('\n').unwrap();
        let has_json = help.split("--format <FORMAT>").nth(1).is_some_and(|values| {
            let values = values.split("\n      -").next().unwrap();
            values.contains("- json:")
        });
        let name = name.strip_prefix("glyphctl ").unwrap_or(name);
        // Bare `replay` is short for `replay load`.
        if has_json && name != "replay" {
            assert!(told.contains(&format!("`{name}")), "glyphctl {name} --format json has no schema");
        }
    }
}

#[test]
fn the_list_of_schemas_in_docs_is_whole() {
    let there: BTreeSet<_> = names_in(&at_root("docs/schemas")).into_iter().collect();
    let mut text = "# Files and what is printed\n\nThe JSON Schema (draft 2020-12) of each kind of record, of each file that is JSON, and of what \
                    `glyphctl … --format json` prints. Made from the code by a test: don't edit it.\n\nOf the files that are no JSON, \
                    `metrics.om` is OpenMetrics ([metrics.md](../metrics.md)), and an artifact a tar archive \
                    ([replay.md](../replay.md)). [recording.md](../recording.md) says how they are written.\n\n\
                    | schema | of |\n| --- | --- |\n"
        .to_owned();
    let mut listed = BTreeSet::new();
    for documented in ALL {
        let file = format!("{}.json", documented.name);
        text.push_str(&format!("| [{file}](../schemas/{file}) | {} |\n", documented.of));
        listed.insert(file);
    }
    assert_eq!(listed, there);
    let path = at_root("docs/reference/files.md");
    if std::env::var_os("GLYPH_BLESS").is_some() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == text, "{} is out of date: run with GLYPH_BLESS=1", path.display());
}
