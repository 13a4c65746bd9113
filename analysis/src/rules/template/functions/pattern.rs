//! Regular expressions: `match` and `reReplaceAll`, unanchored.

use regex::{Captures, Regex};

use super::Given;
use crate::{
    metrics::go_regex,
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
    go_regex::translate(pattern).and_then(|pattern| Regex::new(&pattern)).map_err(|_| fault())
}

/// What Go says is wrong with a pattern, for the usual faults.
fn fault(pattern: &str) -> String {
    let mut rest = pattern;
    let (mut open, mut may_repeat, mut repeats) = (0_u32, false, None);
    while let Some(c) = rest.chars().next() {
        let at = pattern.len() - rest.len();
        let after = &rest[c.len_utf8()..];
        let repetition = repetition(rest);
        rest = match c {
            '\\' => match after.chars().next() {
                None => return "trailing backslash at end of expression: ``".to_owned(),
                Some(c) if !is_escape(c) => return format!("invalid escape sequence: `\\{c}`"),
                Some(c) => &after[c.len_utf8()..],
            },
            '[' => match set(rest) {
                Ok(length) => &rest[length..],
                Err(what) => return what,
            },
            '(' => {
                open += 1;
                match group(rest) {
                    Ok(length) => &rest[length..],
                    Err(what) => return what,
                }
            }
            ')' if open == 0 => return format!("unexpected ): `{pattern}`"),
            ')' => {
                open -= 1;
                after
            }
            _ => after,
        };
        let Some((length, is_too_many)) = repetition else {
            may_repeat = !matches!(c, '(' | '|');
            repeats = None;
            continue;
        };
        let written = &pattern[at..at + length];
        if is_too_many {
            return format!("invalid repeat count: `{written}`");
        }
        if !may_repeat {
            return match repeats {
                Some(from) => {
                    format!("invalid nested repetition operator: `{}`", &pattern[from..at + length])
                }
                None => format!("missing argument to repetition operator: `{written}`"),
            };
        }
        rest = &pattern[at + length..];
        (may_repeat, repeats) = (false, Some(at));
    }
    if open > 0 {
        return format!("missing closing ): `{pattern}`");
    }
    format!("expression too large: `{pattern}`")
}

/// How long a repetition is with its question mark, and whether it is of more than Go takes, or from more to less.
fn repetition(text: &str) -> Option<(usize, bool)> {
    let lazy = |length: usize| length + usize::from(text[length..].starts_with('?'));
    if text.starts_with(['*', '+', '?']) {
        return Some((lazy(1), false));
    }
    let (inner, _) = text.strip_prefix('{')?.split_once('}')?;
    let (least, most) = inner.split_once(',').unwrap_or((inner, inner));
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number(least) || !(most.is_empty() || is_number(most)) {
        return None;
    }
    let count = |text: &str| text.parse::<u32>().unwrap_or(u32::MAX);
    let is_too_many =
        count(least) > 1000 || (!most.is_empty() && (count(most) > 1000 || count(most) < count(least)));
    let length = inner.len() + 2;
    Some(if is_too_many { (length, true) } else { (lazy(length), false) })
}

/// How long the beginning of a group is: `(`, `(?:`, `(?i)`, `(?P<name>`.
fn group(text: &str) -> Result<usize, String> {
    let Some(inner) = text.strip_prefix("(?") else { return Ok(1) };
    if let Some(named) = inner.strip_prefix("P<").or_else(|| inner.strip_prefix('<')) {
        let length = named.find('>').ok_or_else(|| format!("invalid named capture: `{text}`"))?;
        let begin = text.len() - named.len();
        let is_word = |c: char| c == '_' || c.is_ascii_alphanumeric();
        if length == 0 || !named[..length].chars().all(is_word) {
            return Err(format!("invalid named capture: `{}`", &text[..=begin + length]));
        }
        return Ok(begin + length + 1);
    }
    match inner.char_indices().find(|(_, c)| !matches!(c, 'i' | 'm' | 's' | 'U' | '-')) {
        Some((at, ':' | ')')) => Ok(at + 3),
        Some((at, c)) => {
            Err(format!("invalid or unsupported Perl syntax: `{}`", &text[..at + 2 + c.len_utf8()]))
        }
        None => Err(format!("missing closing ): `{text}`")),
    }
}

/// How long a set is.
fn set(text: &str) -> Result<usize, String> {
    let missing = || format!("missing closing ]: `{text}`");
    let mut at = if text.starts_with("[^") { 2 } else { 1 };
    let begin = at;
    let mut from: Option<(char, usize)> = None;
    loop {
        let rest = &text[at..];
        let c = rest.chars().next().ok_or_else(missing)?;
        if c == ']' && at > begin {
            return Ok(at + 1);
        }
        let class = rest.strip_prefix("[:").and_then(|inner| inner.find(":]"));
        if let Some(length) = class {
            at += length + 4;
            from = None;
            continue;
        }
        if c == '-' && from.is_some() && !rest[1..].starts_with(']') {
            let (first, first_at) = from.unwrap_or((c, at));
            let last = rest[1..].chars().next().ok_or_else(missing)?;
            at += 1 + last.len_utf8();
            if last == '\\' {
                at += text[at..].chars().next().ok_or_else(missing)?.len_utf8();
            } else if last < first {
                return Err(format!("invalid character class range: `{}`", &text[first_at..at]));
            }
            from = None;
            continue;
        }
        from = Some((c, at));
        at += c.len_utf8();
        if c == '\\' {
            let escaped = text[at..].chars().next().ok_or_else(missing)?;
            if !is_escape(escaped) {
                return Err(format!("invalid escape sequence: `\\{escaped}`"));
            }
            at += escaped.len_utf8();
            from = None;
        }
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
            ("[b-a]", "invalid character class range: `b-a`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            (r"a\", "trailing backslash at end of expression: ``"),
        ];
        for (pattern, expected) in table {
            assert_eq!(matches(pattern, "a"), Err(format!("error parsing regexp: {expected}")), "{pattern}");
        }
    }
}
