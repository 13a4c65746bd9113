//! JSON, whole or cut off anywhere, one document or many: the values of fields with a secret's name, at any depth.
//!
//! By hand, since a parser gives no positions, or nothing at all for a document that the body limit cut.

mod quotes;

use std::{borrow::Cow, ops::Range};

use self::quotes::Quotes;
use super::{Codec, Hits, Instead, Place};
use crate::sanitize::rules::{In, Rules, Weight, holds_secrets, looks_credential, looks_random};

/// Places are told with so many of the names around them.
const NAMES: usize = 16;
/// And with those of them that have no more bytes.
const NAME: usize = 64;
/// A number with fewer digits is no code, but counts something.
const DIGITS: usize = 3;

/// An array or an object that is open.
#[derive(Debug, Default)]
struct Container {
    /// The name that it, or what is being read in it, stands under.
    name: Range<usize>,
    is_array: bool,
    /// What names further out say of everything in it.
    weight: Option<Weight>,
    /// The value of its `name`, where it has one: `{"name": "password", "value": "…"}`.
    named: Option<Range<usize>>,
}

struct Scan<'a> {
    text: &'a str,
    place: Place<'a>,
    rules: &'a Rules,
    hits: &'a mut Hits,
    quotes: Quotes<'a>,
    open: Vec<Container>,
    /// The name that the next value stands under.
    name: Option<Name>,
}

/// A name, and what it says of its value.
#[derive(Debug, Clone)]
struct Name {
    range: Range<usize>,
    escapes: bool,
    weight: Weight,
    of: Of,
}

/// Of what a name is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Of {
    /// `"name": "password"`
    Name,
    /// `"value": "…"`
    Value,
    Other,
}

pub(super) fn find(text: &str, place: Place<'_>, rules: &Rules, hits: &mut Hits) {
    Scan { text, place, rules, hits, quotes: Quotes::of(text), open: Vec::new(), name: None }.run();
}

