//! What looks like a date. In: a text that may begin with one. Out: its kind and length.

/// The ways to write a date that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Date {
    /// `2026-11-26`.
    Day,
    /// `2026-11-26T15:52:24`, with a blank for the T too, and with a fraction of a second.
    Local,
    /// The same with `Z` or an offset (RFC 3339).
    Instant,
    /// `Thu, 26 Nov 2026 15:52:24 GMT` (RFC 9110), with dashes too, as in cookies, and with an offset, as in mail.
    Http,
}

const DAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

pub(super) fn at_start(text: &str) -> Option<(Date, usize)> {
    match text.as_bytes().first()? {
        b'0'..=b'9' => iso(text),
        b'A'..=b'Z' => http(text),
        _ => None,
    }
}

fn iso(text: &str) -> Option<(Date, usize)> {
    let mut rest = Reader { text, at: 0 };
    rest.number(4, 0..=9999)?;
    rest.one_of(b"-")?;
    rest.number(2, 1..=12)?;
    rest.one_of(b"-")?;
    rest.number(2, 1..=31)?;
    let day = rest.at;
    let Some(()) = rest.time_of_day() else { return Some((Date::Day, day)) };
    if rest.one_of(b".,").is_some() {
        let digits = text[rest.at..].bytes().take_while(u8::is_ascii_digit).count();
        rest.at = if digits == 0 { rest.at - 1 } else { rest.at + digits };
    }
    let local = rest.at;
    if rest.one_of(b"Zz").is_some() || rest.offset().is_some() {
        return Some((Date::Instant, rest.at));
    }
    Some((Date::Local, local))
}

fn http(text: &str) -> Option<(Date, usize)> {
    let mut rest = Reader { text, at: 0 };
    rest.word(&DAYS)?;
    rest.one_of(b",")?;
    rest.one_of(b" ")?;
    rest.number(2, 1..=31)?;
    rest.one_of(b" -")?;
    rest.word(&MONTHS)?;
    rest.one_of(b" -")?;
    rest.number(4, 0..=9999)?;
    rest.time_of_day()?;
    rest.one_of(b" ")?;
    rest.word(&["GMT", "UTC"]).or_else(|| rest.offset())?;
    Some((Date::Http, rest.at))
}

/// Goes on only over what it knows.
struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn number(&mut self, digits: usize, range: std::ops::RangeInclusive<u32>) -> Option<()> {
        let text = self.text.get(self.at..self.at + digits)?;
        if !text.bytes().all(|b| b.is_ascii_digit()) || !range.contains(&text.parse().ok()?) {
            return None;
        }
        self.at += digits;
        Some(())
    }

    fn one_of(&mut self, bytes: &[u8]) -> Option<()> {
        bytes.contains(self.text.as_bytes().get(self.at)?).then(|| self.at += 1)
    }

    fn word(&mut self, words: &[&str]) -> Option<()> {
        let word = words.iter().find(|word| self.text[self.at..].starts_with(**word))?;
        self.at += word.len();
        Some(())
    }

    /// ` 15:52:24`, or nothing of it.
    fn time_of_day(&mut self) -> Option<()> {
        let start = self.at;
        let mut read = || {
            self.one_of(b"Tt ")?;
            self.number(2, 0..=23)?;
            self.one_of(b":")?;
            self.number(2, 0..=59)?;
            self.one_of(b":")?;
            self.number(2, 0..=60)
        };
        let found = read();
        if found.is_none() {
            self.at = start;
        }
        found
    }

    /// `+01:00`, `+0100`, or nothing of it.
    fn offset(&mut self) -> Option<()> {
        let start = self.at;
        let mut read = || {
            self.one_of(b"+-")?;
            self.number(2, 0..=23)?;
            self.one_of(b":");
            self.number(2, 0..=59)
        };
        let found = read();
        if found.is_none() {
            self.at = start;
        }
        found
    }
}

/// How many units of a unix time are a second, by the digits before its point: seconds, milli-, micro-, nanoseconds. From 2001
/// to 2286, all others have other lengths.
pub(super) fn units_of_unix_time(digits: usize) -> Option<u64> {
    match digits {
        10 => Some(1),
        13 => Some(1_000),
        16 => Some(1_000_000),
        19 => Some(1_000_000_000),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_known_by_their_forms() {
        let table = [
            ("2026-11-26", Some((Date::Day, 10))),
            ("2026-11-26T15:52:24Z", Some((Date::Instant, 20))),
            ("2026-11-26t15:52:24.123456z!", Some((Date::Instant, 27))),
            ("2026-11-26 15:52:24+01:00", Some((Date::Instant, 25))),
            ("2026-11-26T15:52:24-0800", Some((Date::Instant, 24))),
            ("2026-11-26T15:52:24.", Some((Date::Local, 19))),
            ("2026-11-26 and", Some((Date::Day, 10))),
            ("2026-13-26", None),
            ("2026-11-32", None),
            ("12026-11-2", None),
            ("Thu, 26 Nov 2026 15:52:24 GMT; Path", Some((Date::Http, 29))),
            ("Thu, 26-Nov-2026 15:52:24 GMT", Some((Date::Http, 29))),
            ("Thu, 26 Nov 2026 15:52:24 +0100", Some((Date::Http, 31))),
            ("Thu, 26 Nov 2026", None),
            ("Thursday", None),
            ("", None),
            ("2026-1é-26", None),
        ];
        for (text, expected) in table {
            assert_eq!(at_start(text), expected, "{text}");
        }
    }
}
