//! The name that was meant.

/// Which of some names a name is nearly, if it is nearly one.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let near = known.into_iter().map(|other| (strsim::jaro_winkler(name, other), other));
    let (likeness, other) = near.max_by(|a, b| a.0.total_cmp(&b.0))?;
    (likeness > 0.85 && other != name).then_some(other)
}

/// Names as a list, and how many more there are; by default there is nothing.
pub(super) fn listed<'a>(names: impl IntoIterator<Item = &'a str>) -> Option<String> {
    const SHOWN: usize = 12;
    let names: Vec<&str> = names.into_iter().collect();
    let first = names.iter().take(SHOWN).copied().collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        n if n > SHOWN => Some(format!("{first} and {} more", n - SHOWN)),
        _ => Some(first),
    }
}

/// Whether a name is another but for a slip or two.
pub(super) fn is_typo(name: &str, other: &str) -> bool {
    name.len() > 3 && name != other && strsim::osa_distance(name, other) <= if name.len() > 7 { 2 } else { 1 }
}

/// A part of an expression on one line that is not long.
pub(super) fn shortened(text: &str) -> String {
    const LONGEST: usize = 60;
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() <= LONGEST {
        text
    } else {
        text.chars().take(LONGEST - 1).chain(['…']).collect()
    }
}
