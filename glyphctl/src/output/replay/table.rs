//! A report for people: the verdict, each cause with its first examples, what stands alone, what was left out, how long it took.

use std::io::{self, Write};

use console::Style;
use glyph_analysis::{
    replay::{Stray, Summary, Verdict},
    text::visible,
};

use super::{latency, told};
use crate::output::painted;

pub(super) fn write(summary: &Summary, out: &mut dyn Write) -> io::Result<()> {
    let style = match summary.verdict {
        Verdict::Same => Style::new().green(),
        Verdict::Different => Style::new().red(),
        Verdict::Nothing => Style::new().yellow(),
    };
    writeln!(out, "{}", painted(&style, &told::verdict(summary)))?;
    for group in &summary.groups {
        writeln!(out, "\n{}", painted(&Style::new().bold(), &told::group(group)))?;
        for example in &group.examples {
            let [recorded, new] = told::sides(&example.difference);
            let (recorded, new) =
                (painted(&Style::new().red(), recorded), painted(&Style::new().green(), new));
            writeln!(out, "  {}", visible(&told::exchange(&example.exchange)))?;
            writeln!(out, "    {}: {recorded} → {new}", visible(&example.difference.place))?;
        }
    }
    if let Some(more) = told::more(summary) {
        writeln!(out, "\n{more}")?;
    }
    strays("missing", &summary.missing_exchanges, out)?;
    strays("not recorded", &summary.extra_exchanges, out)?;
    if !summary.left_out.is_empty() {
        writeln!(out, "\nleft out")?;
        summary.left_out.iter().try_for_each(|left_out| writeln!(out, "  {}", told::left_out(left_out)))?;
    }
    if let Some(latency) = &summary.latency {
        writeln!(out)?;
        latency::table(latency).write_text(out)?;
    }
    Ok(())
}

/// Those that stand alone; a list of many is cut.
fn strays(title: &str, strays: &[Stray], out: &mut dyn Write) -> io::Result<()> {
    if strays.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{}", painted(&Style::new().bold(), title))?;
    for stray in strays.iter().take(super::STRAYS) {
        writeln!(out, "  {}", visible(&told::stray(stray)))?;
        for nearest in &stray.nearest {
            writeln!(out, "    near: {}", visible(nearest))?;
        }
    }
    match strays.len().saturating_sub(super::STRAYS) {
        0 => Ok(()),
        more => writeln!(out, "  … and {more} more; --format json has more of them"),
    }
}
