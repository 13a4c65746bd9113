//! A site in miniature, recorded, packed, loaded and sent again: against the same server nothing differs, against a changed
//! one each change is named, and nothing else.

mod nginx;

use std::{
    io::{BufRead, BufReader},
    process::Command,
};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use self::nginx::{Content, Nginx};
use crate::harness::{Run, ended, glyphctl, have, piped};

/// What a browser and a script ask for; two connections, one after the other.
const VISIT: &str = r#"
curl -s --compressed "$SITE/" "$SITE/style.css" "$SITE/items.json" -o /dev/null -o /dev/null -o /dev/null
curl -s -I "$SITE/" -o /dev/null
curl -s -H 'If-Modified-Since: Sun, 15 Jun 2025 15:06:40 GMT' "$SITE/style.css" -o /dev/null
curl -s -r 100-199 "$SITE/small.bin" -o /dev/null
curl -s "$SITE/small.bin" "$SITE/large.bin" -o /dev/null -o /dev/null
curl -s -c jar "$SITE/login" -o /dev/null
curl -s -b jar "$SITE/account" -o /dev/null
curl -s -d 'sku=2&amount=1&password=sesame-open-7' "$SITE/order" -o /dev/null
curl -s "$SITE/gone" "$SITE/items.json?page=2" -o /dev/null -o /dev/null
"#;
/// How many exchanges that is.
const EXCHANGES: u64 = 13;

/// A folder, in it the recording of a visit, and the server that was visited.
struct Visit {
    dir: TempDir,
    nginx: Nginx,
}

impl Visit {
    /// None if a peer is missing.
    fn recorded() -> Option<Self> {
        if !have("curl") {
            return None;
        }
        let nginx = Nginx::start(Content::default())?;
        let dir = tempfile::tempdir().unwrap();
        let mut record = glyphctl();
        record.current_dir(dir.path()).args(["record", "--out", "run", "--", "sh", "-ec", VISIT]);
        ended(piped(record.env("SITE", nginx.url("")))).fine();
        Some(Self { dir, nginx })
    }

    /// `glyphctl ARGS` in the folder.
    fn run(&self, args: &[&str]) -> Run {
        let mut command: Command = glyphctl();
        ended(piped(command.current_dir(self.dir.path()).args(args)))
    }
}

/// What differs, as `place: kind`, with how many exchanges.
fn groups(told: &Value) -> Vec<(String, u64)> {
    let groups = told["groups"].as_array().unwrap().iter();
    let name =
        |group: &Value| format!("{} {}", group["place"].as_str().unwrap(), group["kind"].as_str().unwrap());
    let mut groups: Vec<_> = groups.map(|g| (name(g), g["exchanges"].as_u64().unwrap())).collect();
    groups.sort();
    groups
}

#[test]
fn against_the_same_server_nothing_differs() {
    let Some(visit) = Visit::recorded() else { return };
    let digest = visit.run(&["replay", "write", "run", "-o", "run.glyph.tar.zst"]).fine().stdout;
    let expect = ["replay", "load", "run.glyph.tar.zst", "--out", "again", "--expect-digest", digest.trim()];
    visit.run(&expect).fine();
    let target = visit.nginx.url("");
    // The recording, the artifact, and what came out of it, one by one and all at once, and over and over.
    for (source, more) in [
        ("run", &["--speed", "max"][..]),
        ("run.glyph.tar.zst", &["--speed", "max", "--concurrency", "8"]),
        ("again", &["--speed", "1"]),
        ("run/flows.jsonl", &["--rate", "500", "--loop", "3"]),
    ] {
        let args = ["replay", "run", source, "--target", &target, "--format", "json"];
        let told: Value = serde_json::from_str(&visit.run(&[&args, more].concat()).fine().stdout).unwrap();
        let rounds = if more.contains(&"--loop") { 3 } else { 1 };
        assert_eq!(
            (&told["verdict"], &told["compared"]),
            (&"same".into(), &(rounds * EXCHANGES).into()),
            "{told:#}"
        );
        // Of the large file the recording has the beginning, and of what is no text a digest.
        let left_out: u64 =
            told["left_out"].as_array().unwrap().iter().map(|l| l["count"].as_u64().unwrap()).sum();
        assert!(left_out >= rounds, "{told:#}");
    }
}

