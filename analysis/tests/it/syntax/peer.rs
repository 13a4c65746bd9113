//! The crate promql-parser, as a program of its own (`analysis/promql-peer`; `GLYPH_PROMQL_PEER` says where it was
//! built): both take an expression and make the same tree of it, or both refuse it.

use std::{
    collections::BTreeMap,
    fs,
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use glyph_analysis::promql::{ParseError, Query};

use super::{
    generate::{Edition, Random, damaged, expression},
    shape::shape,
};

/// What the peer makes of each expression: its tree, or why it is none.
fn asked(texts: &[String]) -> Option<Vec<Result<String, String>>> {
    let Some(program) = std::env::var_os("GLYPH_PROMQL_PEER") else {
        let required = std::env::var_os("GLYPH_PEERS").is_some_and(|v| v == "required");
        assert!(!required, "missing: GLYPH_PROMQL_PEER");
        eprintln!("skipped: GLYPH_PROMQL_PEER is not set");
        return None;
    };
    let mut child =
        Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("the peer runs");
    let lines: String = texts.iter().map(|text| serde_json::to_string(text).unwrap() + "\n").collect();
    let mut stdin = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<_> = said
        .lines()
        .map(|line| match line.strip_prefix("= ") {
            Some(tree) => Ok(tree.to_owned()),
            None => Err(line.trim_start_matches("! ").to_owned()),
        })
        .collect();
    assert_eq!(answers.len(), texts.len());
    Some(answers)
}

/// Where the peer is behind Prometheus 3, or not like any.
fn explained(
    text: &str,
    ours: &Result<String, ParseError>,
    theirs: &Result<String, String>,
) -> Option<&'static str> {
    let refusal = ours.as_ref().err().map_or("", |e| &*e.what);
    let told = theirs.as_ref().err().map_or("", |what| &**what);
    let is = |part: &str| refusal.starts_with(part);
    Some(if is("unsupported: ") {
        "experimental syntax, histograms"
    } else if told.contains("unknown escape sequence") {
        "a backslash between backquotes is an escape for the peer"
    } else if is("unary expression only allowed on") && theirs.is_ok() {
        "the peer forgets a plus, and what it stands before"
    } else if told.contains("invalid promql query") && text.to_ascii_lowercase().contains("offset") {
        "one sign before an offset, not several"
    } else if told.contains("inside brackets: '#'") {
        "no comments in brackets"
    } else {
        return None;
    })
}

/// Compares what both make of expressions, and says how many were taken.
fn compare(texts: &[String]) -> Option<usize> {
    let answers = asked(texts)?;
    let (mut wrong, mut known, mut taken) = (Vec::new(), BTreeMap::<&str, usize>::new(), 0);
    for (text, theirs) in texts.iter().zip(answers) {
        let ours = Query::parse(text).map(|query| shape(&query.expr));
        match (&ours, &theirs) {
            (Ok(mine), Ok(other)) if mine == other => taken += 1,
            (Err(_), Err(_)) => {}
            _ => match explained(text, &ours, &theirs) {
                Some(reason) => *known.entry(reason).or_default() += 1,
                None => wrong.push(format!("{text}\n  ours:   {ours:?}\n  theirs: {theirs:?}")),
            },
        }
    }
    eprintln!("{} expressions, {taken} taken; known to differ: {known:?}", texts.len());
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
    Some(taken)
}

#[test]
fn promql_parser_makes_the_same_trees_of_expressions_at_random() {
    let mut random = Random::new(7);
    let mut texts = Vec::new();
    for _ in 0..4000 {
        let text = expression(&mut random, Edition::Three);
        texts.push(damaged(&mut random, &text));
        texts.push(text);
    }
    if let Some(taken) = compare(&texts) {
        assert!(taken > 2000, "{taken}");
    }
}

/// Every expression of the shipped alerts and dashboards, and of Prometheus' own scripts where they are.
#[test]
fn promql_parser_makes_the_same_trees_of_expressions_in_sight() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut texts = Vec::new();
    for file in ["alerts/alerts.yaml", "dashboards/grafana-dashboard.json"] {
        let text = fs::read_to_string(root.join(file)).unwrap();
        let value: serde_json::Value = serde_saphyr::from_str(&text).unwrap();
        collect(&value, &mut texts);
    }
    assert!(texts.len() > 20, "{}", texts.len());
    let Ok(scripts) = fs::read_dir(root.join("../shared/conformance/promql")) else {
        compare(&texts);
        return;
    };
    for path in
        scripts.map(|entry| entry.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "test"))
    {
        let script = fs::read_to_string(path).unwrap();
        texts.extend(script.lines().filter_map(evaluated));
    }
    compare(&texts);
}

/// The expressions in a file of rules or a dashboard.
fn collect(value: &serde_json::Value, texts: &mut Vec<String>) {
    match value {
        serde_json::Value::Object(map) => {
            for (key, value) in map {
                match value {
                    serde_json::Value::String(text) if key == "expr" => texts.push(text.clone()),
                    value => collect(value, texts),
                }
            }
        }
        serde_json::Value::Array(list) => list.iter().for_each(|value| collect(value, texts)),
        _ => {}
    }
}

/// The expression of a line of a script.
fn evaluated(line: &str) -> Option<String> {
    let mut words = line
        .strip_prefix("eval")?
        .splitn(2, ["instant at ", "range from "].into_iter().find(|w| line.contains(w))?);
    let rest = words.nth(1)?;
    // Behind the time, or behind the three of them with a word between each.
    let skipped = if line.contains("range from ") { 5 } else { 1 };
    rest.splitn(skipped + 1, ' ').nth(skipped).map(str::to_owned)
}
