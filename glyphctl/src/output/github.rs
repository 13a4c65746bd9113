//! Annotations of GitHub Actions: workflow commands that put a message beside a line of a file.
//!
//! The escapes are those of GitHub's toolkit (`packages/core/src/command.ts`): text can't end a command or begin one.

use std::io::{self, Write};

use glyph_analysis::text::visible;

/// How serious a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Severity {
    Error,
    Warning,
    Notice,
}

/// A message, and where it belongs.
pub(crate) struct Annotation<'a> {
    pub(crate) severity: Severity,
    /// The file and the line in it, counted from 1.
    pub(crate) place: Option<(&'a str, u64)>,
    pub(crate) title: &'a str,
    pub(crate) message: &'a str,
}

impl Annotation<'_> {
    /// Writes it.
    pub(crate) fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let command = match self.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Notice => "notice",
        };
        write!(out, "::{command} ")?;
        if let Some((file, line)) = self.place {
            write!(out, "file={},line={line},", property(file))?;
        }
        writeln!(out, "title={}::{}", property(self.title), data(self.message))
    }
}

/// A message: lines stay lines, what is hidden in them is made visible.
fn data(text: &str) -> String {
    let lines: Vec<_> =
        text.lines().map(|line| visible(line).replace('%', "%25").replace('\r', "%0D")).collect();
    lines.join("%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_become_a_command() {
        let mut out = Vec::new();
        let annotation = Annotation {
            severity: Severity::Error,
            place: Some(("a,b:c.yaml", 3)),
            title: "50% :: x",
            message: "one\n::stop-commands::x\u{1b}[31m",
        };
        annotation.write(&mut out).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(
            text,
            "::error file=a%2Cb%3Ac.yaml,line=3,title=50%25 %3A%3A x::one%0A\\u{3a}:stop-commands::x\\u{1b}[31m\n"
        );
    }
}
