//! Where a string ends, or an escape begins.

use memchr::memchr2;

/// Strings up to here are searched eight bytes at a time.
const NEAR: usize = 24;

/// Where the first of the two is. Most strings are too short for a vector search to pay.
pub(super) fn quote_or_escape(rest: &[u8]) -> Option<usize> {
    let (near, far) = rest.split_at(rest.len().min(NEAR));
    let (eights, few) = near.as_chunks::<8>();
    for (at, eight) in eights.iter().enumerate() {
        let eight = u64::from_le_bytes(*eight);
        let found = first_of(eight, b'"') | first_of(eight, b'\\');
        if found != 0 {
            return Some(8 * at + found.trailing_zeros() as usize / 8);
        }
    }
    let before = near.len() - few.len();
    let found = few.iter().position(|b| matches!(b, b'"' | b'\\')).map(|at| before + at);
    found.or_else(|| memchr2(b'"', b'\\', far).map(|at| near.len() + at))
}

/// The lowest bit that is set is in the first of the eight bytes that is that one.
fn first_of(eight: u64, byte: u8) -> u64 {
    const ONES: u64 = u64::from_le_bytes([1; 8]);
    let zeros = eight ^ (ONES * u64::from(byte));
    zeros.wrapping_sub(ONES) & !zeros & (ONES << 7)
}
