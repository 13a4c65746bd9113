//! Times and durations: how Go prints them, and the layouts that `Format` takes.
//!
//! In: nanoseconds. Out: text and the parts of a date. All times are UTC, as `toTime` gives them. Not here: parsing.

use std::fmt;

use time::OffsetDateTime;

use super::fmt::general;

/// A time of the years 1677 to 2262.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Time(OffsetDateTime);

impl Time {
    /// Of a number of seconds since 1970, to the millisecond.
    pub(super) fn from_seconds(seconds: f64) -> Result<Self, TimeFault> {
        if !seconds.is_finite() {
            return Err(TimeFault::NotFinite);
        }
        let ns = seconds * 1e9;
        let overflows = || TimeFault::Overflow(general(seconds));
        if !(-9_223_372_036_854_775_808.0..=9_223_372_036_854_775_808.0).contains(&ns) {
            return Err(overflows());
        }
        Self::of(ns as i64 / 1_000_000 * 1_000_000).ok_or_else(overflows)
    }

    fn of(ns: i64) -> Option<Self> {
        OffsetDateTime::from_unix_timestamp_nanos(i128::from(ns)).ok().map(Self)
    }

    /// Nanoseconds since 1970.
    pub(super) fn ns(self) -> i64 {
        i64::try_from(self.0.unix_timestamp_nanos()).unwrap_or(i64::MAX)
    }

    pub(super) fn seconds(self) -> i64 {
        self.0.unix_timestamp()
    }

    /// So much later.
    pub(super) fn plus(self, ns: i64) -> Self {
        self.ns().checked_add(ns).and_then(Self::of).unwrap_or(self)
    }

    /// Down to a whole number of units since the year 1, or to the nearest.
    pub(super) fn rounded(self, unit: i64, up: bool) -> Self {
        // Seconds from the beginning of the year 1 to 1970.
        const BEFORE: i128 = 62_135_596_800;
        let Some(unit) = Some(i128::from(unit)).filter(|unit| *unit > 0) else { return self };
        let rest = (i128::from(self.ns()) + BEFORE * 1_000_000_000).rem_euclid(unit);
        let change = if up && rest * 2 >= unit { unit - rest } else { -rest };
        i64::try_from(change).map_or(self, |change| self.plus(change))
    }

    /// So many years, months and days later; the 31st of a short month is in the next one.
    pub(super) fn plus_date(self, years: i64, months: i64, days: i64) -> Option<Self> {
        let all = i64::from(self.0.year()).checked_add(years)?.checked_mul(12)?;
        let all = all.checked_add(i64::from(u8::from(self.0.month())) - 1)?.checked_add(months)?;
        let month = time::Month::try_from(u8::try_from(all.rem_euclid(12) + 1).ok()?).ok()?;
        let first = time::Date::from_calendar_date(i32::try_from(all.div_euclid(12)).ok()?, month, 1).ok()?;
        let days = days.checked_add(i64::from(self.0.day()) - 1)?;
        let date = first.checked_add(time::Duration::seconds(days.checked_mul(86_400)?))?;
        Some(Self(self.0.replace_date(date)))
    }

    /// `Year`, `Month` and so on, as methods of Go's `time.Time` are called.
    pub(super) fn part(self, name: &str) -> Option<i64> {
        let time = self.0;
        Some(match name {
            "Year" => i64::from(time.year()),
            "Month" => i64::from(u8::from(time.month())),
            "Day" => i64::from(time.day()),
            "YearDay" => i64::from(time.ordinal()),
            "Weekday" => i64::from(time.weekday().number_days_from_sunday()),
            "Hour" => i64::from(time.hour()),
            "Minute" => i64::from(time.minute()),
            "Second" => i64::from(time.second()),
            "Nanosecond" => i64::from(time.nanosecond()),
            _ => return None,
        })
    }

