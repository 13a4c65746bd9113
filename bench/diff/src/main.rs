//! Compares made-up traces many times, and says how often a comparison was right.
//!
//! In: as arguments `null N TRACES`, or `power N TRACES PERCENT`: how many comparisons, how many traces a side, and by how much
//! the p95 of one span name of twelve grows on the new side. Out, as a line of JSON: how many comparisons there were, in how
//! many anything was called worse (`alarms`), the grown row (`found`), another one (`blamed`). Not here: what is to be reached.
//!
//! A trace has a span of each of twelve names, in some traces more or none; durations are lognormal, with σ from 0.3 to 1 by
//! name, and have a part in common within a trace, since what is slow is so together.

mod shop;

use std::{
    env,
    io::{self, Write},
};

use anyhow::{Context, Result, bail};
use glyph_analysis::trace::diff::{Rule, Side, Verdict, compare};

use self::shop::{GROWN, Shop};

fn main() -> Result<()> {
    let words: Vec<String> = env::args().skip(1).collect();
    let number = |text: &String| text.parse::<u64>().with_context(|| text.clone());
    let (comparisons, traces, percent) = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice()
    {
        ["null", ..] if words.len() == 3 => (number(&words[1])?, number(&words[2])?, 0),
        ["power", ..] if words.len() == 4 => (number(&words[1])?, number(&words[2])?, number(&words[3])?),
        _ => bail!("null N TRACES, or power N TRACES PERCENT"),
    };
    let rules: Vec<Rule> = Rule::DEFAULT.iter().map(|text| text.parse()).collect::<Result<_, _>>()?;
    let (mut alarms, mut found, mut blamed) = (0_u64, 0_u64, 0_u64);
    for comparison in 0..comparisons {
        let side = |which: u64, percent: u64| {
            Side::of(vec![Shop::new(2 * comparison + which, percent).sample(traces)], None)
        };
        let diff = compare(&side(0, 0), &side(1, percent), &rules, comparison)?;
        let is_worse = |grown: bool| {
            diff.rows.iter().any(|row| row.verdict == Verdict::Worse && (row.name == GROWN) == grown)
        };
        alarms += u64::from(diff.failed);
        found += u64::from(percent > 0 && is_worse(true));
        blamed += u64::from(percent > 0 && is_worse(false));
    }
    writeln!(
        io::stdout(),
        "{{\"comparisons\":{comparisons},\"traces\":{traces},\"percent\":{percent},\"alarms\":{alarms},\"found\":{found},\
         \"blamed\":{blamed}}}"
    )?;
    Ok(())
}
