//! A difference as a promqltest script, with both answers.

use std::fmt::Write;

use glyph_analysis::{metrics::stale::is_marker, promql::number};

use super::{
    answer::{Answer, When},
    world::World,
};

/// The script, and after `#` who says what.
pub(super) fn script(world: &World, expr: &str, when: When, theirs: &Answer, ours: &Answer) -> String {
    // Samples need not be at regular times; all times are a multiple of this.
    let mut text = "load 1ms\n".to_owned();
    for series in &world.0 {
        write!(text, "  {}", series.labels).unwrap();
        let mut next = 0;
        for (time, value) in &series.samples {
            match time - next {
                0 => {}
                1 => text.push_str(" _"),
                missing => write!(text, " _x{missing}").unwrap(),
            }
            let value = if is_marker(*value) { "stale".to_owned() } else { number(*value) };
            write!(text, " {value}").unwrap();
            next = time + 1;
        }
        text.push('\n');
    }
    match when {
        When::At(time) => writeln!(text, "eval instant at {time}ms {expr}").unwrap(),
        When::Range { start, end, step } => {
            writeln!(text, "eval range from {start}ms to {end}ms step {step}ms {expr}").unwrap();
        }
    }
    for (who, answer) in [("Prometheus", theirs), ("Glyph", ours)] {
        writeln!(text, "# {who}:").unwrap();
        answer.to_string().lines().for_each(|line| writeln!(text, "# {line}").unwrap());
    }
    text
}
