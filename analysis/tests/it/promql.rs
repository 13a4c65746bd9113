//! Scripts in promqltest's language: Prometheus' own where they are, ours, and those that have to fail.

use std::{
    fs,
    path::{Path, PathBuf},
};

use glyph_analysis::promqltest::{self, Outcome, Script};

/// Prometheus' own scripts, where they are.
const SUITE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/conformance/promql");
const OURS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../testdata/promql");

fn scripts(folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(Path::new(folder)) else { return Vec::new() };
    let mut files: Vec<_> =
        entries.map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "test")).collect();
    files.sort();
    files
}

fn run(text: &str) -> Outcome {
    promqltest::run(&Script::parse(text).unwrap(), promqltest::engine())
}

/// Runs them and gives what failed.
fn failures(files: &[PathBuf], mut also: impl FnMut(&str, &Outcome)) -> Vec<String> {
    let mut failed = Vec::new();
    for file in files {
        let name = file.file_name().unwrap().to_string_lossy().into_owned();
        let script = match Script::parse(&fs::read_to_string(file).unwrap()) {
            Ok(script) => script,
            Err(e) => {
                failed.push(format!("{name}:{}: {e}", e.line));
                continue;
            }
        };
        let outcome = promqltest::run(&script, promqltest::engine());
        eprintln!("{name}: {outcome}");
        also(&name, &outcome);
        failed.extend(outcome.failed.into_iter().map(|f| format!("{name}:{}: {f}", f.line)));
    }
    failed
}

#[test]
fn prometheus_own_scripts_pass() {
    let failed = failures(&scripts(SUITE), |_, outcome| {
        for skip in outcome.skipped.iter().filter(|s| s.reason != "native histograms") {
            eprintln!("  {}: {skip}", skip.line);
        }
    });
    assert!(failed.is_empty(), "{} failed\n{}", failed.len(), failed.join("\n"));
}

#[test]
fn our_scripts_pass() {
    let files = scripts(OURS);
    assert!(files.len() > 5, "{files:?}");
    let failed = failures(&files, |name, outcome| {
        assert!(outcome.passed > 0, "{name} has nothing that passes");
        assert!(outcome.skipped.is_empty() || name == "skipped.test", "{name}: {:?}", outcome.skipped);
    });
    assert!(failed.is_empty(), "{} failed\n{}", failed.len(), failed.join("\n"));
}

