//! Classes of bytes as bits: 64 bytes of a text at a time, one bit for each.
//!
//! Compilers turn the tests, which have no branches, into vector instructions of any processor.

use wide::u8x16;

/// Bytes of a block.
pub(super) const BLOCK: usize = 64;
/// A test may look at so many bytes before the one that it is about.
pub(super) const BEFORE: usize = 2;

const WINDOW: usize = BEFORE + BLOCK;

/// A text, to be looked at in blocks.
pub(super) struct Blocks<'a> {
    text: &'a [u8],
    /// The first two blocks, with zeros before and behind them.
    first: [u8; BEFORE + 2 * BLOCK],
}

impl<'a> Blocks<'a> {
    pub(super) fn of(text: &'a [u8]) -> Self {
        let mut first = [0; BEFORE + 2 * BLOCK];
        let length = text.len().min(2 * BLOCK);
        first[BEFORE..BEFORE + length].copy_from_slice(&text[..length]);
        Self { text, first }
    }

    /// Where the blocks begin.
    pub(super) fn bases(&self) -> impl Iterator<Item = usize> + use<> {
        (0..self.text.len()).step_by(BLOCK)
    }

    /// The bits of the bytes of the block at `base` for which it holds: it is given each of them, behind the two before
    /// it.
    #[inline(always)]
    pub(super) fn bits(&self, base: usize, is: impl Fn(u8, u8, u8) -> bool) -> u64 {
        match self.window(base) {
            Some((window, beyond)) => of(window, is) >> beyond,
            None => 0,
        }
    }

    /// A block and what stands before it, and how many bytes before the block it begins.
    #[inline]
    fn window(&self, base: usize) -> Option<(&[u8; WINDOW], usize)> {
        if base >= self.text.len() {
            return None;
        }
        if base <= BLOCK {
            return Some((self.first[base..].first_chunk()?, 0));
        }
        match self.text[base - BEFORE..].first_chunk() {
            Some(window) => Some((window, 0)),
            // The last block is looked at together with what stands before it.
            None => Some((self.text.last_chunk()?, base + BLOCK - self.text.len())),
        }
    }
}

#[inline(always)]
fn of(window: &[u8; WINDOW], is: impl Fn(u8, u8, u8) -> bool) -> u64 {
    let flags: [u8; BLOCK] =
        std::array::from_fn(|at| u8::from(is(window[at], window[at + 1], window[at + 2])));
    gathered(&flags)
}

/// The flags, side by side.
#[inline(always)]
fn gathered(flags: &[u8; BLOCK]) -> u64 {
    let (sixteens, _) = flags.as_chunks::<16>();
    let gathered = sixteens.iter().map(|sixteen| {
        let set = u8x16::new(*sixteen).simd_eq(u8x16::ONE);
        u64::from(set.to_bitmask())
    });
    gathered.rev().fold(0, |bits, sixteen| bits << 16 | sixteen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_byte_has_its_bit_wherever_a_text_ends() {
        for length in [0, 1, 2, 63, 64, 65, 66, 127, 128, 129, 130, 131, 192, 200] {
            let text: Vec<u8> = (0..length).map(|at| b"ab=c"[at * 7 % 11 % 4]).collect();
            let blocks = Blocks::of(&text);
            for base in blocks.bases() {
                let bits = blocks.bits(base, |_, before, byte| (before == b'b') & (byte == b'='));
                for at in 0..BLOCK {
                    let is = base + at < length && text[..=base + at].ends_with(b"b=");
                    assert_eq!(bits >> at & 1 == 1, is, "{length} {base} {at}");
                }
            }
        }
    }
}
