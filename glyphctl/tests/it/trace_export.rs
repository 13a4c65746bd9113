//! `glyphctl trace export`: the folder, and whether DuckDB reads from it what `trace summarize` says.
//!
//! The queries are those of `docs/scale.md`. DuckDB is looked for among Python's packages; see [`peer`].

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use serde_json::{Map, Value};

use crate::harness::{Run, in_path, peer, peers_folder, run, testdata};

fn export(spans: &Path, out: &Path, more: &[&str]) -> Run {
    let args = ["trace", "export", spans.to_str().unwrap(), "--parquet", out.to_str().unwrap()];
    run(args.into_iter().chain(more.iter().copied()))
}

/// What is in a folder.
fn listed(dir: &Path) -> Vec<String> {
    let names = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

#[test]
fn a_folder_for_each_service_and_hour_is_there_when_all_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("spans");
    let run = export(&testdata("checkout"), &out, &[]).fine();
    assert_eq!(run.stdout, "");
    assert!(run.stderr.contains("9 spans in "), "{}", run.stderr);
    assert_eq!(listed(dir.path()), ["spans"]);
    assert!(listed(&out).contains(&"service=shop".to_owned()));
    assert_eq!(listed(&out.join("service=shop")), ["hour=2025-10-09T08"]);
    assert_eq!(listed(&out.join("service=shop/hour=2025-10-09T08")), ["part-0.parquet"]);
}

#[test]
fn what_is_there_is_never_written_over() {
    let dir = tempfile::tempdir().unwrap();
    for name in ["empty", "full"] {
        fs::create_dir(dir.path().join(name)).unwrap();
    }
    fs::write(dir.path().join("full/file"), "x").unwrap();
    for name in ["empty", "full", "full/file"] {
        let run = export(&testdata("checkout"), &dir.path().join(name), &[]).unable();
        assert!(run.stderr.contains("exists already"), "{}", run.stderr);
        assert!(run.stderr.contains("hint: "), "{}", run.stderr);
    }
    assert_eq!((listed(dir.path()).len(), listed(&dir.path().join("full"))), (2, vec!["file".to_owned()]));
    let nowhere = export(&testdata("checkout"), &dir.path().join("no/where"), &[]).unable();
    assert!(nowhere.stderr.contains("the folder around it must exist"), "{}", nowhere.stderr);
}

#[test]
fn what_fails_leaves_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let bad = dir.path().join("bad.jsonl");
    fs::write(&bad, "oops\n").unwrap();
    export(&bad, &dir.path().join("spans"), &[]).unable();
    assert_eq!(listed(dir.path()), ["bad.jsonl"]);
}

#[test]
fn of_no_spans_there_is_an_empty_folder() {
    let dir = tempfile::tempdir().unwrap();
    let (empty, out) = (dir.path().join("empty.jsonl"), dir.path().join("spans"));
    fs::write(&empty, "").unwrap();
    let run = export(&empty, &out, &[]).fine();
    assert!(run.stderr.contains("no spans there"), "{}", run.stderr);
    assert_eq!(listed(&out), Vec::<String>::new());
}

/// Some traces of several services and hours, of which few fail; the second run is slower.
fn traces(run: u64) -> String {
    let services = ["shop", "7", "a b/ü=%", "", "__HIVE_DEFAULT_PARTITION__"];
    let mut random = 0x9e37_79b9_7f4a_7c15_u64 ^ run;
    let mut next = move |below: u64| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random % below
    };
    let mut text = String::new();
    for trace in 1..400_u64 {
        let hour = 1_767_322_800_000_000_000 + next(3) * 3_600_000_000_000;
        for id in 1..=6_u64 {
            let parent = if id == 1 { 0 } else { 1 + next(id - 1) };
            let start = hour + next(1_000_000);
            let end = start + next(50_000_000) * (10 + run * id) / 10;
            let status = if next(12) == 0 { "error" } else { "ok" };
            // Each run has a name that the other has not.
            let name = if id == 6 { 10 + run } else { id };
            let service = serde_json::to_string(services[next(5) as usize]).unwrap();
            text += &format!(
                "{{\"trace_id\":\"{trace:032x}\",\"span_id\":\"{id:016x}\",\"parent_span_id\":\"{parent:016x}\",\
                 \"name\":\"op {name}\",\"kind\":\"server\",\"service_name\":{service},\"status\":\"{status}\",\
                 \"attributes\":{{\"http.route\":\"/{id}\",\"n\":{id},\"list\":[1,\"x\"]}},\
                 \"start_time_unix_nano\":{start},\"end_time_unix_nano\":{end}}}\n",
            );
        }
    }
    text
}

/// The SQL in `docs/scale.md` whose block begins with these words.
fn sql(block: &str) -> String {
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/scale.md");
    let docs = fs::read_to_string(docs).unwrap();
    let begin = format!("```sql {block}\n");
    let (_, rest) = docs.split_once(&begin).unwrap_or_else(|| panic!("no {begin}"));
    rest.split_once("```").unwrap().0.to_owned()
}

/// Runs statements in a folder; what the last of them gives, each row as an object.
const QUERY: &str = r"
import json, sys, os
import duckdb
os.chdir(sys.argv[1])
connection = duckdb.connect()
for statement in sys.argv[2:]:
    result = connection.execute(statement)
names = [column[0] for column in result.description]
print(json.dumps([dict(zip(names, row)) for row in result.fetchall()], default=str))
";

