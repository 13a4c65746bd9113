//! Keys and tokens by their shape.

use std::ops::Range;

use memchr::memmem;

use super::{Found, Scan};
use crate::sanitize::rules::{Alphabet, Shape};

impl Scan<'_> {
    pub(super) fn shape(&self, start: usize, end: usize, shape: &Shape) -> Option<Range<usize>> {
        let first = self.bytes[start];
        if first.is_ascii_alphanumeric() && !self.begins(start) {
            return None;
        }
        let mut length = self.run(end, shape.most + 1, |b| shape.alphabet.has(b));
        if shape.alphabet == Alphabet::Dotted && self.bytes[end..end + length].ends_with(b".") {
            length -= 1; // The sentence's.
        }
        if !(shape.least..=shape.most).contains(&length) {
            return None;
        }
        let rest = &self.bytes[end..end + length];
        let has = |class: fn(&u8) -> bool| rest.iter().any(class);
        if shape.mixed
            && !(has(u8::is_ascii_digit) && has(u8::is_ascii_uppercase) && has(u8::is_ascii_lowercase))
        {
            return None;
        }
        // Of a setting or an address, what makes it a secret; of a key all.
        let from = match first {
            _ if shape.beginning.ends_with(['=', '/']) => end,
            b'.' => start - self.run_back(start, 20, |b| b.is_ascii_alphanumeric()),
            _ => start,
        };
        Some(from..end + length)
    }

    /// `AccountKey=…`, by where the run behind it begins.
    pub(super) fn setting(&self, run: usize) -> Option<Found> {
        let before = &self.bytes[..run];
        if !before.ends_with(b"Key=") {
            return None;
        }
        let shape =
            self.rules.beginnings.settings().find(|shape| before.ends_with(shape.beginning.as_bytes()))?;
        Some((self.shape(run - shape.beginning.len(), run, shape)?, "key"))
    }

    /// `123456789:AA…`, by where the run behind the colon begins.
    pub(super) fn telegram(&self, run: usize) -> Option<Found> {
        if !self.bytes[run..].starts_with(b"AA") {
            return None;
        }
        let digits = self.run_back(run - 1, 11, |b| b.is_ascii_digit());
        let length = self.run(run + 2, 40, |b| Alphabet::Word.has(b));
        let fits = (8..=10).contains(&digits) && (32..=36).contains(&length);
        fits.then(|| (run - 1 - digits..run + 2 + length, "key"))
    }

    /// Number, time and signature, in Base64, with dots between them.
    pub(super) fn discord(&self, start: usize) -> Option<Range<usize>> {
        if !self.begins(start) {
            return None;
        }
        let (mut at, mut parts) = (start, [0; 3]);
        for part in &mut parts {
            *part = self.run(at, 48, |b| Alphabet::Word.has(b));
            at += *part + 1;
        }
        let dots =
            [start + parts[0], start + parts[0] + 1 + parts[1]].map(|at| self.bytes.get(at) == Some(&b'.'));
        let fits = (23..=28).contains(&parts[0]) && parts[1] == 6 && (27..=40).contains(&parts[2]);
        (fits && dots == [true, true]).then_some(start..at - 1)
    }

    /// `<32 hexadecimal digits>-us12`
    pub(super) fn mailchimp(&self, start: usize, end: usize) -> Option<Range<usize>> {
        let digits = self.run_back(start, 33, |b| Alphabet::Hex.has(b));
        let center = self.run(end, 3, |b| b.is_ascii_digit());
        (digits == 32 && center > 0).then(|| start - digits..end + center)
    }

    /// `abc8Q~…`, by its tilde.
    pub(super) fn entra(&self, tilde: usize) -> Option<Range<usize>> {
        if !self.bytes[..tilde].ends_with(b"7Q") && !self.bytes[..tilde].ends_with(b"8Q") {
            return None;
        }
        let (start, end) = (tilde - 2, tilde + 1);
        let drawn = |b: u8| Alphabet::Dotted.has(b) || b == b'~';
        let (before, after) = (self.run_back(start, 4, drawn), self.run(end, 40, drawn));
        (before == 3 && (31..=34).contains(&after)).then(|| start - before..end + after)
    }

    /// Two or more parts of Base64, of which the first is a JSON object.
    pub(super) fn jwt(&mut self, start: usize) -> Option<Range<usize>> {
        if !self.begins(start) {
            return None;
        }
        let length = self.run(start, usize::MAX, |b| Alphabet::Dotted.has(b));
        let run = self.text[start..start + length].trim_end_matches(['.', '-', '_']);
        // Further beginnings in it are not looked at: time stays linear.
        self.done = start + length;
        let (header, rest) = run.split_once('.')?;
        (header.len() >= 16 && rest.len() >= 4).then(|| start..start + run.len())
    }

    /// What stands between the lines that begin and end a private key.
    pub(super) fn pem(&mut self, label: usize) -> Option<Range<usize>> {
        let line = &self.text[label..self.text.floor_char_boundary(label + 48)];
        let dashes = line.find("-----")?;
        if !line[..dashes].ends_with("PRIVATE KEY") && !line[..dashes].ends_with("PRIVATE KEY BLOCK") {
            return None;
        }
        let start = label + dashes + 5;
        let inside =
            |b: u8| b.is_ascii_alphanumeric() || b.is_ascii_whitespace() || b"+/=\\:,-%_.~".contains(&b);
        let length = self.run(start, usize::MAX, inside);
        self.done = start + length;
        let key = &self.bytes[start..start + length];
        let length = memmem::find(key, b"-----END").unwrap_or(length);
        self.done = start + length;
        (length > 0).then(|| start..start + length)
    }
}
