//! What was found on the way through an exchange: a redaction for the record of each place, and the secrets
//! themselves, which stay in memory.

use std::fmt;

use glyph_formats::flow::Redaction;

use super::tokens::Tokens;

/// What was replaced so far.
#[derive(Debug)]
pub(super) struct Found<'a> {
    tokens: &'a Tokens,
    side: &'static str,
    pub(super) redactions: Vec<Redaction>,
    /// Secrets, and what stands in their places.
    pub(super) secrets: Vec<(String, String)>,
}

impl<'a> Found<'a> {
    /// Nothing yet. `side` is where redactions are from now on, `request` or `response`.
    pub(super) fn new(tokens: &'a Tokens, side: &'static str) -> Self {
        Self { tokens, side, redactions: Vec::new(), secrets: Vec::new() }
    }

    /// From here on it is about that side.
    pub(super) fn turn_to(&mut self, side: &'static str) {
        self.side = side;
    }

    /// Something of that kind stood there.
    pub(super) fn add(&mut self, kind: &str, place: fmt::Arguments<'_>) {
        let place = format!("{}.{place}", self.side);
        self.redactions.push(Redaction { kind: kind.to_owned(), place, count: 1 });
    }

    /// What is to stand in place of that secret.
    pub(super) fn token(&mut self, secret: &str) -> String {
        let token = self.tokens.token(secret.as_bytes());
        self.secrets.push((secret.to_owned(), token.clone()));
        token
    }
}
