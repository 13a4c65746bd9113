//! What Prometheus says about a result beside the result.

use super::{
    ast::TextRange,
    error::line_and_column,
    value::{date_time, general, general_short},
};

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
pub(super) struct Notes {
    single: Vec<Note>,
    repairs: Vec<(String, String, Repairs)>,
}

/// How often, when and where counts of buckets that fell were raised.
#[derive(Debug, Clone, Copy)]
pub(super) struct Repairs {
    /// The upper bounds of the first and the last of these buckets.
    pub(super) buckets: (f64, f64),
    /// By how much a count was raised at most.
    pub(super) most: f64,
    /// The first and the last time, in milliseconds since the epoch.
    pub(super) times: (i64, i64),
    pub(super) count: usize,
}

impl Repairs {
    fn merge(&mut self, other: Self) {
        self.buckets = (self.buckets.0.min(other.buckets.0), self.buckets.1.max(other.buckets.1));
        self.most = self.most.max(other.most);
        self.times = (self.times.0.min(other.times.0), self.times.1.max(other.times.1));
        self.count += other.count;
    }
}

impl Notes {
    pub(super) fn add(&mut self, level: Level, text: &str, query: &str, range: TextRange) {
        let kind = if level == Level::Warning { "warning" } else { "info" };
        let note = Note { level, text: format!("PromQL {kind}: {text} ({})", place(query, range)) };
        if !self.single.contains(&note) {
            self.single.push(note);
        }
    }

    /// Notes of which one tells of all that have the same text.
    pub(super) fn add_repairs(&mut self, text: String, repairs: Repairs, query: &str, range: TextRange) {
        let place = place(query, range);
        match self.repairs.iter_mut().find(|(t, p, _)| *t == text && *p == place) {
            Some((_, _, there)) => there.merge(repairs),
            None => self.repairs.push((text, place, repairs)),
        }
    }

    pub(super) fn all(&self) -> Vec<Note> {
        let repaired = self.repairs.iter().map(|(text, place, r)| Note {
            level: Level::Info,
            text: format!(
                "PromQL info: {text}, from buckets {} to {}, with a max diff of {}, over {} samples from {} to {} ({place})",
                general(r.buckets.0),
                general(r.buckets.1),
                general_short(r.most),
                r.count,
                date_time(r.times.0),
                date_time(r.times.1),
            ),
        });
        self.single.iter().cloned().chain(repaired).collect()
    }
}

fn place(query: &str, range: TextRange) -> String {
    let (line, column) = line_and_column(query, range.start);
    format!("{line}:{column}")
}
