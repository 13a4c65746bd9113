//! What was found on the way through an exchange: a redaction for the record of each place, and the secrets
//! themselves, which stay in memory.

use std::borrow::Cow;

use glyph_formats::flow::Redaction;

use super::{
    Sanitizer,
    find::{self, Codec},
    secrets::Pairs,
    tokens::{Token, Tokens},
};

/// Places that are told one by one; what is found beyond them is counted for its side as a whole.
const PLACES: usize = 100;
/// A place is told with at most so many bytes: names come from the traffic.
const PLACE_BYTES: usize = 200;
/// Most have no more.
const PLACE: usize = 64;

/// What was replaced so far.
pub(super) struct Found<'a> {
    pub(super) sanitizer: &'a Sanitizer,
    side: &'static str,
    /// In what the text at hand was found, from the outside inwards.
    codecs: Vec<Codec>,
    pub(super) redactions: Vec<Redaction>,
    /// Secrets as they stood, and what stands in their places.
    pub(super) secrets: Pairs,
}

impl<'a> Found<'a> {
    /// Nothing yet. `side` is where redactions are from now on, `request` or `response`.
    pub(super) fn new(sanitizer: &'a Sanitizer, side: &'static str) -> Self {
        Self { sanitizer, side, codecs: Vec::new(), redactions: Vec::new(), secrets: Pairs::default() }
    }

    /// Where redactions are at the moment.
    pub(super) fn side(&self) -> &'static str {
        self.side
    }

    /// From here on it is about that side.
    pub(super) fn turn_to(&mut self, side: &'static str) {
        self.side = side;
    }

    /// Something of that kind stood there: at the place of which these are the parts.
    pub(super) fn add(&mut self, kind: impl Into<Cow<'static, str>>, place: &[&str]) {
        let mut told = String::with_capacity(PLACE);
        told.push_str(self.side);
        told.push('.');
        let before = told.len();
        for part in place {
            told.push_str(part);
        }
        if self.redactions.len() >= PLACES {
            told.truncate(before + head(&told[before..]).len());
        }
        let kind = kind.into();
        if let Some(known) = self.known(&kind, &told) {
            known.count += 1;
            return;
        }
        told.truncate(before + self.safe(&told[before..]).len());
        match self.known(&kind, &told) {
            Some(known) => known.count += 1,
            None => self.redactions.push(Redaction { kind, place: told, count: 1 }),
        }
    }

    /// What was found on its own stood here, on this side.
    pub(super) fn absorb(&mut self, redactions: &[Redaction], secrets: &Pairs) {
        for Redaction { kind, place, count } in redactions {
            let place = if self.redactions.len() < PLACES {
                place
            } else {
                let before = self.side.len() + 1;
                &place[..before + head(&place[before..]).len()]
            };
            match self.known(kind, place) {
                Some(known) => known.count += count,
                None => {
                    let (kind, place) = (kind.clone(), place.to_owned());
                    self.redactions.push(Redaction { kind, place, count: *count });
                }
            }
        }
        secrets.iter().for_each(|(secret, token)| self.secrets.push(secret, token));
    }

    fn known(&mut self, kind: &str, place: &str) -> Option<&mut Redaction> {
        self.redactions.iter_mut().rev().find(|known| known.place == place && known.kind == kind)
    }

    /// The place, unless a name in it gives something away or is endless.
    fn safe<'p>(&self, place: &'p str) -> &'p str {
        if place.len() > PLACE_BYTES || find::in_text(place, &self.sanitizer.rules).is_some() {
            head(place)
        } else {
            place
        }
    }

    /// What is to stand in place of that secret.
    pub(super) fn token(&mut self, secret: &str) -> Token {
        let token = self.sanitizer.tokens.token(secret);
        self.note(secret, token);
        token
    }

    /// What is to stand in place of that number.
    pub(super) fn number(&mut self, secret: &str) -> Token {
        let token = Tokens::number();
        self.note(secret, token);
        token
    }

    fn note(&mut self, secret: &str, token: Token) {
        if let Some(file) = &self.sanitizer.secrets_file {
            let literal = self.codecs.iter().rev().fold(secret.to_owned(), |text, codec| codec.encode(&text));
            file.note(&token.to_string(), &literal);
        }
        self.secrets.push(secret, token);
    }

    /// Does that within a text which stands, encoded so, in another.
    pub(super) fn within<T>(&mut self, codec: Codec, inside: impl FnOnce(&mut Self) -> T) -> T {
        self.codecs.push(codec);
        let result = inside(self);
        self.codecs.pop();
        result
    }

    /// How deep the text at hand is in others.
    pub(super) fn depth(&self) -> usize {
        self.codecs.len()
    }
}

/// `body` of `body/user/password`.
fn head(place: &str) -> &str {
    place.split(['/', '.', ';']).next().unwrap_or_default()
}
