//! A script's text as commands.

use super::{
    eval::Eval,
    series::{self, Described},
    start,
};
use crate::promql::duration;

/// A script that was understood.
#[derive(Debug, Clone)]
pub struct Script {
    /// With the line of each, counted from 1.
    pub(super) commands: Vec<(usize, Command)>,
}

/// Why a text is no script.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{what}")]
pub struct ScriptError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub what: String,
}

#[derive(Debug, Clone)]
pub(super) enum Command {
    Clear,
    Load(Load),
    Eval(Box<Eval>),
}

/// `load STEP` or `load_with_nhcb STEP`, and series.
#[derive(Debug, Clone)]
pub(super) struct Load {
    /// Between samples, in milliseconds.
    pub(super) step: i64,
    /// Whether classic histograms are loaded as native ones, too.
    pub(super) with_histograms: bool,
    /// With the line of each.
    pub(super) series: Vec<(usize, Loaded)>,
}

/// A series of a load.
#[derive(Debug, Clone)]
pub(super) struct Loaded {
    pub(super) described: Described,
    /// Whether some of its samples say when their counter began.
    pub(super) has_starts: bool,
}

/// Lines without blanks around them; comments are empty.
pub(super) struct Lines<'a> {
    lines: Vec<&'a str>,
    at: usize,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str) -> Self {
        let bare = |line: &'a str| {
            let line = line.trim();
            if line.starts_with('#') { "" } else { line }
        };
        Self { lines: text.lines().map(bare).collect(), at: 0 }
    }

    /// The next line and its number, whatever it is.
    fn next(&mut self) -> Option<(usize, &'a str)> {
        let line = *self.lines.get(self.at)?;
        self.at += 1;
        Some((self.at, line))
    }

    /// The next line of a command's body; none if that has ended.
    pub(super) fn next_of_body(&mut self) -> Option<(usize, &'a str)> {
        let line = self.lines.get(self.at).filter(|line| !line.is_empty())?;
        self.at += 1;
        Some((self.at, line))
    }
}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// If a line is not what can stand there. Expressions are read when they are run.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut lines = Lines::of(text);
        let mut commands = Vec::new();
        while let Some((number, line)) = lines.next() {
            if line.is_empty() {
                continue;
            }
            let at = |what| ScriptError { line: number, what };
            let (word, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
            let command = match word.to_ascii_lowercase().as_str() {
                "clear" => Command::Clear,
                word if word.starts_with("load") => Command::Load(load(word, rest, number, &mut lines)?),
                word if word.starts_with("eval") => {
                    let mut eval = Eval::parse(word, rest).map_err(at)?;
                    eval.take_body(&mut lines)?;
                    Command::Eval(Box::new(eval))
                }
                _ => return Err(at(format!("{word:?} is no command: load, clear and eval are"))),
            };
            commands.push((number, command));
        }
        Ok(Self { commands })
    }

    /// Whether it has no command at all.
    pub fn is_empty(&self) -> bool {
        self.commands.is_empty()
    }
}

fn load(word: &str, step: &str, number: usize, lines: &mut Lines<'_>) -> Result<Load, ScriptError> {
    let error = |line, what| ScriptError { line, what };
    let with_histograms = match word {
        "load" => false,
        "load_with_nhcb" => true,
        _ => return Err(error(number, format!("{word:?} is no command: load and load_with_nhcb are"))),
    };
    let step = time(step).map_err(|what| error(number, what))?;
    let mut load = Load { step, with_histograms, series: Vec::new() };
    let mut starts = start::Starts::default();
    while let Some((number, line)) = lines.next_of_body() {
        let at = |what| error(number, what);
        if let Some((metric, offsets)) = start::split(line) {
            starts.take(number, metric, offsets).map_err(at)?;
            continue;
        }
        let described = series::describe(line).map_err(at)?;
        let has_starts = starts.of(&described).map_err(at)?;
        load.series.push((number, Loaded { described, has_starts }));
    }
    starts.end().map_err(|(line, what)| error(line, what))?;
    Ok(load)
}

/// Milliseconds of a duration such as `1m30s`; 0 needs no unit.
pub(super) fn time(text: &str) -> Result<i64, String> {
    let text = text.trim();
    duration::parse(text).ok_or_else(|| format!("expected a duration such as 5m, got {text:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_need_no_blank_line_after_a_number() {
        let script = Script::parse("clear\neval instant at 0 1\n  1\nload 1m\n  # nothing\n\nclear").unwrap();
        let kinds: Vec<_> = script.commands.iter().map(|(line, _)| *line).collect();
        assert_eq!(kinds, [1, 2, 4, 7]);
    }

    #[test]
    fn faults_have_a_line() {
        let table = [
            ("load 1m\n  x 1\n\nlood 1m", 4, "\"lood\" is no command"),
            ("load", 1, "expected a duration"),
            ("load_all 1m", 1, "load_with_nhcb"),
            ("load 1m\n  x{ 1", 2, "expected"),
            ("load 1m\n  x 1 2 tree", 2, "\"tree\""),
            ("load 1m\n  x 1x99999999999999999999", 2, "repetition"),
            ("load 1m\n  x 1x9999999999", 2, "more than"),
            ("load 1m\n  x@st 1m\n  y 1", 3, "x@st"),
            ("load 1m\n  x@st 1m", 2, "x@st"),
            ("eval instant at soon x", 1, "expected a duration"),
            ("eval instant 5m x", 1, "expected `at`"),
            ("eval instant at 5m", 1, "expected an expression"),
            ("eval range from 1m to 0 step 1m x", 1, "before"),
            ("eval_bad instant at 0 x", 1, "eval_bad"),
            ("eval_ordered range from 0 to 1m step 1m x", 1, "eval_ordered"),
            ("eval instant at 0 x\n  expect worn", 2, "expect worn"),
            ("eval instant at 0 x\n  expect warn regex: (", 2, "regex"),
            ("eval instant at 0 x\n  expect warn\n  expect no_warn", 3, "no_warn"),
            ("eval instant at 0 x\n  expect fail\n  expect fail", 3, "fail"),
            ("eval instant at 0 x\n  expect string abc", 2, "quotes"),
            ("eval instant at 0 x\n  expect range vector from 1m", 2, "range vector"),
            ("eval instant at 0 x\n  x 1 2", 2, "range vector"),
            ("eval instant at 0 x\n  x", 2, "value"),
        ];
        for (text, line, what) in table {
            let error = Script::parse(text).unwrap_err();
            assert_eq!(error.line, line, "{text}: {error}");
            assert!(error.what.contains(what), "{text}: {error}");
        }
    }
}
