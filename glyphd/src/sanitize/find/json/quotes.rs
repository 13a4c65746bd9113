//! Where strings end, and escapes begin: found 64 bytes at a time, so that from one string to the next it is a step, and
//! no search.

use memchr::memchr2;

use super::super::bits::{BLOCK, Blocks};

/// The quotes and backslashes of a text, looked for from front to back.
pub(super) struct Quotes<'a> {
    text: &'a [u8],
    blocks: Blocks<'a>,
    /// The block that is being looked at.
    base: usize,
    bits: u64,
}

impl<'a> Quotes<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        let text = text.as_bytes();
        let mut quotes = Self { text, blocks: Blocks::of(text), base: 0, bits: 0 };
        quotes.turn_to(0);
        quotes
    }

    /// Where the first one is from there on.
    #[inline]
    pub(super) fn next(&mut self, from: usize) -> Option<usize> {
        // Between there and the block there was none.
        let from = from.max(self.base);
        if from >= self.base + BLOCK {
            self.turn_to(from / BLOCK * BLOCK);
        }
        let bits = self.bits & (u64::MAX << (from % BLOCK));
        if bits != 0 {
            return Some(self.base + bits.trailing_zeros() as usize);
        }
        self.turn_to(self.base + BLOCK);
        if self.bits != 0 {
            return Some(self.base + self.bits.trailing_zeros() as usize);
        }
        // A long one, of which nothing is to be known.
        let rest = self.text.get(self.base..)?;
        memchr2(b'"', b'\\', rest).map(|at| self.base + at)
    }

    fn turn_to(&mut self, base: usize) {
        self.base = base;
        self.bits = self.blocks.bits(base, |_, _, byte| (byte == b'"') | (byte == b'\\'));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_is_found_wherever_it_stands() {
        for gap in [0, 1, 7, 62, 63, 64, 65, 127, 128, 200] {
            let text = format!("{0}\"{0}\\{0}\"{0}", "x".repeat(gap));
            let marks: Vec<_> = text.match_indices(['"', '\\']).map(|(at, _)| at).collect();
            let mut quotes = Quotes::of(&text);
            for from in 0..=text.len() {
                assert_eq!(quotes.next(from), marks.iter().copied().find(|at| *at >= from), "{gap} {from}");
            }
            assert_eq!(quotes.next(text.len() + 1), None);
        }
        assert_eq!(Quotes::of("").next(0), None);
    }
}
