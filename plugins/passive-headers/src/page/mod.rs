//! What a page of HTML says about itself and what it loads, in one pass over its tags.
//!
//! Tags are told apart the way browsers do, but no tree is made of them: where an element would end up, and what
//! scripts and style sheets do later, is not known here.

mod references;
mod tally;

use html5gum::{DefaultEmitter, Emitter, EndTag, ForwardingEmitter, StartTag, Token, Tokenizer};

use self::{
    references::{attribute, references},
    tally::Base,
};
use crate::policy::Policy;

pub(crate) use self::{references::Kind, tally::Tally};

/// What of a page the checks ask about.
#[derive(Debug, Default)]
pub(crate) struct Page {
    /// The policies in its `meta` tags.
    pub(crate) policies: Vec<Policy>,
    /// What it loads or sends over plain http, by [`Kind`].
    insecure: [Tally; Kind::ALL.len()],
}

impl Page {
    /// Reads the page, or as much as there is of it. What one that came without TLS loads is of no interest, so that
    /// its head is enough.
    pub(crate) fn read(html: &[u8], https: bool) -> Self {
        let mut emitter = DefaultEmitter::default();
        emitter.naively_switch_states(true);
        let mut reader = Reader::default();
        for Ok(token) in Tokenizer::new_with_emitter(html, Quiet(emitter)) {
            match token {
                Token::StartTag(tag) => reader.start(&tag),
                Token::EndTag(tag) => reader.end(&tag),
                _ => {}
            }
            if reader.in_body && !https {
                break;
            }
        }
        reader.page
    }

    pub(crate) fn insecure(&self, kind: Kind) -> &Tally {
        &self.insecure[kind as usize]
    }
}

/// Tokens without the errors between them, which the tokenizer then need not look for.
#[derive(Debug)]
struct Quiet(DefaultEmitter);

impl ForwardingEmitter for Quiet {
    type Token = Token;

    fn inner(&mut self) -> &mut impl Emitter<Token = Token> {
        &mut self.0
    }

    fn should_emit_errors(&mut self) -> bool {
        false
    }
}

/// The page so far, and what decides how the next tag is taken.
#[derive(Debug, Default)]
struct Reader {
    page: Page,
    base: Option<Base>,
    /// A `meta` tag made browsers fetch all that follows over TLS.
    upgrades: bool,
    /// A policy in a `meta` tag counts only before this.
    in_body: bool,
    /// For each `template` that is open, whether what is in it lies idle.
    templates: Vec<bool>,
    /// How many of them are.
    idle: usize,
}

impl Reader {
    fn start(&mut self, tag: &StartTag<()>) {
        let name = tag.name.as_slice();
        self.in_body |= !belongs_in_head(name);
        if name == b"template" {
            let idle = attribute(tag, b"shadowrootmode").is_none();
            self.templates.push(idle);
            self.idle += usize::from(idle);
        }
        if self.idle > 0 {
            return;
        }
        match name {
            b"meta" if !self.in_body => self.meta(tag),
            b"base" if self.base.is_none() => self.base = attribute(tag, b"href").map(Base::new),
            _ => {}
        }
        if self.upgrades {
            return;
        }
        let Self { page, base, .. } = self;
        references(tag, |kind, url| page.insecure[kind as usize].look_at(url, base.as_ref()));
    }

    fn end(&mut self, tag: &EndTag<()>) {
        if tag.name.as_slice() == b"template" {
            self.idle -= usize::from(self.templates.pop().unwrap_or(false));
        }
    }

    fn meta(&mut self, tag: &StartTag<()>) {
        let is_policy = attribute(tag, b"http-equiv")
            .is_some_and(|name| name.eq_ignore_ascii_case(b"content-security-policy"));
        if is_policy && let Some(content) = attribute(tag, b"content") {
            let before = self.page.policies.len();
            self.page.policies.extend(Policy::list(&String::from_utf8_lossy(content)));
            self.upgrades |= self.page.policies[before..].iter().any(Policy::upgrades);
        }
    }
}

/// Whether the head goes on after that tag; any other begins the body.
fn belongs_in_head(name: &[u8]) -> bool {
    const TAGS: [&[u8]; 13] = [
        b"html",
        b"head",
        b"base",
        b"basefont",
        b"bgsound",
        b"link",
        b"meta",
        b"noframes",
        b"noscript",
        b"script",
        b"style",
        b"template",
        b"title",
    ];
    TAGS.contains(&name)
}

#[cfg(test)]
mod tests;
