//! A span line read byte by byte: what the derived reader of this folder would give, several times as fast.
//!
//! In: one line, known to be UTF-8. Out: its fields, borrowed; or nothing if there is anything about the line that is not as
//! nearly every line is, from an escape in a name to a fault: then serde_json reads it, and says what is wrong. What this
//! module takes is valid JSON to the last byte, in values that nobody looks into, too.

/// The fields of a span, as they stand in the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Fields<'a> {
    pub(super) trace_id: &'a str,
    pub(super) span_id: &'a str,
    /// Empty for none.
    pub(super) parent_span_id: &'a str,
    pub(super) name: &'a str,
    pub(super) service_name: &'a str,
    pub(super) kind: Option<&'a str>,
    pub(super) status: Option<&'a str>,
    pub(super) start: u64,
    pub(super) end: Option<u64>,
    /// JSON text; empty if it is not there.
    pub(super) attributes: &'a str,
    /// Likewise.
    pub(super) events: &'a str,
    /// Likewise.
    pub(super) status_message: &'a str,
}

const TRACE_ID: u16 = 1;
const SPAN_ID: u16 = 1 << 1;
const PARENT: u16 = 1 << 2;
const NAME: u16 = 1 << 3;
const SERVICE: u16 = 1 << 4;
const KIND: u16 = 1 << 5;
const STATUS: u16 = 1 << 6;
const START: u16 = 1 << 7;
const END: u16 = 1 << 8;
const ATTRIBUTES: u16 = 1 << 9;
const EVENTS: u16 = 1 << 10;
const MESSAGE: u16 = 1 << 11;
const NEEDED: u16 = TRACE_ID | SPAN_ID | NAME | SERVICE | START;

/// Reads a line.
pub(super) fn scan(line: &str) -> Option<Fields<'_>> {
    let mut cursor = Cursor { text: line, bytes: line.as_bytes(), at: 0 };
    let mut fields = Fields::default();
    let mut seen = 0;
    cursor.blank();
    cursor.take(b'{')?;
    loop {
        cursor.blank();
        let key = cursor.plain_string()?;
        cursor.blank();
        cursor.take(b':')?;
        cursor.blank();
        let field = match key {
            "trace_id" => {
                fields.trace_id = cursor.plain_string()?;
                TRACE_ID
            }
            "span_id" => {
                fields.span_id = cursor.plain_string()?;
                SPAN_ID
            }
            "parent_span_id" => {
                fields.parent_span_id = cursor.plain_string()?;
                PARENT
            }
            "name" => {
                fields.name = cursor.plain_string()?;
                NAME
            }
            "service_name" => {
                fields.service_name = cursor.plain_string()?;
                SERVICE
            }
            "kind" => {
                fields.kind = Some(cursor.plain_string()?);
                KIND
            }
            "status" => {
                fields.status = Some(cursor.plain_string()?);
                STATUS
            }
            "start_time_unix_nano" => {
                fields.start = cursor.integer()?;
                START
            }
            "end_time_unix_nano" => {
                fields.end = Some(cursor.integer()?);
                END
            }
            "attributes" => {
                fields.attributes = cursor.value()?;
                ATTRIBUTES
            }
            "events" => {
                fields.events = cursor.value()?;
                EVENTS
            }
            "status_message" => {
                fields.status_message = cursor.value()?;
                MESSAGE
            }
            _ => {
                cursor.value()?;
                0
            }
        };
        // Twice the same is a fault.
        if seen & field != 0 {
            return None;
        }
        seen |= field;
        cursor.blank();
        match cursor.next()? {
            b',' => {}
            b'}' => break,
            _ => return None,
        }
    }
    cursor.blank();
    (cursor.at == cursor.bytes.len() && seen & NEEDED == NEEDED).then_some(fields)
}

struct Cursor<'a> {
    text: &'a str,
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        Some(byte)
    }

    fn take(&mut self, wanted: u8) -> Option<()> {
        (self.next()? == wanted).then_some(())
    }

    fn blank(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    /// A string without escapes.
    fn plain_string(&mut self) -> Option<&'a str> {
        self.take(b'"')?;
        let from = self.at;
        self.to_special();
        let text = &self.text[from..self.at];
        (self.next()? == b'"').then_some(text)
    }

    /// Goes to the next byte that ends a string or is none of one: `"`, `\` or a control character.
    fn to_special(&mut self) {
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
            self.to_special();
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
    fn integer(&mut self) -> Option<u64> {
        let from = self.at;
        let mut value = 0_u64;
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
    fn value(&mut self) -> Option<&'a str> {
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

#[cfg(test)]
mod tests;
