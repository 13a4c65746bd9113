//! Tables of text: for a terminal, as Markdown, as CSV.

use std::{
    borrow::Cow,
    io::{self, Write},
};

use glyph_analysis::text::visible;
use unicode_width::UnicodeWidthStr;

/// A column's head, and on which side its cells stand. The title may be a text from anywhere, too.
#[derive(Debug, Clone)]
pub(super) struct Head {
    pub(super) title: String,
    pub(super) is_number: bool,
}

/// Heads and rows of cells. Cells are text from anywhere; what it must not do is seen to in writing.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) heads: Vec<Head>,
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    /// Columns as wide as their widest cell.
    pub(super) fn write_text(&self, out: &mut dyn Write) -> io::Result<()> {
        let rows: Vec<Vec<Cow<'_, str>>> = self.lines().map(Iterator::collect).collect();
        let widths = self.widths();
        for row in &rows {
            let mut line = String::new();
            for ((cell, head), width) in row.iter().zip(&self.heads).zip(&widths) {
                let fill = " ".repeat(width - cell.width());
                let (before, after) = if head.is_number { (fill.as_str(), "") } else { ("", fill.as_str()) };
                line.extend([before, cell, after, "  "]);
            }
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    /// How many columns of a terminal it takes as text.
    pub(super) fn width(&self) -> usize {
        let widths = self.widths();
        widths.iter().sum::<usize>() + 2 * widths.len().saturating_sub(1)
    }

    /// Whether it has a column of that title.
    pub(super) fn has(&self, title: &str) -> bool {
        self.heads.iter().any(|head| head.title == title)
    }

    fn widths(&self) -> Vec<usize> {
        let mut widths = vec![0; self.heads.len()];
        for line in self.lines() {
            for (width, cell) in widths.iter_mut().zip(line) {
                *width = (*width).max(cell.width());
            }
        }
        widths
    }

    /// The heads and the rows, as they can be shown.
    fn lines(&self) -> impl Iterator<Item = impl Iterator<Item = Cow<'_, str>>> {
        let heads = self.heads.iter().map(|head| head.title.as_str()).collect();
        let rows = self.rows.iter().map(|row| row.iter().map(String::as_str).collect());
        std::iter::once(heads).chain(rows).map(|cells: Vec<&str>| cells.into_iter().map(visible))
    }

    /// A table in GitHub's Markdown. Text stands in code spans, in which nothing is markup.
    pub(super) fn write_markdown(&self, out: &mut dyn Write) -> io::Result<()> {
        let titles: Vec<_> = self.heads.iter().map(|h| title(h, cell_code)).collect();
        writeln!(out, "| {} |", titles.join(" | "))?;
        let rules: Vec<_> = self.heads.iter().map(|h| if h.is_number { "---:" } else { "---" }).collect();
        writeln!(out, "| {} |", rules.join(" | "))?;
        for row in &self.rows {
            let cells: Vec<_> = (row.iter().zip(&self.heads))
                .map(|(cell, head)| match head.is_number {
                    true => cell.clone(),
                    false => cell_code(cell),
                })
                .collect();
            writeln!(out, "| {} |", cells.join(" | "))?;
        }
        Ok(())
    }

    /// Comma-separated values as RFC 4180 has them.
    pub(super) fn write_csv(&self, out: &mut dyn Write) -> io::Result<()> {
        let titles: Vec<_> = self.heads.iter().map(|h| title(h, csv_text)).collect();
        writeln!(out, "{}", titles.join(","))?;
        for row in &self.rows {
            let cells: Vec<_> = (row.iter().zip(&self.heads))
                .map(|(cell, head)| if head.is_number { cell.clone() } else { csv_text(cell) })
                .collect();
            writeln!(out, "{}", cells.join(","))?;
        }
        Ok(())
    }
}

/// A title as it is if it is a plain word, otherwise as a cell would be.
fn title<'a>(head: &'a Head, as_cell: impl FnOnce(&str) -> String) -> Cow<'a, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | ' ');
    if head.title.chars().all(is_plain) { head.title.as_str().into() } else { as_cell(&head.title).into() }
}

/// Text as code in a cell of Markdown, where a bar ends the cell even in code.
fn cell_code(text: &str) -> String {
    code_span(text).replace('|', "\\|")
}

/// Text as code in Markdown, outside of tables.
pub(super) fn code_span(text: &str) -> String {
    let text = visible(text);
    if text.is_empty() {
        return text.into_owned();
    }
    let longest_run = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest_run + 1);
    let gap = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{gap}{text}{gap}{fence}")
}

/// Always quoted; with an apostrophe before what a spreadsheet would take for a formula.
fn csv_text(text: &str) -> String {
    let guard = if text.trim_start().starts_with(['=', '+', '-', '@', '|', '%']) { "'" } else { "" };
    format!("\"{guard}{}\"", visible(text).replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(cells: &[&str]) -> Table {
        let head = |title: &str, is_number| Head { title: title.to_owned(), is_number };
        let heads = vec![head("name", false), head("n", true)];
        Table { heads, rows: cells.iter().map(|c| vec![(*c).to_owned(), "10".to_owned()]).collect() }
    }

    fn written(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> String {
        let mut out = Vec::new();
        write(&mut out).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        let text = written(|out| table(&["漢字漢字", "a\u{1b}b"]).write_text(out));
        assert_eq!(text, "name       n\n漢字漢字  10\na\\u{1b}b  10\n");
    }

    #[test]
    fn markdown_takes_no_markup_from_names() {
        let text = written(|out| table(&["a|b", "`<img>` @you", ""]).write_markdown(out));
        assert_eq!(
            text,
            "| name | n |\n| --- | ---: |\n| `a\\|b` | 10 |\n| `` `<img>` @you `` | 10 |\n|  | 10 |\n"
        );
    }

    #[test]
    fn csv_quotes_and_has_no_formulas() {
        let text = written(|out| table(&["a\"b,c", "=1+1", "x\ny"]).write_csv(out));
        assert_eq!(text, "name,n\n\"a\"\"b,c\",10\n\"'=1+1\",10\n\"x\\ny\",10\n");
    }
}
