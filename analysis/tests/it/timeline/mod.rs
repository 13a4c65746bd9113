//! The timelines of alerts beside promtool's: the same rules over the same series, at each evaluation.

mod live;
mod world;

use std::{collections::BTreeSet, fmt::Write, fs, path::Path, process::Command};

use glyph_analysis::{
    metrics::Store,
    promql::{Evaluator, Query, Sample, Settings, Value},
    rules::{
        self, Options, State,
        unit::{self, Ranges, Verdict},
    },
};

use crate::rules::at_root;

const MINUTE: i64 = 60_000;

/// What an expression gives, as a test expects it.
fn samples(store: &Store, expr: &str, time: i64) -> Vec<Sample> {
    let query = Query::parse(expr).unwrap();
    match Evaluator::new(&query, Settings::default()).instant(store, time).unwrap() {
        Value::Vector(samples) => samples,
        other => panic!("{other:?}"),
    }
}

/// A test that expects of ALERTS and ALERTS_FOR_STATE, at each minute, what our check has written. The check is as
/// Prometheus 2 looks at ranges, which is what promtool is.
fn test_of(rules: &Path, world: &Store) -> String {
    let (_, last) = world.extent().unwrap();
    let file = rules::load(rules).unwrap();
    // Without this promtool takes groups in any order.
    let order: Vec<String> = file.groups.iter().map(|group| format!("'{}'", group.name)).collect();
    let mut store = world.clone();
    let reader = "groups: [{name: reader, rules: [{record: r, expr: 'count(ALERTS_FOR_STATE)'}]}]";
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("reader.yaml"), reader).unwrap();
    let reader = rules::load(&dir.path().join("reader.yaml")).unwrap();
    let options = Options { closed_ranges: true, ..Options::default() };
    let check = rules::check(&[file, reader], &mut store, options);
    assert_eq!(check.problems, [""; 0]);

    let mut yaml = format!(
        "rule_files: ['{}']\ngroup_eval_order: [{}]\ntests:\n- interval: {}s\n  input_series:\n{}  promql_expr_test:\n",
        rules.display(),
        order.join(", "),
        world::STEP / 1_000,
        world::written(world),
    );
    let mut seen = [0; 2];
    for time in (0..=last).step_by(MINUTE as usize) {
        for (expr, seen) in ["ALERTS", "ALERTS_FOR_STATE"].into_iter().zip(&mut seen) {
            let samples = samples(&store, expr, time);
            *seen += samples.len();
            writeln!(yaml, "  - {{expr: {expr}, eval_time: {}m, exp_samples: [", time / MINUTE).unwrap();
            for sample in samples {
                let labels = sample.labels.to_string().replace('\'', "''");
                writeln!(yaml, "    {{labels: '{labels}', value: {}}},", sample.value).unwrap();
            }
            yaml.push_str("  ]}\n");
        }
        // What the outcome says is what the series say.
        let firing = samples(&store, "ALERTS{alertstate=\"firing\"}", time).len();
        let seconds = time as f64 / 1e3;
        let fires =
            |i: &rules::Interval| i.state == State::Firing && i.start <= seconds && seconds < i.end;
        let told = check.outcome.alerts.iter().filter(|alert| alert.intervals.iter().any(fires)).count();
        // At the last evaluation an interval that ends does not tell whether the alert has.
        assert!(told == firing || time == last, "at {seconds} s: {told}, not {firing}");
    }
    assert!(seen.iter().all(|count| *count > 0), "something happens: {seen:?}");
    yaml
}

/// promtool's verdict on a test; none if it is missing.
fn promtool(test: &Path) -> Option<Result<(), String>> {
    match Command::new("promtool").args(["test", "rules"]).arg(test).output() {
        Ok(output) if output.status.success() => Some(Ok(())),
        Ok(output) => Some(Err(String::from_utf8_lossy(&output.stderr).into_owned())),
        Err(e) if std::env::var_os("GLYPH_PEERS").is_some_and(|v| v == "required") => {
            panic!("missing: promtool: {e}")
        }
        Err(e) => {
            eprintln!("skipped: promtool: {e}");
            None
        }
    }
}

/// What promtool says is different, without what is the same on both sides.
fn differences(said: &str) -> String {
    let elements = |line: &str| -> BTreeSet<String> {
        line.split("{__name__=").skip(1).map(|text| text.trim_end_matches([',', ' ']).to_owned()).collect()
    };
    let mut told = String::new();
    let mut expected = BTreeSet::new();
    for line in said.lines() {
        if let Some(of) = line.trim_start().strip_prefix("exp:") {
            expected = elements(of);
        } else if let Some(of) = line.trim_start().strip_prefix("got:") {
            let got = elements(of);
            let ours = expected.difference(&got).map(|element| format!("    ours: {element}\n"));
            told.extend(ours.chain(got.difference(&expected).map(|element| format!("    theirs: {element}\n"))));
        } else {
            told.extend([line, "\n"]);
        }
    }
    told
}

fn hold_against_promtool(rules: &str, world: &Store) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("test.yaml");
    fs::write(&path, test_of(&at_root(rules), world)).unwrap();
    if let Some(Err(said)) = promtool(&path) {
        let kept = std::env::temp_dir().join("glyph-timeline.yaml");
        fs::copy(&path, &kept).unwrap();
        panic!("promtool, on {}:\n{}", kept.display(), differences(&said));
    }
    // Our own run of the same test agrees.
    let outcomes = unit::run(&unit::load(&path).unwrap(), Ranges::Closed, &|_| true);
    assert!(outcomes.iter().all(|o| matches!(o.verdict, Verdict::Passed)), "{outcomes:?}");
}

#[test]
fn the_shipped_rules_over_the_outage_are_as_in_promtool() {
    hold_against_promtool("alerts/alerts.yaml", &world::outage());
}

#[test]
fn rules_of_every_kind_are_as_in_promtool() {
    for seed in 1..=4 {
        let mut world = world::outage();
        world::add_random(&mut world, seed);
        hold_against_promtool("testdata/rules/varied.yaml", &world);
    }
}
