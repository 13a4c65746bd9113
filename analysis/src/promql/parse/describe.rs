//! How a fault names a token.

use super::super::{ast::AggregateOp, lexer::Token};
use crate::metrics::quote::quoted;

/// Words with a meaning of their own, beside aggregations and operators.
const KEYWORDS: [&str; 10] = [
    "offset",
    "smoothed",
    "anchored",
    "by",
    "without",
    "on",
    "ignoring",
    "group_left",
    "group_right",
    "bool",
];

/// A word outside of braces.
fn word(word: &str) -> String {
    let is = |known: &&str| word.eq_ignore_ascii_case(known);
    if ["and", "or", "unless", "atan2"].iter().any(is) {
        format!("<op:{word}>")
    } else if AggregateOp::of(word).is_some() {
        format!("<aggr:{word}>")
    } else if KEYWORDS.iter().any(is) {
        format!("<{word}>")
    } else if ["start", "end", "step", "range"].iter().any(is) {
        quoted(word)
    } else if word.contains(':') {
        format!("metric identifier {}", quoted(word))
    } else {
        format!("identifier {}", quoted(word))
    }
}

/// As Prometheus names a token; `text` is how it is written.
pub(super) fn token(token: &Token<'_>, text: &str) -> String {
    let short = || match text.char_indices().nth(10) {
        Some((end, _)) => format!("{}...", quoted(&text[..end])),
        None => quoted(text),
    };
    match token {
        Token::Word(name) => word(name),
        Token::Name(name) => format!("identifier {}", quoted(name)),
        Token::Number(_) => format!("number {}", short()),
        Token::Duration(_) => format!("duration {}", short()),
        Token::Text(_) => format!("string {}", short()),
        Token::Sign("(" | ")" | "{" | "}" | "[" | "]" | "," | "=" | ":" | "::") => quoted(text),
        Token::Sign(sign) => format!("<op:{sign}>"),
        Token::End => "end of input".to_owned(),
        Token::Fault(fault) => fault.what.clone(),
    }
}