#[test]
fn against_a_changed_server_each_change_is_named_and_nothing_else() {
    let Some(visit) = Visit::recorded() else { return };
    let content =
        Content { title: "Tee", price: "4.75", cache: "max-age=90", gone: "return 200 'no such page';" };
    let Some(changed) = Nginx::start(content) else { return };
    let args = ["replay", "run", "run", "--target", &changed.url(""), "--speed", "max", "--format", "json"];
    let ran = visit.run(&args);
    assert_eq!(ran.code, 1, "{ran:#?}");
    let told: Value = serde_json::from_str(&ran.stdout).unwrap();
    let named = |place: &str, exchanges| (place.to_owned(), exchanges);
    assert_eq!(
        groups(&told),
        [
            named("body $.items[*].price changed", 2),
            named("body line * changed", 1),
            named("headers.cache-control changed", 2),
            named("status changed", 1),
        ],
        "{told:#}"
    );
    let table = visit.run(&["replay", "run", "run", "--target", &changed.url(""), "--speed", "max"]);
    for said in ["4.75", "max-age=90", "404", "Tee"] {
        assert!(table.stdout.contains(said), "{said}: {table:#?}");
    }
}

#[test]
fn what_is_sent_again_can_be_recorded_and_compared_once_more() {
    let Some(visit) = Visit::recorded() else { return };
    let target = visit.nginx.url("");
    visit.run(&["replay", "run", "run", "--target", &target, "--speed", "max", "--record", "second"]).fine();
    let told = visit.run(&["replay", "diff", "run", "second", "--format", "json"]).fine().stdout;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["verdict"], &told["compared"]), (&"same".into(), &EXCHANGES.into()), "{told:#}");
    let summary = visit.run(&["trace", "summarize", "second", "--format", "json"]).fine().stdout;
    assert!(summary.contains("proxy.upstream_request"), "{summary}");
    let count = "sum(glyph_http_request_duration_seconds_count{via=\"proxy\"})";
    let metrics =
        visit.run(&["metrics", "query", "--data", "second", count, "--format", "json"]).fine().stdout;
    let metrics: Value = serde_json::from_str(&metrics).unwrap();
    assert_eq!(metrics["data"]["result"][0]["value"][1], EXCHANGES.to_string(), "{metrics:#}");
    // Of some milliseconds no alert can be judged that needs minutes: that is told of each, and of nothing else.
    let rules = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../alerts/alerts.yaml");
    let check = ["alerts", "check", "--rules", rules.to_str().unwrap(), "--data", "second"];
    let alerts = visit.run(&[&check[..], &["--allow-undecided"]].concat()).fine();
    assert!(alerts.stderr.lines().all(|line| line.contains("undecided: it needs")), "{alerts:#?}");
}

#[test]
fn a_recorded_site_can_be_served_without_its_server() {
    let Some(visit) = Visit::recorded() else { return };
    let Visit { dir, nginx } = visit;
    drop(nginx);
    let here = |args: &[&str]| {
        let mut command = glyphctl();
        command.current_dir(dir.path()).args(args);
        command
    };
    // One file was asked for twice, once only if it was new.
    let serve =
        ["replay", "serve", "run", "--addr", "127.0.0.1:0", "--match", "url,header:if-modified-since"];
    let mut serving = piped(&mut here(&serve));
    let mut line = String::new();
    BufReader::new(serving.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
    // All but the files of which the recording has not everything.
    let whole = ["/", "/*.css", "/*.json", "/login", "/account", "/order", "/gone"];
    let paths: Vec<_> = whole.iter().flat_map(|path| ["--path", path]).collect();
    let replay = ["replay", "run", "run", "--target", line.trim(), "--speed", "max", "--format", "json"];
    let told = ended(piped(&mut here(&[&replay[..], &paths].concat()))).fine().stdout;
    let told: Value = serde_json::from_str(&told).unwrap();
    assert_eq!((&told["verdict"], &told["compared"]), (&"same".into(), &(EXCHANGES - 3).into()), "{told:#}");
    kill_process(Pid::from_child(&serving), Signal::TERM).unwrap();
    ended(serving).fine();
}
