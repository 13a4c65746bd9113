//! Names of secrets before a mark that stands between a name and a value. Most names are told by their last letters, and
//! are done with.

use std::ops::Range;

use memchr::memrchr2;

use super::{NAME, Scan};
use crate::sanitize::rules::{Weight, is_spoken, may_end_secret};

/// Blanks between a name and what follows are no more than that.
pub(super) const BLANKS: usize = 8;

/// An element's beginning is no longer than that.
pub(super) const ELEMENT: usize = 256;

impl Scan<'_> {
    /// The secret behind that mark, if the name of one stands before it.
    pub(super) fn named_before(&mut self, mark: usize) -> Option<Range<usize>> {
        let end = self.before_quote(mark);
        if may_end_secret(&self.bytes[..end]) {
            return self.name_at(end);
        }
        let before = &self.bytes[..mark];
        match self.bytes[mark] {
            b'=' => {
                // `<input name="csrf_token" value="…">`
                let attribute = match before {
                    [.., b'v', b'a', b'l', b'u', b'e'] => "value",
                    [.., b'c', b'o', b'n', b't', b'e', b'n', b't'] => "content",
                    _ => return None,
                };
                let end = self.before_quote(mark - attribute.len());
                if may_end_secret(&self.bytes[..end]) { self.name_at(end) } else { None }
            }
            b'>' if matches!(before.last(), Some(b'"' | b'\'')) => self.element_before(mark),
            _ => None,
        }
    }

    /// `<wsse:Password Type="…">`
    fn element_before(&mut self, mark: usize) -> Option<Range<usize>> {
        let from = mark.saturating_sub(ELEMENT);
        let start = from + memrchr2(b'<', b'>', &self.bytes[from..mark])?;
        let end = start + self.bytes[start..mark].iter().position(|b| *b == b' ')?;
        if may_end_secret(&self.bytes[..end]) { self.name_at(end) } else { None }
    }

    /// Where a name would end, before `"`, blanks and the like.
    fn before_quote(&self, mark: usize) -> usize {
        let before = |at: usize| at.checked_sub(1).map(|at| self.bytes[at]);
        let mut end = mark - usize::from(before(mark) == Some(b']'));
        end -= self.run_back(end, BLANKS, |b| b == b' ');
        end -= usize::from(matches!(before(end), Some(b'"' | b'\'')));
        end - usize::from(before(end) == Some(b'\\'))
    }

    fn name_start(&self, end: usize) -> usize {
        end - self.run_back(end, NAME, |b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.'))
    }

    fn name_at(&mut self, end: usize) -> Option<Range<usize>> {
        let start = self.name_start(end);
        let name = &self.text[start..end];
        let weight = self.rules.weigh_in_text(name);
        if weight == Weight::Ordinary {
            return None;
        }
        let mark = self.bytes.get(end).copied().unwrap_or_default();
        if is_spoken(name, mark) { self.named(start..end, weight) } else { None }
    }
}
