//! Lines out of whatever a process writes: of any length, in any encoding, with or without an end.

use std::mem;

/// The longest line that is shown whole, in bytes.
const LIMIT: usize = 4 << 10;

/// A line under way.
#[derive(Debug, Default)]
pub(super) struct Lines {
    line: Vec<u8>,
    /// Bytes of the line that were passed over.
    cut: usize,
}

impl Lines {
    /// Takes bytes, and tells each line that has come to its end.
    pub(super) fn push(&mut self, bytes: &[u8], mut each: impl FnMut(&str)) {
        let mut parts = bytes.split(|b| *b == b'\n');
        self.extend(parts.next().unwrap_or_default());
        for part in parts {
            each(&self.take());
            self.extend(part);
        }
    }

    /// The last line, if it has no end.
    pub(super) fn rest(&mut self) -> Option<String> {
        (!self.line.is_empty()).then(|| self.take())
    }

    fn extend(&mut self, part: &[u8]) {
        let room = LIMIT.saturating_sub(self.line.len()).min(part.len());
        self.line.extend_from_slice(&part[..room]);
        self.cut += part.len() - room;
    }

    fn take(&mut self) -> String {
        let (line, cut) = (mem::take(&mut self.line), mem::take(&mut self.cut));
        let text = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line));
        if cut > 0 { format!("{text}… ({cut} bytes more)") } else { text.into_owned() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(chunks: &[&[u8]]) -> Vec<String> {
        let (mut lines, mut told) = (Lines::default(), Vec::new());
        for chunk in chunks {
            lines.push(chunk, |line| told.push(line.to_owned()));
        }
        told.extend(lines.rest());
        told
    }

    #[test]
    fn lines_are_put_together_from_what_comes() {
        assert_eq!(lines(&[b"on", b"e\ntwo\r\n\nth", b"", b"ree"]), ["one", "two", "", "three"]);
        assert_eq!(lines(&[b"one\n"]), ["one"]);
    }

    #[test]
    fn what_is_too_long_or_no_text_does_not_end_the_rest() {
        let long = vec![b'x'; LIMIT + 7];
        let told = lines(&[&long, b"yz\n\xff\xfe\nafter"]);
        assert!(told[0].starts_with("xxx") && told[0].ends_with("x… (9 bytes more)"), "{}", told[0]);
        assert_eq!(told[1..], ["\u{fffd}\u{fffd}", "after"]);
    }
}
