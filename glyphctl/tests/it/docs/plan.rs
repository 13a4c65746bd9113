//! What is to be done with a page's blocks, in the order in which they stand.
//!
//! | block | what becomes of it |
//! | --- | --- |
//! | `sh` | is run, in the shell in which those before it ran; each command ends with 0 |
//! | `sh exit=1` | commands end with 0 or 1, and one with 1; several codes have commas between them |
//! | `sh background=8080` | is started, and the page goes on as soon as something listens on that port; without a port, as soon as something is printed. Ctrl-C ends it where the section ends, or before a block with `stop` |
//! | `sh not-run=WHY` | is not run; [`super::NOT_RUN`] has the reasons |
//! | `text output` | is what the commands before it printed: each line in its order, `…` for anything, blanks for blanks |
//! | any, `file=NAME` | is put into that file |
//!
//! Each section begins in the folder in which the page began. Other blocks are for the reader alone.

use std::fmt::Write;

use super::page::{Block, Page, Part};

/// What the shell is told, and the files that it wants.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Calls of `run.sh`'s functions.
    pub(super) calls: String,
    /// Each block that is run or put somewhere, under its number.
    pub(super) files: Vec<(usize, String)>,
    /// What is to be printed: the line of the block that says so, the number of the block that prints, and what.
    pub(super) printed: Vec<(usize, usize, String)>,
    /// Why blocks are not run.
    pub(super) not_run: Vec<String>,
    /// How many blocks are run.
    pub(super) runs: usize,
}

impl Plan {
    pub(super) fn of(page: &Page) -> Self {
        let mut plan = Self::default();
        for (part, number) in page.parts.iter().zip(0..) {
            match part {
                Part::Section => plan.calls += "section\n",
                Part::Block(block) => plan.add(&page.path, block, number),
            }
        }
        plan.calls += "section\n";
        plan
    }

    fn add(&mut self, path: &str, block: &Block, number: usize) {
        let known = ["exit", "background", "stop", "not-run", "output", "file"];
        let place = format!("{path}:{}", block.line);
        let wrong = block.attributes().find(|name| !known.contains(name) && block.language != "sql");
        assert!(wrong.is_none(), "{place}: nobody knows {wrong:?}");
        let shell = block.language == "sh";
        if block.attribute("output").is_some() {
            let before = self.files.last().unwrap_or_else(|| panic!("{place}: output of nothing")).0;
            self.printed.push((block.line, before, block.text.clone()));
        } else if let Some(name) = block.attribute("file") {
            self.put(block, number);
            writeln!(self.calls, "put {number} {name}").unwrap();
        } else if let Some(why) = block.attribute("not-run") {
            assert!(shell, "{place}: only commands are run");
            self.not_run.push(format!("{path}: {why}"));
        } else if shell {
            if block.attribute("stop").is_some() {
                self.calls += "stop\n";
            }
            let codes = block.attribute("exit").unwrap_or_default().replace(',', " ");
            self.put(block, number);
            match block.attribute("background") {
                Some(port) => writeln!(self.calls, "begin {number} {place} '{codes}' {port}").unwrap(),
                None => writeln!(self.calls, "run {number} {place} '{codes}'").unwrap(),
            }
            self.runs += 1;
        } else {
            let not_named = ["", "bash", "shell", "console", "sh-session"];
            assert!(!not_named.contains(&block.language.as_str()), "{place}: is it sh, text, or what?");
        }
    }

    fn put(&mut self, block: &Block, number: usize) {
        self.files.push((number, block.text.clone()));
    }

    /// Keeps a text under a number, for a command that wants it.
    pub(super) fn keep(&mut self, text: &str) -> usize {
        let number = self.files.len();
        self.files.push((number, text.to_owned()));
        number
    }

    /// Puts a text into a file.
    pub(super) fn put_as(&mut self, name: &str, text: &str) {
        let number = self.keep(text);
        writeln!(self.calls, "put {number} {name}").unwrap();
    }

    /// Runs commands that stand at that place, and end with one of these codes.
    pub(super) fn run(&mut self, place: &str, codes: &str, commands: &str) {
        let number = self.keep(commands);
        writeln!(self.calls, "run {number} {place} '{codes}'").unwrap();
    }
}

/// What of the text was not printed, or nothing.
pub(super) fn missing<'a>(expected: &'a str, printed: &str) -> Option<&'a str> {
    let mut lines = printed.lines();
    expected
        .lines()
        .filter(|line| !line.is_empty() && *line != "…")
        .find(|line| !lines.any(|p| alike(line, p)))
}

/// Whether a line is as it was expected, with `…` for anything and blanks for blanks.
fn alike(expected: &str, line: &str) -> bool {
    let words = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (expected, line) = (words(expected), words(line));
    let pieces: Vec<&str> = expected.split('…').map(str::trim).collect();
    let [first, middle @ ..] = &pieces[..] else { return false };
    let Some(mut rest) = line.strip_prefix(first) else { return false };
    let Some((last, middle)) = middle.split_last() else { return rest.is_empty() };
    for piece in middle {
        let Some((_, behind)) = rest.split_once(piece) else { return false };
        rest = behind;
    }
    rest.ends_with(last)
}

#[test]
fn lines_are_found_in_their_order_with_what_is_left_out() {
    let printed = "a  1\nport 8080 open\nb 2\n";
    assert_eq!(missing("a 1\nport … open\n…\nb 2\n", printed), None);
    assert_eq!(missing("b 2\na 1\n", printed), Some("a 1"));
    assert_eq!(missing("port … closed\n", printed), Some("port … closed"));
    assert_eq!(missing("a\n", printed), Some("a"));
}
