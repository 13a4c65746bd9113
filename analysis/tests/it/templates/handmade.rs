//! Templates made by hand: each function, verb and block, and the faults that users make.

/// One a line. `\n` in them is a line end.
pub(super) const TEMPLATES: &str = include_str!("handmade.txt");

/// Them all.
pub(super) fn templates() -> Vec<String> {
    TEMPLATES.lines().filter(|line| !line.is_empty()).map(|line| line.replace("\\N", "\n")).collect()
}
