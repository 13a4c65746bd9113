//! The small parts of a filter: signs, words, texts, numbers, durations, the names of attributes.
//!
//! In: the text from where a part begins. Out: the part, or a [`Fault`] with what was expected. Not here: which part may
//! stand where.

use std::{borrow::Cow, ops::Range};

use winnow::{
    LocatingSlice, Parser,
    combinator::{alt, opt, preceded, repeat},
    error::ParserError,
    stream::{Location, Stream},
    token::{one_of, take, take_till, take_while},
};

use super::condition::{Field, Value};
use crate::trace::duration;

pub(super) type Input<'a> = LocatingSlice<&'a str>;

/// What is wrong, and with which part of the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    pub(super) range: Range<usize>,
    pub(super) what: String,
}

impl Fault {
    pub(super) fn at<T>(range: Range<usize>, what: impl Into<String>) -> Result<T, Self> {
        Err(Self { range, what: what.into() })
    }
}

impl ParserError<Input<'_>> for Fault {
    type Inner = Self;

    /// Only of parts that something else is tried for; what is told is always made by [`Fault::at`].
    fn from_input(input: &Input<'_>) -> Self {
        let at = input.current_token_start();
        Self { range: at..at + 1, what: "unexpected".to_owned() }
    }

    fn into_inner(self) -> Result<Self, Self> {
        Ok(self)
    }
}

/// Longer ones first. Tempo knows them all but `==`, which somebody may write.
const SIGNS: [&str; 29] = [
    "!>>", "!<<", "&>>", "&<<", "=~", "!~", "==", "!=", ">=", "<=", ">>", "<<", "!>", "!<", "&>", "&<", "&~",
    "&&", "||", "=", ">", "<", "~", "|", "+", "-", "*", "/", "%",
];

/// Where the next part begins.
pub(super) fn place(input: &mut Input<'_>) -> usize {
    blank(input);
    input.current_token_start()
}

fn blank(input: &mut Input<'_>) {
    taken(input, char::is_whitespace);
}

/// The characters from here on that are so; maybe none.
fn taken<'a>(input: &mut Input<'a>, is: impl Fn(char) -> bool) -> &'a str {
    let none: Result<&str, Fault> = take_while(0.., is).parse_next(input);
    none.unwrap_or_default()
}

/// What is still to be read.
pub(super) fn rest<'a>(input: &Input<'a>) -> &'a str {
    input.peek_finish()
}

/// The sign that comes next, which is not taken; `^` and a `!` before anything but a sign count, too.
pub(super) fn sign(input: &mut Input<'_>) -> Option<&'static str> {
    blank(input);
    let rest = rest(input);
    SIGNS.into_iter().chain(["^", "!"]).find(|sign| rest.starts_with(sign))
}

/// Takes `part` if it comes next.
pub(super) fn takes(input: &mut Input<'_>, part: &'static str) -> bool {
    blank(input);
    let taken: Result<Option<&str>, Fault> = opt(part).parse_next(input);
    taken.is_ok_and(|taken| taken.is_some())
}

/// A word; empty if none comes next.
pub(super) fn word<'a>(input: &mut Input<'a>) -> &'a str {
    taken(input, |c| c.is_alphanumeric() || c == '_')
}

/// A text in double quotes, where a backslash begins an escape, or in backticks; none if none comes next.
pub(super) fn text(input: &mut Input<'_>) -> Result<Option<String>, Fault> {
    let start = place(input);
    if takes(input, "`") {
        let text: &str = taken(input, |c| c != '`');
        return ended(input, start, "`").map(|()| Some(text.to_owned()));
    }
    if !takes(input, "\"") {
        return Ok(None);
    }
    let text = pieces(input, escape)?;
    ended(input, start, "\"").map(|()| Some(text))
}

/// Up to the next quote, or to a backslash that begins no escape.
fn pieces<'a>(
    input: &mut Input<'a>,
    escape: fn(&mut Input<'a>) -> Result<char, Fault>,
) -> Result<String, Fault> {
    let plain = take_till(1.., ['"', '\\']).map(Cow::Borrowed);
    let escaped = preceded('\\', escape).map(|c: char| Cow::Owned(c.to_string()));
    repeat(0.., alt((plain, escaped)))
        .fold(String::new, |text, piece: Cow<'_, str>| text + &piece)
        .parse_next(input)
}

fn ended(input: &mut Input<'_>, start: usize, quote: &'static str) -> Result<(), Fault> {
    let at = input.current_token_start();
    if opt(quote).parse_next(input)?.is_some() {
        return Ok(());
    }
    match rest(input) {
        "" => Fault::at(start..at, format!("a {quote} is missing at the end of the text that begins here")),
        _ => Fault::at(
            at..at + 2,
            "unknown escape: \\\" \\\\ \\n \\r \\t and \\u00e9 are known; or use backticks",
        ),
    }
}

fn escape(input: &mut Input<'_>) -> Result<char, Fault> {
    let code = take(4_usize).verify_map(|digits: &str| char::from_u32(u32::from_str_radix(digits, 16).ok()?));
    alt((one_of(['"', '\\']), 'n'.value('\n'), 'r'.value('\r'), 't'.value('\t'), preceded('u', code)))
        .parse_next(input)
}

/// The name of an attribute, as it stands after `span.`: bare, in double quotes, or some of both.
pub(super) fn key(input: &mut Input<'_>) -> Result<String, Fault> {
    let start = input.current_token_start();
    let mut key = String::new();
    loop {
        let at = input.current_token_start();
        let bare = taken(input, Field::is_bare);
        key.push_str(bare);
        if opt('"').parse_next(input)?.is_some() {
            key.push_str(&pieces(input, |input| one_of(['"', '\\']).parse_next(input))?);
            ended(input, at, "\"")?;
        } else if bare.is_empty() {
            break;
        }
    }
    if input.current_token_start() == start {
        return Fault::at(start..start + 1, "expected the name of an attribute, as in .http.route");
    }
    Ok(key)
}

/// A number or a duration; none if none comes next. A sign stands directly before it.
pub(super) fn number(input: &mut Input<'_>) -> Result<Option<Value>, Fault> {
    let start = place(input);
    let text = rest(input);
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let digits = unsigned.strip_prefix('.').unwrap_or(unsigned);
    if !digits.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(None);
    }
    let belongs = |c: char| c.is_alphanumeric() || c == '.';
    let mut length = text.len() - unsigned.len();
    length += unsigned.find(|c| !belongs(c)).unwrap_or(unsigned.len());
    let word = &text[..length];
    // The sign of an exponent, as in 1e-3.
    let is_open = word.ends_with(['e', 'E']) && word.trim_end_matches(['e', 'E']).parse::<f64>().is_ok();
    if is_open && text[length..].starts_with(['+', '-']) {
        let exponent = &text[length + 1..];
        length += 1 + exponent.find(|c| !belongs(c)).unwrap_or(exponent.len());
    }
    let word = input.next_slice(length);
    let value = match word.parse::<i64>() {
        Ok(number) => Some(Value::Integer(number)),
        Err(_) => duration::parse(word).map(Value::Duration).or_else(|| float(word).map(Value::Float)),
    };
    match value {
        Some(value) => Ok(Some(value)),
        None => Fault::at(
            start..start + length,
            format!("`{word}` is no number, and no duration such as 100ms or 1h30m"),
        ),
    }
}

/// Digits, and maybe a point or an exponent: no `inf`, no `nan`.
fn float(word: &str) -> Option<f64> {
    word.parse().ok().filter(|number: &f64| number.is_finite())
}
