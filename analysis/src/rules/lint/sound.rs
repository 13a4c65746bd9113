//! What is told of expressions without evaluating them, held against what evaluating them gives: the expressions and the
//! series of our own PromQL scripts, and of Prometheus' where they lie beside the repository.

use std::path::Path;

use super::{labels::Sight, values::Values, world::World};
use crate::{
    metrics::{Labels, Store},
    promql::{Evaluator, Query, Settings, Value},
    promqltest::{Script, loaded},
    rules::RuleFile,
};

/// Each expression of a script with the series that are there then.
fn each_expression(text: &str, see: &mut impl FnMut(&Query, &Store)) {
    let (mut loads, mut in_load) = (String::new(), false);
    let mut store = Store::new();
    for line in text.lines() {
        let is_body = line.starts_with([' ', '\t']) && !line.trim().is_empty();
        if is_body && in_load {
            loads += &format!("{line}\n");
            continue;
        }
        if in_load && !is_body {
            in_load = false;
            store = Script::parse(&loads).and_then(|script| loaded(&script)).unwrap_or_default();
        }
        if line.starts_with("clear") {
            loads.clear();
            store = Store::new();
        } else if line.starts_with("load ") {
            loads += &format!("\n{line}\n");
            in_load = true;
        } else if let Some(rest) = line.strip_prefix("eval") {
            let words: Vec<&str> =
                rest.split(" at ").nth(1).or(rest.split(" step ").nth(1)).into_iter().collect();
            let expr = words.first().and_then(|rest| rest.trim().split_once(' '));
            if let Some(query) = expr.and_then(|(_, expr)| Query::parse(expr.trim()).ok()) {
                see(&query, &store);
            }
        }
    }
}

fn results(query: &Query, store: &Store) -> Vec<(Labels, f64)> {
    let (from, to) = store.extent().unwrap_or((0, 600_000));
    let mut results = Vec::new();
    for time in (0..=20).map(|i| from + (to - from) / 20 * i) {
        match Evaluator::new(query, Settings::default()).instant(store, time) {
            Ok(Value::Vector(samples)) => results.extend(samples.into_iter().map(|s| (s.labels, s.value))),
            Ok(Value::Scalar(value)) => results.push((Labels::empty(), value)),
            _ => {}
        }
    }
    results
}

#[test]
fn nothing_is_told_that_evaluation_does_not_bear_out() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folders = [root.join("../testdata/promql"), root.join("../../shared/conformance/promql")];
    let files = folders.iter().filter_map(|folder| std::fs::read_dir(folder).ok()).flatten();
    let (mut expressions, mut elements) = (0, 0);
    for path in
        files.map(|entry| entry.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "test"))
    {
        each_expression(&std::fs::read_to_string(&path).unwrap(), &mut |query, store| {
            let files: [RuleFile; 0] = [];
            let world = World::new(&files, Some(store));
            let sets =
                [Sight::of_rules(&world), Sight::of_data(&world)].map(|sight| sight.labels(&query.expr));
            let values = Values::new(&world).of(&query.expr);
            expressions += 1;
            for (labels, value) in results(query, store) {
                elements += 1;
                let told =
                    || format!("{}: {}: {labels} {value}: {values} {sets:?}", path.display(), query.text);
                for (name, _) in labels.pairs() {
                    assert!(sets.iter().all(|set| set.has(name)), "{}", told());
                }
                let within =
                    if value.is_nan() { values.nan } else { values.low <= value && value <= values.high };
                assert!(within, "{}", told());
            }
        });
    }
    assert!(expressions > 50 && elements > 100, "{expressions} expressions, {elements} elements");
}
