//! Two sides of traces compared, as a user does it.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use quick_xml::{Reader, events::Event};
use serde_json::Value;

use crate::harness::{Run, run, run_with_stdin};

const MS: u64 = 1_000_000;

/// Traces of a shop: a checkout, its queries, and a mail for every second.
#[derive(Clone, Copy)]
pub(crate) struct Shop {
    pub(crate) traces: u64,
    /// How many times as long a query takes.
    pub(crate) slower: f64,
    pub(crate) queries: u64,
    /// One checkout in so many fails.
    pub(crate) failing: u64,
    /// Says which traces they are.
    pub(crate) first: u64,
}

pub(crate) const SHOP: Shop = Shop { traces: 400, slower: 1.0, queries: 2, failing: 1_000, first: 1 };

impl Shop {
    /// Lines of Glyph's spans. Durations are spread over a decade, in an order that has nothing to do with the traces'.
    pub(crate) fn lines(self) -> String {
        let mut lines = String::new();
        for t in self.first..self.first + self.traces {
            let start = 1_760_000_000_000_000_000 + t * 100 * MS;
            let query = (spread(t) * 4.0 * self.slower * MS as f64) as u64;
            let end = start + 10 * MS + self.queries * query;
            let status = if t % self.failing == 0 { "error" } else { "ok" };
            span(&mut lines, (t, 1, 0), ("shop", "checkout", "server", status), (start, end));
            for q in 0..self.queries {
                let from = start + MS + q * query;
                span(&mut lines, (t, 2 + q, 1), ("shop", "db.query", "client", "ok"), (from, from + query));
            }
            if t % 2 == 0 {
                span(&mut lines, (t, 99, 1), ("mail", "send", "consumer", "ok"), (end - MS, end));
            }
        }
        lines
    }

    fn file(self, dir: &Path, name: &str) -> PathBuf {
        let path = dir.join(name);
        fs::write(&path, self.lines()).unwrap();
        path
    }

    /// A recording of them.
    fn recording(self, dir: &Path, ratio: &str) {
        fs::create_dir_all(dir).unwrap();
        let info = format!(
            r#"{{"format":1,"glyph_version":"0.1.0","service_name":"shop","start_time_unix_nano":1760000000000000000,
                "options":{{"trace-sample-ratio":"{ratio}"}}}}"#
        );
        fs::write(dir.join("recording.json"), info).unwrap();
        self.file(dir, "traces.jsonl");
    }
}

/// From 0.3 to 3, by the bits of a number in reverse.
fn spread(t: u64) -> f64 {
    let uniform = t.wrapping_mul(0x9e37_79b9_7f4a_7c15).reverse_bits() as f64 / u64::MAX as f64;
    0.3 * 10_f64.powf(uniform)
}

fn span(
    out: &mut String,
    (trace, id, parent): (u64, u64, u64),
    (service, name, kind, status): (&str, &str, &str, &str),
    (start, end): (u64, u64),
) {
    let parent = if parent == 0 {
        String::new()
    } else {
        format!("\"parent_span_id\":\"{:016x}\",", trace << 8 | parent)
    };
    let name = serde_json::to_string(name).unwrap();
    writeln!(
        out,
        "{{\"trace_id\":\"{trace:032x}\",\"span_id\":\"{:016x}\",{parent}\"name\":{name},\"kind\":\"{kind}\",\"attributes\":{{}},\
         \"events\":[],\"status\":\"{status}\",\"start_time_unix_nano\":{start},\"end_time_unix_nano\":{end},\
         \"service_name\":\"{service}\"}}",
        trace << 8 | id
    )
    .unwrap();
}

fn diff(base: &Path, new: &Path, more: &[&str]) -> Run {
    let mut args = vec!["trace".as_ref(), "diff".as_ref(), base.as_os_str(), new.as_os_str()];
    args.extend(more.iter().map(AsRef::<std::ffi::OsStr>::as_ref));
    run(args)
}

#[track_caller]
fn broken(run: Run) -> Run {
    assert_eq!(run.code, 1, "{run:#?}");
    run
}

fn json(run: &Run) -> Value {
    serde_json::from_str(&run.stdout).unwrap()
}

