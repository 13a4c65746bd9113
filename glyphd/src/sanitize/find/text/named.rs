//! What stands behind a secret's name: in settings, log lines, scripts, HTML and XML.

use std::ops::Range;

use super::{
    Scan,
    names::{BLANKS, ELEMENT},
};
use crate::sanitize::{
    find::Document,
    rules::{Weight, is_worded, looks_credential, looks_random},
};

/// A value in markup is no longer than that.
const VALUE: usize = 1_024;

/// What stands behind a secret's name where there is none.
const NO_SECRETS: [&str; 14] = [
    "***",
    "denied",
    "empty",
    "expired",
    "false",
    "invalid",
    "missing",
    "nil",
    "none",
    "null",
    "redacted",
    "required",
    "true",
    "undefined",
];

struct Value {
    range: Range<usize>,
    quoted: bool,
}

impl Scan<'_> {
    /// What stands behind a name of that weight, if it looks like a secret.
    pub(super) fn named(&mut self, name: Range<usize>, weight: Weight) -> Option<Range<usize>> {
        // Most of the time a text only speaks of it.
        let (mark, from) =
            self.separator(name.end).or_else(|| self.behind_attributes(name.start, name.end))?;
        let name = &self.text[name];
        if weight == Weight::Ordinary {
            return None;
        }
        if from < self.value_end {
            return None;
        }
        let value = self.value(from);
        let mut range = value.range.clone();
        if name.to_ascii_lowercase().ends_with("authorization") && is_scheme(&self.text[range.clone()]) {
            range = self.value(range.end + self.run(range.end, 4, |b| b == b' ')).range;
        }
        self.value_end = range.end;
        let text = &self.text[range.clone()];
        if text.is_empty() || NO_SECRETS.iter().any(|none| text.eq_ignore_ascii_case(none)) {
            return None;
        }
        let is_secret = match (weight, self.document) {
            (Weight::IfRandom, _) => looks_random(text),
            (_, Document::Text) if value.quoted || mark == b'=' => true,
            _ if text.len() > VALUE => false,
            _ if mark == b'v' => text.len() >= 4,
            // `e.password1` is an expression.
            (_, Document::Markup | Document::Json) if !value.quoted && mark != b'>' && text.contains('.') => {
                looks_random(text)
            }
            (_, Document::Text) => looks_credential(text) || self.looks_made_up(name, text),
            _ => looks_literal(text) && (looks_credential(text) || self.looks_made_up(name, text)),
        };
        is_secret.then_some(range)
    }

    /// Whether it is a password of letters: with capital ones within, and not the name of one, as in `"newPassword"`.
    fn looks_made_up(&self, name: &str, value: &str) -> bool {
        let inner_capital = value.bytes().skip(1).any(|b| b.is_ascii_uppercase());
        value.len() >= 8
            && inner_capital
            && is_worded(name)
            && self.rules.weigh_in_text(value) == Weight::Ordinary
    }

    /// What stands between a name and its value, and where that begins.
    fn separator(&self, from: usize) -> Option<(u8, usize)> {
        let blanks = |at: usize| at + self.run(at, BLANKS, |b| b == b' ');
        let mut at = from;
        at += usize::from(self.bytes.get(at) == Some(&b'\\'));
        let quoted = matches!(self.bytes.get(at), Some(b'"' | b'\''));
        at = blanks(at + usize::from(quoted));
        at += usize::from(self.bytes.get(at) == Some(&b']'));
        match self.bytes.get(at)? {
            b'=' => {
                let arrow = self.bytes.get(at + 1) == Some(&b'>');
                Some((b'=', blanks(at + 1 + usize::from(arrow))))
            }
            b':' => Some((b':', blanks(at + 1))),
            // `<password>…</password>`
            b'>' => Some((b'>', at + 1)),
            // `<input name="csrf_token" value="…">`
            _ if quoted => ["value=", "content="].iter().find_map(|attribute| {
                self.text.get(at..)?.starts_with(attribute).then(|| (b'v', at + attribute.len()))
            }),
            _ => None,
        }
    }

    /// `<wsse:Password Type="…">…</wsse:Password>`
    fn behind_attributes(&self, name: usize, end: usize) -> Option<(u8, usize)> {
        let is_element = matches!(name.checked_sub(1).map(|at| self.bytes[at])?, b'<' | b':');
        let length = self.run(end, ELEMENT, |b| b != b'>' && b != b'<');
        let attributes = &self.bytes[end..end + length];
        let ends = self.bytes.get(end + length) == Some(&b'>') && !attributes.ends_with(b"/");
        (is_element && ends && attributes.first() == Some(&b' ')).then_some((b'>', end + length + 1))
    }

    fn value(&self, from: usize) -> Value {
        let escaped = usize::from(self.bytes.get(from) == Some(&b'\\'));
        let quote = self.bytes.get(from + escaped).copied().filter(|b| matches!(b, b'"' | b'\'' | b'`'));
        let Some(quote) = quote else {
            let ends = |b: u8| {
                b.is_ascii_whitespace()
                    || matches!(
                        b,
                        b'"' | b'\''
                            | b'`'
                            | b'<'
                            | b'>'
                            | b'&'
                            | b';'
                            | b','
                            | b')'
                            | b'}'
                            | b']'
                            | b'\\'
                            | b'|'
                    )
            };
            let length = self.run(from, usize::MAX, |b| !ends(b));
            let length = self.text[from..from + length].trim_end_matches(['.', ':', '!', '?']).len();
            return Value { range: from..from + length, quoted: false };
        };
        let start = from + escaped + 1;
        let length = self.run(start, usize::MAX, |b| b != quote && b != b'\n' && b != b'\\');
        Value { range: start..start + length, quoted: true }
    }
}

fn is_scheme(word: &str) -> bool {
    ["basic", "bearer", "digest", "token", "negotiate", "apikey"].iter().any(|s| word.eq_ignore_ascii_case(s))
}

/// Whether a value in markup is one word, and not an expression.
fn looks_literal(value: &str) -> bool {
    let drawn = |b: u8| {
        b.is_ascii_alphanumeric()
            || matches!(
                b,
                b'-' | b'.' | b'_' | b'~' | b'+' | b'/' | b'=' | b'%' | b':' | b'!' | b'@' | b'#' | b'*'
            )
    };
    value.bytes().all(drawn)
}
