//! Whether an answer is the recorded one, at first sight: status, headers and body byte for byte.
//!
//! Most answers are. What is not may be so all the same, and is looked at closely elsewhere.

use glyph_analysis::replay::Rules;
use http::header::CONTENT_ENCODING;

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

/// In the same order, too: most are.
fn headers_are_same(exactly: &Exactly, answer: &Answer, rules: &Rules) -> bool {
    // A body in a coding is another one, though its content may be the same.
    if answer.headers.contains_key(CONTENT_ENCODING) {
        return false;
    }
    let compared = answer.headers.iter().filter(|(name, _)| rules.compares_header(name.as_str()));
    compared.eq(exactly.headers.iter().map(|(name, value)| (name, value)))
}