fn row<'a>(diff: &'a Value, name: &str) -> &'a Value {
    diff["rows"].as_array().unwrap().iter().find(|row| row["name"] == name).unwrap()
}

#[test]
fn what_is_slower_fails_with_traces_that_can_be_shown() {
    let dir = tempfile::tempdir().unwrap();
    let base = SHOP.file(dir.path(), "base.jsonl");
    let new = Shop { slower: 1.5, first: 5_001, ..SHOP }.file(dir.path(), "new run.jsonl");
    let run = broken(diff(&base, &new, &[]));
    let lines: Vec<&str> = run.stdout.lines().collect();
    assert_eq!(lines[0], "2 rows worse; 1 the same");
    assert_eq!(lines[1], "base: 400 traces of 1,400 spans; new: 400 traces of 1,400 spans");
    assert!(
        lines[4].starts_with("worse    shop     checkout")
            || lines[4].starts_with("worse    shop     db.query"),
        "{run:#?}"
    );
    assert!(lines[6].starts_with("same     mail     send"), "{run:#?}");
    let told = lines.iter().find(|line| line.starts_with("shop db.query: p95 ")).unwrap();
    assert!(told.ends_with("; rule: p95 > 5% and > 100us"), "{told}");
    // The command that is printed shows a trace with such a span.
    let command = lines.iter().find(|line| line.contains("glyphctl trace show")).unwrap();
    let id = command.rsplit(' ').next().unwrap();
    assert_eq!(command.trim(), format!("glyphctl trace show '{}' {id}", new.display()));
    let shown = crate::harness::run(["trace", "show", new.to_str().unwrap(), id]).fine();
    assert!(shown.stdout.contains("db.query"), "{}", shown.stdout);
    assert_eq!(run.stderr, "");
}

#[test]
fn the_same_is_the_same() {
    let dir = tempfile::tempdir().unwrap();
    let base = SHOP.file(dir.path(), "base.jsonl");
    let new = Shop { first: 5_001, ..SHOP }.file(dir.path(), "new.jsonl");
    let run = diff(&base, &new, &[]).fine();
    assert!(run.stdout.starts_with("no rule is broken; 3 the same\n"), "{}", run.stdout);
    // And comes out the same again, whatever the number of threads.
    assert_eq!(run.stdout, diff(&base, &new, &[]).fine().stdout);
    assert_ne!(run.stdout, diff(&base, &new, &["--seed", "2"]).fine().stdout);
}

#[test]
fn json_has_the_figures_of_the_summary_on_both_sides() {
    let dir = tempfile::tempdir().unwrap();
    let base = SHOP.file(dir.path(), "base.jsonl");
    let new = Shop { slower: 1.5, first: 5_001, ..SHOP }.file(dir.path(), "new.jsonl");
    let diff = json(&broken(diff(&base, &new, &["--format", "json"])));
    assert_eq!((&diff["failed"], &diff["confidence"]), (&true.into(), &0.97.into()));
    for (side, file) in [("base", &base), ("new", &new)] {
        let summary = json(&run(["trace", "summarize", file.to_str().unwrap(), "--format", "json"]).fine());
        for summed in summary["rows"].as_array().unwrap() {
            let figures = &row(&diff, summed["name"].as_str().unwrap())[side];
            for key in [
                "count",
                "errors",
                "p50_ns",
                "p90_ns",
                "p95_ns",
                "p99_ns",
                "max_ns",
                "total_ns",
                "self_ns",
                "critical_path_ns",
            ] {
                assert_eq!(figures[key], summed[key], "{side} {key}");
            }
        }
    }
    let query = row(&diff, "db.query");
    let p95 = &query["ratio"]["p95"];
    let [low, value, high] = ["low", "value", "high"].map(|key| p95[key].as_f64().unwrap());
    assert!(1.0 < low && low < value && value < high && low < 1.5 && 1.5 < high, "{p95}");
    assert_eq!(query["verdict"], "worse");
    assert_eq!(query["difference"]["errors"]["value"], 0.0);
    assert_eq!(diff["notes"][0]["kind"], "one_run");
}

