//! How a failure is told: `glyphctl: what: cause`, and `hint: …` where one helps.

use std::{error::Error, fmt, io};

use glyph_analysis::{text::visible, trace::FilterError};

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

    /// The same, where there is something.
    fn maybe_hint(self, hint: Option<&'static str>) -> anyhow::Error;
}

impl HintExt for anyhow::Error {
    fn hint(self, hint: &'static str) -> anyhow::Error {
        anyhow::Error::new(Hinted { error: self, hint })
    }

    fn maybe_hint(self, hint: Option<&'static str>) -> anyhow::Error {
        match hint {
            Some(hint) => self.hint(hint),
            None => self,
        }
    }
}

/// Prints an error to standard error.
pub(crate) fn report(error: &anyhow::Error) {
    eprintln!("glyphctl: {}", visible(&told(error)));
    let fault = error.chain().find_map(|e| e.downcast_ref::<FilterError>());
    fault.and_then(FilterError::shown).into_iter().for_each(super::quoted);
    if let Some(hinted) = error.chain().find_map(|e| e.downcast_ref::<Hinted>()) {
        eprintln!("hint: {}", hinted.hint);
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
    let is = |e: &(dyn Error + 'static)| {
        e.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    };
    error.chain().any(is)
}
