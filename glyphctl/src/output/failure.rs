//! How a failure is told: `glyphctl: what: cause`, and `hint: …` where one helps.

use std::{error::Error, fmt, io};

use glyph_analysis::{
    promql::{EvalError, EvalErrorKind, ParseError, TextRange, caret},
    response::ErrorType,
    text::visible,
    trace::FilterError,
};

/// An error and what to do about it.
#[derive(Debug)]
struct Hinted {
    error: anyhow::Error,
    hint: &'static str,
}

impl fmt::Display for Hinted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl Error for Hinted {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.error.source()
    }
}

/// Hints on errors.
pub(crate) trait HintExt {
    /// Adds what to do about it.
    fn hint(self, hint: &'static str) -> anyhow::Error;

    /// Says what a file that can't be made wants, if it has no folder.
    fn folder_hint(self) -> anyhow::Error;

    /// The same, where there is something.
    fn maybe_hint(self, hint: Option<&'static str>) -> anyhow::Error;
}

impl HintExt for anyhow::Error {
    fn hint(self, hint: &'static str) -> anyhow::Error {
        anyhow::Error::new(Hinted { error: self, hint })
    }

    fn folder_hint(self) -> anyhow::Error {
        let is_missing = is_io(&self, io::ErrorKind::NotFound);
        self.maybe_hint(is_missing.then_some("its folder must exist"))
    }

    fn maybe_hint(self, hint: Option<&'static str>) -> anyhow::Error {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }
}

/// What is wrong with an expression, or with its value, and where.
#[derive(Debug)]
pub(crate) struct ExpressionFault {
    /// Which of both.
    pub(crate) kind: ErrorType,
    what: String,
    shown: String,
    hint: Option<&'static str>,
}

impl ExpressionFault {
    /// A text that is no expression.
    pub(crate) fn of_parser(text: &str, error: &ParseError) -> Self {
        Self::new(ErrorType::BadData, text, error.range, &error.what)
    }

    /// An expression that has no value.
    pub(crate) fn of_evaluator(text: &str, error: &EvalError) -> Self {
        let hint = match error.kind {
            EvalErrorKind::TooManySamples(_) => {
                Some("a longer --step, a shorter range, or, where there is memory, a greater --max-samples")
            }
            _ => None,
        };
        Self { hint, ..Self::new(ErrorType::Execution, text, error.range, &error.kind.to_string()) }
    }

    fn new(kind: ErrorType, text: &str, range: TextRange, what: &str) -> Self {
        let before = text.get(..range.start).unwrap_or(text);
        let (line, column) =
            (before.matches('\n').count() + 1, before.len() - before.rfind('\n').map_or(0, |at| at + 1) + 1);
        Self { kind, what: format!("{line}:{column}: {what}"), shown: caret(text, range), hint: None }
    }
}

impl fmt::Display for ExpressionFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl Error for ExpressionFault {}

/// Prints an error to standard error.
pub(crate) fn report(error: &anyhow::Error) {
    eprintln!("glyphctl: {}", visible(&told(error)));
    let fault = error.chain().find_map(|e| e.downcast_ref::<FilterError>());
    fault.and_then(FilterError::shown).into_iter().for_each(super::quoted);
    let fault = error.chain().find_map(|e| e.downcast_ref::<ExpressionFault>());
    fault.into_iter().for_each(|fault| super::quoted(&fault.shown));
    let hinted = error.chain().find_map(|e| e.downcast_ref::<Hinted>()).map(|hinted| hinted.hint);
    if let Some(hint) = hinted.or_else(|| fault?.hint) {
        eprintln!("hint: {hint}");
    }
}

/// The error and its causes. Causes that an error has in its own text already are not told twice.
fn told(error: &anyhow::Error) -> String {
    error.chain().fold(String::new(), |mut text, cause| {
        let cause = cause.to_string();
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
        text
    })
}

/// Whether the reader of our output has gone, as `head` does.
pub(crate) fn is_broken_pipe(error: &anyhow::Error) -> bool {
    is_io(error, io::ErrorKind::BrokenPipe)
}

/// Whether the system refused something for that reason.
pub(crate) fn is_io(error: &anyhow::Error, kind: io::ErrorKind) -> bool {
    error.chain().any(|e| e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == kind))
}
