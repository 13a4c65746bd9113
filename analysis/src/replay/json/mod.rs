//! Two JSON documents, held against each other member by member.
//!
//! In: both, taken apart. Out: differences with their paths. The order of members counts for nothing, that of elements does:
//! `align` finds which belong together. Not here: which texts are JSON.

mod align;
mod digest;
mod members;
mod node;
mod number;
mod place;

use glyph_formats::secrets::NUMBER_DIGITS;
use rustc_hash::FxHashMap;

pub(super) use self::node::{Node, Value};
use self::{digest::Keyed, number::Number};
use super::{
    comparison::Kind,
    context::Context,
    rules::Step,
    told::{self, excerpt},
};

/// The way through two documents.
pub(super) struct Walk<'a, 'c, 'f> {
    context: &'c mut Context<'f>,
    /// What stands before the path: `body `, `body line 7 `.
    root: String,
    path: Vec<Step<'a>>,
    /// Texts that are equal may hold tokens that don't belong together.
    tokens: bool,
    keyed: Keyed,
    /// By where a node lies; both documents stay where they are.
    digests: FxHashMap<usize, u64>,
    /// If nothing is to be told yet: whether all has been the same so far.
    probe: Option<bool>,
}

impl<'a, 'c, 'f> Walk<'a, 'c, 'f> {
    /// `tokens` is whether there are redaction tokens in what will be compared.
    pub(super) fn new(context: &'c mut Context<'f>, tokens: bool) -> Self {
        Self {
            context,
            root: "body ".to_owned(),
            path: Vec::new(),
            tokens,
            keyed: Keyed::default(),
            digests: FxHashMap::default(),
            probe: None,
        }
    }

    /// Compares two documents.
    pub(super) fn documents(&mut self, recorded: &Node<'a>, new: &Node<'a>) {
        if !self.context.rules.ignores(&[]) {
            self.nodes(recorded, new);
        }
    }

    /// Compares two lists of documents, each of which is called by its number: `line`, `event`. There may be more of them if they
    /// are cut.
    pub(super) fn lists(&mut self, recorded: &[Node<'a>], new: &[Node<'a>], called: &str, cut: bool) {
        if !self.context.rules.ignores(&[]) {
            self.elements(recorded, new, Some(called), cut);
        }
    }

    fn nodes(&mut self, recorded: &Node<'a>, new: &Node<'a>) {
        let is_settled = self.probe == Some(false);
        if is_settled || recorded.text == new.text && !self.tokens && recorded.cut == new.cut {
            return;
        }
        let cut = recorded.cut || new.cut;
        match (&recorded.value, &new.value) {
            (Value::Object(old), Value::Object(members)) => {
                self.objects((old, recorded.cut), (members, new.cut));
            }
            (Value::Array(old), Value::Array(new)) => self.elements(old, new, None, cut),
            (Value::String(old), Value::String(text)) => {
                if let Err(parting) = self.context.alike.texts(old, text) {
                    let quote = |text: &str| serde_json::to_string(text).unwrap_or_default();
                    let old = quote(&excerpt(old, parting.recorded));
                    self.tell(Kind::Changed, Some(old), Some(quote(&excerpt(text, parting.new))));
                }
            }
            (Value::Number, Value::Number) if self.are_same_numbers(recorded.text, new.text) => {}
            (Value::Word, Value::Word) if recorded.text == new.text => {}
            _ => self.tell(Kind::Changed, Some(told::json(recorded.text)), Some(told::json(new.text))),
        }
    }

    fn are_same_numbers(&mut self, recorded: &str, new: &str) -> bool {
        recorded == new
            || Number::of(recorded) == Number::of(new)
            || self.may_be_token(recorded) && self.context.alike.number_tokens(recorded, new)
            || self.context.alike.unix_times(recorded, new)
    }

    /// Whether a number may stand in place of a secret one, where the walk stands.
    fn may_be_token(&self, number: &str) -> bool {
        number.len() == NUMBER_DIGITS && self.context.numbers_are_tokens_at(self.path.last())
    }

    /// Does that one step further, unless that is left out.
    fn at<T>(&mut self, step: Step<'a>, compare: impl FnOnce(&mut Self) -> T) -> Option<T> {
        self.path.push(step);
        let compared = (!self.context.rules.ignores(&self.path)).then(|| compare(self));
        self.path.pop();
        compared
    }

    /// Tells of a difference where the walk stands.
    fn tell(&mut self, kind: Kind, recorded: Option<String>, new: Option<String>) {
        if self.probe.is_some() {
            self.probe = Some(false);
            return;
        }
        let place = || match (self.path.is_empty(), self.root.trim_end()) {
            (true, root) if root != "body" => root.to_owned(),
            _ => format!("{}{}", self.root, place::told(&self.path)),
        };
        self.context.tell(place, kind, recorded, new);
    }

    fn missing(&mut self, node: &Node<'_>) {
        self.tell(Kind::Missing, Some(told::json(node.text)), None);
    }

    fn added(&mut self, node: &Node<'_>) {
        self.tell(Kind::Added, None, Some(told::json(node.text)));
    }
}

#[cfg(test)]
mod tests;