    /// By a layout: how the second of January 2006 at 15:04:05 would be written.
    pub(super) fn format(self, layout: &str) -> String {
        let mut out = String::new();
        let mut rest = layout;
        while let Some(c) = rest.chars().next() {
            let (written, length) = self.element(rest).unwrap_or_else(|| (c.to_string(), c.len_utf8()));
            out += &written;
            // Fractions of a second stand only behind seconds.
            let behind = &rest[length..];
            let is_second = matches!(&rest[..length], "05" | "5");
            rest = behind;
            if let Some((fraction, length)) = is_second.then(|| self.fraction(behind)).flatten() {
                out += &fraction;
                rest = &behind[length..];
            }
        }
        out
    }

    /// What the beginning of a layout stands for, and how long that is.
    fn element(self, layout: &str) -> Option<(String, usize)> {
        let part = |name| self.part(name).unwrap_or(0);
        let (hour, year, day) = (part("Hour"), part("Year"), part("Day"));
        let half = (hour + 11) % 12 + 1;
        let is_word = |rest: &str| rest.starts_with(|c: char| c.is_ascii_lowercase());
        // The longest come first.
        const ELEMENTS: [&str; 35] = [
            "January",
            "Jan",
            "Monday",
            "Mon",
            "MST",
            "2006",
            "_2006",
            "__2",
            "_2",
            "002",
            "01",
            "02",
            "03",
            "04",
            "05",
            "06",
            "15",
            "-07:00:00",
            "-070000",
            "-07:00",
            "-0700",
            "-07",
            "Z07:00:00",
            "Z070000",
            "Z07:00",
            "Z0700",
            "Z07",
            "PM",
            "pm",
            "1",
            "2",
            "3",
            "4",
            "5",
            "2",
        ];
        let name = *ELEMENTS.iter().find(|name| {
            let Some(rest) = layout.strip_prefix(**name) else { return false };
            !(matches!(**name, "Jan" | "Mon") && is_word(rest))
        })?;
        let text = match name {
            "January" => month(part("Month") as u8),
            "Jan" => month(part("Month") as u8)[..3].to_owned(),
            "Monday" => weekday(part("Weekday") as u8),
            "Mon" => weekday(part("Weekday") as u8)[..3].to_owned(),
            "MST" => "UTC".to_owned(),
            "2006" => format!("{year:04}"),
            "_2006" => format!("_{year:04}"),
            "__2" => format!("{:3}", part("YearDay")),
            "_2" => format!("{day:2}"),
            "002" => format!("{:03}", part("YearDay")),
            "01" => format!("{:02}", part("Month")),
            "02" => format!("{day:02}"),
            "03" => format!("{half:02}"),
            "04" => format!("{:02}", part("Minute")),
            "05" => format!("{:02}", part("Second")),
            "06" => format!("{:02}", year % 100),
            "15" => format!("{hour:02}"),
            "1" => part("Month").to_string(),
            "2" => day.to_string(),
            "3" => half.to_string(),
            "4" => part("Minute").to_string(),
            "5" => part("Second").to_string(),
            "PM" => if hour >= 12 { "PM" } else { "AM" }.to_owned(),
            "pm" => if hour >= 12 { "pm" } else { "am" }.to_owned(),
            zone if zone.starts_with('Z') => "Z".to_owned(),
            zone => zone.replace('-', "+").replace('7', "0"),
        };
        Some((text, name.len()))
    }

    /// `.000` or `.999`: the second's fraction, the latter without zeros at its end.
    fn fraction(self, layout: &str) -> Option<(String, usize)> {
        let point = layout.chars().next().filter(|c| matches!(c, '.' | ','))?;
        let digit = layout[1..].chars().next().filter(|c| matches!(c, '0' | '9'))?;
        let count = layout[1..].chars().take_while(|c| *c == digit).count();
        if layout[1 + count..].starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let all = format!("{:09}", self.part("Nanosecond").unwrap_or(0));
        let digits = &all[..count.min(9)];
        let digits = if digit == '9' { digits.trim_end_matches('0') } else { digits };
        let text = if digits.is_empty() { String::new() } else { format!("{point}{digits}") };
        Some((text, count + 1))
    }
}

