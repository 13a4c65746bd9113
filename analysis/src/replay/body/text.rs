//! Text that is nothing else: where it first differs.

use crate::replay::{comparison::Kind, context::Context, told::excerpt};

/// Tells the first place in which they differ, as its line.
pub(super) fn compare(context: &mut Context<'_>, old: &str, new: &str, cut: bool) {
    let compared = if cut { context.alike.beginnings(old, new) } else { context.alike.texts(old, new) };
    let Err(parting) = compared else { return };
    if old.is_empty() || new.is_empty() {
        let told = |text: &str| if text.is_empty() { "empty".to_owned() } else { excerpt(text, 0) };
        return context.tell(|| "body".to_owned(), Kind::Changed, Some(told(old)), Some(told(new)));
    }
    let number = 1 + old.as_bytes()[..parting.recorded].iter().filter(|b| **b == b'\n').count();
    let told = |text: &str, at: usize| {
        let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
        let end = text[at..].find('\n').map_or(text.len(), |length| at + length);
        // Beyond its last line there is none.
        (start < text.len()).then(|| excerpt(&text[start..end], at - start))
    };
    let (old, new) = (told(old, parting.recorded), told(new, parting.new));
    let kind = match (&old, &new) {
        (Some(_), None) => Kind::Missing,
        (None, Some(_)) => Kind::Added,
        _ => Kind::Changed,
    };
    context.tell(|| format!("body line {number}"), kind, old, new);
}
