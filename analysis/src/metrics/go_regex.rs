//! Regular expressions as Go has them, in the words of the `regex` crate.
//!
//! In: a pattern as it stands in a selector or a rule. Out: the same pattern for [`regex::Regex`], or what is wrong with
//! it. The two dialects share nearly all; what is here is the rest: Go's classes are ASCII, its sets are flat, a brace
//! that is no repetition is a brace, and it knows `\Q…\E`.

use regex::Error;

/// Go repeats nothing more often.
const MOST: u32 = 1000;

/// Translates a pattern.
///
/// # Errors
/// If Go would refuse it, as far as `regex` would not notice.
pub(crate) fn translate(pattern: &str) -> Result<String, Error> {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut rest = pattern;
    // Whether a repetition came last, and how many groups are open.
    let (mut repeated, mut open) = (false, 0_u32);
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let repeats = std::mem::take(&mut repeated);
        rest = match c {
            '\\' => escape(after, &mut out)?,
            '[' => set(after, &mut out)?,
            '*' | '+' | '?' | '{' => {
                let Some(length) = repetition(rest)? else {
                    out.push_str(r"\{");
                    rest = after;
                    continue;
                };
                if repeats {
                    return Err(syntax("a repetition is repeated"));
                }
                repeated = true;
                out.push_str(&rest[..length]);
                &rest[length..]
            }
            '(' => {
                open += 1;
                flags(after)?;
                out.push(c);
                after
            }
            ')' => {
                open = open
                    .checked_sub(1)
                    .ok_or_else(|| syntax("a parenthesis is closed that was not opened"))?;
                out.push(c);
                after
            }
            '}' => {
                out.push_str(r"\}");
                after
            }
            c => {
                out.push(c);
                after
            }
        };
    }
    Ok(out)
}

/// The length of a repetition at the beginning of a text, with the question mark that makes it a lazy one; none if it is
/// a brace that stands for itself.
fn repetition(text: &str) -> Result<Option<usize>, Error> {
    let mut length = 1;
    if let Some(inner) = text.strip_prefix('{') {
        let Some((counts, _)) = inner.split_once('}') else { return Ok(None) };
        let (least, most) = counts.split_once(',').unwrap_or((counts, ""));
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        if !is_number(least) || !(most.is_empty() || is_number(most)) {
            return Ok(None);
        }
        if [least, most].iter().any(|n| !n.is_empty() && n.parse().map_or(true, |n: u32| n > MOST)) {
            return Err(syntax("a repetition of more than 1,000 times"));
        }
        length = counts.len() + 2;
    }
    Ok(Some(length + usize::from(text[length..].starts_with('?'))))
}

/// Refuses what may stand behind `(?` in Rust alone. What is unknown to both is left to be refused.
fn flags(text: &str) -> Result<(), Error> {
    let Some(text) = text.strip_prefix('?') else { return Ok(()) };
    let mut flags = text.chars().take_while(|c| c.is_ascii_alphabetic() || *c == '-');
    match flags.find(|flag| matches!(flag, 'x' | 'u' | 'R')) {
        Some(flag) => Err(syntax(&format!("there is no flag {flag}"))),
        None => Ok(()),
    }
}

/// What stands behind a backslash, in a set or not.
fn class(c: char) -> Option<&'static str> {
    Some(match c {
        'd' => "[0-9]",
        'D' => "[^0-9]",
        'w' => "[0-9A-Za-z_]",
        'W' => "[^0-9A-Za-z_]",
        's' => r"[\t\n\f\r ]",
        'S' => r"[^\t\n\f\r ]",
        _ => return None,
    })
}

/// Takes what stands behind a backslash outside of sets, and gives what is left.
fn escape<'a>(text: &'a str, out: &mut String) -> Result<&'a str, Error> {
    let Some(c) = text.chars().next() else { return Err(syntax("a backslash at the end")) };
    let rest = &text[c.len_utf8()..];
    match c {
        'Q' => {
            let (literal, rest) = rest.split_once(r"\E").unwrap_or((rest, ""));
            out.push_str(&regex::escape(literal));
            return Ok(rest);
        }
        'b' => out.push_str(r"(?-u:\b)"),
        '<' | '>' => out.push(c),
        'u' | 'U' => return Err(syntax(&format!(r"there is no \{c}"))),
        c => match class(c) {
            Some(class) => out.push_str(class),
            None => out.extend(['\\', c]),
        },
    }
    Ok(rest)
}