/// `2015-06-23 13:19:44.128 +0000 UTC`
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

/// Why a number is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum TimeFault {
    #[error("value is NaN or Inf")]
    NotFinite,
    #[error("{0} cannot be represented as a nanoseconds timestamp since it overflows int64")]
    Overflow(String),
}

/// A month's name; there may be none for what is no month.
pub(super) fn month(number: u8) -> String {
    time::Month::try_from(number).map_or_else(|_| format!("%!Month({number})"), |month| month.to_string())
}

/// A weekday's name, from Sunday.
pub(super) fn weekday(number: u8) -> String {
    let days = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];
    days.get(usize::from(number)).map_or_else(|| format!("%!Weekday({number})"), |day| (*day).to_owned())
}

/// Nanoseconds as Go prints a duration: `1h2m3.5s`, `1.5ms`, `0s`.
pub(super) fn duration(ns: i64) -> String {
    let sign = if ns < 0 { "-" } else { "" };
    let size = ns.unsigned_abs();
    let fraction = |unit: u64| {
        let digits = format!("{:0width$}", size % unit, width = unit.ilog10() as usize);
        let digits = digits.trim_end_matches('0');
        if digits.is_empty() { String::new() } else { format!(".{digits}") }
    };
    match size {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{size}ns"),
        1_000..1_000_000 => format!("{sign}{}{}µs", size / 1_000, fraction(1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}{}ms", size / 1_000_000, fraction(1_000_000)),
        _ => {
            let seconds = size / 1_000_000_000;
            let rest = format!("{}{}s", seconds % 60, fraction(1_000_000_000));
            match (seconds / 3600, seconds / 60 % 60) {
                (0, 0) => format!("{sign}{rest}"),
                (0, minutes) => format!("{sign}{minutes}m{rest}"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{rest}"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_printed_as_go_prints_them() {
        let table = [
            (0.0, "1970-01-01 00:00:00 +0000 UTC"),
            (1_435_065_584.128, "2015-06-23 13:19:44.128 +0000 UTC"),
            (-1.5, "1969-12-31 23:59:58.5 +0000 UTC"),
            (1e9 + 0.123_456, "2001-09-09 01:46:40.123 +0000 UTC"),
        ];
        for (seconds, expected) in table {
            assert_eq!(Time::from_seconds(seconds).unwrap().to_string(), expected);
        }
        assert_eq!(Time::from_seconds(f64::NAN).unwrap_err().to_string(), "value is NaN or Inf");
        let overflow = Time::from_seconds(1e10).unwrap_err().to_string();
        assert_eq!(
            overflow,
            "1e+10 cannot be represented as a nanoseconds timestamp since it overflows int64"
        );
    }

    #[test]
    fn layouts_are_filled() {
        let time = Time::from_seconds(1_435_065_584.12).unwrap();
        let table = [
            ("2006-01-02T15:04:05Z07:00", "2015-06-23T13:19:44Z"),
            ("Mon Jan _2 3:04PM 06", "Tue Jun 23 1:19PM 15"),
            ("Monday, 02-January-2006 -0700 MST", "Tuesday, 23-June-2015 +0000 UTC"),
            ("05.000 05.999 05.9", "44.120 44.12 44.1"),
            ("002 1/2 4:5 pm", "174 6/23 19:44 pm"),
            ("Month Janus", "Month Janus"),
        ];
        for (layout, expected) in table {
            assert_eq!(time.format(layout), expected, "{layout}");
        }
    }

    #[test]
    fn durations_are_printed_as_go_prints_them() {
        let table = [
            (0, "0s"),
            (15, "15ns"),
            (1_500, "1.5µs"),
            (-2_000_000, "-2ms"),
            (1_000_000_000, "1s"),
            (90_000_000_000, "1m30s"),
            (3_600_000_000_000, "1h0m0s"),
            (90_061_500_000_000, "25h1m1.5s"),
        ];
        for (ns, expected) in table {
            assert_eq!(duration(ns), expected);
        }
    }
}
