//! One manual page. In: a command as clap has it. Out: its page in roff.
//!
//! What stands in the help below the flags becomes sections here: what it says of exit codes and the examples have their
//! usual ones.

use std::io;

use clap::Command;
use clap_mangen::{
    Man,
    roff::{Roff, bold, roman},
};

/// What the help's paragraphs on them begin with.
const EXIT_CODES: &str = "Exit codes: ";
const EXAMPLES: &str = "Examples:";

/// What a page is about.
pub(super) struct Page<'a> {
    pub(super) command: &'a Command,
    /// The section of the manual.
    pub(super) section: u8,
    /// The page of the command that this one belongs to.
    pub(super) above: Option<&'a str>,
}

impl<'a> Page<'a> {
    /// What to give to `man`: `glyphctl-trace-diff`.
    pub(super) fn name(&self) -> &'a str {
        self.command.get_display_name().unwrap_or_else(|| self.command.get_name())
    }

    /// All of it.
    pub(super) fn render(&self) -> io::Result<Vec<u8>> {
        let man = Man::new(self.command.clone())
            .section(self.section.to_string())
            .source(format!("Glyph {}", env!("CARGO_PKG_VERSION")))
            .manual("Glyph");
        let mut page = Vec::new();
        man.render_title(&mut page)?;
        man.render_name_section(&mut page)?;
        man.render_synopsis_section(&mut page)?;
        man.render_description_section(&mut page)?;
        man.render_options_section(&mut page)?;
        if self.command.has_subcommands() {
            man.render_subcommands_section(&mut page)?;
        }
        let help = self.command.get_after_long_help().or_else(|| self.command.get_after_help());
        self.rest(&help.map(ToString::to_string).unwrap_or_default()).to_writer(&mut page)?;
        Ok(plain(&String::from_utf8_lossy(&page)).into_bytes())
    }

    /// What stands below the flags, and where to read on.
    fn rest(&self, help: &str) -> Roff {
        let mut roff = Roff::new();
        let paragraphs: Vec<&str> = help.split("\n\n").filter(|text| !text.trim().is_empty()).collect();
        let is_details = |text: &&&str| !text.starts_with(EXIT_CODES) && !text.starts_with(EXAMPLES);
        let details: Vec<_> = paragraphs.iter().filter(is_details).collect();
        if !details.is_empty() {
            roff.control("SH", ["DETAILS"]);
        }
        for text in details {
            roff.control("PP", []);
            paragraph(text, &mut roff);
        }
        for text in paragraphs.iter().filter_map(|text| text.strip_prefix(EXIT_CODES)) {
            roff.control("SH", ["EXIT STATUS"]);
            paragraph(text, &mut roff);
        }
        for text in paragraphs.iter().filter_map(|text| text.strip_prefix(EXAMPLES)) {
            roff.control("SH", ["EXAMPLES"]);
            as_it_stands(text.trim_start_matches('\n'), &mut roff);
        }
        if let Some(above) = self.above {
            roff.control("SH", ["SEE ALSO"]);
            roff.text([bold(above), roman(format!("({})", self.section))]);
        }
        roff
    }
}

fn paragraph(text: &str, roff: &mut Roff) {
    if text.lines().any(|line| line.starts_with("  ")) {
        as_it_stands(text, roff);
    } else {
        lines(text, roff);
    }
}

/// Lines that are not to be filled.
fn as_it_stands(text: &str, roff: &mut Roff) {
    roff.control("nf", []);
    lines(text, roff);
    roff.control("fi", []);
}

fn lines(text: &str, roff: &mut Roff) {
    for line in text.lines() {
        roff.text([roman(line)]);
    }
}

/// In characters that every roff takes for themselves: it would set some of ASCII's as typography has them.
fn plain(page: &str) -> String {
    let mut text = String::with_capacity(page.len());
    for c in page.chars() {
        match c {
            '^' => text.push_str(r"\(ha"),
            '~' => text.push_str(r"\(ti"),
            '`' => text.push_str(r"\(ga"),
            c if c.is_ascii() => text.push(c),
            c => text.push_str(&format!(r"\[u{:04X}]", u32::from(c))),
        }
    }
    text
}
