//! How much there is to guess in a secret, at most: by its length and the kinds of its characters.

/// Whoever can send traffic through the daemon can try all the values of so few bits, and compare tokens.
const BITS: u32 = 40;
/// Kinds of characters, a bit each, and how many characters each has.
const KINDS: [usize; 4] = [10, 26, 26, 33];
/// Of so many bytes of a value: more than that is enough whatever it is of.
const LONGEST: usize = 64;

/// By the kinds that a value has: with fewer characters it has fewer bits than that.
static ENOUGH: [usize; 1 << KINDS.len()] = {
    let (mut enough, mut kinds) = ([usize::MAX; 1 << KINDS.len()], 1);
    while kinds < enough.len() {
        let (mut alphabet, mut kind) = (0, 0);
        while kind < KINDS.len() {
            alphabet += if kinds >> kind & 1 == 1 { KINDS[kind] } else { 0 };
            kind += 1;
        }
        let (mut values, mut length) = (1, 0);
        while values < 1u64 << BITS {
            values *= alphabet as u64;
            length += 1;
        }
        enough[kinds] = length;
        kinds += 1;
    }
    enough
};

/// Whether all values of its length and of its kinds of characters can be tried.
pub(super) fn could_be_guessed(value: &str) -> bool {
    let value = &value[..value.floor_char_boundary(LONGEST)];
    // Without branches, which compilers make vectors of.
    let kind = |byte: u8| {
        u8::from(byte.is_ascii_digit())
            | u8::from(byte.is_ascii_lowercase()) << 1
            | u8::from(byte.is_ascii_uppercase()) << 2
            | u8::from(!byte.is_ascii_alphanumeric()) << 3
    };
    let kinds = value.bytes().fold(0, |kinds, byte| kinds | kind(byte));
    // Of a character's bytes the first one counts.
    let length = value.bytes().filter(|byte| byte & 0xc0 != 0x80).count();
    length < ENOUGH[usize::from(kinds)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_too_few_bits_is_known() {
        for kinds in 1..16u32 {
            let characters: Vec<_> =
                "0aA\u{20ac}".chars().enumerate().filter(|(kind, _)| kinds >> kind & 1 == 1).collect();
            let alphabet: usize = characters.iter().map(|(kind, _)| KINDS[*kind]).sum();
            for length in characters.len()..=LONGEST / 3 {
                let value: String = (0..length).map(|at| characters[at % characters.len()].1).collect();
                let bits = (alphabet as f64).log2() * length as f64;
                assert_eq!(could_be_guessed(&value), bits < f64::from(BITS), "{value}");
            }
        }
        assert!(could_be_guessed(""));
        assert!(!could_be_guessed(&"\u{20ac}".repeat(100)));
    }
}