#[test]
fn more_calls_and_more_failures_are_found_where_rules_ask_for_them() {
    let dir = tempfile::tempdir().unwrap();
    let base = SHOP.file(dir.path(), "base.jsonl");
    let new = Shop { queries: 5, failing: 10, first: 5_001, ..SHOP }.file(dir.path(), "new.jsonl");
    let run = broken(diff(&base, &new, &["--fail-on", "calls > 0.5", "--fail-on", "errors > 1pp"]));
    let has = |line: &str| assert!(run.stdout.lines().any(|l| l.contains(line)), "{line}: {}", run.stdout);
    has("shop db.query: calls 2 → 5 (+150%");
    has("shop checkout: errors 0% → 10% (+10pp");
    has("  shop checkout → shop db.query: 2 → 5 a call");
    // Only for spans that are named so.
    let run = diff(&base, &new, &["--fail-on", "mail *: calls > 0.5"]).fine();
    assert!(run.stdout.starts_with("no rule is broken; 3 the same\n"), "{}", run.stdout);
}

#[test]
fn too_few_traces_are_no_verdict() {
    let dir = tempfile::tempdir().unwrap();
    let base = Shop { traces: 14, ..SHOP }.file(dir.path(), "base.jsonl");
    let new = Shop { slower: 9.0, first: 5_001, ..SHOP }.file(dir.path(), "new.jsonl");
    let run = diff(&base, &new, &["--fail-on", "p95 > 10%"]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stdout.starts_with("not decided; 3 with too little to tell\n"), "{}", run.stdout);
    assert!(
        run.stderr.contains("warning: p95 > 10%: can't be judged: p95: not enough: 14 traces, 200 wanted\n"),
        "{}",
        run.stderr
    );
    let run = diff(&new, &new, &["--fail-on", "nowhere: p95 > 10%"]);
    assert_eq!(run.code, 2, "{run:#?}");
    assert!(run.stderr.contains("no span that it is of is on both sides"), "{}", run.stderr);
}

#[test]
fn sides_with_nothing_to_compare_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    let some = SHOP.file(dir.path(), "some.jsonl");
    let (empty, other) = (dir.path().join("empty.jsonl"), dir.path().join("other.jsonl"));
    fs::write(&empty, "").unwrap();
    let mut line = String::new();
    span(&mut line, (1, 1, 0), ("cart", "load", "server", "ok"), (1, 2));
    fs::write(&other, line).unwrap();
    for (base, new, told) in [
        (&empty, &some, "the base has no span"),
        (&some, &empty, "the new side has no span"),
        (&some, &other, "no service and name is on both"),
    ] {
        let run = diff(base, new, &[]).unable();
        assert!(run.stderr.contains(told) && run.stderr.contains("\nhint: "), "{}", run.stderr);
    }
    let run = diff(&some, &some, &["--where", "name = \"nothing\""]).unable();
    assert!(run.stderr.contains("hint: no span meets --where"), "{}", run.stderr);
    let run = diff("-".as_ref(), "-".as_ref(), &[]).unable();
    assert!(run.stderr.contains("only one side can come from standard input"), "{}", run.stderr);
    let run = diff(&some, &some, &["--fail-on", "p95 > 10 parsecs"]).unable();
    assert!(run.stderr.contains("\"10 parsecs\" is no limit for p95"), "{}", run.stderr);
}

#[test]
fn a_side_can_come_from_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let base = SHOP.file(dir.path(), "base.jsonl");
    let new = Shop { first: 5_001, ..SHOP }.lines();
    let run = run_with_stdin(["trace", "diff", base.to_str().unwrap(), "-"], new.as_bytes()).fine();
    assert!(run.stdout.starts_with("no rule is broken"), "{}", run.stdout);
}

