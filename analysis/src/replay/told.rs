//! Values as they are told in a difference: short, and of a long one that part in which it differs.

/// What is longer is cut.
const LENGTH: usize = 160;
/// So much is shown before the place where texts part.
const BEFORE: usize = 40;

/// A JSON value, its beginning if it is long.
pub(super) fn json(text: &str) -> String {
    excerpt(text, 0)
}

/// A text, or what of it stands about that place.
pub(super) fn excerpt(text: &str, at: usize) -> String {
    if text.len() <= LENGTH {
        return text.to_owned();
    }
    let start = if at <= BEFORE { 0 } else { text.floor_char_boundary(at - BEFORE) };
    let end = text.floor_char_boundary((start + LENGTH).min(text.len()));
    let (before, after) = (if start > 0 { "…" } else { "" }, if end < text.len() { "…" } else { "" });
    format!("{before}{}{after}", &text[start..end])
}
