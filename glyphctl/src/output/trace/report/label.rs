//! How services and spans are named and coloured, everywhere on the page alike.

use std::collections::{BTreeMap, BTreeSet};

use glyph_analysis::text::visible;
use maud::{Markup, html};

/// How many colours there are for services (`style/palette.css`).
const COLOURS: usize = 12;
/// How many characters are shown of a name.
const MOST_CHARACTERS: usize = 160;

/// A text from traffic, made harmless and short.
pub(super) fn label(text: &str) -> String {
    match text.trim() {
        "" => "(unnamed)".to_owned(),
        text => cut(text, MOST_CHARACTERS),
    }
}

/// The first characters of a text, made harmless.
pub(super) fn cut(text: &str, most: usize) -> String {
    let end = text.char_indices().nth(most).map_or(text.len(), |(at, _)| at);
    let dots = if end < text.len() { "…" } else { "" };
    visible(&text[..end]).into_owned() + dots
}

/// The colour of each service.
#[derive(Debug, Default)]
pub(super) struct Palette(BTreeMap<String, usize>);

impl Palette {
    /// A service's colour comes from its name, so that it is the same in every report that has the same services, and
    /// in most others; the next one is taken where another service has it already.
    pub(super) fn of<'a>(services: impl IntoIterator<Item = &'a str>) -> Self {
        let mut taken = [false; COLOURS];
        let services: BTreeSet<&str> = services.into_iter().collect();
        let colour = |service: &str| {
            let wish = hash(service) as usize % COLOURS;
            let free = (0..COLOURS).map(|step| (wish + step) % COLOURS).find(|colour| !taken[*colour]);
            let colour = free.unwrap_or(wish);
            taken[colour] = true;
            colour
        };
        let colours: Vec<usize> = services.iter().copied().map(colour).collect();
        Self(services.into_iter().map(str::to_owned).zip(colours).collect())
    }

    /// The classes of what has the service's colour.
    pub(super) fn class(&self, service: &str) -> String {
        format!("svc s{}", self.0.get(service).copied().unwrap_or(0))
    }

    /// A service's dot.
    pub(super) fn dot(&self, service: &str) -> Markup {
        html! { i.dot.(self.class(service)) {} }
    }

    /// The services and their dots.
    pub(super) fn legend(&self) -> Markup {
        html! {
            ul.legend {
                @for service in self.0.keys().take(2 * COLOURS) {
                    li { (self.dot(service)) (label(service)) }
                }
                @if self.0.len() > 2 * COLOURS { li { "… " (self.0.len() - 2 * COLOURS) " more" } }
            }
        }
    }
}

/// FNV-1a: it must be the same for ever, and need not be hard to guess.
fn hash(text: &str) -> u64 {
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn services_share_no_colour_while_there_are_some_left() {
        let names: Vec<String> = (0..COLOURS).map(|i| format!("service {i}")).collect();
        let palette = Palette::of(names.iter().map(String::as_str));
        let colours: BTreeSet<String> = names.iter().map(|name| palette.class(name)).collect();
        assert_eq!(colours.len(), COLOURS);
    }

    #[test]
    fn names_are_short_and_harmless() {
        assert_eq!(label(" \t"), "(unnamed)");
        assert_eq!(label("a\u{202e}b"), r"a\u{202e}b");
        assert_eq!(label(&"ü".repeat(10_000)).chars().count(), MOST_CHARACTERS + 1);
    }
}
