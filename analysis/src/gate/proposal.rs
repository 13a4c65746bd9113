//! A `glyph.toml` out of a recording: for each span name, limits somewhat above what was measured.

use super::quantity::{two_digits_up, written};
use crate::{
    text::{counted, duration, is_hidden, short, visible},
    trace::{
        lifetime::LIFETIMES,
        summary::{Row, Summary},
    },
};

const HEAD: &str = "\
# What a recording has to hold to: `glyphctl check RECORDING --config glyph.toml`.
#
# Made by `glyphctl check init` from a recording of SPANS in TRACES. Each limit is what was measured there
# times 1.5, rounded up to two significant digits, and of a duration at least 5ms: what is quicker depends on what else
# the machine does. Measure on the machine that will check, and adjust what you know better: a limit is a promise,
# and these are only a beginning.
#
# Keys of a budget: p50, p90, p95, p99, max (durations in ns, us, ms, s, m), errors (a share such as \"1%\"), and
# service, if only its spans are meant. Whether the recording is whole is checked always. In any section, fail = false
# reports what is found there, and fails nothing.
";

/// Below that, a limit would fail for the machine's noise.
const LEAST_NS: u64 = 5_000_000;

const RULES: &str = "\
# Prometheus alert rules; paths are relative to this file. Also: time-scale = \"1/60\" multiplies all their durations,
# set = { \"glyph:threshold:http_failure_ratio\" = 0.05 } puts a number in the place of a recording rule.
";

const MORE: &str = "
# What plugins find: nothing of this severity (info, low, med, high, crit) and above, but for these types.
# [findings]
# severity = \"high\"
# allow = [\"passive-headers.*\"]

# Runs to compare with: `glyphctl baseline save RECORDING` puts one there; until then, nothing is compared. Where there are some,
# findings that they have, too, are no harm.
# [baseline]
# dir = \"baseline\"
# required = false

# Traces must not be worse than there: see `glyphctl trace diff --help`.
# [traces]
# fail-on = [\"p95 > 10% and > 2ms\", \"errors > 1pp\"]

# The same requests must get the same responses: see `glyphctl replay diff --help`.
# [replay]
# ignore = [\"$.version\"]
# ignore-dates = true
# ignore-ids = true
# fail-on = [\"difference\", \"missing\"]
";

const UNDECIDED: &str = "\
# An alert that the recording is too short for is undecided. With false, that is exit code 2.
";

/// Writes it. `rules` is the path of a rule file that is there, if one is.
pub fn write(summary: &Summary, rules: Option<&str>) -> String {
    let spans = counted(summary.spans, "span");
    let mut out = HEAD.replace("SPANS", &spans).replace("TRACES", &counted(summary.traces, "trace"));
    let (mark, path) = if let Some(path) = rules { ("", path) } else { ("# ", "alerts/alerts.yaml") };
    let rules = quoted(path);
    out.push_str(&format!("\n{RULES}{mark}[alerts]\n{mark}rules = [{rules}]\n"));
    out.push_str(&format!("{UNDECIDED}{mark}allow-undecided = true\n"));
    let mut rows: Vec<&Row> = summary.rows.iter().collect();
    rows.sort_by(|a, b| (a.name(), a.service()).cmp(&(b.name(), b.service())));
    for (i, row) in rows.iter().enumerate() {
        let is_same = |other: Option<&&Row>| other.is_some_and(|other| other.name() == row.name());
        let is_shared = is_same(rows.get(i + 1)) || is_same(i.checked_sub(1).and_then(|i| rows.get(i)));
        out.push_str(&match why_none(row.name()) {
            Some(reason) => format!("\n# No budget for {}: it {reason}.\n", visible(row.name())),
            None => budget(row, is_shared),
        });
    }
    out.push_str(MORE);
    out
}

/// Why spans of that name get no budget.
fn why_none(name: &str) -> Option<&'static str> {
    let lifetime = LIFETIMES.iter().find(|(lifetime, _)| *lifetime == name);
    let is_file_work = name.starts_with("replay.");
    lifetime.map(|(_, reason)| *reason).or_else(|| is_file_work.then_some("is file work at the end of a run"))
}

fn budget(row: &Row, with_service: bool) -> String {
    let share = row.errors as f64 / row.count.max(1) as f64;
    let limit =
        two_digits_up((u128::from(row.p95_ns) * 3).div_ceil(2).try_into().unwrap_or(u64::MAX)).max(LEAST_NS);
    let service = match with_service {
        true => format!("service = {}\n", quoted(row.service())),
        false => String::new(),
    };
    format!(
        "\n# {} of {}: p95 {}, {} ({}%); each × 1.5.\n\
         [[budget]]\nspan = {}\n{service}p95 = \"{}\"\nerrors = \"{}\"\n",
        counted(row.count, "span"),
        visible(row.service()),
        duration(row.p95_ns),
        counted(row.errors, "error"),
        short(share * 100.0),
        quoted(row.name()),
        written(limit),
        percent(share * 1.5),
    )
}

/// A share in percent with two significant digits, rounded up; no more than all.
fn percent(share: f64) -> String {
    if share <= 0.0 {
        return "0%".to_owned();
    }
    // Millionths of a percent as whole numbers: what is below them is rounded up too.
    let parts = two_digits_up((share * 1e8).ceil() as u64).min(100_000_000);
    format!("{}%", parts as f64 / 1e6)
}

/// A basic string of TOML in which nothing is hidden.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if is_hidden(c) => out.push_str(&format!("\\U{:08X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_are_rounded_up() {
        let table = [
            (0.0, "0%"),
            (1e-12, "0.000001%"),
            (0.015, "1.5%"),
            (0.012341, "1.3%"),
            (0.9, "90%"),
            (1.5, "100%"),
        ];
        for (share, expected) in table {
            assert_eq!(percent(share), expected, "{share}");
        }
    }

    #[test]
    fn text_comes_back_from_toml() {
        let text = "a\"b\\c\n\u{1b}[2J\u{202e}\u{e0001}ü漢";
        let line = format!("x = {}", quoted(text));
        assert!(!line.contains(is_hidden));
        let table: toml::Table = toml::from_str(&line).unwrap();
        assert_eq!(table["x"].as_str(), Some(text));
    }
}
