//! What the file may say, and what it may not.

use glyph_formats::Severity;

use super::*;
use crate::trace::diff::Rule;

fn read(text: &str) -> Result<Config, String> {
    Config::of(&Document { path: Path::new("ci/glyph.toml"), text }).map_err(|e| e.to_string())
}

const GOOD: &str = r#"
[alerts]
rules = ["alerts/a.yaml", "/abs.yaml"]
time-scale = "1/60"
set = { "a:b" = 1, "c" = 0.5 }

[[budget]]
span = "s"
p95 = "250ms"
errors = "1%"

[[budget]]
span = "s"
service = "shop"
max = "2 m"
errors = 0.5
fail = false

[findings]
severity = "medium"
allow = ["passive-headers.*"]

[baseline]
dir = "../baselines/main"

[traces]
fail-on = ["p95 > 10% and > 2ms", "gone"]
where = 'kind = server'
allow-undecided = true

[replay]
ignore = ["$.at"]
ignore-text = ["[0-9]+"]
fail-on = ["difference", "missing"]
"#;

#[test]
fn a_config_has_numbers_and_paths_beside_it() {
    let config = read(GOOD).unwrap();
    let alerts = config.alerts.unwrap();
    assert_eq!(alerts.rules, [Path::new("ci/alerts/a.yaml"), Path::new("/abs.yaml")]);
    assert_eq!(alerts.set[1], Setting { name: "c".into(), value: 0.5, line: 5 });
    assert!(!alerts.allow_undecided);
    let limits = |i: usize| -> Vec<_> {
        config.budgets[i].limits.iter().map(|l| (l.measure.as_str(), l.figure.as_f64())).collect()
    };
    assert_eq!(limits(0), [("p95", 250e6), ("errors", 0.01)]);
    assert_eq!(limits(1), [("max", 120e9), ("errors", 0.5)]);
    assert_eq!((config.budgets[0].fail, config.budgets[1].fail), (true, false));
    let findings = config.findings.unwrap();
    assert!(findings.severity == Severity::Med && findings.allow[0].matches("passive-headers.missing.x"));
    let baseline = config.baseline.unwrap();
    assert_eq!((baseline.dir.as_path(), baseline.required), (Path::new("ci/../baselines/main"), true));
    let traces = config.traces.unwrap();
    let rules: Vec<_> = traces.rules.iter().map(ToString::to_string).collect();
    assert_eq!(rules, ["p95 > 10% and > 2ms", "gone"]);
    assert!(traces.filter.is_some() && traces.allow_undecided && traces.fail && traces.seed == 1);
    assert_eq!(config.replay.unwrap().fail_on, [FailOn::Difference, FailOn::Missing]);
}

#[test]
fn what_is_not_said_is_not_asked_or_has_its_default() {
    let nothing = read("").unwrap();
    assert!(nothing.budgets.is_empty() && nothing.alerts.is_none() && nothing.findings.is_none());
    assert!(nothing.baseline.is_none() && nothing.integrity.fail);
    assert!(!read("[integrity]\nfail = false").unwrap().integrity.fail);
    let defaults = read("[findings]\n[traces]\n[replay]").unwrap();
    assert_eq!(defaults.findings.unwrap().severity, Severity::High);
    assert_eq!(defaults.traces.unwrap().rules, Rule::defaults());
    assert_eq!(defaults.replay.unwrap().fail_on, FailOn::ALL);
}

#[test]
fn faults_have_their_line() {
    let of = |from: &str, to: &str| read(&GOOD.replacen(from, to, 1)).unwrap_err();
    insta::assert_debug_snapshot!([
        of("[alerts]", "[alarms]"),
        of("time-scale", "time-scales"),
        of("1/60", "fast"),
        of("0.5 }", "\"x\" }"),
        of(r#"["alerts/a.yaml", "/abs.yaml"]"#, "[]"),
        of("p95", "p94"),
        of("250ms", "250"),
        of("\"250ms\"", "250"),
        of("1%", "101%"),
        of("errors = 0.5", "errors = true"),
        of("span = \"s\"\np95", "p95"),
        of("p95 = \"250ms\"\nerrors = \"1%\"\n", ""),
        of("service = \"shop\"\n", ""),
        of("[[budget]]", "[budget]"),
        of("\"1/60\"", "1/60"),
        of("fail = false", "fail = \"no\""),
        of("medium", "severe"),
        of("passive-headers.*", "[a"),
        of("dir =", "directory ="),
        of("\"gone\"", "\"p95 < 3\""),
        of("[\"p95 > 10% and > 2ms\", \"gone\"]", "[]"),
        of("kind = server", "kind = waiter"),
        of("$.at", "nothing.at"),
        of("[0-9]+", "[0-9"),
        of("\"missing\"]", "\"lost\"]"),
    ]);
}
