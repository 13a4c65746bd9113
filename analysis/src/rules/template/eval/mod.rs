//! From trees to text: expanding, as Go executes a template.
//!
//! In: parsed trees and a [`Context`]. Out: text, or the first error in Go's words, with the place where it happened. What
//! Go's reflection finds out about a value is asked of [`Value`].
//!
//! Not done as Go does it: what never ends. So many blocks, parentheses and calls of templates may be open at once
//! ([`DEEPEST`]), so many nodes are walked ([`MOST_STEPS`]), and so long a text is made ([`LONGEST`]); more is an error.

mod call;
mod field;
mod pipeline;
mod walk;

use std::{collections::BTreeMap, fmt::Display, rc::Rc};

use super::{
    Context,
    node::{Command, List, Node, Pipe, Term},
    value::{Data, Value},
};
use crate::metrics::quote::quoted;

/// So deep in blocks, parentheses and templates nothing is expanded. Go has 100,000 for templates, and a stack that grows.
const DEEPEST: usize = 250;

/// So many nodes are walked.
const MOST_STEPS: usize = 2_000_000;

/// So many bytes are made, of the whole and of each text in it.
const LONGEST: usize = 16 << 20;

/// The trees of a text.
pub(super) struct Source<'t> {
    /// What was parsed.
    pub(super) text: &'t str,
    /// What errors call it.
    pub(super) name: &'t str,
    pub(super) trees: &'t BTreeMap<String, List>,
}

/// Expands a text. The error is Go's.
pub(super) fn expand(source: &Source<'_>, context: &Context<'_>) -> Result<Vec<u8>, String> {
    let data = Value::Data(Rc::new(Data {
        labels: context.labels.clone(),
        external_labels: context.external_labels.clone(),
        external_url: context.external_url.as_bytes().into(),
        value: context.value,
    }));
    let Some(root) = source.trees.get(source.name) else { return Ok(Vec::new()) };
    let mut state = State {
        source,
        context,
        out: Vec::new(),
        variables: vec![("$", data.clone())],
        tree: source.name,
        place: Place::List(root),
        depth: 0,
        steps: 0,
    };
    match state.walk_list(&data, root) {
        Err(Stop::Fault(what)) => Err(what),
        _ => Ok(state.out),
    }
}

/// Why walking ends before the end.
enum Stop {
    Break,
    Continue,
    Fault(String),
}

struct State<'t, 'c> {
    source: &'t Source<'t>,
    context: &'t Context<'c>,
    out: Vec<u8>,
    /// The last that was declared is the last.
    variables: Vec<(&'t str, Value)>,
    /// The name of the template that is walked.
    tree: &'t str,
    /// What errors are about.
    place: Place<'t>,
    depth: usize,
    steps: usize,
}

/// A part of a tree.
#[derive(Clone, Copy)]
enum Place<'t> {
    List(&'t List),
    Node(&'t Node),
    Pipe(&'t Pipe),
    Command(&'t Command),
    Term(&'t Term),
}

impl Place<'_> {
    fn pos(self) -> usize {
        match self {
            Self::List(list) => list.pos,
            Self::Node(node) => node.pos(),
            Self::Pipe(pipe) => pipe.pos,
            Self::Command(command) => command.pos,
            Self::Term(term) => term.pos(),
        }
    }
}

impl Display for Place<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::List(list) => list.fmt(f),
            Self::Node(node) => node.fmt(f),
            Self::Pipe(pipe) => pipe.fmt(f),
            Self::Command(command) => command.fmt(f),
            Self::Term(term) => term.fmt(f),
        }
    }
}

impl State<'_, '_> {
    /// An error, with its place.
    fn fault(&self, what: impl Display) -> Stop {
        let before = self.source.text.get(..self.place.pos()).unwrap_or(self.source.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rfind('\n').map_or(before.len(), |at| before.len() - at - 1);
        let (name, tree, place) = (self.source.name, quoted(self.tree), self.place);
        Stop::Fault(format!("template: {name}:{line}:{column}: executing {tree} at <{place}>: {what}"))
    }

    /// Goes a level down; [`Self::leave`] comes back.
    fn enter(&mut self) -> Result<(), Stop> {
        if self.depth >= DEEPEST {
            return Err(self.fault(format!("exceeded maximum template depth ({DEEPEST})")));
        }
        self.depth += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth -= 1;
    }
}
