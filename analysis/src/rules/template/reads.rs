//! What a template reads of what it is given, as far as its text tells.
//!
//! In: trees. Out: labels read by name, whether the value may be read, whether there are queries. Not here: what a label
//! is called that is only known when the template is expanded.

use std::collections::BTreeMap;

use super::node::{Block, Command, List, Node, Pipe, Term};

/// What is read.
#[derive(Debug, Default)]
pub(super) struct Reads {
    /// Labels, and the position where each is read.
    pub(super) labels: Vec<(String, usize)>,
    /// Whether it may depend on more than the labels.
    pub(super) value: bool,
    pub(super) queries: bool,
}

/// Looks through trees. What stands before `from` is not the user's.
pub(super) fn of(trees: &BTreeMap<String, List>, main: &str, from: usize) -> Reads {
    let mut search = Search { reads: Reads::default(), from, dot_is_data: true, labels_are_ours: true };
    for (name, list) in trees {
        search.dot_is_data = name == main;
        search.list(list);
    }
    search.reads.labels.sort_by_key(|(_, pos)| *pos);
    search.reads
}

struct Search {
    reads: Reads,
    from: usize,
    /// Whether the dot is what the template is given. In a template that is called, nobody knows.
    dot_is_data: bool,
    /// Whether `$labels` is still what it is at first.
    labels_are_ours: bool,
}

impl Search {
    fn list(&mut self, list: &List) {
        let from = self.from;
        list.nodes.iter().filter(|node| node.pos() >= from).for_each(|node| self.node(node));
    }

    fn node(&mut self, node: &Node) {
        match node {
            Node::Text { .. } | Node::Break { .. } | Node::Continue { .. } => {}
            Node::Action { pipe, .. } => self.pipe(pipe),
            Node::Call { pipe, .. } => pipe.iter().for_each(|pipe| self.pipe(pipe)),
            Node::Branch { block, pipe, list, otherwise, .. } => {
                self.pipe(pipe);
                let outer = self.dot_is_data;
                self.dot_is_data &= *block == Block::If;
                self.list(list);
                self.dot_is_data = outer;
                otherwise.iter().for_each(|list| self.list(list));
            }
        }
    }

    fn pipe(&mut self, pipe: &Pipe) {
        pipe.commands.iter().for_each(|command| self.command(command));
        self.labels_are_ours &= !pipe.variables.iter().any(|name| name == "$labels");
    }

    fn command(&mut self, command: &Command) {
        if let [Term::Function { name, .. }, of, Term::Text { text, .. }, ..] = command.args.as_slice() {
            if name == "index" && self.is_labels(of) {
                self.label(&String::from_utf8_lossy(text), of.pos());
            }
        }
        command.args.iter().for_each(|term| self.term(term));
    }

    fn is_labels(&self, term: &Term) -> bool {
        match term {
            Term::Variable { path, .. } => match path.as_slice() {
                [name] => name == "$labels" && self.labels_are_ours,
                [dollar, name] => dollar == "$" && name == "Labels",
                _ => false,
            },
            Term::Field { path, .. } => self.dot_is_data && *path == ["Labels"],
            _ => false,
        }
    }

    fn label(&mut self, name: &str, pos: usize) {
        self.reads.labels.push((name.to_owned(), pos));
    }

    fn term(&mut self, term: &Term) {
        match term {
            Term::Dot { .. } => self.reads.value |= self.dot_is_data,
            Term::Field { path, pos } => match path.as_slice() {
                [labels, name, ..] if labels == "Labels" && self.dot_is_data => self.label(name, *pos),
                [value, ..] => self.reads.value |= value == "Value",
                [] => {}
            },
            Term::Variable { path, pos } => match path.as_slice() {
                [dollar] if dollar == "$" => self.reads.value = true,
                [dollar, labels, name, ..] if dollar == "$" && labels == "Labels" => self.label(name, *pos),
                [dollar, value, ..] if dollar == "$" => self.reads.value |= value == "Value",
                [labels, name, ..] if labels == "$labels" && self.labels_are_ours => self.label(name, *pos),
                [name, ..] => self.reads.value |= name == "$value",
                [] => {}
            },
            Term::Chain { of, .. } => self.term(of),
            Term::Function { name, .. } => {
                self.reads.queries |= name == "query";
                self.reads.value |= matches!(name.as_str(), "query" | "now");
            }
            Term::Pipe(pipe) => self.pipe(pipe),
            Term::Bool { .. } | Term::Nil { .. } | Term::Number { .. } | Term::Text { .. } => {}
        }
    }
}