#[test]
fn a_directory_of_recordings_is_as_many_runs_and_so_is_a_pattern() {
    let dir = tempfile::tempdir().unwrap();
    let (base, new) = (dir.path().join("base"), dir.path().join("new"));
    for (i, slower) in [1.0, 1.2, 0.9].into_iter().enumerate() {
        let shop = Shop { slower, first: 1 + 10_000 * i as u64, ..SHOP };
        shop.recording(&base.join(format!("run-{i}")), "1");
        Shop { slower: 1.1 * slower, traces: 100, ..shop }.recording(&new.join(format!("run-{i}")), "0.25");
    }
    let run = diff(&base, &new, &["--fail-on", "p50 > 5%"]).fine();
    assert!(
        run.stdout.contains("base: 1,200 traces of 4,200 spans in 3 runs; new: 300 traces"),
        "{}",
        run.stdout
    );
    assert!(!run.stdout.contains("one run a side"), "{}", run.stdout);
    assert!(
        run.stdout.contains(
            "note: a run of the base lasts 39.9s, a new one 9.91s: counts and rates are not compared"
        ),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("note: 100% of the base's traces were recorded, 25% of the new ones"),
        "{}",
        run.stdout
    );
    let pattern = base.join("run-*/traces.jsonl");
    let run = diff(&pattern, &new.join("run-0"), &["--fail-on", "p50 > 5%"]);
    assert!(
        run.stdout.contains("in 3 runs; new: 100 traces") && run.stdout.contains("one run a side"),
        "{run:#?}"
    );
    // The runs of one side differ by more than two of them: nothing that one shows is more than that.
    assert_eq!(run.code, 0, "{run:#?}");
}

#[test]
fn a_recording_and_its_artifact_are_one_run() {
    let dir = tempfile::tempdir().unwrap();
    let side = dir.path().join("side");
    SHOP.recording(&side.join("run"), "1");
    let artifact = side.join("run.glyph.tar.zst");
    run(["replay", "write", side.join("run").to_str().unwrap(), "-o", artifact.to_str().unwrap()]).fine();
    let new = Shop { first: 5_001, ..SHOP }.file(dir.path(), "new.jsonl");
    let run = diff(&side, &new, &[]).fine();
    assert!(run.stdout.contains("base: 400 traces of 1,400 spans; new:"), "{}", run.stdout);
    assert!(
        run.stderr.contains("run.glyph.tar.zst: is the same run as one before it, and counts once"),
        "{}",
        run.stderr
    );
}

#[test]
fn names_do_no_harm_in_any_format() {
    let dir = tempfile::tempdir().unwrap();
    let name = "::error::a|`b`\u{1b}[31m<script>\u{202e}\n\"&";
    let side = |file: &str, duration: u64, first: u64| {
        let mut lines = String::new();
        for t in first..first + 300 {
            span(
                &mut lines,
                (t, 1, 0),
                ("s", name, "server", "ok"),
                (t, t + duration * MS + (spread(t) * 1e5) as u64),
            );
        }
        fs::write(dir.path().join(file), lines).unwrap();
        dir.path().join(file)
    };
    let (base, new) = (side("base.jsonl", 10, 1), side("new.jsonl", 20, 1_000));
    for format in ["table", "json", "markdown", "junit", "github"] {
        let run = broken(diff(&base, &new, &["--format", format]));
        let is_hidden = |c: char| c != '\n' && (c.is_control() || c == '\u{202e}');
        assert!(!run.stdout.contains(is_hidden) && !run.stderr.contains(is_hidden), "{format}: {run:#?}");
        assert!(run.stdout.lines().all(|line| !line.starts_with("::error::")), "{format}: {run:#?}");
        match format {
            "json" => assert_eq!(json(&run)["rows"][0]["name"], name),
            "github" => assert!(run.stdout.starts_with("::error title=s %3A"), "{}", run.stdout),
            "junit" => {
                let mut xml = Reader::from_str(&run.stdout);
                let mut failures = 0;
                loop {
                    match xml.read_event().unwrap() {
                        Event::Start(tag) if tag.name().as_ref() == "failure" => failures += 1,
                        Event::Eof => break,
                        _ => {}
                    }
                }
                assert_eq!(failures, 1, "{}", run.stdout);
            }
            "markdown" => assert!(
                run.stdout.lines().any(|line| line.starts_with("| `worse` | `s` | ``")),
                "{}",
                run.stdout
            ),
            _ => assert!(run.stdout.contains("\\u{1b}[31m<script>"), "{}", run.stdout),
        }
    }
}

#[test]
fn help_teaches() {
    insta::assert_snapshot!(run(["trace", "diff", "--help"]).fine().stdout);
}
