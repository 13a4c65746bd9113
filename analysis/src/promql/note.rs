//! What Prometheus says about a result beside the result.

use super::{ast::TextRange, error::line_and_column};

/// How serious a note is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// The result may be wrong.
    Warning,
    /// The expression may not mean what it says.
    Info,
}

/// A note, in Prometheus' words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// How serious it is.
    pub level: Level,
    /// The text, with the place in the expression at its end.
    pub text: String,
}

/// Notes as they come up, each once.
#[derive(Debug, Default)]
pub(super) struct Notes(pub(super) Vec<Note>);

impl Notes {
    pub(super) fn add(&mut self, level: Level, text: &str, query: &str, range: TextRange) {
        let kind = if level == Level::Warning { "warning" } else { "info" };
        let (line, column) = line_and_column(query, range.start);
        let note = Note { level, text: format!("PromQL {kind}: {text} ({line}:{column})") };
        if !self.0.contains(&note) {
            self.0.push(note);
        }
    }
}
