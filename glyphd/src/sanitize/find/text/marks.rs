//! The marks at which a text is looked at: what stands between a name and a value, behind the scheme of credentials or the
//! beginning of a key, and in URLs.
//!
//! They are found 64 bytes at a time. What is done at one looks back and ahead over so many bytes, or over what is not
//! looked at again.

use super::{Found, NAME, Scan, is_basic};
use crate::sanitize::{
    find::{Document, Instead, bits::Blocks},
    rules::looks_credential,
};

impl Scan<'_> {
    /// What is found at marks.
    pub(super) fn at_marks(&mut self, blocks: &Blocks<'_>) {
        // A test more for each byte costs less than a second way without it.
        let email = if self.rules.policy.email { b'@' } else { b'=' };
        // No text has the other byte.
        let quote = if self.document == Document::Json { b'"' } else { 0xff };
        let is_mark = |second: u8, last: u8, byte: u8| {
            let scheme = (second | 0x20 == b'e') & (last | 0x20 == b'r')
                | (second | 0x20 == b'i') & (last | 0x20 == b'c');
            let begin = (second == b'I') & (last == b'N');
            // The names of a document's own fields have been looked at where it was taken apart.
            let field = (last == quote) & (second != b'\\');
            (byte == b'=')
                | (byte == b':') & !field
                | (byte == b'>')
                | (byte == email)
                | (byte == b' ') & (scheme | begin)
        };
        for base in blocks.bases() {
            let mut marks = blocks.bits(base, is_mark);
            while marks != 0 {
                let at = base + marks.trailing_zeros() as usize;
                marks &= marks - 1;
                if at >= self.done {
                    self.mark(at);
                }
            }
        }
    }

    fn mark(&mut self, at: usize) {
        if self.bytes[at] == b'=' && self.is_known(at + 1) {
            return;
        }
        let found = match self.bytes[at] {
            b' ' => self.behind_word(at),
            b'@' => self.email(at).map(|range| (range, "email")),
            _ => self.named_before(at).map(|range| (range, "named")),
        };
        if !self.take(found) && self.bytes[at..].starts_with(b"://") {
            self.url(at, at + 3);
        }
    }

    /// Whether a secret begins there that was found as the document was taken apart.
    fn is_known(&mut self, start: usize) -> bool {
        while let Some(hit) = self.hits.hits.get(self.passed)
            && hit.range.start < start
        {
            self.passed += 1;
        }
        let known = self.hits.hits.get(self.passed);
        known.is_some_and(|hit| hit.range.start == start && hit.instead == Instead::Token)
    }

    /// What stands behind names of the operator's own.
    pub(super) fn own_names(&mut self) {
        let Some(search) = &self.rules.own_names else { return };
        let in_name = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
        for found in search.find_iter(self.text) {
            let start = found.start() - self.run_back(found.start(), NAME, in_name);
            let end = found.end() + self.run(found.end(), NAME, in_name);
            if found.start() >= self.done {
                let weight = self.rules.weigh_in_text(&self.text[start..end]);
                let found = self.named(start..end, weight).map(|range| (range, "named"));
                self.take(found);
            }
        }
        (self.done, self.value_end) = (0, 0);
    }

    /// What is behind the word before a blank.
    fn behind_word(&mut self, at: usize) -> Option<Found> {
        let before = &self.bytes[..at];
        let credentials = |range| (range, "credentials");
        if let Some(b"bearer" | b"Bearer" | b"BEARER") = before.last_chunk() {
            return self.credentials(at, looks_credential).map(credentials);
        }
        if let Some(b"basic" | b"Basic" | b"BASIC") = before.last_chunk() {
            return self.credentials(at, is_basic).map(credentials);
        }
        if let Some(b"-----BEGIN") = before.last_chunk() {
            return self.pem(at + 1).map(|range| (range, "private_key"));
        }
        None
    }
}
