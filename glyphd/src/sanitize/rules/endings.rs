//! How the names in some lists end, so that most other names are told from them by a look at their last letters.

/// A name, and its last letters, at most eight, the last one lowest.
#[derive(Debug, Clone, Copy)]
pub(super) struct Ending {
    pub(super) name: &'static str,
    letters: u64,
    /// The bits of those that it has.
    mask: u64,
    /// A bit for the list that has the name.
    pub(super) list: u8,
}

impl Ending {
    const NONE: Self = Self { name: "", letters: 0, mask: 0, list: 0 };

    const fn of(text: &'static str, list: usize) -> Self {
        let name = text.as_bytes();
        let mut ending = Self { name: text, list: 1 << list, ..Self::NONE };
        let (mut at, mut shift) = (name.len(), 0);
        while at > 0 && shift < u64::BITS {
            at -= 1;
            if name[at].is_ascii_lowercase() {
                ending.letters |= (name[at] as u64) << shift;
                ending.mask |= 0xff << shift;
                shift += 8;
            }
        }
        ending
    }
}

/// The endings of so many names.
#[derive(Debug)]
pub(super) struct Endings<const N: usize> {
    /// The last three letters: for the first two the last ones that there are.
    three: [u32; 26 * 26],
    /// All of them, by the last letter, and where those begin that end with each.
    all: [Ending; N],
    starts: [usize; 27],
}

/// Of a longer name so many bytes are looked at.
const NAME: usize = 64;

/// How many names the lists have.
pub(super) const fn count(lists: &[&[&str]]) -> usize {
    let (mut count, mut list) = (0, 0);
    while list < lists.len() {
        count += lists[list].len();
        list += 1;
    }
    count
}

impl<const N: usize> Endings<N> {
    /// Of names of at least three letters.
    pub(super) const fn of(lists: &[&[&'static str]]) -> Self {
        let mut endings = Self { three: [0; 26 * 26], all: [Ending::NONE; N], starts: [0; 27] };
        let (mut letter, mut count) = (0, 0);
        while letter < 26 {
            endings.starts[letter] = count;
            let mut list = 0;
            while list < lists.len() {
                let mut at = 0;
                while at < lists[list].len() {
                    let ending = Ending::of(lists[list][at], list);
                    let [last, second, first, ..] = ending.letters.to_le_bytes();
                    if (last - b'a') as usize == letter {
                        endings.all[count] = ending;
                        endings.three[(first - b'a') as usize * 26 + (second - b'a') as usize] |= 1 << letter;
                        count += 1;
                    }
                    at += 1;
                }
                list += 1;
            }
            letter += 1;
        }
        endings.starts[26] = count;
        endings
    }

    /// Which lists may have a name, or one with which it ends, whatever its case, digits and separators: a bit for each.
    #[inline]
    pub(super) fn lists(&self, name: &[u8]) -> u8 {
        let Some(&[first, second, last]) = name.last_chunk() else { return 0 };
        let place = |letter: u8| usize::from((letter | 0x20).wrapping_sub(b'a'));
        // As most names end: `name`, `node_id`.
        let first = match name {
            [.., before, b'_' | b'-', _, _] => *before,
            _ => first,
        };
        let [first, second, last] = [first, second, last].map(place);
        if first < 26 && second < 26 && last < 26 && self.three[first * 26 + second] & (1 << last) == 0 {
            return 0;
        }
        self.with_ending_of(name)
    }

    /// Those of which the last letter is that of the name.
    pub(super) fn like(&self, name: &[u8]) -> &[Ending] {
        let last = name.iter().rev().find(|b| b.is_ascii_alphabetic());
        last.map_or(&[], |last| self.with_last(last | 0x20))
    }

    fn with_last(&self, letter: u8) -> &[Ending] {
        let letter = usize::from(letter.wrapping_sub(b'a'));
        let Some(&[start, end]) = self.starts.get(letter..).and_then(<[_]>::first_chunk) else { return &[] };
        &self.all[start..end]
    }

    #[inline(never)]
    fn with_ending_of(&self, name: &[u8]) -> u8 {
        let (mut letters, mut shift) = (0, 0);
        for byte in name.iter().rev().take(NAME).filter(|b| b.is_ascii_alphabetic() || !b.is_ascii()) {
            letters |= u64::from(byte | 0x20) << shift;
            shift += 8;
            if shift == u64::BITS {
                break;
            }
        }
        let [last, ..] = letters.to_le_bytes();
        let those = self.with_last(last).iter().filter(|ending| letters & ending.mask == ending.letters);
        those.fold(0, |lists, ending| lists | ending.list)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_told_by_their_last_letters() {
        static SOME: Endings<3> = Endings::of(&[&["apikey", "pwd"], &["securitycode"]]);
        assert_eq!(["db_pwd", "SecurityCode", "name"].map(|name| SOME.lists(name.as_bytes())), [1, 2, 0]);
        for name in ["apikey", "my-API_key2", "PWD", "p.w.d", "x_pwd_9", "securitycode", "security-code"] {
            assert!(SOME.lists(name.as_bytes()) != 0, "{name}");
        }
        for name in
            ["", "ey", "key", "monkey", "pwde", "barcode", "p\u{e9}wd", "\u{e9}\u{e9}\u{e9}", "123", "pw-"]
        {
            assert!(SOME.lists(name.as_bytes()) == 0, "{name}");
        }
    }
}
