//! JSON text, byte by byte. What is taken is valid JSON; nothing at all is taken where something is not as it is
//! nearly everywhere, be it a fault or an escape in a short text.

pub(super) struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, bytes: text.as_bytes(), at: 0 }
    }

    /// What is still to come.
    pub(super) fn rest(&self) -> &'a [u8] {
        &self.bytes[self.at..]
    }

    /// Goes on by so many bytes.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    pub(super) fn take(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    pub(super) fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    /// A string without escapes, most likely of that length. If it is not, who expects such a one finds a quote or an
    /// escape in it.
    pub(super) fn string_of(&mut self, length: usize) -> Option<&'a str> {
        let end = self.at + 1 + length;
        if self.peek() == Some(b'"') && self.bytes.get(end) == Some(&b'"') {
            let text = &self.text[self.at + 1..end];
            self.at = end + 1;
            return Some(text);
        }
        self.plain_string()
    }

    /// A string without escapes.
    pub(super) fn plain_string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let from = self.at;
        self.find_special();
        let text = &self.text[from..self.at];
        (self.next()? == b'"').then_some(text)
    }

    /// Goes to the next byte that ends a string or is none of one: `"`, `\` or a control character.
    fn find_special(&mut self) {
        const ONES: u64 = u64::MAX / 255;
        const HIGHS: u64 = ONES << 7;
        let zero_byte = |v: u64| v.wrapping_sub(ONES) & !v;
        while let Some(eight) = self.bytes.get(self.at..self.at + 8) {
            let v = u64::from_le_bytes(eight.try_into().unwrap_or_default());
            let quote = zero_byte(v ^ (ONES * b'"' as u64));
            let escape = zero_byte(v ^ (ONES * b'\\' as u64));
            let control = v.wrapping_sub(ONES * 0x20) & !v;
            let found = (quote | escape | control) & HIGHS;
            if found != 0 {
                self.at += found.trailing_zeros() as usize / 8;
                return;
            }
            self.at += 8;
        }
        while let Some(byte) = self.peek() {
            if byte == b'"' || byte == b'\\' || byte < 0x20 {
                return;
            }
            self.at += 1;
        }
    }

    /// The rest of a string after its first quote.
    fn string_rest(&mut self) -> Option<()> {
        loop {
            self.find_special();
            match self.next()? {
                b'"' => return Some(()),
                b'\\' => match self.next()? {
                    b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {}
                    b'u' => {
                        let digits = self.bytes.get(self.at..self.at + 4)?;
                        if !digits.iter().all(u8::is_ascii_hexdigit) {
                            return None;
                        }
                        self.at += 4;
                    }
                    _ => return None,
                },
                _ => return None,
            }
        }
    }

    /// A whole number below 2⁶⁴.
    pub(super) fn integer(&mut self) -> Option<u64> {
        let from = self.at;
        let mut value = 0_u64;
        while let Some(digits) =
            self.bytes.get(self.at..).and_then(|rest| rest.first_chunk()).and_then(eight_digits)
            && self.at - from < 16
        {
            value = value * 100_000_000 + digits;
            self.at += 8;
        }
        while let Some(digit @ b'0'..=b'9') = self.peek() {
            value = value.checked_mul(10)?.checked_add(u64::from(digit - b'0'))?;
            self.at += 1;
        }
        let digits = &self.bytes[from..self.at];
        let is_whole = !matches!(self.peek(), Some(b'.' | b'e' | b'E'));
        (is_whole && (digits == b"0" || !matches!(digits.first(), None | Some(b'0')))).then_some(value)
    }

    fn digits(&mut self) -> Option<()> {
        let from = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        (self.at > from).then_some(())
    }

    /// A number whose first byte was taken.
    fn number_rest(&mut self, first: u8) -> Option<()> {
        let first = if first == b'-' { self.next()? } else { first };
        match first {
            b'0' => {}
            b'1'..=b'9' => {
                while let Some(b'0'..=b'9') = self.peek() {
                    self.at += 1;
                }
            }
            _ => return None,
        }
        if self.peek() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        Some(())
    }

    fn literal(&mut self, rest: &[u8]) -> Option<()> {
        let found = self.bytes.get(self.at..self.at + rest.len())? == rest;
        self.at += rest.len();
        found.then_some(())
    }

    /// A value of any kind that nests no deeper than the bits of a number can tell.
    pub(super) fn value(&mut self) -> Option<&'a str> {
        let from = self.at;
        // What is open, the innermost lowest: one for an object, zero for an array.
        let mut open = 0_u64;
        let mut depth = 0;
        loop {
            // A value begins here.
            let mut closes = false;
            match self.next()? {
                b'"' => self.string_rest()?,
                first @ (b'-' | b'0'..=b'9') => self.number_rest(first)?,
                b't' => self.literal(b"rue")?,
                b'f' => self.literal(b"alse")?,
                b'n' => self.literal(b"ull")?,
                bracket @ (b'{' | b'[') => {
                    if depth == u64::BITS {
                        return None;
                    }
                    depth += 1;
                    open = open << 1 | u64::from(bracket == b'{');
                    self.blank();
                    let end = if bracket == b'{' { b'}' } else { b']' };
                    if self.peek() == Some(end) {
                        closes = true;
                    } else {
                        if bracket == b'{' {
                            self.key()?;
                        }
                        continue;
                    }
                }
                _ => return None,
            }
            // A value has ended, or an empty one is about to.
            loop {
                if depth == 0 {
                    return Some(&self.text[from..self.at]);
                }
                if !closes {
                    self.blank();
                }
                closes = false;
                match (self.next()?, open & 1) {
                    (b',', is_object) => {
                        self.blank();
                        if is_object == 1 {
                            self.key()?;
                        }
                        break;
                    }
                    (b'}', 1) | (b']', 0) => {
                        open >>= 1;
                        depth -= 1;
                    }
                    _ => return None,
                }
            }
        }
    }

    /// A key with its colon.
    fn key(&mut self) -> Option<()> {
        self.take(b'"')?;
        self.string_rest()?;
        self.blank();
        self.take(b':')?;
        self.blank();
        Some(())
    }
}

/// The number that eight digits stand for, all at once: first in pairs, then in fours, then in eights.
fn eight_digits(digits: &[u8; 8]) -> Option<u64> {
    const ONES: u64 = u64::MAX / 255;
    let v = u64::from_le_bytes(*digits) ^ (ONES * 0x30);
    // What is a digit is less than ten now: with 118 more, no bit above stands.
    if (v | v.wrapping_add(ONES * 118)) & (ONES << 7) != 0 {
        return None;
    }
    let pairs = (v * 10).wrapping_add(v >> 8) & 0x00ff_00ff_00ff_00ff;
    let fours = (pairs * 100).wrapping_add(pairs >> 16) & 0x0000_ffff_0000_ffff;
    Some((fours * 10_000).wrapping_add(fours >> 32) & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
    #[test]
        fn digits_are_numbers_and_nothing_else_is(text in "[0-9]{8}|[ -~]{8}|[0-9]{7}[/:g\u{7f}]") {
            let digits: &[u8; 8] = text.as_bytes().try_into().unwrap();
            let is_number = text.bytes().all(|b| b.is_ascii_digit());
            prop_assert_eq!(eight_digits(digits), is_number.then(|| text.parse::<u64>().unwrap()));
        }
    }
}