const LOADED: &str = "\
load 1m
  x{a=\"1\"} 0+60x10
  x{a=\"2\"} 0+120x10
  y 1 2 _ NaN stale

";

/// Each is right but for one thing, and what the runner says of it.
const PLANTED: [(&str, &str); 27] = [
    // Values.
    ("eval instant at 5m x\n x{a=\"1\"} 300\n x{a=\"2\"} 601", r#"x{a="2"} 601, got x{a="2"} 600"#),
    ("eval instant at 5m x\n x{a=\"1\"} 300", r#"no such element, got x{a="2"} 600"#),
    ("eval instant at 5m x{a=\"1\"}\n x{a=\"1\"} 300\n x{a=\"2\"} 600", "got no such element"),
    ("eval instant at 5m x", "no such element"),
    ("eval instant at 5m x{a=\"1\"}\n {a=\"1\"} 300", "no such element"),
    ("eval instant at 3m y\n y 2", "y 2, got y NaN"),
    ("eval instant at 4m y\n y NaN", "y NaN, got no such element"),
    ("eval instant at 0 1 + 1\n 3", "the scalar 3, got the scalar 2"),
    ("eval instant at 0 1 + 1\n {} 2", "a vector, got the scalar 2"),
    ("eval instant at 0 1 + 1", "an empty vector, got the scalar 2"),
    ("eval instant at 0 vector(1)\n 1", "the scalar 1, got {} 1"),
    ("eval instant at 0 \"a\"\n expect string \"b\"", "the string \"b\", got the string \"a\""),
    // Order.
    (
        "eval instant at 5m sort(x)\n expect ordered\n x{a=\"2\"} 600\n x{a=\"1\"} 300",
        "at place 2, got it at place 1",
    ),
    ("eval_ordered instant at 5m sort_desc(x)\n x{a=\"1\"} 300\n x{a=\"2\"} 600", "at place 2"),
    // Ranges.
    ("eval range from 0 to 2m step 1m x{a=\"1\"}\n x{a=\"1\"} 0 60 121", "121@2m, got x{a=\"1\"} 0@0s"),
    ("eval range from 0 to 2m step 1m x{a=\"1\"}\n x{a=\"1\"} 0 60 120 180", "4 points"),
    ("eval range from 0 to 2m step 1m x{a=\"1\"}\n x{a=\"1\"} 0 _ 120", "got x{a=\"1\"} 0@0s 60@1m"),
    ("eval range from 0 to 2m step 1m x{a=\"1\"}", "no such series"),
    ("eval range from 0 to 2m step 1m x{a=\"3\"}\n x{a=\"3\"} 1", "got no such series"),
    (
        "eval instant at 2m x{a=\"1\"}[2m]\n expect range vector from 1m to 2m step 1m\n x{a=\"1\"} 60 121",
        "121@2m",
    ),
    // Failures and notes.
    ("eval instant at 5m x\n expect fail", "a failure, got"),
    ("eval_fail instant at 5m x", "a failure, got"),
    ("eval instant at 5m sum(x) by (a) + on() sum(x) by (a)", "no failure, got the failure"),
    (
        "eval instant at 5m x + on() x\n expect fail msg: other words",
        "the failure \"other words\", got \"found dup",
    ),
    (
        "eval instant at 5m rate(x[5m])\n expect no_info\n {a=\"1\"} 1\n {a=\"2\"} 2",
        "no info, got \"PromQL info",
    ),
    ("eval instant at 5m sum(x)\n expect warn\n {} 900", "expected warning, got no warning"),
    (
        "eval instant at 5m rate(x{a=\"1\"}[5m])\n expect info regex: no words\n {a=\"1\"} 1",
        "info like \"no words\"",
    ),
];

#[test]
fn each_planted_fault_is_found() {
    for (eval, expected) in PLANTED {
        let outcome = run(&format!("{LOADED}{eval}\n"));
        assert_eq!(outcome.to_string(), "0 passed, 1 failed, 0 skipped", "{eval}\n{outcome:?}");
        let failure = &outcome.failed[0];
        assert_eq!(failure.line, 6, "{eval}");
        assert!(failure.to_string().contains(expected), "{eval}\n{failure}");
    }
}

#[test]
fn samples_that_a_database_refuses_fail() {
    let outcome =
        run(&format!("{LOADED}load 1m\n  y 1\n\nload 1m\n z 1 2\n z 3 4\n\neval instant at 1m z\n z 4"));
    assert_eq!(outcome.to_string(), "1 passed, 1 failed, 0 skipped", "{outcome:?}");
    assert_eq!((outcome.failed[0].line, outcome.failed[0].expr.as_str()), (7, "y 1"));
}

#[test]
fn what_is_skipped_says_why() {
    let table = [
        ("info(x)", "info"),
        ("rate(x[5m] anchored)", "anchored"),
        ("rate(x[5m] smoothed)", "smoothed"),
        ("x[5m + 1m]", ""),
        ("x + fill(0) x", "fill"),
        ("h", "native histograms"),
        ("classic", "native histograms"),
        ("rate(started_total[5m])", "start timestamps"),
    ];
    let loaded = "\
load 1m
  h {{schema:0 count:1 sum:1 buckets:[1]}}x5
  started_total@st -1mx5
  started_total 0+1x5

load_with_nhcb 1m
  classic_bucket{le=\"1\"} 1x5
  classic_bucket{le=\"+Inf\"} 1x5

";
    for (expr, reason) in table {
        for expectation in ["", "\n  expect fail"] {
            let outcome = run(&format!("{loaded}eval instant at 5m {expr}{expectation}"));
            assert_eq!(outcome.to_string(), "0 passed, 0 failed, 1 skipped", "{expr}: {outcome:?}");
            assert!(outcome.skipped[0].reason.contains(reason), "{expr}: {}", outcome.skipped[0].reason);
        }
    }
    // Where the histograms are not looked at, nothing is skipped.
    let outcome = run(&format!(
        "{loaded}eval instant at 20m h\n\neval instant at 5m classic_bucket{{le=\"1\"}}\n classic_bucket{{le=\"1\"}} 1"
    ));
    assert_eq!(outcome.to_string(), "2 passed, 0 failed, 0 skipped", "{outcome:?}");
}
