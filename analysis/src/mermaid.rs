//! Text in Mermaid's language: <https://mermaid.js.org/syntax/flowchart.html>.
//!
//! In: text that traffic wrote. Out: what stands between the quotes of a label. Not here: what is drawn.

use std::fmt::{self, Display, Write};

use crate::text::visible;

/// Text within quotes, in which nothing has a meaning for Mermaid, or for HTML.
#[derive(Debug, Clone, Copy)]
pub struct Label<'a>(pub &'a str);

impl Display for Label<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = visible(self.0);
        let bullet = if is_item(&text) { text.chars().next() } else { None };
        if let Some(bullet) = bullet {
            write!(f, "#{};", u32::from(bullet))?;
        }
        for c in text[bullet.map_or(0, char::len_utf8)..].chars() {
            match c {
                '"' | '#' | '<' | '>' | '&' | '`' | ';' | '\\' | '*' => write!(f, "#{};", u32::from(c))?,
                c => f.write_char(c)?,
            }
        }
        Ok(())
    }
}

/// Whether Markdown takes it for an item of a list, which Mermaid refuses to draw.
fn is_item(text: &str) -> bool {
    let after_number = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let marks: &[char] = if after_number.len() == text.len() { &['-', '+', '*'] } else { &['.', ')'] };
    after_number.strip_prefix(marks).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_label_has_a_meaning() {
        let table = [
            ("GET /x", "GET /x"),
            ("\"]-->x[\"", "#34;]--#62;x[#34;"),
            ("<img src=x>&amp;", "#60;img src=x#62;#38;amp#59;"),
            ("`a` #35; **b**", "#96;a#96; #35;35#59; #42;#42;b#42;#42;"),
            ("a\nb\u{1b}", "a#92;nb#92;u{1b}"),
            ("1. one", "#49;. one"),
            ("- one", "#45; one"),
            ("10.0.0.5", "10.0.0.5"),
            ("", ""),
        ];
        for (text, label) in table {
            assert_eq!(Label(text).to_string(), label, "{text}");
        }
    }
}
