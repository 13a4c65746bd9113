//! Nodes as Go writes them back, which errors quote: blanks are one each, comments and trim markers are gone.

use std::fmt::{Display, Formatter, Result};

use super::node::{Block, Command, List, Node, Pipe, Term};
use crate::metrics::quote::quoted;

impl Display for List {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        self.nodes.iter().try_for_each(|node| node.fmt(f))
    }
}

impl Display for Block {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        f.write_str(match self {
            Self::If => "if",
            Self::With => "with",
            Self::Range => "range",
        })
    }
}

impl Display for Node {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Text { text, .. } => f.write_str(text),
            Self::Action { pipe, .. } => write!(f, "{{{{{pipe}}}}}"),
            Self::Branch { block, pipe, list, otherwise, .. } => {
                write!(f, "{{{{{block} {pipe}}}}}{list}")?;
                if let Some(list) = otherwise {
                    write!(f, "{{{{else}}}}{list}")?;
                }
                f.write_str("{{end}}")
            }
            Self::Call { name, pipe, .. } => {
                write!(f, "{{{{template {}", quoted(name))?;
                if let Some(pipe) = pipe {
                    write!(f, " {pipe}")?;
                }
                f.write_str("}}")
            }
            Self::Break { .. } => f.write_str("{{break}}"),
            Self::Continue { .. } => f.write_str("{{continue}}"),
        }
    }
}

impl Display for Pipe {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        if !self.variables.is_empty() {
            let sign = if self.assigns { "=" } else { ":=" };
            write!(f, "{} {sign} ", self.variables.join(", "))?;
        }
        for (i, command) in self.commands.iter().enumerate() {
            write!(f, "{}{command}", if i == 0 { "" } else { " | " })?;
        }
        Ok(())
    }
}

impl Display for Command {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        for (i, arg) in self.args.iter().enumerate() {
            let between = if i == 0 { "" } else { " " };
            match arg {
                Term::Pipe(pipe) => write!(f, "{between}({pipe})")?,
                arg => write!(f, "{between}{arg}")?,
            }
        }
        Ok(())
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Bool { value, .. } => value.fmt(f),
            Self::Dot { .. } => f.write_str("."),
            Self::Nil { .. } => f.write_str("nil"),
            Self::Number { number, .. } => f.write_str(&number.text),
            Self::Text { quoted, .. } => f.write_str(quoted),
            Self::Field { path, .. } => path.iter().try_for_each(|name| write!(f, ".{name}")),
            Self::Variable { path, .. } => f.write_str(&path.join(".")),
            Self::Chain { of, path, .. } => {
                match &**of {
                    Self::Pipe(pipe) => write!(f, "({pipe})")?,
                    of => of.fmt(f)?,
                }
                path.iter().try_for_each(|name| write!(f, ".{name}"))
            }
            Self::Function { name, .. } => f.write_str(name),
            Self::Pipe(pipe) => pipe.fmt(f),
        }
    }
}