/// DuckDB's answer; none without DuckDB.
fn duckdb(folder: &Path, statements: &[String]) -> Option<Vec<Map<String, Value>>> {
    let (python, packages) = peer(python())?;
    let output = Command::new(python)
        .args(["-c", QUERY])
        .arg(folder)
        .args(statements)
        .env("PYTHONPATH", packages)
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

fn python() -> Result<(PathBuf, PathBuf), String> {
    let packages = peers_folder("GLYPH_PYTHON_PACKAGES", "python");
    if !packages.join("duckdb").is_dir() {
        return Err(format!("duckdb in {}", packages.display()));
    }
    Ok((in_path("python3")?, packages))
}

/// The rows of `trace summarize`.
fn summary(spans: &Path) -> Vec<Map<String, Value>> {
    let run = run(["trace", "summarize", spans.to_str().unwrap(), "--format", "json"]).fine();
    let mut json: Value = serde_json::from_str(&run.stdout).unwrap();
    serde_json::from_value(json["rows"].take()).unwrap()
}

/// Numbers that JSON has no room for come as texts.
fn number(value: &Value) -> u64 {
    value.as_u64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_else(|| panic!("{value}"))
}

#[test]
fn duckdb_gives_the_rows_of_the_summary() {
    let dir = tempfile::tempdir().unwrap();
    let spans = dir.path().join("traces.jsonl");
    fs::write(&spans, traces(0)).unwrap();
    export(&spans, &dir.path().join("spans"), &["--memory", "0"]).fine();
    let Some(found) = duckdb(dir.path(), &[sql("duckdb"), sql("summary")]) else { return };
    let expected = summary(&spans);
    assert!(expected.len() > 25, "{}", expected.len());
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(&expected) {
        for (column, value) in found {
            match column.as_str() {
                "service" | "name" => assert_eq!(value, &expected[column]),
                _ => assert_eq!(number(value), number(&expected[column]), "{column} of {expected:?}"),
            }
        }
        assert_eq!(found.len(), 12);
    }
}

#[test]
fn duckdb_compares_two_runs_as_the_diff_does() {
    let dir = tempfile::tempdir().unwrap();
    let [base, new] = ["base", "new"].map(|name| (name, dir.path().join(format!("{name}.jsonl"))));
    for (number, (name, spans)) in (0..).zip([&base, &new]) {
        fs::write(spans, traces(number)).unwrap();
        export(spans, &dir.path().join(name), &[]).fine();
    }
    let Some(found) = duckdb(dir.path(), &[sql("duckdb runs"), sql("diff")]) else { return };
    let [base, new] = [base.1, new.1].map(|path| path.to_str().unwrap().to_owned());
    let diff = run(["trace", "diff", &base, &new, "--format", "json"]);
    let mut diff: Value = serde_json::from_str(&diff.stdout).unwrap_or_else(|e| panic!("{e}: {diff:#?}"));
    let expected: Vec<Map<String, Value>> = serde_json::from_value(diff["rows"].take()).unwrap();
    assert_eq!(found.len(), expected.len());
    let mut on_one_side = 0;
    for found in &found {
        let is_it =
            |row: &&Map<String, Value>| ["service", "name"].iter().all(|key| row[*key] == found[*key]);
        let expected = expected.iter().find(is_it).unwrap_or_else(|| panic!("no {found:?}"));
        for side in ["base", "new"] {
            let cell = |column: &str| &found[&format!("{side}_{column}")];
            let Some(expected) = expected[side].as_object() else {
                assert!(cell("count").is_null() && cell("p95_ns").is_null());
                on_one_side += 1;
                continue;
            };
            for column in ["count", "p50_ns", "p95_ns", "p99_ns"] {
                assert_eq!(number(cell(column)), number(&expected[column]), "{column} of {found:?}");
            }
            let rate = number(&expected["errors"]) as f64 / number(&expected["count"]) as f64;
            assert!((cell("error_rate").as_f64().unwrap() - rate).abs() < 1e-12);
        }
        for percentile in ["p50", "p95", "p99"] {
            let ratio = found[&format!("{percentile}_ratio")].as_f64();
            let expected = expected["ratio"].get(percentile).map(|ratio| ratio["value"].as_f64().unwrap());
            assert_eq!(ratio.is_some(), expected.is_some());
            assert!(ratio.zip(expected).is_none_or(|(ratio, value)| (ratio - value).abs() < 1e-12 * value));
        }
    }
    assert_eq!(on_one_side, 10);
}

#[test]
fn duckdb_reads_attributes_folders_and_times() {
    let dir = tempfile::tempdir().unwrap();
    let spans = dir.path().join("traces.jsonl");
    fs::write(&spans, traces(0)).unwrap();
    export(&spans, &dir.path().join("spans"), &[]).fine();
    let query = "SELECT DISTINCT service, service_name, hour, attributes['n'] AS n, attributes['list'] AS list, \
                 attributes['http.route'] AS route, attributes['absent'] AS absent, \
                 epoch_us(start_time) = start_time_unix_nano // 1000 AS same \
                 FROM spans WHERE hour = '2026-01-02T04' AND attributes['http.route'] = '/2' ORDER BY service_name";
    let Some(found) = duckdb(dir.path(), &[sql("duckdb"), query.to_owned()]) else { return };
    let services: Vec<_> = found.iter().map(|row| row["service_name"].as_str().unwrap()).collect();
    assert_eq!(services, ["", "7", "__HIVE_DEFAULT_PARTITION__", "a b/ü=%", "shop"]);
    for row in &found {
        // What has no name has no folder of that name.
        let folder = if row["service_name"] == "" { &Value::Null } else { &row["service_name"] };
        assert_eq!(&row["service"], folder);
        let expected = serde_json::json!(["2", "[1,\"x\"]", "/2", null, true]);
        let cells: Vec<_> = ["n", "list", "route", "absent", "same"].iter().map(|key| &row[*key]).collect();
        assert_eq!(serde_json::to_value(cells).unwrap(), expected);
    }
}
