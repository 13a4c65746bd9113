//! Text for people: names from traffic made harmless, durations and counts made readable.
//!
//! In: any text, any number. Out: text of one line without terminal sequences. Not here: markup; who writes
//! Markdown, CSV or JSON escapes what these give a meaning.

use std::borrow::Cow;

use crate::promql::number;

/// `text` with everything spelled out that would not be seen, or that would steer what shows it: control
/// characters, line ends, marks that turn the direction of writing, characters without width, and the beginnings of
/// the commands that CI services take from output (`::error::`, `##[group]`).
pub fn visible(text: &str) -> Cow<'_, str> {
    let is_command = text.trim_start().starts_with("::") || text.contains("##[");
    if !is_command && !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for (at, c) in text.char_indices() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            ':' if out.trim_start().is_empty() && is_command => out.extend(c.escape_unicode()),
            '#' if text[at..].starts_with("##[") => out.extend(c.escape_unicode()),
            c if is_hidden(c) => out.extend(c.escape_unicode()),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// Whether a character is none that can be seen: a control character, a line or paragraph separator, a mark of
/// direction, a character without width.
pub fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A duration of so many nanoseconds in three significant digits: `640ns`, `1.25ms`, `31.0s`, `2m05s`, `3d04h`.
pub fn duration(ns: u64) -> String {
    const UNITS: [(u64, &str); 3] = [(1_000, "µs"), (1_000_000, "ms"), (1_000_000_000, "s")];
    if ns < 1_000 {
        return format!("{ns}ns");
    }
    for (unit, name) in UNITS {
        // As many decimals as leave three digits, unless rounding makes a fourth.
        for (decimals, scale) in [(2, 100), (1, 10), (0, 1)] {
            let rounded = (u128::from(ns) * scale + u128::from(unit / 2)) / u128::from(unit);
            let in_range = if name == "s" { rounded < 60 * scale } else { true };
            if rounded < 1_000 && in_range {
                return match decimals {
                    0 => format!("{rounded}{name}"),
                    _ => format!("{}.{:0decimals$}{name}", rounded / scale, rounded % scale),
                };
            }
        }
    }
    let seconds = ns / 1_000_000_000 + u64::from(ns % 1_000_000_000 >= 500_000_000);
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match () {
        () if hours == 0 => format!("{minutes}m{:02}s", seconds % 60),
        () if days == 0 => format!("{hours}h{:02}m", minutes % 60),
        () => format!("{days}d{:02}h", hours % 24),
    }
}

/// The same of seconds, as Prometheus has them; what is below zero is none.
pub fn duration_of_seconds(seconds: f64) -> String {
    let ns = (seconds * 1e9).max(0.0) as u64;
    if ns == 0 { "0s".to_owned() } else { duration(ns) }
}

/// A number with a comma before every three digits: `1,234,567`.
pub fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and its noun: `1 span`, `2,000 spans`. The plural is the noun with an `s`.
pub fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// A number in four significant digits, as Prometheus writes it: `4.612`, `+Inf`.
pub fn short(value: f64) -> String {
    if !value.is_finite() || value == 0.0 {
        return number(value);
    }
    let digits = 3 - value.abs().log10().floor() as i32;
    let factor = 10f64.powi(digits.clamp(0, 300));
    number((value * factor).round() / factor)
}

/// How often something happens, by the second or by as much more as it takes for a figure to be seen: `1,254/s`,
/// `12.5/min`, `0.03/d`.
pub fn rate(per_second: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1.0, "s"), (60.0, "min"), (3_600.0, "h"), (86_400.0, "d")];
    let seen = UNITS.iter().find(|(seconds, _)| per_second * seconds >= 0.1);
    let (seconds, unit) = seen.unwrap_or(&UNITS[if per_second > 0.0 { 3 } else { 0 }]);
    let figure = per_second * seconds;
    let figure = if figure >= 1e3 { grouped(figure.round() as u64) } else { short(figure) };
    format!("{figure}/{unit}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_spelled_out() {
        assert_eq!(visible("plain ü 漢"), "plain ü 漢");
        assert_eq!(visible("a\u{1b}[2Jb\nc\u{9b}d\u{202e}e"), r"a\u{1b}[2Jb\nc\u{9b}d\u{202e}e");
    }

    #[test]
    fn commands_to_a_ci_service_are_spelled_out() {
        assert_eq!(visible(" ::error::x"), r" \u{3a}:error::x");
        assert_eq!(visible("a ##[group] b"), r"a \u{23}#[group] b");
        assert_eq!(visible("Vec::new ## a"), "Vec::new ## a");
    }

    #[test]
    fn rates_have_a_figure_to_be_seen() {
        let cases = [
            (0.0, "0/s"),
            (1_254.4, "1,254/s"),
            (48.78048780487805, "48.78/s"),
            (0.1, "0.1/s"),
            (0.05, "3/min"),
            (1.0 / 3_600.0, "1/h"),
            (1.0 / 86_400.0, "1/d"),
            (3.633e-9, "0.0003139/d"),
        ];
        for (per_second, text) in cases {
            assert_eq!(rate(per_second), text);
        }
    }

    #[test]
    fn durations_have_three_digits() {
        let cases = [
            (0, "0ns"),
            (999, "999ns"),
            (1_000, "1.00µs"),
            (1_254_999, "1.25ms"),
            (9_996, "10.0µs"),
            (999_600, "1.00ms"),
            (12_340_000, "12.3ms"),
            (123_400_000, "123ms"),
            (59_900_000_000, "59.9s"),
            (59_996_000_000, "1m00s"),
            (3_725_000_000_000, "1h02m"),
            (u64::MAX, "213503d23h"),
        ];
        for (ns, text) in cases {
            assert_eq!(duration(ns), text, "{ns}");
        }
    }

    #[test]
    fn figures_have_four_digits() {
        let table = [
            (4.61234, "4.612"),
            (0.93751, "0.9375"),
            (12345.6, "12346"),
            (0.0, "0"),
            (f64::INFINITY, "+Inf"),
        ];
        for (value, expected) in table {
            assert_eq!(short(value), expected);
        }
    }

    #[test]
    fn digits_stand_in_threes() {
        assert_eq!(grouped(0), "0");
        assert_eq!(grouped(1_234_567), "1,234,567");
        assert_eq!(counted(1, "span"), "1 span");
        assert_eq!(counted(1_000, "span"), "1,000 spans");
    }
}
