//! Rules that stand there twice: of the same kind, with the same name, the same labels and the same expression. As series
//! or as alerts they can't be told apart.

use rustc_hash::FxHashMap;

use super::{Code, Finding};
use crate::rules::rule::{Rule, RuleFile};

pub(super) fn check(files: &[RuleFile]) -> Vec<Finding> {
    let mut seen = FxHashMap::default();
    let mut findings = Vec::new();
    for (file, group) in files.iter().flat_map(|file| file.groups.iter().map(move |group| (file, group))) {
        for rule in &group.rules {
            let place = (&file.path, rule.line, &group.name);
            let Some((path, line, name)) = seen.get(&identity(rule)).copied() else {
                seen.insert(identity(rule), place);
                continue;
            };
            let there = if *path == file.path {
                format!("line {line}")
            } else {
                format!("{}:{line}", path.display())
            };
            let what = format!(
                "the same rule stands in {there} (group {name:?}) already: name, labels and expression"
            );
            findings.push(Finding {
                path: file.path.clone(),
                line: rule.line,
                group: Some(group.name.clone()),
                rule: Some(rule.name.clone()),
                code: Code::DuplicateRule,
                what,
                hint: Some("remove one of them, or tell them apart by a label".to_owned()),
                shown: None,
            });
        }
    }
    findings
}

/// What makes a rule the same as another: how its expression is laid out does not.
fn identity(rule: &Rule) -> (bool, &str, Vec<(&str, &str)>, String) {
    let labels = rule.labels.iter().map(|text| (text.name.as_str(), text.template.text())).collect();
    (rule.is_alert(), &rule.name, labels, rule.query.expr.to_string())
}
