//! What a template is made of: the tree that parsing gives and expanding walks.
//!
//! Positions are bytes from the beginning of what was parsed. How nodes are written back, which errors quote, is in
//! [`super::print`].

use super::parse::number::Number;

/// Nodes one after another.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct List {
    pub(super) pos: usize,
    pub(super) nodes: Vec<Node>,
}

/// Which block it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Block {
    If,
    With,
    Range,
}

/// A piece of a template.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Node {
    /// What stands between actions.
    Text { pos: usize, text: String },
    /// `{{ pipeline }}`
    Action { pos: usize, pipe: Pipe },
    /// `{{ if pipeline }}…{{ else }}…{{ end }}` and its like.
    Branch { block: Block, pos: usize, pipe: Pipe, list: List, otherwise: Option<List> },
    /// `{{ template "name" pipeline }}`
    Call { pos: usize, name: String, pipe: Option<Pipe> },
    /// `{{ break }}`
    Break { pos: usize },
    /// `{{ continue }}`
    Continue { pos: usize },
}

/// Commands, of which each gets what the one before it gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Pipe {
    pub(super) pos: usize,
    /// Whether the variables are set (`=`) and not declared (`:=`).
    pub(super) assigns: bool,
    /// The variables that get the value.
    pub(super) variables: Vec<String>,
    pub(super) commands: Vec<Command>,
}

/// A value, or a function and what it is given.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Command {
    pub(super) pos: usize,
    /// Never empty.
    pub(super) args: Vec<Term>,
}

/// A part of a command.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Term {
    Bool {
        pos: usize,
        value: bool,
    },
    Dot {
        pos: usize,
    },
    Nil {
        pos: usize,
    },
    Number {
        pos: usize,
        number: Number,
    },
    Text {
        pos: usize,
        quoted: String,
        text: Vec<u8>,
    },
    /// `.a.b`
    Field {
        pos: usize,
        path: Vec<String>,
    },
    /// `$a.b`: the variable first, with its dollar sign.
    Variable {
        pos: usize,
        path: Vec<String>,
    },
    /// `(pipeline).a.b`
    Chain {
        pos: usize,
        of: Box<Term>,
        path: Vec<String>,
    },
    Function {
        pos: usize,
        name: String,
    },
    Pipe(Pipe),
}

impl Node {
    pub(super) fn pos(&self) -> usize {
        match self {
            Self::Text { pos, .. }
            | Self::Action { pos, .. }
            | Self::Branch { pos, .. }
            | Self::Call { pos, .. }
            | Self::Break { pos }
            | Self::Continue { pos } => *pos,
        }
    }
}

impl Term {
    pub(super) fn pos(&self) -> usize {
        match self {
            Self::Bool { pos, .. }
            | Self::Dot { pos }
            | Self::Nil { pos }
            | Self::Number { pos, .. }
            | Self::Text { pos, .. }
            | Self::Field { pos, .. }
            | Self::Variable { pos, .. }
            | Self::Chain { pos, .. }
            | Self::Function { pos, .. } => *pos,
            Self::Pipe(pipe) => pipe.pos,
        }
    }
}
