//! A waterfall with the colours of a terminal.

use std::io::{self, Write};

use console::Style;
use glyph_analysis::trace::waterfall::{Ink, Options, Waterfall, render};

/// Writes it.
pub(crate) fn write(
    waterfall: &Waterfall,
    options: Options,
    in_colour: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    for line in render(waterfall, options) {
        let mut text = String::new();
        for piece in line {
            if in_colour {
                text.push_str(&style(piece.ink).force_styling(true).apply_to(piece.text).to_string());
            } else {
                text.push_str(&piece.text);
            }
        }
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

fn style(ink: Ink) -> Style {
    match ink {
        Ink::Plain => Style::new(),
        Ink::Faint => Style::new().dim(),
        Ink::Bar => Style::new().cyan(),
        Ink::Critical => Style::new().yellow(),
        Ink::Error => Style::new().red(),
    }
}