impl Scan<'_> {
    fn run(mut self) {
        let bytes = self.text.as_bytes();
        let mut at = 0;
        while let Some(byte) = bytes.get(at) {
            at = match byte {
                b'"' => self.strings(at),
                b'{' | b'[' => self.enter(at, *byte == b'['),
                b'}' | b']' => {
                    self.open.pop();
                    self.name = None;
                    at + 1
                }
                b'-' | b'0'..=b'9' => self.number(at),
                b',' => {
                    self.name = None;
                    at + 1
                }
                b'\'' | b'a'..=b'z' | b'A'..=b'Z' if self.name.is_some() => self.odd(at),
                _ => at + 1,
            };
        }
    }

    fn enter(&mut self, at: usize, is_array: bool) -> usize {
        let outer = self.open.last().and_then(|outer| outer.weight);
        let name = self.name.take();
        let weight = match name.as_ref().map(|name| name.weight) {
            // Under a secret's name: what is in an array is one, what is in an object may be.
            Some(Weight::Secret) if is_array => Some(Weight::Secret),
            Some(Weight::Secret) => Some(Weight::IfRandom),
            Some(_) if name.as_ref().is_some_and(|name| holds_secrets(&self.meant(name))) => {
                Some(Weight::IfRandom)
            }
            Some(Weight::IfRandom | Weight::Ordinary) | None => outer,
        };
        self.open.push(Container {
            name: name.map(|name| name.range).unwrap_or_default(),
            is_array,
            weight,
            named: None,
        });
        at + 1
    }

    /// From a quote on, over the strings that follow on one another: names and values. Returns where it goes on.
    fn strings(&mut self, mut quote: usize) -> usize {
        let bytes = self.text.as_bytes();
        loop {
            let next = self.string(quote);
            if bytes.get(next) != Some(&b'"') {
                return next;
            }
            quote = next;
        }
    }

    /// Returns what is behind it and the colon, or the comma, that follows.
    #[inline]
    fn string(&mut self, quote: usize) -> usize {
        let bytes = self.text.as_bytes();
        let start = quote + 1;
        let mut at = start;
        let (mut escapes, mut ended) = (false, false);
        while let Some(found) = self.quotes.next(at) {
            at = found;
            if bytes[at] == b'"' {
                ended = true;
                break;
            }
            escapes = true;
            at += 2;
        }
        // Cut within an escape, the end may be within a character.
        let end = if ended { at } else { bytes.len() };
        let mut after = end + 1;
        while bytes.get(after).is_some_and(u8::is_ascii_whitespace) {
            after += 1;
        }
        match bytes.get(after) {
            Some(b':') if ended => {
                let raw = &self.text[start..end];
                let of = match raw.as_bytes() {
                    b"name" | b"key" | b"field" => Of::Name,
                    b"value" => Of::Value,
                    _ => Of::Other,
                };
                let weight = match escapes {
                    true => self.rules.weigh(&meant(raw), In::Field),
                    false => self.rules.weigh(raw, In::Field),
                };
                self.name = Some(Name { range: start..end, escapes, weight, of });
                after + 1
            }
            // The value has taken its name.
            Some(b',') => {
                self.value(start..end, escapes);
                after + 1
            }
            _ => {
                self.value(start..end, escapes);
                (end + 1).min(bytes.len())
            }
        }
    }

    fn value(&mut self, range: Range<usize>, escapes: bool) {
        let tells = |name: &Name| name.weight != Weight::Ordinary || name.of != Of::Other;
        if !escapes
            && !self.name.as_ref().is_some_and(tells)
            && self.open.last().is_none_or(|open| open.weight.is_none())
        {
            // Most are passed over, and a name is not even moved.
            self.name = None;
            return;
        }
        let name = self.name.take();
        if name.as_ref().is_some_and(|name| name.of == Of::Name)
            && let Some(open) = self.open.last_mut()
        {
            open.named = Some(range.clone());
        }
        let value = &self.text[range.clone()];
        if self.is_secret(name.as_ref(), value) {
            let place = self.place(name);
            self.hits.add(range, "json", Some(place), Instead::Token);
        } else if escapes && worth_a_look(value) {
            let place = self.place(name);
            self.hits.add(range, "json", Some(place), Instead::Nested(Codec::Json));
        }
    }

    fn number(&mut self, start: usize) -> usize {
        let bytes = self.text.as_bytes();
        let more = |b: &u8| !matches!(b, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
        let end = bytes[start..].iter().position(more).map_or(bytes.len(), |length| start + length);
        let secret = match &self.name {
            Some(name) => name.weight == Weight::Secret,
            None => self.open.last().is_some_and(|open| open.is_array && open.weight == Some(Weight::Secret)),
        };
        if secret && end - start >= DIGITS && !self.rules.allows(&self.text[start..end]) {
            let name = self.name.take();
            let place = self.place(name);
            self.hits.add(start..end, "json", Some(place), Instead::Number);
        }
        self.name = None;
        // It has taken its name.
        end + usize::from(bytes.get(end) == Some(&b','))
    }

    /// What scripts have in place of a value: a word, or a string in other quotes.
    fn odd(&mut self, start: usize) -> usize {
        let weight = self.name.as_ref().map_or(Weight::Ordinary, |name| name.weight);
        if weight == Weight::Ordinary {
            return start + 1;
        }
        let bytes = self.text.as_bytes();
        let quoted = bytes[start] == b'\'';
        let from = start + usize::from(quoted);
        let ends = |b: &u8| match quoted {
            true => matches!(b, b'\'' | b'\\' | b'\n'),
            false => !b.is_ascii_alphanumeric() && !matches!(b, b'-' | b'_' | b'+' | b'/' | b'='),
        };
        let end = bytes[from..].iter().position(ends).map_or(bytes.len(), |length| from + length);
        let name = self.name.take();
        let value = &self.text[from..end];
        if self.is_secret(name.as_ref(), value) && (quoted || looks_credential(value)) {
            let place = self.place(name);
            self.hits.add(from..end, "json", Some(place), Instead::Token);
        }
        end + usize::from(quoted)
    }

    fn is_secret(&self, name: Option<&Name>, value: &str) -> bool {
        if let Some(name) = name {
            if name.weight != Weight::Ordinary
                && self.rules.is_secret_by(name.weight, &self.meant(name), value, In::Field)
            {
                return true;
            }
            if name.of == Of::Value
                && let Some(named) = self.open.last().and_then(|open| open.named.clone())
                && self.rules.is_secret(&meant(&self.text[named]), value, In::Field)
            {
                return true;
            }
        }
        match self.open.last().and_then(|open| open.weight) {
            Some(Weight::Secret) => self.rules.may_be_secret(value),
            Some(Weight::IfRandom) => looks_random(value) && self.rules.may_be_secret(value),
            Some(Weight::Ordinary) | None => false,
        }
    }

    /// The name without its escapes.
    fn meant(&self, name: &Name) -> Cow<'_, str> {
        let raw = &self.text[name.range.clone()];
        if name.escapes { meant(raw) } else { Cow::Borrowed(raw) }
    }

    /// `body/user/tokens/*/id`.
    fn place(&self, name: Option<Name>) -> String {
        let mut place = self.place.parts().concat();
        let mut push = |part: &str| {
            place.push('/');
            // Of a longer one a part would stand here, which might be that of a secret.
            place.push_str(if part.len() <= NAME { part } else { "…" });
        };
        let from = self.open.len().saturating_sub(NAMES);
        for open in &self.open[from..] {
            if !open.name.is_empty() {
                push(&meant(&self.text[open.name.clone()]));
            }
            if open.is_array {
                push("*");
            }
        }
        if let Some(name) = name {
            push(&self.meant(&name));
        }
        place
    }
}

/// A name without its escapes.
fn meant(raw: &str) -> Cow<'_, str> {
    Codec::Json.decode(raw).map_or(Cow::Borrowed(raw), Cow::Owned)
}

/// Whether its escapes can hide something: quotes, or characters that would else be plain.
fn worth_a_look(value: &str) -> bool {
    let bytes = value.as_bytes();
    memchr::memchr_iter(b'\\', bytes).any(|at| matches!(bytes.get(at + 1), Some(b'"' | b'/' | b'u')))
}

#[cfg(test)]
mod tests;
