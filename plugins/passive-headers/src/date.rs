//! Dates as cookies have them, read the way browsers do (RFC 6265, section 5.1.1): in any order, with any separators.
//!
//! Only for comparing: a date is not checked against the calendar.

/// Year, month, day, hour, minute, second. The later moment is the greater.
pub(crate) type Moment = [u16; 6];

const MONTHS: [&str; 12] =
    ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

/// The date in the text, of `Expires` or of the header `Date`.
pub(crate) fn parse(text: &str) -> Option<Moment> {
    let (mut clock, mut day, mut month, mut year) = (None, None, None, None);
    for token in text.split(is_delimiter).filter(|token| !token.is_empty()) {
        if clock.is_none() && time_of_day(token).is_some() {
            clock = time_of_day(token);
        } else if day.is_none() && number(token, 1, 2).is_some() {
            day = number(token, 1, 2);
        } else if month.is_none() && month_of(token).is_some() {
            month = month_of(token);
        } else if year.is_none() {
            year = number(token, 2, 4);
        }
    }
    let ([hour, minute, second], day, month, year) = (clock?, day?, month?, year?);
    let year = match year {
        70..=99 => year + 1900,
        0..=69 => year + 2000,
        _ => year,
    };
    Some([year, month, day, hour, minute, second])
}

fn is_delimiter(c: char) -> bool {
    matches!(c, '\t' | ' '..='/' | ';'..='@' | '['..='`' | '{'..='~')
}

/// The number that the token begins with, if it has that many digits.
fn number(token: &str, least: usize, most: usize) -> Option<u16> {
    let digits = token.bytes().take_while(u8::is_ascii_digit).count();
    if (least..=most).contains(&digits) { token[..digits].parse().ok() } else { None }
}

fn time_of_day(token: &str) -> Option<[u16; 3]> {
    let mut parts = token.splitn(3, ':');
    let mut part = || number(parts.next()?, 1, 2);
    Some([part()?, part()?, part()?])
}

fn month_of(token: &str) -> Option<u16> {
    let start = token.get(..3)?;
    (1..).zip(MONTHS).find_map(|(number, name)| start.eq_ignore_ascii_case(name).then_some(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_read_as_browsers_read_them() {
        for text in [
            "Thu, 01 Jan 1970 00:00:10 GMT",
            "Thursday, 01-Jan-70 00:00:10 GMT",
            "Thu Jan  1 00:00:10 1970",
            "1 jan 1970 0:0:10",
        ] {
            assert_eq!(parse(text), Some([1970, 1, 1, 0, 0, 10]), "{text}");
        }
        assert_eq!(parse("Wed, 25-Nov-26 23:49:38 GMT"), Some([2026, 11, 25, 23, 49, 38]));
        for text in ["", "0", "-1", "Thu, 01 Jan 1970", "00:00:10", "\u{e9}\u{e9}"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn later_is_greater() {
        assert!(parse("31 Dec 2025 23:59:59") < parse("1 Jan 2026 00:00:00"));
    }
}
