//! Durations as people write them: `100ms`, `1.5s`, `1h30m`.
//!
//! In: text. Out: nanoseconds. Not here: durations as they are printed, which is [`crate::text`]'s, and PromQL's, which
//! know no less than a millisecond.

/// In nanoseconds. The longer ones are those of Prometheus.
const UNITS: [(&str, i128); 11] = [
    ("ns", 1),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
    ("w", 604_800_000_000_000),
    ("y", 31_536_000_000_000_000),
];

/// Beyond so many decimals of the largest unit there is less than a nanosecond.
const MOST_DECIMALS: usize = 18;

/// Nanoseconds of one or more numbers, each with its unit, and maybe a sign before all; none if it is something else, or
/// too long.
pub fn parse(text: &str) -> Option<i64> {
    let (sign, mut rest) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut sum = 0_i128;
    loop {
        let (number, after) = rest.split_at(rest.find(|c: char| !c.is_ascii_digit() && c != '.')?);
        let (name, after) = after.split_at(after.find(|c: char| !c.is_alphabetic()).unwrap_or(after.len()));
        let (_, unit) = UNITS.into_iter().find(|(unit, _)| *unit == name)?;
        sum = sum.checked_add(of_unit(number, unit)?)?;
        rest = after;
        if rest.is_empty() {
            return i64::try_from(sign * sum).ok();
        }
    }
}

/// `number` times `unit`, without what is less than a nanosecond.
fn of_unit(number: &str, unit: i128) -> Option<i128> {
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    if whole.len() + part.len() == 0 || part.contains('.') {
        return None;
    }
    let parse = |digits: &str| if digits.is_empty() { Some(0) } else { digits.parse::<i128>().ok() };
    let decimals = &part[..part.len().min(MOST_DECIMALS)];
    let below = parse(decimals)? * unit / 10_i128.pow(decimals.len() as u32);
    parse(whole)?.checked_mul(unit)?.checked_add(below)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_exact() {
        let table = [
            ("100ms", Some(100_000_000)),
            ("1.5s", Some(1_500_000_000)),
            (".5us", Some(500)),
            ("1.µs", Some(1_000)),
            ("1h30m", Some(5_400_000_000_000)),
            ("1m1.000000001s", Some(61_000_000_001)),
            ("-5s", Some(-5_000_000_000)),
            ("0.9ns", Some(0)),
            ("1d", Some(86_400_000_000_000)),
            ("292y", Some(292 * 31_536_000_000_000_000)),
            ("300y", None),
            ("99999999999999999999999999999999999999999h", None),
            ("5", None),
            ("ms", None),
            (".s", None),
            ("1.2.3s", None),
            ("1h30", None),
            ("1 s", None),
            ("", None),
        ];
        for (text, ns) in table {
            assert_eq!(parse(text), ns, "{text}");
        }
        assert_eq!(parse(&format!("0.{}s", "3".repeat(100))), Some(333_333_333));
    }
}
