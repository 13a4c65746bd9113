//! Asking promtool: a rule for each template.

use std::{collections::BTreeMap, fmt::Write, path::Path, process::Command};

use super::world::{EXTERNAL_URL, VALUES, World};

/// What the alert of a rule is called.
pub(super) fn alert(rule: usize) -> String {
    format!("a_{rule}")
}

fn rules<'a>(texts: impl Iterator<Item = (usize, &'a str)>) -> String {
    let mut rules = "groups:\n- name: g\n  rules:\n".to_owned();
    for (i, text) in texts {
        let text = serde_json::to_string(text).unwrap();
        let (name, expression) = (alert(i), World::expression(i));
        writeln!(rules, "  - {{alert: {name}, expr: '{expression}', annotations: {{t: {text}}}}}").unwrap();
    }
    rules
}

fn run(args: &[&str], file: &Path) -> Option<String> {
    match Command::new("promtool").args(args).arg(file).output() {
        Ok(output) => {
            Some([output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap()).concat())
        }
        Err(e) if std::env::var_os("GLYPH_PEERS").is_some_and(|v| v == "required") => {
            panic!("missing: promtool: {e}")
        }
        Err(e) => {
            eprintln!("skipped: promtool: {e}");
            None
        }
    }
}

/// The templates that it refuses, and why.
pub(super) fn refused(texts: &[String]) -> Option<BTreeMap<usize, String>> {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rules.yaml");
    std::fs::write(&file, rules(texts.iter().map(String::as_str).enumerate())).unwrap();
    let output = run(&["check", "rules"], &file)?;
    let mut refused = BTreeMap::new();
    for part in output.split(&format!("{}: ", file.display())).skip(1) {
        let (head, told) = part.split_once("annotation \"t\": ").unwrap_or_else(|| panic!("{part}"));
        let (_, name) = head.split_once("\"a_").unwrap_or_else(|| panic!("{part}"));
        let number = name.split('"').next().unwrap().parse().unwrap();
        let told = told.strip_suffix('\n').unwrap_or(told);
        refused.insert(number, told.trim_end().to_owned());
    }
    Some(refused)
}

/// What it makes of the templates of rules. It is told to expect nothing, and says what it got instead.
pub(super) fn expanded(world: &World, texts: &[(usize, &str)]) -> BTreeMap<usize, String> {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yaml"), rules(texts.iter().copied())).unwrap();
    let mut test = format!(
        "rule_files: [rules.yaml]\nevaluation_interval: 1m\ntests:\n- interval: 1m\n  external_labels: {{{}}}\n  \
         external_url: {EXTERNAL_URL}\n  input_series:\n",
        world.external_labels()
    );
    for case in 0..VALUES.len() {
        writeln!(test, "  - {}", World::series(case)).unwrap();
    }
    test += "  alert_rule_test:\n";
    for (i, _) in texts {
        writeln!(test, "  - {{alertname: {}, eval_time: 1m}}", alert(*i)).unwrap();
    }
    let file = folder.path().join("test.yaml");
    std::fs::write(&file, test).unwrap();
    let output = run(&["test", "rules"], &file).unwrap_or_default();
    let mut expanded = BTreeMap::new();
    for part in output.split("    alertname: a_").skip(1) {
        let number = part.split(',').next().unwrap().parse().unwrap();
        let (_, got) = part.split_once("got:[").unwrap_or_else(|| panic!("{part}"));
        let (_, got) = got.split_once("Annotations:{").unwrap_or_else(|| panic!("{part}"));
        let text = got.strip_prefix("t=\"").map(unquoted).unwrap_or_default();
        expanded.insert(number, text);
    }
    assert_eq!(expanded.len(), texts.len(), "{}", &output[..output.len().min(2_000)]);
    expanded
}

/// The beginning of a text up to a quote, as Go escapes it.
fn unquoted(text: &str) -> String {
    let mut out = Vec::new();
    let mut chars = text.chars();
    let code = |chars: &mut std::str::Chars<'_>, digits: usize| {
        let digits: String = chars.take(digits).collect();
        u32::from_str_radix(&digits, 16).unwrap()
    };
    let push = |out: &mut Vec<u8>, c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    while let Some(c) = chars.next() {
        match c {
            '"' => return String::from_utf8_lossy(&out).into_owned(),
            '\\' => match chars.next().unwrap() {
                'a' => out.push(7),
                'b' => out.push(8),
                'f' => out.push(12),
                'n' => out.push(b'\n'),
                'r' => out.push(b'\r'),
                't' => out.push(b'\t'),
                'v' => out.push(11),
                'x' => out.push(code(&mut chars, 2).try_into().unwrap()),
                'u' => push(&mut out, char::from_u32(code(&mut chars, 4)).unwrap()),
                'U' => push(&mut out, char::from_u32(code(&mut chars, 8)).unwrap()),
                c => push(&mut out, c),
            },
            c => push(&mut out, c),
        }
    }
    panic!("no end: {text}")
}
