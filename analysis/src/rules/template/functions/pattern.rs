//! Regular expressions: `match` and `reReplaceAll`, unanchored.

use regex::{Captures, Regex};

use super::Given;
use crate::{
    metrics::matcher,
    rules::template::{fmt::quote::raw, value::Value},
};

/// Whether a pattern is found in a text.
pub(super) fn matches(pattern: &str, text: &str) -> Given {
    compile(pattern).map(|regex| Value::Bool(regex.is_match(text)))
}

/// All that a pattern finds, replaced. `$1` and `${name}` in the replacement are what a group found.
pub(super) fn replace_all(pattern: &str, replacement: &str, text: &str) -> Given {
    let regex = compile(pattern).map_err(|e| format!("regexp: Compile({}): {e}", raw(pattern.as_bytes())))?;
    let with = |captures: &Captures<'_>| expand(replacement, captures);
    Ok(Value::text(regex.replace_all(text, with).as_bytes()))
}

/// A pattern in Go's dialect. In it, `.` takes no line end.
fn compile(pattern: &str) -> Result<Regex, String> {
    let fault = || format!("error parsing regexp: {}", fault(pattern));
    // The dialect is translated where patterns are anchored; here they are not.
    let anchored = matcher::anchored(pattern).map_err(|_| fault())?;
    let translated = anchored.as_str().strip_prefix("^(?s:").and_then(|rest| rest.strip_suffix(")$"));
    Regex::new(translated.unwrap_or(pattern)).map_err(|_| fault())
}

/// What Go says is wrong with a pattern, for the usual faults.
fn fault(pattern: &str) -> String {
    let mut chars = pattern.char_indices().peekable();
    let (mut open, mut in_set, mut repeats) = (0_u32, None, None);
    let mut may_repeat = false;
    while let Some((at, c)) = chars.next() {
        let begins_set =
            in_set.is_some_and(|set| at == set + 1 || (at == set + 2 && pattern[set..].starts_with("[^")));
        match c {
            '\\' => match chars.next() {
                None => return "trailing backslash at end of expression: ``".to_owned(),
                Some((_, c)) if !is_escape(c) => return format!("invalid escape sequence: `\\{c}`"),
                Some(_) => {}
            },
            ']' if in_set.is_some() && !begins_set => in_set = None,
            _ if in_set.is_some() => {}
            '[' => in_set = Some(at),
            '(' => open += 1,
            ')' if open == 0 => return format!("unexpected ): `{pattern}`"),
            ')' => open -= 1,
            '*' | '+' | '?' => {
                if !may_repeat {
                    return match repeats {
                        Some(from) => {
                            format!("invalid nested repetition operator: `{}`", &pattern[from..=at])
                        }
                        None => format!("missing argument to repetition operator: `{c}`"),
                    };
                }
                repeats = Some(at);
                if chars.peek().is_some_and(|(_, c)| *c == '?') {
                    chars.next();
                }
                may_repeat = false;
                continue;
            }
            _ => {}
        }
        may_repeat = !matches!(c, '(' | '|');
        repeats = None;
    }
    match in_set {
        Some(set) => format!("missing closing ]: `{}`", &pattern[set..]),
        None if open > 0 => format!("missing closing ): `{pattern}`"),
        None => format!("invalid or unsupported Perl syntax: `{pattern}`"),
    }
}

fn is_escape(c: char) -> bool {
    !c.is_ascii_alphanumeric() || "aftnrvxdDwWsSbBAzQECpP01234567".contains(c)
}

/// A replacement as Go's `Expand` fills it: the longest name counts, and one that there is not is nothing.
fn expand(template: &str, captures: &Captures<'_>) -> String {
    let mut out = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('$') {
        out += before;
        if let Some(after) = after.strip_prefix('$') {
            out.push('$');
            rest = after;
            continue;
        }
        let Some((name, behind)) = name(after) else {
            out.push('$');
            rest = after;
            continue;
        };
        let group = match name.parse::<usize>() {
            Ok(number) if name.bytes().all(|byte| byte.is_ascii_digit()) => captures.get(number),
            _ => captures.name(name),
        };
        out += group.map_or("", |group| group.as_str());
        rest = behind;
    }
    out + rest
}

/// The name of a group, in braces or not, and what follows it.
fn name(text: &str) -> Option<(&str, &str)> {
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    let inner = text.strip_prefix('{').unwrap_or(text);
    let length = inner.find(|c| !is_word(c)).unwrap_or(inner.len());
    let (name, behind) = inner.split_at(length);
    if name.is_empty() {
        return None;
    }
    if inner.len() == text.len() {
        return Some((name, behind));
    }
    behind.strip_prefix('}').map(|behind| (name, behind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_found_is_replaced() {
        let table = [
            ("localhost:(.*)", "my.domain:$1", "localhost:3000", "my.domain:3000"),
            ("(?P<a>x)(y)", "${a}-${2}$3$$", "xyz", "x-y$z"),
            ("a", "$1x", "abc", "bc"),
            ("a", "${1}x", "abc", "xbc"),
            ("", "-", "ab", "-a-b-"),
            ("a.c", "!", "a\nc abc", "a\nc !"),
            ("a", "${", "a", "${"),
        ];
        for (pattern, replacement, text, expected) in table {
            assert_eq!(replace_all(pattern, replacement, text), Ok(Value::text(expected)), "{pattern}");
        }
    }

    #[test]
    fn a_wrong_pattern_is_named_in_gos_words() {
        let table = [
            ("[a", "missing closing ]: `[a`"),
            ("(a", "missing closing ): `(a`"),
            ("a)", "unexpected ): `a)`"),
            ("*a", "missing argument to repetition operator: `*`"),
            ("a**", "invalid nested repetition operator: `**`"),
            (r"\y", r"invalid escape sequence: `\y`"),
            (r"a\", "trailing backslash at end of expression: ``"),
        ];
        for (pattern, expected) in table {
            assert_eq!(matches(pattern, "a"), Err(format!("error parsing regexp: {expected}")), "{pattern}");
        }
    }
}
