//! What promtool says of thousands of expressions in one file of rules: which it refuses, where, and in which words.

use std::{collections::BTreeMap, fmt::Write, process::Command};

use glyph_analysis::promql::{ParseError, Query};

use super::generate::{Edition, Random, damaged, expression};

/// What promtool said of the expressions that it refused, by their number: line, column, message.
fn refused(texts: &[String]) -> Option<BTreeMap<usize, (usize, usize, String)>> {
    let mut rules = "groups:\n- name: g\n  rules:\n".to_owned();
    for (i, text) in texts.iter().enumerate() {
        writeln!(rules, "  - {{record: 'r_{i}', expr: {}}}", serde_json::to_string(text).unwrap()).unwrap();
    }
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yaml");
    std::fs::write(&file, rules).unwrap();
    let output = match Command::new("promtool").args(["check", "rules"]).arg(&file).output() {
        Ok(output) => String::from_utf8(output.stdout).unwrap() + &String::from_utf8(output.stderr).unwrap(),
        Err(e) if std::env::var_os("GLYPH_PEERS").is_some_and(|v| v == "required") => {
            panic!("missing: promtool: {e}")
        }
        Err(e) => {
            eprintln!("skipped: promtool: {e}");
            return None;
        }
    };
    let mut refused = BTreeMap::new();
    for part in output.split("rules.yaml: ").skip(1) {
        let (head, told) =
            part.split_once("could not parse expression: ").unwrap_or_else(|| panic!("{part}"));
        let (_, number) = head.split_once("\"r_").unwrap_or_else(|| panic!("{part}"));
        let number = number.split('"').next().unwrap().parse().unwrap();
        let (place, what) = told.split_once(": parse error: ").unwrap_or_else(|| panic!("{part}"));
        let (line, column) = place.split_once(':').unwrap_or_else(|| panic!("{part}"));
        // 2.42 has no word for it.
        let what = what.replace("\"<Item 57385>\" <op:@>", "<op:@>");
        let what = what.rsplit_once('\n').map_or(&*what, |(what, _)| what).trim_end().to_owned();
        refused.insert(number, (line.parse().unwrap(), column.parse().unwrap(), what));
    }
    Some(refused)
}

/// Why promtool 2.42 refuses what Prometheus 3 takes, or the other way round.
fn explained(text: &str, ours: Option<&ParseError>, theirs: Option<&str>) -> Option<&'static str> {
    let (ours, theirs) = (ours.map_or("", |e| &*e.what), theirs.unwrap_or(""));
    let is = |part: &str| theirs.contains(part);
    Some(if is("unexpected duration") || is("unexpected number") {
        "durations and numbers stand for each other since 3.0"
    } else if is("unexpected string") {
        "names in quotes came with 3.0"
    } else if is("unexpected <op:+> in offset") {
        "a plus before an offset came with 3"
    } else if is("unexpected metric identifier") && is("grouping opts") {
        "any text may be a label since 3.0"
    } else if is("missing unit character") || is("bad duration syntax") || is("unexpected colon") {
        "what stands in brackets is read as an expression of durations since 3"
    } else if is("unexpected \"(\"") && (text.contains("start(") || text.contains("end(")) {
        "start() and end() are functions in 3"
    } else if is("duration must be greater than 0") || ours.starts_with("duration must be") {
        "an offset may be 0 since 3.0"
    } else if ours.starts_with("unsupported: ") {
        "experimental syntax"
    } else {
        return None;
    })
}

/// Whether two refusals are the same. Ours begins with the words of promtool, and goes on to say what was expected.
fn agrees(text: &str, ours: &ParseError, (line, column, what): &(usize, usize, String)) -> bool {
    // Ours, and what promtool 2.42 or Go say instead.
    const OTHER_WORDS: &[(&str, &str)] = &[
        ("error parsing regexp: ", "error parsing regexp: "),
        ("metric name must not be set twice", "metric name must not be set twice"),
        ("unexpected character after '!'", "unexpected character after '!'"),
        ("expected number or duration", "expected duration"),
        ("expected number, duration or \"]\"", "expected duration or \"]\""),
        ("bad number or duration syntax: ", "bad number or duration syntax: "),
        ("not a valid duration string", "not a valid duration string"),
        ("bad number or duration syntax: ", "error parsing number: "),
        ("unexpected character in duration expression", "unexpected character"),
        ("unexpected end of input in duration expression", "unclosed left"),
    ];
    // Where the fault is, and not where the parser noticed it.
    const OTHER_PLACE: [&str; 9] = [
        "unclosed left parenthesis",
        "unexpected right parenthesis",
        "unknown escape",
        "error parsing regexp",
        "escape sequence",
        "illegal character",
        "no expression",
        "unterminated",
        "unexpected left bracket",
    ];
    let said = ours.what.starts_with(what)
        || OTHER_WORDS.iter().any(|(mine, other)| ours.what.contains(mine) && what.contains(other));
    let before = &text[..ours.range.start];
    let place =
        (before.matches('\n').count() + 1, before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1);
    said && (place == (*line, *column) || OTHER_PLACE.iter().any(|known| ours.what.contains(known)))
}

#[test]
fn promtool_takes_and_refuses_the_same_with_the_same_words() {
    let mut random = Random::new(42);
    let mut texts = Vec::new();
    for _ in 0..2500 {
        let text = expression(&mut random, Edition::Two);
        texts.push(damaged(&mut random, &text));
        // A rule without an expression is another error.
        texts.retain(|text| !text.is_empty());
        texts.push(text);
    }
    let Some(refused) = refused(&texts) else { return };
    let (mut wrong, mut known) = (Vec::new(), BTreeMap::<&str, usize>::new());
    for (i, text) in texts.iter().enumerate() {
        let ours = Query::parse(text).err();
        let theirs = refused.get(&i);
        let same = match (&ours, theirs) {
            (None, None) => true,
            (Some(ours), Some(theirs)) => agrees(text, ours, theirs),
            _ => false,
        };
        match explained(text, ours.as_ref(), theirs.map(|(_, _, what)| &**what)) {
            _ if same => {}
            Some(reason) => *known.entry(reason).or_default() += 1,
            None => wrong.push(format!("{text}\n  ours:   {ours:?}\n  theirs: {theirs:?}")),
        }
    }
    eprintln!("{} expressions, {} refused; known to differ: {known:?}", texts.len(), refused.len());
    assert!(wrong.is_empty(), "{} differ\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
}
