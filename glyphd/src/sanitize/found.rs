//! What was found on the way through an exchange: a redaction for the record of each place, and the secrets
//! themselves, which stay in memory.

use std::fmt::{self, Write};

use glyph_formats::flow::Redaction;

use super::{
    Sanitizer,
    find::{self, Codec},
    tokens::Tokens,
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
    pub(super) secrets: Vec<(String, String)>,
}

impl<'a> Found<'a> {
    /// Nothing yet. `side` is where redactions are from now on, `request` or `response`.
    pub(super) fn new(sanitizer: &'a Sanitizer, side: &'static str) -> Self {
        Self { sanitizer, side, codecs: Vec::new(), redactions: Vec::new(), secrets: Vec::new() }
    }

    /// From here on it is about that side.
    pub(super) fn turn_to(&mut self, side: &'static str) {
        self.side = side;
    }

    /// Something of that kind stood there.
    pub(super) fn add(&mut self, kind: &str, place: fmt::Arguments<'_>) {
        let mut told = String::with_capacity(PLACE);
        // Writing into a string does not fail.
        write!(told, "{}.{place}", self.side).ok();
        let before = self.side.len() + 1;
        let place = &told[before..];
        let safe = if self.redactions.len() < PLACES { self.safe(place) } else { head(place) };
        told.truncate(before + safe.len());
        let place = told;
        match self.redactions.iter_mut().rev().find(|known| known.place == place && known.kind == kind) {
            Some(known) => known.count += 1,
            None => self.redactions.push(Redaction { kind: kind.to_owned(), place, count: 1 }),
        }
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
    pub(super) fn token(&mut self, secret: &str) -> String {
        let token = self.sanitizer.tokens.token(secret);
        self.note(secret, &token);
        token
    }

    /// What is to stand in place of that number.
    pub(super) fn number(&mut self, secret: &str) -> String {
        let token = Tokens::number();
        self.note(secret, &token);
        token
    }

    fn note(&mut self, secret: &str, token: &str) {
        if let Some(file) = &self.sanitizer.secrets_file {
            let literal = self.codecs.iter().rev().fold(secret.to_owned(), |text, codec| codec.encode(&text));
            file.note(token, &literal);
        }
        self.secrets.push((secret.to_owned(), token.to_owned()));
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
