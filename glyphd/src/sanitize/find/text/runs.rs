//! Runs of the characters that keys and tokens are made of, and the keys in them.
//!
//! No key is shorter than [`SHORTEST`]: what stands in shorter runs is passed over, 64 bytes at a time. In a longer one the
//! places are looked at where a word begins; the first letters tell whether a key may. What is looked at then is bounded by
//! the longest key, but for a JWT, behind which it goes on.

use super::{Found, Scan};
use crate::sanitize::{
    find::bits::{BLOCK, Blocks},
    rules::{Beginning, SHORTEST},
};

#[inline(always)]
fn in_run(byte: u8) -> bool {
    // `-`, `.`, `/` and the digits follow on one another.
    is_letter(byte) | matches!(byte, b'-'..=b'9') | (byte == b'_') | (byte == b'+') | (byte == b'~')
}

#[inline(always)]
fn in_word(byte: u8) -> bool {
    is_letter(byte) | byte.is_ascii_digit()
}

#[inline(always)]
fn is_letter(byte: u8) -> bool {
    (byte | 0x20).is_ascii_lowercase()
}

/// Whether a key may begin there, behind that byte: as words do, but for those of digits. Only `1//0` begins with one, and
/// what stands behind a setting's name.
#[inline(always)]
fn may_begin(_: u8, last: u8, byte: u8) -> bool {
    let digit = byte.is_ascii_digit() & (byte != b'1') & (last != b'=');
    !in_word(last) & !digit | (byte == b'~')
}

/// What of the block is in runs long enough, given also the block behind it; what of that one is so for certain comes after.
fn long(block: u64, next: u64) -> (u64, u64) {
    const { assert!(SHORTEST == 16) };
    let runs = u128::from(block) | u128::from(next) << BLOCK;
    let starts = [1, 2, 4, 8].into_iter().fold(runs, |runs, step| runs & runs >> step) as u64;
    let whole = [1, 2, 4, 8].into_iter().fold(u128::from(starts), |runs, step| runs | runs << step);
    (whole as u64, (whole >> BLOCK) as u64)
}

impl Scan<'_> {
    /// What is found in runs.
    pub(super) fn in_runs(&mut self, blocks: &Blocks<'_>) {
        self.done = 0;
        if self.bytes.len() < SHORTEST {
            return;
        }
        let runs = |base: usize| blocks.bits(base, |_, _, byte| in_run(byte));
        let (mut this, mut within) = (runs(0), 0);
        for base in blocks.bases() {
            let next = runs(base + BLOCK);
            let (long, further) = long(this, next);
            let long = long | within;
            if long != 0 {
                self.places(base, long & blocks.bits(base, may_begin));
            }
            (this, within) = (next, further);
        }
    }

    fn places(&mut self, base: usize, mut places: u64) {
        while places != 0 {
            let at = base + places.trailing_zeros() as usize;
            places &= places - 1;
            if at < self.done {
                continue;
            }
            let found = match at.checked_sub(1).map(|before| self.bytes[before]) {
                Some(b'=') => self.setting(at),
                Some(b':') => self.telegram(at),
                // What begins with its separator; or the run begins with the `n` of `\n`.
                Some(b'-' | b'.' | b'/') => self.key(at - 1),
                Some(b'\\') if self.begins(at + 1) => self.key(at + 1),
                _ => None,
            };
            let found = found.or_else(|| self.key(at));
            self.take(found);
        }
    }

    #[inline(always)]
    fn key(&mut self, at: usize) -> Option<Found> {
        if self.rules.beginnings.may_be(&self.bytes[at..]) { self.key_at(at) } else { None }
    }

    fn key_at(&mut self, at: usize) -> Option<Found> {
        let (length, beginning) = self.rules.beginnings.of(&self.bytes[at..])?;
        let range = match beginning {
            Beginning::Key(shape) => self.shape(at, at + length, shape)?,
            Beginning::Discord => self.discord(at)?,
            Beginning::Mailchimp => self.mailchimp(at, at + length)?,
            Beginning::Entra => self.entra(at)?,
            Beginning::Jwt => return Some((self.jwt(at)?, "jwt")),
        };
        Some((range, "key"))
    }
}
