//! Whether an answer is the recorded one, at first sight: status, headers and body byte for byte.
//!
//! Most answers are. What is not may be so all the same, and is looked at closely elsewhere.

use glyph_analysis::replay::Rules;

use super::{answer::Answer, plan::Exactly};

/// Whether it is.
pub(super) fn is_same(exactly: &Exactly, answer: &Answer, rules: &Rules) -> bool {
    exactly.status == answer.status.as_u16()
        && answer.broken.is_none()
        && answer.trailers.is_none()
        && answer.size == exactly.body.len() as u64
        && answer.content == exactly.body
        && headers_are_same(exactly, answer, rules)
}

fn headers_are_same(exactly: &Exactly, answer: &Answer, rules: &Rules) -> bool {
    let mut compared = 0;
    for (name, value) in &answer.headers {
        // A body in a coding is another one, though its content may be the same.
        if name == http::header::CONTENT_ENCODING {
            return false;
        }
        if !rules.compares_header(name.as_str()) {
            continue;
        }
        compared += 1;
        if !exactly.headers.iter().any(|(n, v)| n == name && v == value) {
            return false;
        }
    }
    compared == exactly.headers.len()
}