/// Takes a set, of which the bracket that opens it is gone, and gives what is left behind it.
fn set<'a>(text: &'a str, out: &mut String) -> Result<&'a str, Error> {
    out.push('[');
    let mut rest = text;
    if let Some(after) = rest.strip_prefix('^') {
        out.push('^');
        rest = after;
    }
    let mut first = true;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        let begins = std::mem::take(&mut first);
        rest = match c {
            ']' if !begins => {
                out.push(']');
                return Ok(after);
            }
            '[' if after.starts_with(':') && after.contains(":]") => {
                let length = after.find(":]").unwrap_or_default() + 3;
                out.push_str(&rest[..length]);
                &rest[length..]
            }
            '\\' => {
                let Some(c) = after.chars().next() else { return Err(syntax("a backslash at the end")) };
                match class(c) {
                    Some(class) => out.push_str(class),
                    None => out.extend(['\\', c]),
                }
                &after[c.len_utf8()..]
            }
            // Up to a hyphen: `[+--]`.
            '-' if !begins && after.starts_with('-') => {
                out.push_str(r"-\-");
                &after[1..]
            }
            '-' if !begins => {
                out.push('-');
                after
            }
            // These mean something in Rust's sets, alone or twice.
            '[' | ']' | '-' | '&' | '~' | '^' => {
                out.extend(['\\', c]);
                after
            }
            c => {
                out.push(c);
                after
            }
        };
    }
    Err(syntax("a set is not closed"))
}

fn syntax(what: &str) -> Error {
    Error::Syntax(what.to_owned())
}

#[cfg(test)]
mod tests {
    use crate::metrics::matcher::anchored;

    #[test]
    fn patterns_mean_what_they_mean_in_go() {
        let table: [(&str, &[&str], &[&str]); 21] = [
            (r"\d+", &["12"], &["١٢", ""]),
            (r"\w\W\S\D", &["a-bc"], &["ä-bc", "a b1"]),
            (r"[\d.]+", &["1.2"], &["٣"]),
            (r"[^\d]", &["a", "٣"], &["1"]),
            (r"a\sb", &["a b", "a\tb"], &["a\u{a0}b", "a\x0bb"]),
            (r"\bä?b\b", &["b"], &["äb "]),
            (r"a{", &["a{"], &["a"]),
            (r"a{,2}", &["a{,2}"], &["aa"]),
            (r"a{2}", &["aa"], &["a{2}"]),
            (r"a{1,}b{0,1}?", &["aab", "a"], &["b"]),
            (r"{{x}}", &["{{x}}"], &["x"]),
            (r"[[a]+", &["[a"], &["b"]),
            (r"[a&&b]+", &["a&b"], &["c"]),
            (r"[+--]", &["+", ",", "-"], &["."]),
            (r"[--/]", &["-", ".", "/"], &[","]),
            (r"[]a]+", &["]a"], &["b"]),
            (r"[[:alpha:]-]+", &["a-b"], &["1"]),
            (r"\Qa.b\E+", &["a.bb"], &["axb"]),
            (r"(?i)straSSe", &["STRASSE"], &["strase"]),
            (r"a|b|", &["", "a", "b"], &["ab"]),
            (r"\<\-\.", &["<-."], &["-."]),
        ];
        for (pattern, matching, others) in table {
            let regex = anchored(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            for text in matching {
                assert!(regex.is_match(text), "{pattern} should match {text:?}");
            }
            for text in others {
                assert!(!regex.is_match(text), "{pattern} should not match {text:?}");
            }
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for pattern in [
            "a)(b", "(", ")", "[a", "a**", "a+*", "a{2}{3}", "a*??", "*", "a{1001}", "a{2,1}", "(?x)a",
            "(?=a)", "(?!a)", r"\", r"\1", r"[a\", r"\u0041", r"\y", "[b-a]", r"\C", "(?u:a)",
        ] {
            assert!(anchored(pattern).is_err(), "{pattern}");
        }
    }

    #[test]
    fn what_would_be_huge_is_refused() {
        for pattern in ["((((a{100}){100}){100}){100})", r"(\pL{1000}){1000}"] {
            assert!(anchored(pattern).is_err(), "{pattern}");
        }
        assert!(anchored(&"(".repeat(100_000)).is_err());
        assert!(anchored(&format!("{}{}", "(".repeat(100_000), ")".repeat(100_000))).is_err());
    }

    #[test]
    fn patterns_match_what_they_match_in_go() {
        let table = [
            ("/api/{id}", "/api/{id}", true),
            ("a{2}b{1,}c{,2}", "aabbc{,2}", true),
            ("a{", "a{", true),
            ("\\d+", "12", true),
            ("\\d", "٣", false),
            ("\\w", "é", false),
            ("\\W", "é", true),
            ("[\\d.]+", "1.2", true),
            ("[^\\D]", "1", true),
            ("\\Qa.b\\E.", "a.bc", true),
            ("\\Qa.b", "axb", false),
            ("[[a]", "[", true),
            ("[]a]", "]", true),
            ("[a&&b]", "&", true),
            ("[[:alpha:]_]+", "a_b", true),
            ("\\<a\\>", "<a>", true),
            ("a\\bé", "aé", true),
            ("\\.\\{\\[", ".{[", true),
        ];
        for (pattern, text, expected) in table {
            let regex =
                crate::metrics::matcher::anchored(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
            assert_eq!(regex.is_match(text), expected, "{pattern} {text}");
        }
        for pattern in ["(", "[a", "*", "a\\", "[\\"] {
            assert!(crate::metrics::matcher::anchored(pattern).is_err(), "{pattern}");
        }
    }
}
