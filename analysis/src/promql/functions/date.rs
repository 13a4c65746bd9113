//! The calendar, in UTC.

/// A time taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Date {
    pub(super) year: i64,
    /// From 1.
    pub(super) month: i64,
    /// From 1.
    pub(super) day: i64,
    /// Sunday is 0.
    pub(super) weekday: i64,
    /// From 1.
    pub(super) day_of_year: i64,
    pub(super) days_in_month: i64,
    pub(super) hour: i64,
    pub(super) minute: i64,
}

impl Date {
    /// The date of a time in seconds since the epoch; none if that is no time.
    pub(super) fn of(seconds: f64) -> Option<Self> {
        // Beyond this a year has more digits than a calendar means anything for.
        if seconds.is_nan() || seconds.abs() >= 1e15 {
            return None;
        }
        let seconds = seconds as i64;
        let (days, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Eras of 400 years that begin on a first of March: leap days come last.
        let since = days + 719_468;
        let (era, day_of_era) = (since.div_euclid(146_097), since.rem_euclid(146_097));
        let year_of_era =
            (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let from_march = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted = (5 * from_march + 2) / 153;
        let day = from_march - (153 * shifted + 2) / 5 + 1;
        let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        let before: i64 = lengths.iter().take(month as usize - 1).sum();
        Some(Self {
            year,
            month,
            day,
            weekday: (days + 4).rem_euclid(7),
            day_of_year: before + day,
            days_in_month: lengths[month as usize - 1],
            hour: second / 3_600,
            minute: second % 3_600 / 60,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        let table = [
            (0.0, (1970, 1, 1, 4, 1)),
            (-1.0, (1969, 12, 31, 3, 365)),
            (1_456_790_399.0, (2016, 2, 29, 1, 60)),
            (1_483_191_420.0, (2016, 12, 31, 6, 366)),
            (951_782_400.0, (2000, 2, 29, 2, 60)),
        ];
        for (seconds, expected) in table {
            let d = Date::of(seconds).unwrap();
            assert_eq!((d.year, d.month, d.day, d.weekday, d.day_of_year), expected, "{seconds}");
        }
        assert_eq!(Date::of(f64::NAN), None);
        assert_eq!(Date::of(1e300), None);
    }
}
