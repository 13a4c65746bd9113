//! How keys and tokens begin, by their first letters.

use std::ops::Range;

use super::shapes::{SHAPES, Shape};

/// What may stand where a text goes on so.
#[derive(Debug, Clone, Copy)]
pub(in crate::sanitize) enum Beginning {
    /// A provider's key.
    Key(&'static Shape),
    /// A JSON Web Token (RFC 7519).
    Jwt,
    /// A token of a Discord bot.
    Discord,
    /// The end of a Mailchimp key.
    Mailchimp,
    /// The middle of a client secret of Microsoft Entra.
    Entra,
}

/// How the numbers of Discord's users begin, in Base64.
const DISCORD: [&str; 9] = ["MT", "Mj", "Mz", "ND", "NT", "Nj", "Nz", "OD", "OT"];

/// All beginnings, to be looked up at a place.
#[derive(Debug)]
pub(in crate::sanitize) struct Beginnings {
    /// For each first byte, which second ones there are, by their lowest six bits; and which third ones.
    second: [u64; 256],
    third: [u64; 256],
    /// By their first bytes; of those that begin the same the longest first.
    all: Vec<(&'static [u8], Beginning)>,
    those: [Range<u8>; 256],
    settings: Vec<&'static Shape>,
}

fn bit(byte: u8) -> u64 {
    1 << (byte & 63)
}

impl Beginnings {
    pub(super) fn new() -> Self {
        let mut all: Vec<(&[u8], Beginning)> =
            vec![(b"eyJ", Beginning::Jwt), (b"-us", Beginning::Mailchimp), (b"~", Beginning::Entra)];
        // What a setting's name begins is looked for behind it.
        let keys = SHAPES.iter().filter(|shape| !shape.is_setting());
        all.extend(keys.map(|shape| (shape.beginning.as_bytes(), Beginning::Key(shape))));
        all.extend(DISCORD.iter().map(|start| (start.as_bytes(), Beginning::Discord)));
        all.sort_by_key(|(start, _)| (start[0], std::cmp::Reverse(start.len())));
        let (mut second, mut third) = ([0; 256], [0; 256]);
        for (start, _) in &all {
            let first = usize::from(start[0]);
            second[first] |= start.get(1).map_or(u64::MAX, |byte| bit(*byte));
            third[first] |= start.get(2).map_or(u64::MAX, |byte| bit(*byte));
        }
        let those = std::array::from_fn(|first| {
            let before = |most: usize| all.partition_point(|(start, _)| usize::from(start[0]) < most) as u8;
            before(first)..before(first + 1)
        });
        let settings = SHAPES.iter().filter(|shape| shape.is_setting()).collect();
        Self { second, third, all, those, settings }
    }

    /// The keys that stand behind a setting's name.
    pub(in crate::sanitize) fn settings(&self) -> impl Iterator<Item = &'static Shape> {
        self.settings.iter().copied()
    }

    /// Whether one may begin so.
    #[inline(always)]
    pub(in crate::sanitize) fn may_be(&self, bytes: &[u8]) -> bool {
        let [first, second, third, ..] = bytes else { return false };
        let at = usize::from(*first);
        self.second[at] & bit(*second) != 0 && self.third[at] & bit(*third) != 0
    }

    /// The longest beginning with which that begins, and its length.
    pub(in crate::sanitize) fn of(&self, bytes: &[u8]) -> Option<(usize, Beginning)> {
        let Range { start, end } = self.those[usize::from(*bytes.first()?)];
        let those = &self.all[usize::from(start)..usize::from(end)];
        those.iter().find(|(start, _)| bytes.starts_with(start)).map(|(start, what)| (start.len(), *what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_beginning_is_found() {
        let all = Beginnings::new();
        let key = |text: &str| match all.of(text.as_bytes()) {
            Some((length, Beginning::Key(shape))) => {
                assert_eq!(length, shape.beginning.len());
                shape.beginning
            }
            other => panic!("{text}: {other:?}"),
        };
        for shape in SHAPES.iter().filter(|shape| !shape.is_setting()) {
            assert_eq!(key(&format!("{}0000", shape.beginning)), shape.beginning);
        }
        assert_eq!(key("sk-antelope"), "sk-");
        assert_eq!(key("SKIP"), "SK");
        for text in ["", "e", "ey", "token", "sk_", "AccountKey=", "\u{e9}\u{e9}"] {
            assert!(all.of(text.as_bytes()).is_none(), "{text}");
        }
    }
}
