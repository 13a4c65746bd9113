//! A path as it is told: `$.items[3].price`, `$['a b']`.

use std::fmt::Write;

use super::super::rules::Step;

/// Names come from the traffic: more of one is not told.
const NAME: usize = 60;

pub(super) fn told(path: &[Step<'_>]) -> String {
    let mut told = "$".to_owned();
    for step in path {
        match step {
            Step::Index(index) => write!(told, "[{index}]").unwrap_or_default(),
            Step::Name(name) => push_name(name, &mut told),
        }
    }
    told
}

fn push_name(name: &str, told: &mut String) {
    let begins = |c: char| c.is_alphabetic() || c == '_';
    if name.len() <= NAME
        && name.starts_with(begins)
        && name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'))
    {
        told.push('.');
        told.push_str(name);
        return;
    }
    told.push_str("['");
    let mut chars = name.chars();
    for c in chars.by_ref().take(NAME) {
        if matches!(c, '\'' | '\\') {
            told.push('\\');
        }
        told.push(c);
    }
    told.push_str(if chars.next().is_some() { "…']" } else { "']" });
}
