//! JSON text into a buffer and on: the few shapes that a Chrome trace is made of, fast.

use std::io::{self, Write};

const BUFFER: usize = 1 << 16;

/// Collects text and hands it on in large pieces.
pub(super) struct Json<'a, W> {
    buffer: Vec<u8>,
    out: &'a mut W,
}

impl<'a, W: Write> Json<'a, W> {
    pub(super) fn new(out: &'a mut W) -> Self {
        Self { buffer: Vec::with_capacity(2 * BUFFER), out }
    }

    /// Text as it is.
    pub(super) fn text(&mut self, text: &str) -> io::Result<()> {
        self.buffer.extend_from_slice(text.as_bytes());
        if self.buffer.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// The beginning of an event, after a comma: there is always one before it.
    pub(super) fn begin_event(&mut self, phase: &str, pid: u32, tid: usize) -> io::Result<()> {
        self.text(",\n{\"ph\":\"")?;
        self.text(phase)?;
        self.text("\",\"pid\":")?;
        self.decimal(pid.into(), 1);
        self.text(",\"tid\":")?;
        self.decimal(tid as u64, 1);
        Ok(())
    }

    /// A key with its colon, and a value that is JSON already; nothing if there is no value.
    pub(super) fn member(&mut self, key: &str, value: &str) -> io::Result<()> {
        if value.is_empty() {
            return Ok(());
        }
        self.text(key)?;
        self.text(value)
    }

    /// Some text, and nanoseconds as microseconds with three decimals.
    pub(super) fn micros(&mut self, before: &str, ns: u64) -> io::Result<()> {
        self.text(before)?;
        self.decimal(ns / 1_000, 1);
        self.buffer.push(b'.');
        self.decimal(ns % 1_000, 3);
        Ok(())
    }

    /// Some text, and a number in so many hexadecimal digits.
    pub(super) fn hex(&mut self, before: &str, number: u128, digits: u32) -> io::Result<()> {
        self.text(before)?;
        let nibble = |at: u32| b"0123456789abcdef"[(number >> (4 * at) & 0xf) as usize];
        self.buffer.extend((0..digits).rev().map(nibble));
        Ok(())
    }

    /// A number in at least so many digits.
    fn decimal(&mut self, mut number: u64, least: usize) {
        let mut digits = [b'0'; 20];
        let mut at = digits.len();
        while number > 0 || digits.len() - at < least {
            at -= 1;
            digits[at] = b'0' + (number % 10) as u8;
            number /= 10;
        }
        self.buffer.extend_from_slice(&digits[at..]);
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.write_all(&self.buffer)?;
        self.buffer.clear();
        Ok(())
    }

    /// Hands on what is left.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        self.flush()?;
        self.out.flush()
    }
}

/// Texts as JSON strings.
pub(super) fn quoted_all<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<String> {
    texts.map(quoted).collect()
}

/// Text as a JSON string, in which nothing steers a terminal.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            c if crate::text::is_hidden(c) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    out.push_str(&format!("\\u{unit:04x}"));
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn written(write: impl FnOnce(&mut Json<'_, Vec<u8>>) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        let mut json = Json::new(&mut out);
        write(&mut json).unwrap();
        json.finish().unwrap();
        String::from_utf8(out).unwrap()
    }

    proptest! {
        #[test]
        fn a_quoted_text_reads_back(text in any::<String>()) {
            let json = quoted(&text);
            prop_assert!(!json.chars().any(crate::text::is_hidden));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }

        #[test]
        fn microseconds_keep_every_nanosecond(ns in any::<u64>()) {
            let text = written(|json| json.micros("", ns));
            prop_assert_eq!(text, format!("{}.{:03}", ns / 1000, ns % 1000));
        }

        #[test]
        fn hexadecimal_digits_are_those_of_the_number(number in any::<u128>()) {
            prop_assert_eq!(written(|json| json.hex("", number, 32)), format!("{number:032x}"));
        }
    }
}
